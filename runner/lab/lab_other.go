//go:build !linux

package lab

// A Lab is a network of several hosts, which only Linux has.
type Lab struct{}

// A Link joins interfaces of hosts.
type Link struct{}

// Build fails: only Linux has network namespaces.
func Build(Plan) (*Lab, error) { return nil, &RefusedError{errNotLinux} }

// Host finds none.
func (l *Lab) Host(string) (*Network, bool) { return nil, false }

// Link finds none.
func (l *Lab) Link(string) (*Link, bool) { return nil, false }

// Close does nothing.
func (l *Lab) Close() error { return nil }

// Carrier fails.
func (l *Link) Carrier(bool) error { return errNotLinux }

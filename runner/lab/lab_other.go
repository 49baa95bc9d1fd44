//go:build !linux

package lab

import "github.com/sockscript/sockscript/runner/lab/wire"

// A Lab is a network of several hosts, which only Linux has.
type Lab struct {
	hosts map[string]*Network
	wire  *wire.Wire
}

// A Link joins interfaces of hosts.
type Link struct{}

// Build fails: only Linux has network namespaces.
func Build(Plan) (*Lab, error) { return nil, &RefusedError{errNotLinux} }

// Host finds none.
func (l *Lab) Host(string) (*Network, bool) { return nil, false }

// Link finds none.
func (l *Lab) Link(string) (*Link, bool) { return nil, false }

// Failed is never closed.
func (l *Lab) Failed() <-chan struct{} { return nil }

// Err is nil.
func (l *Lab) Err() error { return nil }

// Close does nothing.
func (l *Lab) Close() error { return nil }

// Carrier fails.
func (l *Link) Carrier(bool) error { return errNotLinux }

// Cut fails.
func (l *Link) Cut(bool) error { return errNotLinux }

// Impair fails.
func (l *Link) Impair(Change) error { return errNotLinux }

// Arm fails.
func (l *Link) Arm(string, bool) error { return errNotLinux }

// Hits fails.
func (l *Link) Hits(string) (int, <-chan struct{}, error) { return 0, nil, errNotLinux }

// Hit has none.
func (l *Link) Hit(string, int) (frame []byte, first int64, ok bool) { return nil, 0, false }

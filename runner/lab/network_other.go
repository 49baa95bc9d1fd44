//go:build !linux

package lab

import "errors"

// A Network is a network namespace, which only Linux has.
type Network struct{}

// Private fails: only Linux has network namespaces.
func Private(Settings) (*Network, error) {
	return nil, &RefusedError{errors.New("only Linux has them")}
}

// Allowed is false.
func Allowed() bool { return false }

// Within calls f.
func (n *Network) Within(f func()) { f() }

// Close does nothing.
func (n *Network) Close() error { return nil }

//go:build !linux

package wire

import "errors"

// A Listener cannot be made here.
type Listener struct{}

// Listen fails.
func Listen(func(func()), Which, func(Heard)) (*Listener, error) { return nil, errors.ErrUnsupported }

// Roomy reports true.
func Roomy([]*Listener) bool { return true }

// Share fails.
func Share([]*Listener) error { return errors.ErrUnsupported }

// Drain does nothing.
func (*Listener) Drain() {}

// Start does nothing.
func (*Listener) Start(bool) {}

// Close does nothing.
func (*Listener) Close() (lost int) { return 0 }

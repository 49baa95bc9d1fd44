//go:build !linux

package wire

import "errors"

// A Listener cannot be made here.
type Listener struct{}

// Listen fails.
func Listen(func(func()), []int, func(Sent)) (*Listener, error) { return nil, errors.ErrUnsupported }

// Drain does nothing.
func (*Listener) Drain() {}

// Await does nothing.
func (*Listener) Await() {}

// Close does nothing.
func (*Listener) Close() (lost int) { return 0 }

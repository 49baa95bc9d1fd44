//go:build !linux

package wire

import (
	"errors"
	"time"
)

// A Port cannot be opened here.
type Port struct{}

// OpenPort fails.
func OpenPort(int) (*Port, error) { return nil, errors.ErrUnsupported }

// Send fails.
func (*Port) Send([]byte) error { return errors.ErrUnsupported }

// Receive fails.
func (*Port) Receive(time.Time) (frame []byte, at time.Time, err error) {
	return nil, at, errors.ErrUnsupported
}

// Interrupt does nothing.
func (*Port) Interrupt() {}

// Close does nothing.
func (*Port) Close() {}

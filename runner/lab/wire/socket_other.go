//go:build !linux

package wire

import (
	"errors"
	"time"
)

const maxBatch = 1

// A received frame is one that an interface has sent.
type received struct {
	index int
	time  time.Time
	frame []byte
}

// A socket cannot be opened here.
type socket struct{}

func open(func(func()), bool) (*socket, error) { return nil, errors.ErrUnsupported }

func (*socket) begin()                      {}
func (*socket) read(func([]received)) error { return errors.ErrUnsupported }
func (*socket) drain(func([]received))      {}
func (*socket) setAway(int, bool) error     { return errors.ErrUnsupported }
func (*socket) send(int, []byte)            {}
func (*socket) flush() error                { return errors.ErrUnsupported }
func (*socket) lost() error                 { return errors.ErrUnsupported }
func (*socket) lostBefore() error           { return errors.ErrUnsupported }
func (*socket) came() map[int]uint64        { return nil }
func (*socket) small() bool                 { return false }
func (*socket) stop()                       {}
func (*socket) close()                      {}

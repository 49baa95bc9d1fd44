//go:build !linux || !(amd64 || 386 || arm64)

package forked

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

var errUnsupported = errors.New("processes of a scenario need Linux on amd64, 386 or arm64")

// Supported reports why no process can be forked here.
func Supported() error { return errUnsupported }

// A Space is what this process shares with those that it has forked.
type Space struct{}

// Parts are what Start and Fork need from outside.
type Parts struct {
	Keep   []int
	As     []int
	Forks  sync.Locker
	Within func(f func())
}

// Wait says how long one call may wait.
type Wait struct {
	Deadline time.Time
	Stalls   func(waiting bool)
}

// A Process makes system calls for this one.
type Process struct{}

// Start says that no process can be forked here.
func (*Space) Start(Parts) (*Process, error) { return nil, errUnsupported }

// Fork says that no process can be forked here.
func (*Process) Fork(Parts) (*Process, error) { return nil, errUnsupported }

// Call makes no call.
func (*Process) Call(Wait, uintptr, ...Operand) (uintptr, syscall.Errno) { return 0, Died }

// Grow says that no process can be forked here.
func (*Process) Grow() error { return errUnsupported }

// Pid is 0, which is not the id of a process.
func (*Process) Pid() int { return 0 }

// Done is a channel that is never closed.
func (*Process) Done() <-chan struct{} { return nil }

// Status is that of no process.
func (*Process) Status() Status { return Status{} }

// Signal says that no process can be forked here.
func (*Process) Signal(syscall.Signal) error { return errUnsupported }

// Action does nothing.
func (*Process) Action(syscall.Signal, Handler, bool) syscall.Errno { return Died }

// Handled are none.
func (*Process) Handled() uint64 { return 0 }

// Caught counts nothing.
func (*Process) Caught(syscall.Signal) (int, syscall.Errno) { return 0, Died }

// Block does nothing.
func (*Process) Block(uint64) syscall.Errno { return Died }

// Blocked is nothing.
func (*Process) Blocked() uint64 { return 0 }

// Reap does nothing.
func (*Process) Reap() {}

// Reserved is nothing.
func (*Process) Reserved(int) bool { return false }

// Release does nothing.
func (*Process) Release() {}

// IDs are those of a process.
type IDs struct {
	User, Group *uint32
	Groups      []uint32
}

// SetIDs does nothing.
func (*Process) SetIDs(IDs) syscall.Errno { return Died }

// Descriptor says that no process can be forked here.
func (*Process) Descriptor(int) (int, error) { return -1, errUnsupported }

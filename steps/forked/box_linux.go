//go:build amd64 || 386 || arm64

package forked

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A box is the memory that this process shares with one thread of a forked one,
// its first part: what is asked and what came of it.
//
// This process writes a request and then counts request up; the thread does
// what it says, counts done up and writes the box's number to the notice pipe.
type box struct {
	request uint32 // counts the requests: a futex(2)
	done    uint32 // the last request that was done
	inCall  uint32 // 1 while the thread is in a call that it was asked for
	id      uint32 // what the thread writes to the pipe
	op      uint32

	notice  uint32 // the pipe's descriptor
	life    uint32 // the descriptor whose other end only this process has
	leads   uint32 // 1: it was not forked by another forked one
	closes  uint32 // how many ranges of descriptors are to be closed; they are in the data
	moves   uint32 // how many descriptors then get another number; they come after them
	highest uint32 // the highest descriptor that can be open

	trap          uintptr
	args          [6]uintptr
	result, errno uintptr

	all  uint64 // a mask of all signals
	user uint64 // the mask during a call
	idle uint64 // the mask while the thread waits for a request

	stack  stack // for handlers
	action action
	ignore action
	wake   action
	hangup byte
}

// stack is stack_t of sigaltstack(2).
type stack struct {
	sp    uintptr
	flags int32
	size  uintptr
}

// action is struct sigaction as rt_sigaction(2) has it.
type action struct {
	handler, flags, restorer uintptr
	mask                     [2]uint32
}

// The parts of a box's memory. The counters of signals are the last of the
// head, right below the stack for handlers, because a handler learns where that
// begins.
const (
	headSize    = 4096
	caughtSize  = 512
	caughtAt    = headSize - caughtSize
	signalStack = 60 << 10
	dataAt      = headSize + signalStack
	dataSize    = 128 << 10
	boxSize     = dataAt + dataSize // a multiple of 64KiB, the largest page
)

// The requests.
const (
	opCall        uint32 = iota // make a system call
	opFork                      // fork a process that serves another box
	opThread                    // begin a thread that serves another box
	opBegin                     // become the process that was asked for
	opBeginThread               // become such a thread
)

const maskSize = 8

const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM

// at is a part of the box's memory.
func (b *box) at(offset int) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(b), offset) }

// caught are the counters of the signals that were caught.
func (b *box) caught() *[caughtSize / 4]uint32 { return (*[caughtSize / 4]uint32)(b.at(caughtAt)) }

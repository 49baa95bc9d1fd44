package wire

import (
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A Port is an interface whose frames this process itself takes and sends: the
// far end of a pair whose near end a host has. Its methods may be called from
// any goroutine.
type Port struct {
	index  int
	socket *socket
	sends  sync.Mutex
	reads  sync.Mutex // for buffer
	buffer [maxFrame]byte
}

// OpenPort opens a port on an interface of the calling thread's network
// namespace, by its index.
func OpenPort(index int) (*Port, error) {
	s, err := openHere(opening{index: index, times: true})
	if err != nil {
		return nil, err
	}
	return &Port{index: index, socket: s}, nil
}

// Send sends a frame. It is lost where the interface is down.
func (p *Port) Send(frame []byte) error {
	p.sends.Lock()
	defer p.sends.Unlock()
	p.socket.send(p.index, frame)
	return p.socket.flush()
}

// Receive waits for the next frame, and says when the kernel took it from the
// near end. The error is [os.ErrDeadlineExceeded] where none came until the
// deadline, [os.ErrClosed] after Close, and another one where the kernel had to
// drop frames.
func (p *Port) Receive(deadline time.Time) (frame []byte, at time.Time, err error) {
	p.reads.Lock()
	defer p.reads.Unlock()
	if p.socket.file.SetReadDeadline(deadline) != nil {
		return nil, at, os.ErrClosed
	}
	control := make([]byte, controlSize)
	n, controlled, got := 0, 0, false
	try := func(fd uintptr) bool {
		for {
			n, controlled, _, _, err = unix.Recvmsg(int(fd), p.buffer[tag:], control, unix.MSG_DONTWAIT)
			if err != unix.ENETDOWN && err != unix.EINTR {
				got = err != unix.EAGAIN
				return got
			}
			// The interface was down; the socket says so once (packet(7)).
		}
	}
	// What is there is received, also when the deadline has passed.
	waited := p.socket.raw.Control(func(fd uintptr) { try(fd) })
	if waited == nil && !got {
		waited = p.socket.raw.Read(try)
	}
	switch {
	case errors.Is(waited, os.ErrDeadlineExceeded):
		return nil, at, waited
	case waited != nil:
		return nil, at, os.ErrClosed // the poller has an error of its own for it
	case err != nil:
		return nil, at, os.NewSyscallError("recvmsg", err)
	}
	if err := p.socket.lost(); err != nil {
		return nil, at, err
	}
	var f received
	f.read(p.buffer[:tag+n], control[:controlled])
	return append([]byte(nil), f.frame...), f.time, nil
}

// Interrupt ends the waiting of a Receive that is under way, as its deadline
// does.
func (p *Port) Interrupt() { _ = p.socket.file.SetReadDeadline(time.Now()) }

// Close ends the port, and Receive. The kernel needs some milliseconds for it.
func (p *Port) Close() { p.socket.close() }

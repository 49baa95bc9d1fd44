package handle

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"golang.org/x/sys/unix"
)

// A Handle is an open descriptor under its name: a socket, or one end of a pipe
// or terminal of a program.
type Handle struct {
	Name string
	Sock *sock.Socket

	shown sync.Once                 // guards part
	part  any                       // the name as a part of an event; see Part
	above atomic.Pointer[Transport] // see Above
	moved atomic.Pointer[Handle]    // see Onto

	Terminal  bool      // our end of a program's terminal
	ReadAhead ReadAhead // of a program's stream; nil elsewhere

	Mu      sync.Mutex
	Pending []byte // read ahead, on handles at whose bytes the kernel cannot peek
}

// Copy is the handle of a copy of its descriptor, under the same name.
func (h *Handle) Copy(s *sock.Socket) *Handle {
	return &Handle{Name: h.Name, Sock: s, Terminal: h.Terminal}
}

// Part is the handle's name as a part of an event, the same value each time.
func (h *Handle) Part() any {
	h.shown.Do(func() { h.part = event.Name(h.Name) })
	return h.part
}

// Onto makes the handle's names stand for another: dup2(2) has given the
// descriptor another file.
func (h *Handle) Onto(other *Handle) { h.moved.Store(other) }

// Now is the handle itself, or the one that dup2(2) has put in its place since.
func (h *Handle) Now() *Handle {
	now := h
	for m := now.moved.Load(); m != nil; m = now.moved.Load() {
		now = m
	}
	if now != h {
		h.moved.Store(now)
	}
	return now
}

// A ReadAhead reads a program's stream before any step does, so that the
// program does not have to wait. It pauses while a step uses the stream.
type ReadAhead interface {
	Hold()    // pauses the reading for a step
	Release() // ends what Hold began
	Stop()    // ends the reading for good
}

// A Transport works between a handle and its descriptor. TLS is one.
type Transport interface {
	Read(w sock.Wait, p []byte) (int, error)
	Write(w sock.Wait, p []byte) (int, error)
	CloseWrite(w sock.Wait) error
	Close(w sock.Wait) error
}

// Above returns the transport above the descriptor. It is nil where the
// handle's bytes are those of the descriptor.
func (h *Handle) Above() Transport {
	if t := h.above.Load(); t != nil {
		return *t
	}
	return nil
}

// SetAbove puts a transport above the descriptor. Other steps may use the
// handle meanwhile.
func (h *Handle) SetAbove(t Transport) { h.above.Store(&t) }

// Plain reports whether the handle's bytes are those of a socket: only then are
// there flags, ancillary data and a kernel that lets one peek.
func (h *Handle) Plain() bool { return h.Above() == nil && h.Sock.Type() != 0 }

// IsSocket reports whether the calls of sockets are for the handle: those on a
// pipe fail with ENOTSOCK, and under TLS there are none.
func (h *Handle) IsSocket() bool { return h.Sock.Type() != 0 }

// UnderTLS refuses a call by its name where TLS is above the descriptor:
// its records are what is sent and received.
func (h *Handle) UnderTLS(given bool) error {
	if given && h.Above() != nil {
		return fmt.Errorf("%s speaks TLS, which makes its own calls; leave call out", h.Name)
	}
	return nil
}

// Messages reports whether each call returns one message.
func (h *Handle) Messages() bool {
	return h.Plain() && h.Sock.Type() != unix.SOCK_STREAM
}

// Read reads once: what was read ahead, else what comes.
func (h *Handle) Read(w sock.Wait, p []byte) (int, error) {
	h.Mu.Lock()
	if len(h.Pending) > 0 {
		n := copy(p, h.Pending)
		h.Pending = h.Pending[n:]
		h.Mu.Unlock()
		return n, nil
	}
	h.Mu.Unlock()
	if over := h.Above(); over != nil {
		return over.Read(w, p)
	}
	n, err := h.Sock.Read(w, p)
	if h.Terminal && errors.Is(err, syscall.EIO) {
		return 0, nil // the program has closed its end, pty(7)
	}
	return n, err
}

// Peek shows what the next read gives.
func (h *Handle) Peek(w sock.Wait, p []byte) (int, error) {
	h.Mu.Lock()
	ahead := len(h.Pending)
	h.Mu.Unlock()
	if ahead == 0 {
		buf := make([]byte, 4096)
		n, err := h.Read(w, buf)
		if err != nil || n == 0 {
			return n, err
		}
		h.Mu.Lock()
		h.Pending = append(h.Pending, buf[:n]...)
		h.Mu.Unlock()
	}
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return copy(p, h.Pending), nil
}

// Write writes once.
func (h *Handle) Write(w sock.Wait, p []byte) (int, error) {
	if over := h.Above(); over != nil {
		return over.Write(w, p)
	}
	return h.Sock.Write(w, p)
}

// Take receives once, however the handle's bytes come.
func (h *Handle) Take(w sock.Wait, p []byte) (int, error) {
	if !h.Plain() {
		return h.Read(w, p)
	}
	n, _, err := h.Sock.Recv(w, p, 0)
	return n, err
}

// Put sends once, however the handle's bytes go.
func (h *Handle) Put(w sock.Wait, p []byte) (int, error) {
	if !h.Plain() {
		return h.Write(w, p)
	}
	return h.Sock.Send(w, p, 0, nil)
}

// Readable waits until there is something to take, as far as that can be known
// from outside.
func (h *Handle) Readable(w sock.Wait, flags int) error {
	if h.Above() != nil || h.Ahead() {
		return nil
	}
	return h.Sock.Readable(w, flags)
}

// Ahead reports whether bytes were read ahead.
func (h *Handle) Ahead() bool {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return len(h.Pending) > 0
}

// Close closes the descriptor, after what is above it has said goodbye.
func (h *Handle) Close(w sock.Wait) error {
	if over := h.Above(); over != nil {
		if err := over.Close(w); err != nil {
			return err
		}
	}
	return h.Sock.CloseBefore(w.Deadline)
}

// Endpoints describes the socket of a handle for the order of events.
func (h *Handle) Endpoints() *event.Endpoints {
	d := h.Sock.Desc()
	l := &event.Endpoints{
		Name: h.Name, Host: d.Host(), Type: h.Sock.Type(), TCP: h.Sock.TCP(), Local: d.Local(), Remote: d.Remote(),
		AutoPort: d.AutoPort(), Inode: d.Inode(), PeerNode: d.PeerInode(),
	}
	if h.Sock.Netlink() {
		l.Netlink, l.Groups = h.Sock.Proto(), d.Groups()
	}
	return l
}

// Shutdown ends directions of the descriptor; what is above it says
// goodbye first.
func (h *Handle) Shutdown(w sock.Wait, how int) error {
	if over := h.Above(); over != nil && how != unix.SHUT_RD {
		if err := over.CloseWrite(w); err != nil || how == unix.SHUT_WR {
			return err
		}
	}
	return h.Sock.Shutdown(how)
}

// Push puts bytes behind those that were read ahead.
func (h *Handle) Push(b []byte) {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	h.Pending = append(h.Pending, b...)
}

// Unread is how many bytes were read ahead.
func (h *Handle) Unread() int {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return len(h.Pending)
}

package steps

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/sockscript/sockscript/steps/sock"
	"golang.org/x/sys/unix"
)

// A Handle is an open descriptor under its name: a socket, or one end of a pipe
// or terminal of a program.
type Handle struct {
	Name string
	Sock *sock.Socket

	shown atomic.Pointer[any]   // the name as a part of an event; see part
	over  atomic.Pointer[layer] // what stands above the descriptor; nil where the bytes are its own

	terminal bool      // our end of a program's terminal
	keeper   readAhead // of a program's stream; nil elsewhere

	mu      sync.Mutex
	pending []byte // read ahead, on handles at whose bytes the kernel cannot peek
}

// part is the handle's name as a part of an event, the same value each time.
func (h *Handle) part() any {
	if p := h.shown.Load(); p != nil {
		return *p
	}
	part := any(Name(h.Name))
	h.shown.Store(&part)
	return part
}

// A readAhead reads a program's stream before any step does, so that the program
// need not wait. It stops while a step uses the stream.
type readAhead interface {
	hold()    // for a step
	release() // ends what hold began
	stop()    // for good
}

// A transport stands between a handle and its descriptor, such as TLS.
type transport interface {
	read(w sock.Wait, p []byte) (int, error)
	write(w sock.Wait, p []byte) (int, error)
	closeWrite(w sock.Wait) error
	close(w sock.Wait) error
}

// A layer holds a transport, which a step may put above a handle while others
// use it.
type layer struct{ transport }

// above is what stands above the descriptor; nil where the bytes are its own.
func (h *Handle) above() transport {
	if l := h.over.Load(); l != nil {
		return l.transport
	}
	return nil
}

// plain reports whether the handle's bytes are those of a socket: only then are
// there flags, ancillary data and a kernel that lets one peek.
func (h *Handle) plain() bool { return h.over.Load() == nil && h.Sock.Type() != 0 }

// isSocket reports whether the calls of sockets are for the handle: those on a
// pipe fail with ENOTSOCK, and under TLS there are none.
func (h *Handle) isSocket() bool { return h.Sock.Type() != 0 }

// underTLS refuses a call by its name where TLS stands above the descriptor: its
// records are what is sent and received.
func (h *Handle) underTLS(given bool) error {
	if given && h.over.Load() != nil {
		return fmt.Errorf("%s speaks TLS, which makes its own calls; leave out call", h.Name)
	}
	return nil
}

// messages reports whether each call gives one message.
func (h *Handle) messages() bool {
	return h.plain() && h.Sock.Type() != unix.SOCK_STREAM
}

// read reads once: what was read ahead, else what comes.
func (h *Handle) read(w sock.Wait, p []byte) (int, error) {
	h.mu.Lock()
	if len(h.pending) > 0 {
		n := copy(p, h.pending)
		h.pending = h.pending[n:]
		h.mu.Unlock()
		return n, nil
	}
	h.mu.Unlock()
	if over := h.above(); over != nil {
		return over.read(w, p)
	}
	n, err := h.Sock.Read(w, p)
	if h.terminal && errors.Is(err, syscall.EIO) {
		return 0, nil // the program has closed its end, pty(7)
	}
	return n, err
}

// peek shows what the next read gives.
func (h *Handle) peek(w sock.Wait, p []byte) (int, error) {
	h.mu.Lock()
	ahead := len(h.pending)
	h.mu.Unlock()
	if ahead == 0 {
		buf := make([]byte, 4096)
		n, err := h.read(w, buf)
		if err != nil || n == 0 {
			return n, err
		}
		h.mu.Lock()
		h.pending = append(h.pending, buf[:n]...)
		h.mu.Unlock()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return copy(p, h.pending), nil
}

// write writes once.
func (h *Handle) write(w sock.Wait, p []byte) (int, error) {
	if over := h.above(); over != nil {
		return over.write(w, p)
	}
	return h.Sock.Write(w, p)
}

// take receives once, however the handle's bytes come.
func (h *Handle) take(w sock.Wait, p []byte) (int, error) {
	if !h.plain() {
		return h.read(w, p)
	}
	n, _, err := h.Sock.Recv(w, p, 0)
	return n, err
}

// put sends once, however the handle's bytes go.
func (h *Handle) put(w sock.Wait, p []byte) (int, error) {
	if !h.plain() {
		return h.write(w, p)
	}
	return h.Sock.Send(w, p, 0, nil)
}

// readable waits until there is something to take, as far as that can be told
// from outside.
func (h *Handle) readable(w sock.Wait, flags int) error {
	if h.over.Load() != nil || h.ahead() {
		return nil
	}
	return h.Sock.Readable(w, flags)
}

// ahead reports whether bytes were read ahead.
func (h *Handle) ahead() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.pending) > 0
}

// close closes the descriptor, after what stands above it has said goodbye.
func (h *Handle) close(w sock.Wait) error {
	if over := h.above(); over != nil {
		if err := over.close(w); err != nil {
			return err
		}
	}
	return h.Sock.CloseBefore(w.Deadline)
}

// link describes the socket of a handle for the order of events.
func (h *Handle) link() *Link {
	d := h.Sock.Desc()
	return &Link{
		Name: h.Name, Type: h.Sock.Type(), Local: d.Local(), Remote: d.Remote(),
		AutoPort: d.AutoPort(), Inode: d.Inode(), PeerNode: d.PeerInode(),
	}
}

// shutdown ends directions of the descriptor; what stands above it says
// goodbye first.
func (h *Handle) shutdown(w sock.Wait, how int) error {
	if over := h.above(); over != nil && how != unix.SHUT_RD {
		if err := over.closeWrite(w); err != nil || how == unix.SHUT_WR {
			return err
		}
	}
	return h.Sock.Shutdown(how)
}

// push puts bytes behind those that were read ahead.
func (h *Handle) push(b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pending = append(h.pending, b...)
}

// unread is how many bytes were read ahead.
func (h *Handle) unread() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.pending)
}

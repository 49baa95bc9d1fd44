package tlsconn

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

// A wire is what lies below TLS, as the connection that crypto/tls reads and
// writes. A read gives no more than the rest of one record, so that TLS takes
// not a byte beyond what it needs: how far the descriptor has been read then
// says which send gave a byte, and what comes behind the last record is there
// for whoever reads the descriptor next.
type wire struct {
	below  *handle.Handle // the handle as it was before
	Header recordHeader
	Ended  bool // the descriptor came to its end of file

	sending sync.Mutex // records leave in the order in which they were made
	holding bool       // what is written is held, to leave in one call
	held    []byte

	mu      sync.Mutex
	reading sock.Wait
	writing *sock.Wait // nil: who writes is a read that answers with an alert
	alert   int        // the last alert that was sent in the clear
	version [2]byte    // in the header of the last record that was written
}

// A recordHeader follows the records of a stream (RFC 8446, section 5.1).
type recordHeader struct {
	Read  int // bytes of the stream so far
	bytes [5]byte
	have  int // of bytes
	body  int // what is still to come of the record
	alert int // what the latest record held, where it was an alert that was not encrypted
}

// alertRecord is the type of a record with an alert, and alertSize the size of
// its body unless it is encrypted.
const (
	alertRecord = 21
	alertSize   = 2
)

// next is how many bytes are to come of the header or the body under way.
func (r *recordHeader) next() int {
	if r.have < len(r.bytes) {
		return len(r.bytes) - r.have
	}
	return r.body
}

func (r *recordHeader) take(b []byte) {
	r.Read += len(b)
	if r.have < len(r.bytes) {
		r.have += copy(r.bytes[r.have:], b)
		r.body, r.alert = int(r.bytes[3])<<8|int(r.bytes[4]), noAlert
	} else {
		r.body -= len(b)
	}
	if r.body == 0 && len(b) > 0 && r.bytes[0] == alertRecord && r.bytes[3] == 0 && r.bytes[4] == alertSize {
		r.alert = int(b[len(b)-1])
	}
	if r.have == len(r.bytes) && r.body == 0 {
		r.have = 0
	}
}

// newWire takes over what lies below a handle, with what was read ahead there.
func newWire(h *handle.Handle) *wire {
	w := &wire{below: &handle.Handle{Name: h.Name, Sock: h.Sock}, Header: recordHeader{alert: noAlert}, alert: noAlert}
	if t := h.Above(); t != nil {
		w.below.SetAbove(t)
	}
	h.Mu.Lock()
	defer h.Mu.Unlock()
	w.below.Pending, h.Pending = h.Pending, nil
	return w
}

// LetGo hands back what was read ahead and TLS did not take.
func (w *wire) LetGo(h *handle.Handle) {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	h.Pending = w.below.Pending
}

// A wireError is a failure below TLS in the form that crypto/tls asks for.
// After one that is temporary a read can go on where it was.
type wireError struct{ error }

// Unwrap is the failure itself.
func (e wireError) Unwrap() error { return e.error }

// Timeout implements net.Error.
func (e wireError) Timeout() bool { return step.IsTimeout(e.error) || errors.Is(e.error, unix.EAGAIN) }

// Temporary implements net.Error.
func (e wireError) Temporary() bool { return e.Timeout() }

// setReading says how long reads may wait.
func (w *wire) setReading(wait sock.Wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reading = wait
}

// setWriting says how long writes may wait.
func (w *wire) setWriting(wait *sock.Wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = wait
}

func (w *wire) waits() (reading, writing sock.Wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writing != nil {
		return w.reading, *w.writing
	}
	return w.reading, w.reading
}

// Read returns bytes of the record under way.
func (w *wire) Read(p []byte) (int, error) {
	wait, _ := w.waits()
	p = p[:min(len(p), w.Header.next())]
	n, err := w.below.Read(wait, p)
	switch {
	case err != nil:
		return n, wireError{err}
	case n == 0 && len(p) > 0:
		w.Ended = true
		return 0, io.EOF
	}
	w.Header.take(p[:n])
	return n, nil
}

// Write writes whole records, or holds them.
func (w *wire) Write(p []byte) (int, error) {
	w.sending.Lock()
	defer w.sending.Unlock()
	w.watch(p)
	if w.holding {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	return w.send(p)
}

func (w *wire) send(p []byte) (int, error) {
	_, wait := w.waits()
	for sent := 0; ; {
		n, err := w.below.Write(wait, p[sent:])
		if err != nil {
			return sent, wireError{err}
		}
		if sent += n; sent == len(p) {
			return sent, nil
		}
	}
}

// hold keeps what is written until release. Each record in a call of its own
// would wait for the peer's acknowledgement of the one before (Nagle's
// algorithm, RFC 896).
func (w *wire) hold() {
	w.sending.Lock()
	defer w.sending.Unlock()
	w.holding = true
}

// release sends what was held.
func (w *wire) release() error {
	w.sending.Lock()
	defer w.sending.Unlock()
	p := w.held
	w.holding, w.held = false, nil
	if len(p) == 0 {
		return nil
	}
	_, err := w.send(p)
	return err
}

// written are the last alert that was sent in the clear and the version in the
// last record's header.
func (w *wire) written() (alert int, version [2]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alert, w.version
}

// watch looks for an alert that is not encrypted.
func (w *wire) watch(p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	const size = len(recordHeader{}.bytes)
	for len(p) >= size {
		copy(w.version[:], p[1:3])
		end := min(size+(int(p[3])<<8|int(p[4])), len(p))
		if p[0] == alertRecord && end == size+alertSize {
			w.alert = int(p[size+1])
		}
		p = p[end:]
	}
}

// Close does nothing: the descriptor is the handle's.
func (w *wire) Close() error { return nil }

// LocalAddr is not known here.
func (w *wire) LocalAddr() net.Addr { return nil }

// RemoteAddr is not known here.
func (w *wire) RemoteAddr() net.Addr { return nil }

// SetDeadline does nothing: how long a call may wait is the step's.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, like SetDeadline.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, like SetDeadline.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

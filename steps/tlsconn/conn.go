package tlsconn

import (
	"crypto/tls"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
)

// maxRecord is how much one record holds (RFC 8446, section 5.1), and maxWrite
// how much one write takes.
const (
	maxRecord = 1 << 14
	maxWrite  = 4 * maxRecord
)

// A Conn is TLS above a handle.
type Conn struct {
	role string
	Wire *wire
	Conn *tls.Conn

	reads  turn
	writes turn
	shut   bool  // close_notify was sent
	broken error // why nothing can be written any more
}

// New puts TLS above what the handle is now. The handle itself changes
// only once the handshake has succeeded.
func New(h *handle.Handle, role string, config *tls.Config) *Conn {
	c := &Conn{role: role, Wire: newWire(h), reads: make(turn, 1), writes: make(turn, 1)}
	if role == Client {
		c.Conn = tls.Client(c.Wire, config)
	} else {
		c.Conn = tls.Server(c.Wire, config)
	}
	return c
}

// Handshake makes the TLS handshake. A failure of TLS is an [*Error].
func (c *Conn) Handshake(w sock.Wait) error {
	c.Wire.setReading(w)
	if err := c.Conn.Handshake(); err != nil {
		return c.explain(err)
	}
	return nil
}

// Read implements [handle.Transport]. The end of file is a close_notify;
// without one it is an [Error].
func (c *Conn) Read(w sock.Wait, p []byte) (int, error) {
	if err := c.reads.take(w); err != nil {
		return 0, err
	}
	defer c.reads.give()
	c.Wire.setReading(w)
	n, err := c.Conn.Read(p)
	if n > 0 || err == nil {
		return n, nil
	}
	err = c.explain(err)
	if e, ok := AsError(err); ok && e.Alert == 0 {
		return 0, nil
	}
	return 0, err
}

// Write implements [handle.Transport]. A record that has been begun must be
// ended, so with NoWait a record is sent only where there is room, and then to
// its end.
func (c *Conn) Write(w sock.Wait, p []byte) (int, error) {
	if err := c.writes.take(w); err != nil {
		return 0, err
	}
	defer c.writes.give()
	switch {
	case c.shut:
		return 0, &sock.Error{Call: "write", Err: unix.EPIPE}
	case c.broken != nil:
		return 0, c.broken
	case w.NoWait:
		if err := c.writable(); err != nil {
			return 0, err
		}
		w.NoWait, p = false, p[:min(len(p), maxRecord)]
	}
	c.Wire.setWriting(&w)
	defer c.Wire.setWriting(nil)
	c.Wire.hold()
	n, err := c.Conn.Write(p[:min(len(p), maxWrite)])
	if failed := c.Wire.release(); failed != nil {
		n, err = 0, failed
	}
	if err == nil {
		return n, nil
	}
	var below wireError
	if errors.As(err, &below) && below.Timeout() {
		c.broken = errors.New("an earlier send timed out in the middle of a TLS record, so nothing can be sent any more")
	}
	return n, c.explain(err)
}

// writable returns nil where the descriptor takes bytes without waiting.
func (c *Conn) writable() error {
	ready, err := c.Wire.below.Sock.Poll(unix.POLLOUT)
	if err == nil && ready == 0 {
		err = &sock.Error{Call: "write", Err: unix.EAGAIN}
	}
	return err
}

// CloseWrite implements [handle.Transport]: it sends close_notify.
func (c *Conn) CloseWrite(w sock.Wait) error {
	if err := c.writes.take(w); err != nil {
		return err
	}
	defer c.writes.give()
	c.Wire.setWriting(&w)
	defer c.Wire.setWriting(nil)
	c.shut = true
	if err := c.Conn.CloseWrite(); err != nil {
		return c.explain(err)
	}
	return nil
}

// Close implements [handle.Transport]. Like close(2) it waits for nobody and
// says nothing of a peer that is gone: close_notify is sent where there is
// room.
func (c *Conn) Close(w sock.Wait) error {
	w.NoWait = true
	_ = c.CloseWrite(w)
	if outer := c.Wire.below.Above(); outer != nil {
		return outer.Close(w)
	}
	return nil
}

// A turn lets one call at a time through: crypto/tls has one state for each
// direction. Unlike a mutex it can be waited for up to a deadline.
type turn chan struct{}

func (t turn) take(w sock.Wait) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	if w.NoWait {
		return &sock.Error{Call: "read", Err: unix.EAGAIN}
	}
	late, stop := sock.Alarm(w.Deadline)
	defer stop()
	select {
	case t <- struct{}{}:
		return nil
	case <-late:
		return sock.ErrTimeout
	}
}

func (t turn) give() { <-t }

// The roles of a TLS handshake.
const (
	Client = "client"
	Server = "server"
)

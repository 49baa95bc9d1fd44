package tcpstate

import (
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
)

func (d *deriver) newConn(key event.Cause) *conn {
	c := &conn{key: key}
	c.slow = d.slow[key]
	d.conns = append(d.conns, c)
	return c
}

// connect is a connect, the first of a socket or a later one.
func (d *deriver) connect(e *event.Event) {
	if e.Endpoints == nil || !e.Endpoints.TCP {
		return
	}
	s := d.socket(e.Sock)
	defer d.act(s)
	switch {
	case e.Endpoints.Remote.Unspec:
		d.disconnect(s)
		return
	case e.Errno == 0 && e.Defers:
		s.defers = true
		return
	case s.conn == nil || s.end().state == Close && !s.end().reset:
		if !asks(e.Errno) {
			return
		}
		d.call(s, e)
	}
	switch {
	case e.Errno == 0 || e.Errno == unix.EISCONN:
		d.prove(s, func(at *end) bool { return at.synAcked }, segment{syn: true, acksSyn: true})
	case asks(e.Errno) && !goesOn(e.Errno):
		d.gaveUp(s)
	}
}

// asks reports a connect that has sent a SYN.
func asks(errno unix.Errno) bool {
	switch errno {
	case 0, unix.ECONNREFUSED, unix.ETIMEDOUT, unix.EHOSTUNREACH, unix.ECONNRESET:
		return true
	}
	return goesOn(errno)
}

// goesOn reports a connect that waits for an answer, although the call has
// returned.
func goesOn(errno unix.Errno) bool {
	return errno == unix.EINPROGRESS || errno == unix.EINTR || errno == unix.EALREADY
}

// disconnect is a connect to AF_UNSPEC.
func (d *deriver) disconnect(s *socket) {
	if s.conn == nil {
		d.stop(s)
		return
	}
	s.conn.abort(s.side)
	s.conn.drain()
	d.touch(s.conn)
}

// gaveUp is a socket whose SYN was answered by a reset, or by nothing.
func (d *deriver) gaveUp(s *socket) {
	at := s.end()
	if at.synAcked && !s.conn.slow {
		s.conn.contradicted = true
	}
	at.to(Close)
	s.conn.way = [2][]segment{}
}

// call sends the SYN of a connection.
func (d *deriver) call(s *socket, e *event.Event) {
	s.defers = false
	c := d.answering(s, e)
	if c == nil {
		c = d.newConn(d.at)
		c.ends = [2]end{{state: Close}, {outside: true}}
		d.meet(s, c, e)
	}
	d.opened[d.at] = c
	side := 0
	if c.ends[0].state != Close { // both call
		side = 1
	}
	c.ends[side].aborts = s.end().aborts
	s.conn, s.side, c.names[side] = c, side, s.name
	c.open(side)
	if c.self {
		c.arrive(0, segment{syn: true})
		c.arrive(0, segment{acksSyn: true})
	}
	c.drain()
}

// meet finds who answers a call: a listener, a far end that the script plays,
// or the socket itself.
func (d *deriver) meet(s *socket, c *conn, e *event.Event) {
	l, asked := e.Endpoints, d.asked[d.at]
	peer := d.record.Peer(e.Sock)
	listener := d.sockets[asked.Listener]
	_, plays := d.plays[peer]
	switch {
	case plays:
		c.ends[1] = end{scripted: true}
		d.far[peer] = c
	case listener != nil && listener.alone.state == Listen && (asked.Taker != 0 || peer == 0):
		c.slow = c.slow || d.record.Slow && l.Host != d.hostOf(asked, l.Host)
		if !c.slow && listener.drops() {
			c.slow, c.full = true, true
		}
		d.queue(c, listener, asked)
	case e.Errno != 0 && !goesOn(e.Errno) || listener != nil || l.Local.Port == 0:
	case l.Local == l.Remote:
		c.self = true
	default:
		c.slow = c.slow || d.record.Slow
		d.calls[route{l.Local, l.Remote}] = c
	}
}

// hostOf is the host of who has accepted a connection; where nobody has, one
// that is not the caller's.
func (d *deriver) hostOf(c history.Connection, caller string) string {
	if c.Taker == 0 {
		return ""
	}
	b := d.record.Branches[c.Accept.Branch]
	for _, en := range b.Entries {
		if en.Event != nil && en.Event.Seq == c.Accept.Seq {
			return en.Event.Endpoints.Host
		}
	}
	return caller
}

// queue makes the other end of a connection one that a listener has made.
func (d *deriver) queue(c *conn, listener *socket, asked history.Connection) {
	c.ends[1] = end{state: Listen, aborts: listener.alone.aborts}
	c.queued, c.names[1] = asked.Taker == 0, listener.name
	if asked.Taker != 0 {
		c.names[1] = d.names[asked.Taker]
	}
	listener.waiting = append(listener.waiting, c)
}

// answering is the call of the socket that this one calls: both are one
// connection (RFC 9293, section 3.5). Its SYN is still on its way.
func (d *deriver) answering(s *socket, e *event.Event) *conn {
	back := route{e.Endpoints.Remote, e.Endpoints.Local}
	c := d.calls[back]
	if c == nil || c.ends[0].state != SynSent {
		return nil
	}
	delete(d.calls, back)
	c.ends[1] = end{state: Close}
	c.way[1] = append(c.way[1], segment{syn: true})
	return c
}

// prove makes what an event shows true: something has come to the socket. What
// was on its way arrives; where nothing was, the other end is one that is not
// known, or has sent what no event shows.
func (d *deriver) prove(s *socket, came func(at *end) bool, otherwise ...segment) {
	if s.conn == nil || s.conn.until(s.side, func() bool { return came(s.end()) }) {
		return
	}
	if peer := &s.conn.ends[1-s.side]; !peer.outside && !s.conn.slow {
		s.conn.contradicted = true
	}
	for _, x := range otherwise {
		s.conn.arrive(s.side, x)
	}
}

// returns lets a socket that has called itself get its own FIN.
func (c *conn) returns() {
	if c.self && c.ends[0].finSent {
		c.arrive(0, segment{fin: true})
		c.arrive(0, segment{acksFin: true})
	}
}

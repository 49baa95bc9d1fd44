package tcpstate

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// event does what an event did to the states.
func (d *deriver) event(e *event.Event) {
	switch e.Op {
	case event.OpListen:
		d.listen(e)
	case event.OpConnect:
		d.connect(e)
	case event.OpAccept:
		d.accept(e)
	case event.OpSend:
		d.send(e)
	case event.OpRecv, event.OpHandshake:
		d.receive(e)
	case event.OpShut:
		d.shut(e)
	case event.OpClose:
		d.close(e.Sock)
	case event.OpPoll:
		d.poll(e)
	case event.OpStart:
		d.start(e.Proc)
	case event.OpJoin:
		d.join(e.Proc)
	case event.OpInject:
		d.inject(e)
	case event.OpSegment:
		d.segment(e)
	}
	d.closes(e)
	if e.State != "" {
		d.told(e)
	}
	if e.Linger != event.LingerUnset {
		d.socket(e.Sock).end().aborts = e.Linger == event.LingerAborts
	}
}

func (d *deriver) listen(e *event.Event) {
	if e.Errno != 0 || !e.Endpoints.TCP {
		return
	}
	s := d.socket(e.Sock)
	s.conn = nil
	s.alone.to(Listen)
	s.places = e.Endpoints.Backlog + 1 // a negative backlog is the largest
	d.act(s)
}

// drops reports a listener whose queue is full: it drops a SYN.
func (s *socket) drops() bool {
	waiting := 0
	for _, c := range s.waiting {
		if c.ends[1].state != Listen {
			waiting++
		}
	}
	return s.places > 0 && waiting >= s.places
}

func (d *deriver) accept(e *event.Event) {
	if e.Errno != 0 || e.Endpoints == nil || !e.Endpoints.TCP {
		return
	}
	s, listener := d.socket(e.Endpoints.Made), d.socket(e.Sock)
	c := d.opened[d.taken[d.at]]
	if _, known := d.taken[d.at]; !known || c == nil {
		c = d.newConn(d.at)
		c.ends = [2]end{{outside: true}, {state: Listen, aborts: listener.alone.aborts}}
		c.arrive(1, segment{syn: true})
		c.arrive(1, segment{acksSyn: true})
	}
	s.conn, s.side, c.queued, c.names[1] = c, 1, false, s.name
	listener.waiting = slices.DeleteFunc(listener.waiting, func(x *conn) bool { return x == c })
	d.act(s)
	d.prove(s, func(at *end) bool { return at.state != Listen && (at.synAcked || at.reset || e.Opens) }, segment{syn: true}, segment{acksSyn: true})
}

func (d *deriver) send(e *event.Event) {
	if e.Endpoints != nil && e.Endpoints.TCP && e.Opens || d.sockets[e.Sock] != nil && d.sockets[e.Sock].defers {
		d.call(d.socket(e.Sock), e)
	}
	if s := d.sockets[e.Sock]; s != nil {
		d.act(s)
		d.wrote(s, e.Offset, e.Errno)
		if s.conn != nil && e.Errno == 0 && !e.Opens {
			d.prove(s, made, segment{syn: true, acksSyn: true})
		}
	}
}

// made reports an end whose connection has been made.
func made(at *end) bool { return at.state != SynSent && at.state != SynRecv }

// wrote is a send that has come so far.
func (d *deriver) wrote(s *socket, upTo int64, errno unix.Errno) {
	if s.conn == nil {
		return
	}
	c, at := s.conn, s.end()
	switch errno {
	case unix.EPIPE:
		if !at.finSent {
			d.wasReset(s)
		}
		return
	case unix.ECONNRESET:
		d.wasReset(s)
		return
	case unix.ETIMEDOUT:
		at.to(Close)
		return
	}
	c.write(s.side, upTo)
	at.stuffed = at.stuffed || errno == unix.EAGAIN
	c.drain()
}

// wasReset is a call that has failed because a RST has come.
func (d *deriver) wasReset(s *socket) {
	d.prove(s, func(at *end) bool { return at.reset }, segment{rst: true})
	s.end().resetSeen = true
}

func (d *deriver) receive(e *event.Event) {
	if e.Also != nil {
		if s := d.sockets[e.Also.Sock]; s != nil {
			d.wrote(s, e.Also.Offset, 0)
			if s.conn != nil {
				d.touch(s.conn)
			}
		}
	}
	s := d.sockets[e.Sock]
	if s == nil || e.Look.Errqueue {
		return
	}
	d.act(s)
	if s.conn == nil {
		return
	}
	c, at := s.conn, s.end()
	if e.Look == (event.Look{}) {
		upTo := min(e.Offset, c.ends[1-s.side].sent)
		c.until(s.side, func() bool { return at.came >= upTo })
		c.receive(s.side, e.Offset)
		c.drain()
	}
	switch {
	case e.Errno == unix.ECONNRESET:
		d.wasReset(s)
	case e.Errno == unix.ETIMEDOUT:
		at.to(Close)
	case e.EOF:
		d.prove(s, func(at *end) bool { return at.gotFin || at.deaf || at.resetSeen }, segment{fin: true})
	}
}

func (d *deriver) shut(e *event.Event) {
	s := d.sockets[e.Sock]
	if s == nil || e.Errno != 0 {
		return
	}
	d.act(s)
	if s.conn == nil {
		if e.Shut&event.ShutRead != 0 && s.alone.state == Listen {
			d.stop(s)
		}
		return
	}
	s.end().deaf = s.end().deaf || e.Shut&event.ShutRead != 0
	if e.Shut&event.ShutWrite != 0 {
		s.conn.shut(s.side)
		s.conn.returns()
	}
	s.conn.drain()
}

// closes ends the descriptors that an event has closed beside what it does, as
// the end of a process does.
func (d *deriver) closes(e *event.Event) {
	ids := slices.DeleteFunc(slices.Concat(e.Ends, e.Leaves), func(id uint64) bool { return d.sockets[id] == nil })
	slices.SortFunc(ids, func(a, b uint64) int { return cmp.Compare(d.sockets[a].nth, d.sockets[b].nth) })
	for _, id := range ids {
		d.close(id)
	}
}

// close is the end of a descriptor, which may be the last that the scenario
// has.
func (d *deriver) close(id uint64) {
	s := d.sockets[id]
	if s == nil {
		return
	}
	d.act(s)
	switch {
	case !d.ended[id] || d.last[id] != d.at: // there is another one, or it was on its way to somebody
	case len(s.shared) > 0: // the program may have closed its own, or not
		s.left = true
		s.end().outside = s.conn != nil
	case s.conn == nil:
		d.stop(s)
	default:
		s.conn.close(s.side)
		s.conn.returns()
		s.conn.drain()
	}
}

// stop ends a socket that is not an end of a connection. Those that wait for a
// listener to accept them are reset.
func (d *deriver) stop(s *socket) {
	s.alone.to(Close)
	for _, c := range s.waiting {
		if c.ends[1].state == Listen {
			c.ends[1].state = Close // it has never known of the call
			continue
		}
		c.abort(1)
		c.drain()
		d.touch(c)
	}
	s.waiting = nil
}

// poll shows that a connection was made, has ended, or was reset.
func (d *deriver) poll(e *event.Event) {
	for _, r := range e.Ready {
		s := d.sockets[r.Sock]
		if s == nil || s.conn == nil {
			continue
		}
		d.touch(s.conn)
		switch {
		case r.Reset && s.end().state == SynSent:
			d.gaveUp(s)
		case r.Reset:
			d.prove(s, func(at *end) bool { return at.reset || at.state == Close }, segment{rst: true})
		case r.Ended:
			d.prove(s, func(at *end) bool { return at.gotFin || at.deaf || at.reset }, segment{fin: true})
		case r.Out:
			d.prove(s, made, segment{syn: true, acksSyn: true})
		}
	}
}

// start hands descriptors to a program.
func (d *deriver) start(p *event.Proc) {
	for _, id := range p.Handed {
		if s := d.sockets[id]; s != nil {
			s.shared = append(s.shared, p.ID)
		}
	}
}

// join saw the end of a program, and of the descriptors that it held.
func (d *deriver) join(p *event.Proc) {
	for _, s := range d.list {
		if !slices.Contains(s.shared, p.ID) {
			continue
		}
		s.shared = slices.DeleteFunc(s.shared, func(id uint64) bool { return id == p.ID })
		if !s.left || len(s.shared) > 0 || s.conn == nil || s.conn.ends[1-s.side].gotFin {
			continue
		}
		at := s.end()
		at.outside, at.read = false, at.came
		s.conn.close(s.side)
		s.conn.drain()
		d.touch(s.conn)
	}
}

// told is a state step: what the kernel said. It may show that something has
// come; else it is contrary to the derived state.
func (d *deriver) told(e *event.Event) {
	if e.Between == nil {
		s := d.socket(e.Sock)
		d.act(s)
		if s.conn == nil {
			d.says(&s.alone, s.alone.state, State(e.State))
			return
		}
		d.saysOf(s.conn, s.side, State(e.State))
		return
	}
	at, known := d.between(e.Between)
	if !known {
		return // a call that is under way is recorded when it has ended
	}
	if e.State != string(noConnection) {
		d.acts = append(d.acts, at)
	}
	d.saysOf(at.conn, at.side, State(e.State))
}

// noConnection is what the kernel says of one that it does not have, or not
// yet: what a listener with SYN cookies must know, its SYN and ACK carries (RFC
// 4987).
const noConnection State = "none"

// is reports whether an end is in a state that the kernel has reported.
func (e *end) is(told State) bool {
	switch told {
	case Close: // an open descriptor shows no TIME_WAIT: see sock.Socket.TCPState
		return e.state == Close || e.state == TimeWait
	case noConnection:
		return e.state == Close || e.state == TimeWait || e.state == Listen || e.state == SynRecv
	}
	return e.state == told
}

// saysOf compares what the kernel has said of an end of a connection.
func (d *deriver) saysOf(c *conn, side int, told State) {
	at := &c.ends[side]
	derived := at.state
	switch {
	case at.is(told), c.until(side, func() bool { return at.is(told) }):
		return
	case c.ends[1-side].outside && c.imagine(side, told):
		return
	case !c.slow:
		c.contradicted = true
	}
	d.says(at, derived, told)
}

// says compares what the kernel has said of an end with the state before that.
func (d *deriver) says(at *end, derived, told State) {
	if at.is(told) {
		return
	}
	d.states.contrary = append(d.states.contrary, Contrary{At: d.at, Derived: derived, Told: told})
	if told != noConnection {
		at.to(told)
	}
}

// imagine lets what an end outside may have sent arrive, where that leads to a
// state.
func (c *conn) imagine(side int, told State) bool {
	before := *c
	acks := segment{acksSyn: true, acksFin: true}
	for _, came := range [][]segment{
		{{syn: true, acksSyn: true}}, {{syn: true}}, {acks}, {{fin: true}}, {{fin: true, acksFin: true}}, {acks, {fin: true}}, {{fin: true}, acks}, {{rst: true}},
	} {
		*c = before
		c.ends[side].was = slices.Clone(before.ends[side].was)
		for _, x := range came {
			c.arrive(side, x)
		}
		if c.ends[side].state == told {
			return true
		}
	}
	*c = before
	return false
}

package tcpstate

// A State is one of TCP's, by the name that Linux and state steps give it.
type State string

// The states of RFC 9293, section 3.3.2; Linux calls SYN-RECEIVED SYN_RECV, and
// CLOSED CLOSE.
const (
	Close       State = "CLOSE"
	Listen      State = "LISTEN"
	SynSent     State = "SYN_SENT"
	SynRecv     State = "SYN_RECV"
	Established State = "ESTABLISHED"
	FinWait1    State = "FIN_WAIT1"
	FinWait2    State = "FIN_WAIT2"
	CloseWait   State = "CLOSE_WAIT"
	Closing     State = "CLOSING"
	LastAck     State = "LAST_ACK"
	TimeWait    State = "TIME_WAIT"
)

// A segment is what one end has sent the other, as far as states depend on it.
type segment struct {
	syn, fin, rst bool
	data          int64 // how far the sender's stream has come with it
	acksSyn       bool  // the receiver's SYN
	acksFin       bool
}

// An end is one end of a connection.
type end struct {
	state State
	was   []State // the states that it left in the event under way

	outside  bool // it is not a socket of the scenario: what it does is not known
	scripted bool // the script plays it: what it sends is known, but it has no state
	closed   bool // no descriptor is left
	deaf     bool // it was shut down for receiving
	aborts   bool // SO_LINGER with a time of 0

	sent, came, read int64 // bytes of a stream: that were sent, that came, that were received
	stuffed          bool  // its send buffer was full
	finSent          bool  // also where the FIN is still behind data
	finHeld          bool  // it is
	synAcked         bool
	finAcked         bool
	gotSyn, gotFin   bool
	reset            bool // a RST has come
	resetSeen        bool // and a call has failed because of it
}

func (e *end) to(s State) {
	if s != e.state {
		e.was = append(e.was, e.state)
		e.state = s
	}
}

// A link is both ends of a connection, and what is on its way between them.
type link struct {
	ends [2]end       // the one that asked, and the one that was asked
	way  [2][]segment // to each end
	slow bool         // what is sent arrives when an event shows it; else at once
	full bool         // it is slow only as long as the listener's queue has no place
}

// unreadWindow is how much a receiver takes that nobody reads: the receive
// buffer that Linux gives at first, without what packets need of it. A FIN
// behind more than that waits in the send buffer, unless events show that it
// has come.
const unreadWindow = 125_000

// send puts a segment of an end on its way.
func (l *link) send(from int, s segment) {
	e, to := &l.ends[from], 1-from
	s.acksSyn, s.acksFin = e.gotSyn, e.gotFin
	s.data = max(s.data, e.sent)
	if s.rst || s.syn {
		s.data = 0
	}
	if l.ends[to].outside || l.ends[to].scripted {
		return
	}
	way := l.way[to]
	if k := len(way) - 1; k >= 0 && way[k].extends(s) {
		way[k].data = s.data
		return
	}
	l.way[to] = append(way, s)
}

// extends reports whether a segment is the same as another one, but for more
// data.
func (s segment) extends(by segment) bool {
	s.data = by.data
	return s == by && !s.syn && !s.fin && !s.rst
}

// drain lets all arrive that is on its way, unless it takes its time.
func (l *link) drain() {
	for !l.slow && l.deliver(0) || !l.slow && l.deliver(1) {
	}
}

// deliver lets the next segment arrive at an end; it reports false where there
// is none.
func (l *link) deliver(to int) bool {
	if len(l.way[to]) == 0 {
		return false
	}
	s := l.way[to][0]
	l.way[to] = l.way[to][1:]
	l.arrive(to, s)
	return true
}

// arrive is the state machine: RFC 9293, section 3.10.7.
func (l *link) arrive(at int, s segment) {
	e := &l.ends[at]
	switch {
	case s.rst:
		e.reset = e.reset || e.state != Listen
		e.to(Close)
		return
	case e.state == Listen:
		if s.syn {
			e.gotSyn = true
			e.to(SynRecv)
			l.send(at, segment{syn: true})
		}
		return
	case e.state == SynSent:
		l.answered(at, s)
		return
	case e.state == Close:
		if s.syn || s.fin || s.data > e.came {
			l.send(at, segment{rst: true})
		}
		return
	case e.state == SynRecv && s.acksSyn:
		e.synAcked = true
		e.to(Established)
	}
	if s.data > e.came {
		e.came = s.data
		if e.refuses() {
			e.to(Close)
			l.send(at, segment{rst: true})
			return
		}
	}
	if s.acksFin && e.finSent && !e.finAcked {
		l.finished(e)
	}
	if s.fin && !e.gotFin {
		l.ended(at)
	}
}

// answered is what a SYN that was sent has brought back.
func (l *link) answered(at int, s segment) {
	e := &l.ends[at]
	switch {
	case !s.syn:
	case s.acksSyn:
		e.gotSyn, e.synAcked = true, true
		e.to(Established)
		l.send(at, segment{})
	default: // both have asked at once
		e.gotSyn = true
		e.to(SynRecv)
		l.send(at, segment{syn: true})
	}
}

// finished notes that the FIN of an end was acknowledged.
func (l *link) finished(e *end) {
	e.finAcked = true
	switch e.state {
	case FinWait1:
		e.to(FinWait2)
	case Closing:
		e.to(TimeWait)
	case LastAck:
		e.to(Close)
	}
}

// ended lets a FIN arrive at an end.
func (l *link) ended(at int) {
	e := &l.ends[at]
	e.gotFin = true
	switch e.state {
	case Established:
		e.to(CloseWait)
	case FinWait1:
		e.to(Closing)
	case FinWait2:
		e.to(TimeWait)
	}
	l.send(at, segment{})
}

// refuses reports an end that resets the connection when data comes, because
// nobody can read it any more.
func (e *end) refuses() bool {
	return (e.closed || e.deaf) && (e.state == FinWait1 || e.state == FinWait2)
}

// open sends a SYN.
func (l *link) open(by int) {
	l.ends[by].to(SynSent)
	l.send(by, segment{syn: true})
}

// write sends data.
func (l *link) write(by int, upTo int64) {
	if e := &l.ends[by]; upTo > e.sent {
		e.sent = upTo
		l.send(by, segment{})
	}
}

// shut ends the sending of an end.
func (l *link) shut(by int) {
	e := &l.ends[by]
	switch e.state {
	case SynSent:
		e.to(Close)
		return
	case Established, SynRecv:
		e.to(FinWait1)
	case CloseWait:
		e.to(LastAck)
	default:
		return
	}
	e.finSent = true
	peer := &l.ends[1-by]
	if known := !peer.outside && !peer.scripted; known && (e.stuffed || e.sent-peer.read > unreadWindow) && peer.read < e.sent {
		e.finHeld = true
		return
	}
	l.send(by, segment{fin: true})
}

// receive notes how much of what came has been received: the window opens, and
// a FIN behind the data comes through.
func (l *link) receive(by int, upTo int64) {
	e, peer := &l.ends[by], &l.ends[1-by]
	e.read = max(e.read, upTo)
	e.came = max(e.came, e.read)
	if e.read >= peer.sent {
		peer.stuffed = false
		l.release(1 - by)
	}
}

// release sends a FIN that was behind data. It reports false where there is
// none.
func (l *link) release(by int) bool {
	e := &l.ends[by]
	if !e.finHeld {
		return false
	}
	e.finHeld, e.stuffed = false, false
	l.send(by, segment{fin: true})
	return true
}

// close closes the last descriptor of an end. Where data is left that
// nobody has read, the connection is reset (RFC 9293, section 3.6.1).
func (l *link) close(by int) {
	e := &l.ends[by]
	e.closed = true
	unread := e.came > e.read && e.state != TimeWait
	if !unread && !e.aborts {
		l.shut(by)
		return
	}
	l.abort(by)
}

// abort ends a connection with a RST.
func (l *link) abort(by int) {
	e := &l.ends[by]
	tells := e.state
	switch {
	case e.state == TimeWait:
		return // which is kept apart from the socket
	case e.state == Closing, e.state == LastAck:
		if !e.finHeld {
			tells = Close // all is sent
		}
	}
	e.to(Close)
	if tells != Close && tells != SynSent {
		l.send(by, segment{rst: true})
	}
}

// until lets arrive what must have come by now at an end.
func (l *link) until(at int, came func() bool) bool {
	moved := false
	for !came() {
		switch {
		case l.deliver(at), l.release(1 - at), l.deliver(1 - at), l.release(at):
			moved = true
		default:
			return false
		}
	}
	if moved && l.full {
		l.full, l.slow = false, false
		l.drain()
	}
	return true
}

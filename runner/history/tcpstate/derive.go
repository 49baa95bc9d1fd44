package tcpstate

import (
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A conn is a connection, and what is known of it.
type conn struct {
	link
	key          event.Cause // the event that made it known
	names        [2]name
	queued       bool // nobody has accepted it
	self         bool // a socket that has called itself
	contradicted bool // an event contradicts that all arrives at once
}

// A name is how lines call an end.
type name struct {
	actor, socket string
	branch        int // that has made it
}

// A socket is a description of TCP: one end of a connection, or none.
type socket struct {
	name    name
	nth     int // of those that the transcript shows, in its order
	alone   end // its state without a connection
	conn    *conn
	side    int
	places  int     // in the queue of a listener; 0 where it is not known
	waiting []*conn // in that queue
	defers  bool    // the next send makes the connection
	shared  []uint64
	left    bool // the scenario has closed its own descriptors, a program has another
}

// end is the end that the socket is.
func (s *socket) end() *end {
	if s.conn != nil {
		return &s.conn.ends[s.side]
	}
	return &s.alone
}

// A route is the addresses of a connection, seen from one end.
type route struct{ from, to sock.Addr }

// A way is a route as packets have it. Loopback addresses are those of a host.
type way struct {
	host     string
	from, to netip.AddrPort
}

func wayOf(l *event.Endpoints) way {
	from, to := portOf(l.Local), portOf(l.Remote)
	w := way{from: from, to: to}
	if from.Addr().IsLoopback() {
		w.host = l.Host
	}
	return w
}

func portOf(a sock.Addr) netip.AddrPort {
	a = a.Loopback()
	return netip.AddrPortFrom(a.IP.Unmap().WithZone(""), a.Port)
}

func (w way) back() way { return way{w.host, w.to, w.from} }

// A deriver goes through a record once.
type deriver struct {
	record *history.Record
	slow   map[event.Cause]bool               // connections that are known not to be at once
	asked  map[event.Cause]history.Connection // by the event that asked
	taken  map[event.Cause]event.Cause        // by the accept: what asked
	plays  map[uint64]history.Connection      // far ends that the script plays, with the connection that each opens
	names  map[uint64]name
	// The last event that has closed a descriptor of a description, and whether
	// one has closed the last. Of processes that nothing orders, either may
	// have been the last to close: in the order of the transcript, it is the
	// last event.
	last  map[uint64]event.Cause
	ended map[uint64]bool

	sockets map[uint64]*socket
	list    []*socket // as they came
	opened  map[event.Cause]*conn
	far     map[uint64]*conn
	calls   map[route]*conn // of which nobody is known who answers
	ways    map[way]uint64  // the descriptions by the addresses of their connections, far ends among them
	conns   []*conn
	states  *States

	at      event.Cause // of the event under way
	acts    []acted     // on these ends
	changes []acted     // and these may have changed too
}

// An acted is an end that an event acts on.
type acted struct {
	socket *socket // without a connection
	conn   *conn
	side   int
}

func newDeriver(r *history.Record, slow map[event.Cause]bool) *deriver {
	return &deriver{
		record: r, slow: slow,
		asked: make(map[event.Cause]history.Connection), taken: make(map[event.Cause]event.Cause),
		plays: make(map[uint64]history.Connection), names: make(map[uint64]name), last: make(map[uint64]event.Cause), ended: make(map[uint64]bool),
		sockets: make(map[uint64]*socket), opened: make(map[event.Cause]*conn), far: make(map[uint64]*conn),
		calls: make(map[route]*conn), ways: make(map[way]uint64), states: &States{at: make(map[event.Cause][]Change)},
	}
}

func (d *deriver) derive() {
	lines := d.record.Events()
	d.learn(lines)
	for _, l := range lines {
		if l.Event == nil {
			continue
		}
		d.at, d.acts, d.changes = l.At, d.acts[:0], d.changes[:0]
		d.event(l.Event)
		d.find(l.Event)
		d.note()
	}
}

// learn finds out what names sockets have, and which connections there are.
func (d *deriver) learn(lines []history.Line) {
	for _, c := range d.record.Connections() {
		d.asked[c.Connect] = c
		if c.Taker != 0 {
			d.taken[c.Accept] = c.Connect
		}
	}
	for _, l := range lines {
		e := l.Event
		if e == nil {
			continue
		}
		if e.Op == event.OpClose {
			d.last[e.Sock], d.ended[e.Sock] = l.At, true
		}
		for _, id := range e.Ends {
			d.last[id], d.ended[id] = l.At, true
		}
		for _, id := range e.Leaves {
			d.last[id] = l.At
		}
		if e.Endpoints == nil || !e.Endpoints.TCP {
			continue
		}
		id := e.Sock
		switch e.Op {
		case event.OpAccept:
			id = e.Endpoints.Made
		case event.OpInject, event.OpSegment:
			if c := d.asked[l.At]; e.Opens || d.plays[id] == (history.Connection{}) {
				d.plays[id] = c
			}
			continue
		}
		if _, known := d.names[id]; !known {
			d.names[id] = name{d.record.Branches[l.At.Branch].Actor, e.Endpoints.Name, l.At.Branch}
		}
	}
}

// find notes the addresses of a connection.
func (d *deriver) find(e *event.Event) {
	l := e.Endpoints
	if l == nil || !l.TCP || l.Local.Port == 0 || l.Remote.Port == 0 {
		return
	}
	id := e.Sock
	if e.Op == event.OpAccept {
		id = l.Made
	}
	if id != 0 {
		d.ways[wayOf(l)] = id
	}
}

// between is the end of a connection with these addresses; ok is false where no
// event was about it so far.
func (d *deriver) between(l *event.Endpoints) (at acted, ok bool) {
	w := wayOf(l)
	own, peer := d.ways[w], d.ways[w.back()]
	if s := d.sockets[own]; s != nil && s.conn != nil {
		return acted{conn: s.conn, side: s.side}, true
	}
	if s := d.sockets[peer]; s != nil && s.conn != nil {
		return acted{conn: s.conn, side: 1 - s.side}, true
	}
	if c := d.far[peer]; c != nil {
		side := 0
		if c.ends[0].scripted {
			side = 1
		}
		return acted{conn: c, side: side}, true
	}
	return at, false
}

// socket is that of a description of TCP.
func (d *deriver) socket(id uint64) *socket {
	s := d.sockets[id]
	if s == nil {
		s = &socket{name: d.names[id], nth: len(d.list), alone: end{state: Close}}
		d.sockets[id] = s
		d.list = append(d.list, s)
	}
	return s
}

// act notes that the event acts on a socket.
func (d *deriver) act(s *socket) {
	if s.conn == nil {
		d.acts = append(d.acts, acted{socket: s})
		return
	}
	d.acts = append(d.acts, acted{conn: s.conn, side: s.side})
	if !s.conn.self {
		d.acts = append(d.acts, acted{conn: s.conn, side: 1 - s.side})
	}
}

// touch notes that the event may change the states of a connection.
func (d *deriver) touch(c *conn) {
	d.changes = append(d.changes, acted{conn: c}, acted{conn: c, side: 1})
}

// note keeps what the event has done.
func (d *deriver) note() {
	var list []Change
	add := func(a acted, anyway bool) {
		c := a.change()
		if c.States != nil && (anyway || c.Changed()) {
			list = append(list, c)
		}
	}
	for _, a := range d.acts {
		add(a, true)
	}
	for _, a := range d.changes {
		if !slices.Contains(d.acts, a) {
			add(a, false)
		}
	}
	for _, a := range slices.Concat(d.acts, d.changes) {
		a.end().was = nil
	}
	if list != nil {
		d.states.at[d.at] = list
	}
}

func (a acted) end() *end {
	if a.conn == nil {
		return &a.socket.alone
	}
	return &a.conn.ends[a.side]
}

// change is what has happened to the end; without states where its state is not
// known.
func (a acted) change() Change {
	e := a.end()
	if e.outside || e.scripted || a.conn != nil && a.conn.self && a.side == 1 {
		return Change{}
	}
	n := name{}
	queued := false
	if a.conn == nil {
		n = a.socket.name
	} else {
		n, queued = a.conn.names[a.side], a.conn.queued && a.side == 1 && e.state != Listen
	}
	return Change{Actor: n.actor, Branch: n.branch, Socket: n.socket, Queued: queued, States: append(slices.Clone(e.was), e.state)}
}

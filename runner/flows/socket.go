package flows

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// unknownDepth is that of what nobody knows to be caused by a step.
const unknownDepth = 0

// A socket is one of the scenario, with what its steps did.
type socket struct {
	id            uint64
	name          string // actor.name
	host          string
	typ           int
	local, remote netip.AddrPort
	wild          bool // local stands for all addresses of the host
	since         time.Duration
	opened        int  // the depth of the step that made the connection
	hidden        bool // by a quiet step
	sends, recvs  []moved
	sent, came    []message // of datagrams
	folded        bool      // of some rounds no datagram is known
	rounds        int       // the depth of those that are shown; 0: none are
	shuts         []int     // depths of what ended its sending before it was closed
	closed        int       // the depth of the deepest close of its descriptors
	gone          bool      // one of these was the last
	sawEnd        bool      // a receive met the end of file
	secured       int       // the depth of the handshake of what is above it
	opaque        int64     // what is above it changes the bytes from here on; 0: nothing does
}

// moved is how far one direction of a stream had come after a step.
type moved struct {
	end    int64
	depth  int
	varies bool // it may come another way in another run
	open   bool // nor is it known where what comes after it begins and ends
}

// A message is a datagram of a step.
type message struct {
	sum    uint64
	length int
	remote netip.AddrPort
	depth  int
	varies bool
	hidden bool // by a quiet step
}

// sockets are those of the scenario in a record.
type sockets struct {
	record *history.Record
	byID   map[uint64]*socket
	list   []*socket // by when they got their addresses
	failed []*socket // those of connects that failed
}

func socketsOf(r *history.Record) *sockets {
	s := &sockets{record: r, byID: make(map[uint64]*socket)}
	for _, b := range r.Branches {
		for _, en := range b.Entries {
			if en.Fold != nil {
				s.folded(b, en.Fold)
				continue
			}
			s.addresses(b, en.Event)
		}
	}
	for _, b := range r.Branches {
		for _, en := range b.Entries {
			if en.Event != nil {
				s.event(b, en.Event)
			}
		}
	}
	for _, one := range s.byID {
		byEnd := func(a, b moved) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.depth, b.depth)) }
		slices.SortFunc(one.sends, byEnd)
		slices.SortFunc(one.recvs, byEnd)
	}
	slices.SortStableFunc(s.list, func(a, b *socket) int { return cmp.Compare(a.since, b.since) })
	slices.SortStableFunc(s.failed, func(a, b *socket) int { return cmp.Compare(a.since, b.since) })
	return s
}

// of is a socket by its description.
func (s *sockets) of(id uint64) *socket {
	one := s.byID[id]
	if one == nil {
		one = &socket{id: id}
		s.byID[id] = one
	}
	return one
}

// addresses notes the addresses that an event shows of a socket.
func (s *sockets) addresses(b *record.Branch, e *event.Event) {
	if e.Endpoints == nil || !e.Endpoints.Networked() {
		return
	}
	opens := e.Op == event.OpConnect || e.Op == event.OpAccept || e.Opens
	s.note(b, e.Op, e.Sock, e.Endpoints, e.Start, place{opens && e.Errno == 0 || e.Errno == unix.EINPROGRESS, s.record.Depth(causeOf(b, e)), s.hides(e.Quiet)})
	if e.Op == event.OpConnect && e.Errno != 0 && e.Errno != unix.EINPROGRESS {
		s.failed = append(s.failed, &socket{
			name: b.Actor + "." + e.Endpoints.Name, host: e.Endpoints.Host, typ: e.Endpoints.Type, since: e.Start,
			remote: e.Endpoints.Remote.OfPackets(), opened: s.record.Depth(causeOf(b, e)), hidden: s.hides(e.Quiet),
		})
	}
}

// A place is where among the lines a step has made a connection.
type place struct {
	opens  bool
	depth  int
	hidden bool
}

func (s *sockets) note(b *record.Branch, op event.Op, id uint64, l *event.Endpoints, at time.Duration, p place) {
	if op == event.OpAccept {
		id = l.Made
	}
	one := s.of(id)
	if one.name == "" && l.Name != "" {
		one.name = b.Actor + "." + l.Name
	}
	one.host, one.typ = l.Host, l.Type
	if l.Local.Port != 0 || !one.local.IsValid() {
		one.local, one.wild = l.Local.OfPackets(), l.Local.IsWildcard()
	}
	if !l.Remote.IsZero() {
		one.remote = l.Remote.OfPackets()
	}
	if p.opens && one.opened == unknownDepth {
		one.opened, one.hidden, one.since = p.depth, p.hidden, at
		s.list = append(s.list, one)
	} else if l.Type != unix.SOCK_STREAM && !slices.Contains(s.list, one) {
		one.since, one.hidden = at, p.hidden
		s.list = append(s.list, one)
	}
}

func causeOf(b *record.Branch, e *event.Event) event.Cause {
	return event.Cause{Branch: b.ID, Seq: e.Seq}
}

// folded notes what is left of rounds.
func (s *sockets) folded(b *record.Branch, f *record.Fold) {
	depth := s.record.Depth(event.Cause{Branch: b.ID, Seq: f.First})
	for _, j := range f.Joints {
		if j.Endpoints.Networked() {
			id := j.Sock
			if j.Op == event.OpAccept {
				id = j.Endpoints.Made
			}
			s.of(id).shuts = append(s.of(id).shuts, depth) // if it has ended, then in these rounds
			s.note(b, j.Op, j.Sock, j.Endpoints, f.Start, place{j.Op == event.OpConnect || j.Op == event.OpAccept, depth, s.hides(f.Quiet)})
		}
	}
	hidden := s.hides(f.Quiet)
	for id, end := range f.Sent {
		one := s.of(id)
		one.sends = append(one.sends, moved{end, depth, false, hidden})
		if one.folded = true; !hidden {
			one.rounds = depth
		}
	}
	for id, end := range f.Received {
		s.of(id).recvs = append(s.of(id).recvs, moved{end, depth, false, hidden})
	}
}

// event notes what a step did on a socket.
func (s *sockets) event(b *record.Branch, e *event.Event) {
	depth := s.record.Depth(causeOf(b, e))
	move := func(end int64) moved {
		open := e.Mask != "" || s.hides(e.Quiet)
		return moved{end, depth, open || s.record.LengthVaries(e), open}
	}
	one := s.of(e.Sock)
	if e.Also != nil && e.Op != event.OpHandshake {
		s.of(e.Also.Sock).sends = append(s.of(e.Also.Sock).sends, move(e.Also.Offset))
	}
	switch e.Op {
	case event.OpHandshake:
		if one.opaque == 0 {
			one.secured = depth
			one.opaque = 1 // and what comes after is not what the steps sent
			for _, m := range one.sends {
				one.opaque = max(one.opaque, m.end+1)
			}
		}
	case event.OpSend:
		one.sends = append(one.sends, move(e.Offset))
		one.sent = append(one.sent, s.messages(e, depth)...)
	case event.OpRecv:
		if e.Look != (event.Look{}) {
			break
		}
		one.sawEnd = one.sawEnd || e.EOF
		one.recvs = append(one.recvs, move(e.Offset))
		one.came = append(one.came, s.messages(e, depth)...)
	case event.OpShut:
		if e.Shut&event.ShutWrite != 0 && e.Errno == 0 {
			one.shuts = append(one.shuts, depth)
		}
	case event.OpClose:
		one.close(depth, true)
	}
	for _, id := range e.Ends {
		s.of(id).close(depth, true)
	}
	for _, id := range e.Leaves {
		s.of(id).close(depth, false)
	}
}

// hides reports whether a quiet step is not shown.
func (s *sockets) hides(quiet int) bool { return quiet != 0 && quiet != s.record.Shows }

// messages are the datagrams of an event.
func (s *sockets) messages(e *event.Event, depth int) []message {
	if e.Endpoints == nil || e.Endpoints.Type == unix.SOCK_STREAM {
		return nil
	}
	varies, hidden := e.Mask != "" || s.record.LengthVaries(e), s.hides(e.Quiet)
	list := make([]message, 0, len(e.Sums))
	for i := range e.Sums {
		d := &e.Sums[i]
		m := message{sum: d.Sum, length: d.Len, remote: d.Remote.OfPackets(), depth: depth, varies: varies, hidden: hidden}
		if d.Remote.IsZero() {
			m.remote = e.Endpoints.Remote.OfPackets()
		}
		list = append(list, m)
	}
	return list
}

// ended is the depth of the step that ended the sending of a socket: the first
// shutdown, or the last close.
func (one *socket) ended() int {
	switch {
	case one == nil || len(one.shuts) == 0 && !one.gone:
		return unknownDepth
	case len(one.shuts) == 0:
		return one.closed
	case !one.gone:
		return slices.Min(one.shuts)
	}
	return min(slices.Min(one.shuts), one.closed)
}

// close notes the close of a descriptor. The deepest of them counts as the
// last: where nothing orders them, which one was the last is luck.
func (one *socket) close(depth int, last bool) {
	one.closed, one.gone = max(one.closed, depth), one.gone || last
}

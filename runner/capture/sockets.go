package capture

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// A doer is a step of an actor, and when it was under way. Times are those
// since the run's start.
type doer struct {
	branch     *record.Branch
	place      *event.Place
	start, end time.Duration
}

// String names the step: who did it, what, and where the file says so.
func (d *doer) String() string {
	return fmt.Sprintf("%s: %s, %s:%d", d.branch.Name(), d.place.Title, d.place.Pos.File, d.place.Pos.Line)
}

// at reports whether the step was under way at a time.
func (d *doer) at(t time.Duration) bool { return d.start <= t && t <= d.end }

// A socket is one of the scenario's, with the steps that sent on it.
type socket struct {
	name          string // actor.name
	host          string
	typ           int
	local, remote netip.AddrPort
	wild          bool // local stands for all addresses of the host
	opened        bool // its connection was made, at since
	since         time.Duration
	opener        *doer
	writes        []write // of a stream, in the order of their ends
	messages      []message
	ends          []*doer // those that may have ended its sending
	opaque        bool    // TLS is on it: what crosses is not what steps send
}

// A write is a step that has sent the bytes of a stream up to an end.
type write struct {
	end int64
	by  *doer
}

// A message is a datagram that a step has sent.
type message struct {
	sum    uint64
	length int
	head   [event.HeadLen]byte // its first bytes
	remote netip.AddrPort
	by     *doer
}

// sockets are those of a record.
type sockets struct {
	byID    map[uint64]*socket
	list    []*socket // by when their connections were made
	failed  []*socket // of connects that failed: remote and opener alone
	injects []*doer   // what far ends of the script have sent
	others  []*doer   // sends on sockets of other types
	hosts   map[*doer]string
}

func socketsOf(r *history.Record) *sockets {
	s := &sockets{byID: make(map[uint64]*socket), hosts: make(map[*doer]string)}
	for _, b := range r.Branches {
		for _, en := range b.Entries {
			if f := en.Fold; f != nil {
				s.fold(b, f)
				continue
			}
			s.event(b, en.Event)
		}
	}
	for _, one := range s.byID {
		slices.SortStableFunc(one.writes, func(a, b write) int { return cmp.Compare(a.end, b.end) })
		slices.SortStableFunc(one.messages, func(a, b message) int { return cmp.Compare(a.by.start, b.by.start) })
		slices.SortStableFunc(one.ends, byStart)
		if one.local.IsValid() {
			s.list = append(s.list, one)
		}
	}
	slices.SortFunc(s.list, func(a, b *socket) int { return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.name, b.name)) })
	slices.SortStableFunc(s.injects, byStart)
	slices.SortStableFunc(s.others, byStart)
	return s
}

func byStart(a, b *doer) int { return cmp.Compare(a.start, b.start) }

// of is a socket by its description.
func (s *sockets) of(id uint64) *socket {
	one := s.byID[id]
	if one == nil {
		one = new(socket)
		s.byID[id] = one
	}
	return one
}

// fold notes what is left of rounds: the step is the repetition.
func (s *sockets) fold(b *record.Branch, f *record.Fold) {
	by := &doer{b, f.Place, f.Start, f.End}
	for _, j := range f.Joints {
		s.addresses(b, j.Op, j.Sock, j.Endpoints, by, true)
	}
	for id, end := range f.Sent {
		s.of(id).writes = append(s.of(id).writes, write{end, by})
	}
}

// addresses notes what an event says of the addresses of a socket.
func (s *sockets) addresses(b *record.Branch, op event.Op, id uint64, l *event.Endpoints, by *doer, succeeded bool) {
	if op == event.OpAccept {
		id = l.Made
	}
	one := s.of(id)
	if one.name == "" && l.Name != "" {
		one.name = b.Member() + "." + l.Name
	}
	one.host, one.typ = l.Host, l.Type
	if l.Local.Port != 0 || !one.local.IsValid() {
		one.local, one.wild = l.Local.OfPackets(), l.Local.IsWildcard()
	}
	opens := op == event.OpConnect || op == event.OpAccept
	if opens && !succeeded {
		s.failed = append(s.failed, &socket{name: one.name, remote: l.Remote.OfPackets(), opener: by})
		return
	}
	if !l.Remote.IsZero() {
		one.remote = l.Remote.OfPackets()
	}
	if opens && !one.opened {
		one.opened, one.since, one.opener = true, by.start, by
	}
}

// event notes what a step did on a socket.
func (s *sockets) event(b *record.Branch, e *event.Event) {
	by := &doer{b, e.Place, e.Start, e.End}
	if e.Endpoints != nil && e.Endpoints.Networked() {
		op := e.Op
		if e.Opens {
			op = event.OpConnect
		}
		s.addresses(b, op, e.Sock, e.Endpoints, by, e.Errno == 0 || e.Errno == unix.EINPROGRESS)
	}
	if e.Also != nil {
		s.of(e.Also.Sock).writes = append(s.of(e.Also.Sock).writes, write{e.Also.Offset, by})
	}
	one := s.of(e.Sock)
	switch e.Op {
	case event.OpHandshake:
		one.opaque = true
		one.writes = append(one.writes, write{e.Offset, by})
	case event.OpSend:
		s.send(one, e, by)
	case event.OpInject:
		s.injects = append(s.injects, by)
	case event.OpShut:
		if e.Shut&event.ShutWrite != 0 && e.Errno == 0 {
			one.ends = append(one.ends, by)
		}
	case event.OpClose:
		one.ends = append(one.ends, by)
	}
	for _, id := range e.Ends {
		s.of(id).ends = append(s.of(id).ends, by)
	}
}

// send notes a send on a socket.
func (s *sockets) send(one *socket, e *event.Event, by *doer) {
	switch {
	case e.Endpoints == nil || e.Endpoints.Type == unix.SOCK_STREAM:
		one.writes = append(one.writes, write{e.Offset, by})
		return
	case e.Endpoints.Type != unix.SOCK_DGRAM || !e.Endpoints.Networked():
		s.others = append(s.others, by)
		s.hosts[by] = e.Endpoints.Host
		return
	}
	for i := range e.Sums {
		d := &e.Sums[i]
		m := message{sum: d.Sum, length: d.Len, head: d.Head, remote: d.Remote.OfPackets(), by: by}
		if d.Remote.IsZero() {
			m.remote = e.Endpoints.Remote.OfPackets()
		}
		one.messages = append(one.messages, m)
	}
}

// connected is the nth socket of those that had two addresses one after the
// other; nil where there is none. The host is that of an address which several
// may have.
func (s *sockets) connected(host string, local, remote netip.AddrPort, nth int) *socket {
	for _, here := range []bool{true, false} {
		n := nth
		for _, one := range s.list {
			if one.typ == unix.SOCK_DGRAM || one.local != local || one.remote != remote || !one.opened || here && one.host != host {
				continue
			}
			if n--; n < 0 {
				return one
			}
		}
		if local.Addr().IsLoopback() {
			break // that of another host is another one
		}
	}
	return nil
}

// senders are the sockets for datagrams that may have sent from an address.
func (s *sockets) senders(host string, local netip.AddrPort) []*socket {
	var list []*socket
	for _, one := range s.list {
		elsewhere := one.host != host && local.Addr().IsLoopback()
		if one.typ == unix.SOCK_DGRAM && one.local.Port() == local.Port() && (one.wild || one.local.Addr() == local.Addr()) && !elsewhere {
			list = append(list, one)
		}
	}
	return list
}

// other is the step that was sending at a time on a socket of another type,
// such as a raw one.
func (s *sockets) other(host string, t time.Duration) *doer {
	for _, d := range s.others {
		if s.hosts[d] == host && d.at(t) {
			return d
		}
	}
	return nil
}

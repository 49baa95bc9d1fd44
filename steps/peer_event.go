package steps

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

// injected says in the event what a packet of the script's lets go on.
// Datagrams are sent as those of sockets are.
func injected(t *step.Task, p *step.Peer, sent peer.Sent) {
	e := crossed(t, p, event.OpInject)
	switch body := sent.Body.(type) {
	case *packet.TCP:
		e.Segment, e.Endpoints.TCP = numbers(p.Flow.Describe(sent.Packet)), true
		e.Offset, e.Opens = sent.Bytes, sent.Made
		if sent.Ended {
			e.Shut = event.ShutWrite
		}
	case *packet.UDP:
		e.Op, e.Endpoints.Type, e.Endpoints.Host = event.OpSend, unix.SOCK_DGRAM, p.Plays
		e.Sums = []event.Datagram{event.NewDatagram(body.Payload, e.Endpoints.Remote)}
	case *packet.ICMP:
		if q, err := body.Quoted(); err != nil || q == nil {
			e.Op = event.OpNone
		}
	}
}

// taken says in the event what a packet of the kernel's was caused by.
func taken(t *step.Task, p *step.Peer, got *packet.Packet, text packet.Pattern) {
	e := crossed(t, p, event.OpSegment)
	switch body := got.Body.(type) {
	case *packet.TCP:
		e.Segment, e.Endpoints.TCP = numbers(text), true
		e.Offset = max(0, int64(e.Segment.Seq)-1+int64(e.Segment.Len))
	case *packet.UDP:
		e.Op, e.Endpoints.Type, e.Endpoints.Host = event.OpRecv, unix.SOCK_DGRAM, p.Plays
		e.Sums = []event.Datagram{event.NewDatagram(body.Payload, e.Endpoints.Remote)}
	}
}

// crossed marks the event as one of a far end.
func crossed(t *step.Task, p *step.Peer, op event.Op) *event.Event {
	if p.Flow.Renewed() {
		p.ID.Store(t.Actor.Run.Sockets.NewID())
	}
	t.Event.Op, t.Event.Sock = op, p.ID.Load()
	t.Event.Endpoints = &event.Endpoints{
		Name: p.Name, Host: p.Host, Type: unix.SOCK_STREAM,
		Local: addrOf(p.Flow.Address()), Remote: addrOf(p.Flow.Kernel()),
	}
	return &t.Event
}

func addrOf(a netip.AddrPort) sock.Addr {
	family := unix.AF_INET
	if a.Addr().Is6() {
		family = unix.AF_INET6
	}
	return sock.Addr{Family: family, IP: a.Addr(), Port: a.Port()}
}

// numbers are those of a segment, relative to the SYNs.
func numbers(text packet.Pattern) *event.Segment {
	s, ok := text.Body.(*packet.Segment)
	if !ok {
		return nil
	}
	first, _ := s.First.Value()
	last, _ := s.Last.Value()
	ack, _ := s.Ack.Value()
	return &event.Segment{Seq: first, Ack: ack, Flags: uint8(s.Flags), Len: int(last - first)}
}

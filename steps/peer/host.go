// Package peer plays the far end of a connection: it sends packets that a
// script has made and takes those that the kernel sends. It knows the flows,
// their ports and what their numbers are relative to; how packets travel it
// does not know.
package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sockscript/sockscript/steps/packet"
)

// A Cable carries IP packets to the kernel and from it.
type Cable interface {
	Send(packet []byte) error
	// Receive waits for a packet of the kernel, and says when it was sent.
	// After the deadline it returns those that are there, and then
	// [os.ErrDeadlineExceeded]. After Close it returns an error.
	Receive(deadline time.Time) (packet []byte, at time.Time, err error)
	// Interrupt ends the waiting of a Receive that is under way.
	Interrupt()
	Close()
}

// A Host is a far end with one address. Its methods and those of its flows may
// be called from any goroutine.
type Host struct {
	cable         Cable
	local, remote netip.Addr // the kernel's side and this one

	mu     sync.Mutex
	flows  []*Flow
	strays []Packet // of no flow yet
	err    error    // why nothing more comes
	ending bool     // only what is there is still taken
	over   chan struct{}
}

// A Packet is one that the kernel has sent.
type Packet struct {
	*packet.Packet
	At time.Time
	// Repeated says that the kernel sends again what the script has taken, or
	// probes with an old number.
	Repeated bool
	before   seen
}

// What the script had seen of a flow before it took a packet.
type seen struct {
	numbers
	last time.Time
}

// A syn is what makes a SYN the one that was sent before.
type syn struct {
	flags    packet.Flags
	seq, ack uint32
}

// maxWaiting is how many packets wait for a script at most.
const maxWaiting = 1 << 14

// NewHost plays a host at the other end of a cable, until Close.
func NewHost(c Cable, local, remote netip.Addr) *Host {
	h := &Host{cable: c, local: local, remote: remote, over: make(chan struct{})}
	go h.listen()
	return h
}

// Close ends the host, and the cable.
func (h *Host) Close() { h.cable.Close() }

// Reset ends the connections of the script in the kernel. A socket that the
// kernel still has a FIN to send for would go on for minutes with nobody there,
// and keep its network for as long.
func (h *Host) Reset() {
	h.mu.Lock()
	flows := slices.Clone(h.flows)
	h.mu.Unlock()
	for _, f := range flows {
		f.reset()
	}
}

// Finish takes what the kernel has sent so far, and nothing after that.
func (h *Host) Finish() {
	h.mu.Lock()
	h.ending = true
	h.mu.Unlock()
	for {
		h.cable.Interrupt() // again, where the listener was about to wait
		select {
		case <-h.over:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// deadline is until when the listener waits: for ever, or not at all.
func (h *Host) deadline() (t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ending {
		t = time.Unix(1, 0)
	}
	return t
}

// listen takes what the kernel sends.
func (h *Host) listen() {
	defer close(h.over)
	for {
		deadline := h.deadline()
		b, at, err := h.cable.Receive(deadline)
		if deadline.IsZero() && errors.Is(err, os.ErrDeadlineExceeded) {
			continue // it was interrupted
		}
		h.mu.Lock()
		if err == nil {
			// What cannot be read is not for a flow.
			if p, failed := packet.Decode(b); failed == nil {
				h.dispatch(Packet{Packet: p, At: at})
			}
		} else {
			h.err = fmt.Errorf("the cable of the peer: %w", err)
			for _, f := range h.flows {
				f.wake()
			}
		}
		h.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// dispatch gives a packet to its flow.
func (h *Host) dispatch(p Packet) {
	if isNoise(p.Packet) {
		return
	}
	if f := h.flowOf(p.Packet); f != nil {
		f.come(p)
		return
	}
	if len(h.strays) < maxWaiting {
		h.strays = append(h.strays, p)
	}
}

// flowOf is the flow of a packet of the kernel: one with its ports, or else one
// that has none yet.
func (h *Host) flowOf(p *packet.Packet) *Flow {
	k, local, remote, ok := endsOf(p)
	if !ok {
		return nil
	}
	for _, f := range h.flows {
		if f.kind == k && f.open && f.local == local && f.remote == remote {
			return f
		}
	}
	t, segment := p.Body.(*packet.TCP)
	if segment && t.Flags&(packet.SYN|packet.ACK) != packet.SYN {
		return nil
	}
	for _, f := range h.flows {
		if f.kind == k && !f.open {
			f.local, f.remote, f.open = local, remote, true
			return f
		}
	}
	return nil
}

// endsOf is what tells flows apart: kind and ports. An ICMP error belongs to
// the flow of the packet that it is about, any other message to a flow of ICMP.
func endsOf(p *packet.Packet) (k Kind, local, remote uint16, ok bool) {
	switch body := p.Body.(type) {
	case *packet.TCP:
		return TCP, body.SrcPort, body.DstPort, true
	case *packet.UDP:
		return UDP, body.SrcPort, body.DstPort, true
	case *packet.ICMP:
		if q, err := body.Quoted(); err == nil && q.Dst == p.Src {
			k, remote, local, ok = endsOf(q)
			return k, local, remote, ok
		}
		return ICMP, 0, 0, true
	}
	return 0, 0, 0, false
}

// isNoise reports whether the kernel sends a packet of its own accord, to
// whoever is there: it looks for routers and neighbors (RFC 4861), and joins
// groups. An answer to the far end is none.
func isNoise(p *packet.Packet) bool {
	const firstMLD, lastND, mld2 = 130, 137, 143
	switch body := p.Body.(type) {
	case *packet.ICMP:
		return p.Dst.Is6() && p.Dst.IsMulticast() && (body.Type >= firstMLD && body.Type <= lastND || body.Type == mld2)
	case *packet.IGMP:
		return true
	}
	return false
}

// Open begins a flow. port is that of the kernel, where the script sends first.
func (h *Host) Open(k Kind, port uint16) *Flow {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.flows)
	initial := firstNumber * uint32(n+1)
	f := &Flow{
		host: h, kind: k, local: port, remote: firstPort + uint16(n),
		numbers: numbers{initial: initial}, asking: initial, more: make(chan struct{}),
	}
	if k == ICMP {
		f.local, f.remote, f.open = 0, 0, true
	}
	h.flows = append(h.flows, f)
	// What has come before may be for it.
	strays := h.strays
	h.strays = nil
	for _, p := range strays {
		h.dispatch(p)
	}
	return f
}

const (
	// firstPort is that of the first flow. The kernel chooses others by itself
	// (ip_local_port_range).
	firstPort = 30001
	// firstNumber is the initial sequence number of the first flow.
	firstNumber = 0x01020304
)

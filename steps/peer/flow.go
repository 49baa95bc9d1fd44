package peer

import (
	"net/netip"
	"slices"
	"time"

	"github.com/sockscript/sockscript/steps/packet"
)

// A Kind is the protocol of a flow.
type Kind int

// The kinds of flows.
const (
	TCP Kind = iota
	UDP
	ICMP
)

// A Flow is a connection, or what two ports send each other.
type Flow struct {
	host *Host
	kind Kind
	// Guarded by the host, as all below. The ports are known once a packet was
	// sent or has come.
	local, remote uint16
	open          bool
	numbers
	renewed bool   // numbers are those of another connection than before
	asking  uint32 // the number of the SYN that was sent last
	waiting []Packet
	more    chan struct{} // closed when a packet comes
	last    time.Time     // of the packet before
	damaged bool          // the packet sent before, by a wrong checksum
}

// numbers are those of one connection.
type numbers struct {
	// initial is the initial sequence number of this side, kernel that of the
	// other one. stamp is the first timestamp of the kernel.
	initial, kernel, stamp uint32
	stamped                bool
	// next and acked are what the script sends where it does not say it:
	// relative numbers.
	next, acked uint32
	// synced: the kernel has sent a SYN. asked: the script has opened the
	// connection, and made it. arrived is the next number of the script's that
	// the kernel lacks, early are ranges behind it; ended: there was a FIN
	// before it.
	synced, asked, made, ended bool
	arrived                    uint32
	early                      [][2]uint32
	syn                        syn // the SYN that was taken
}

// wake wakes those who wait for a packet.
func (f *Flow) wake() {
	close(f.more)
	f.more = make(chan struct{})
}

// come takes a packet of the kernel.
func (f *Flow) come(p Packet) {
	if t, ok := p.Body.(*packet.TCP); ok {
		if t.Flags&packet.SYN != 0 && !f.synced {
			f.kernel, f.synced = t.Seq, true
		}
		if val, ok := timestamp(t); ok && !f.stamped {
			f.stamp, f.stamped = val, true
		}
	}
	if len(f.waiting) < maxWaiting {
		f.waiting = append(f.waiting, p)
	}
	f.wake()
}

// timestamp is what a segment says of the time (RFC 7323).
func timestamp(t *packet.TCP) (val uint32, ok bool) {
	for _, o := range t.Options {
		if o.Kind == packet.Timestamp && len(o.Data) == 8 {
			return uint32(o.Data[0])<<24 | uint32(o.Data[1])<<16 | uint32(o.Data[2])<<8 | uint32(o.Data[3]), true
		}
	}
	return 0, false
}

// Address is the address of the far end.
func (f *Flow) Address() netip.AddrPort {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	return netip.AddrPortFrom(f.host.remote, f.remote)
}

// Kernel is the address of the kernel's side.
func (f *Flow) Kernel() netip.AddrPort {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	return netip.AddrPortFrom(f.host.local, f.local)
}

// Local and Remote are the kernel's address and that of the far end.
func (f *Flow) Local() netip.Addr { return f.host.local }

// Remote is the address of the far end.
func (f *Flow) Remote() netip.Addr { return f.host.remote }

// Last is when the packet before was sent or taken; zero before the first.
func (f *Flow) Last() time.Time {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	return f.last
}

// Damaged reports whether the packet that the script sent last had a wrong
// checksum: the kernel drops it in silence.
func (f *Flow) Damaged() bool {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	return f.damaged
}

// base is what the numbers of the kernel's packets are relative to.
func (f *Flow) base(p *packet.Packet) packet.Base {
	kernels := packet.Base{Seq: f.kernel, Ack: f.initial, TSVal: f.stamp}
	if p.Src == f.host.local {
		return kernels
	}
	return packet.Base{Seq: kernels.Ack, Ack: kernels.Seq, TSEcr: kernels.TSVal}
}

// Describe is the text of a packet of the flow, of either side.
func (f *Flow) Describe(p *packet.Packet) packet.Pattern {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	return packet.Describe(p, f.base)
}

// A Sending is what a packet has that its text does not say.
type Sending struct {
	Data        []byte // nil: zeros of the length that the text says
	BadChecksum bool
}

// window is that of a segment which says none.
const window = 65535

// Sent is a packet that the script has sent, and how far its stream has come
// with it: what the kernel has without a gap.
type Sent struct {
	*packet.Packet
	Bytes int64 // of data
	Ended bool  // and a FIN
	Made  bool  // the packet has made the connection, which the script opened
}

// Send sends the packet that a text describes. Errors are a
// [*packet.SyntaxError] where the text is not one of this flow.
func (f *Flow) Send(text packet.Pattern, s Sending) (Sent, error) {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	p, err := text.Packet(packet.Sender{
		From: netip.AddrPortFrom(f.host.remote, f.remote), To: netip.AddrPortFrom(f.host.local, f.local),
		Base: packet.Base{Seq: f.initial, Ack: f.kernel, TSEcr: f.stamp},
		Seq:  f.next, Ack: f.acked, Window: window, Payload: s.Data,
	})
	if err != nil {
		return Sent{}, err
	}
	switch body := p.Body.(type) {
	case *packet.TCP:
		body.BadChecksum = s.BadChecksum
		if !s.BadChecksum {
			f.next = body.Seq - f.initial + uint32(len(body.Payload)) + controls(body.Flags)
			if body.Flags&packet.SYN != 0 {
				f.asking = body.Seq
			}
		}
	case *packet.UDP:
		body.BadChecksum = s.BadChecksum
	case *packet.ICMP:
		body.BadChecksum = s.BadChecksum
	}
	b, err := p.Append(nil)
	if err != nil {
		return Sent{}, err
	}
	f.open, f.damaged = true, s.BadChecksum
	sent := f.progress(p)
	err = f.host.cable.Send(b)
	f.last = time.Now()
	return sent, err
}

// reset sends a RST with the number that the kernel waits for, which alone it
// heeds (RFC 5961, section 3.2).
func (f *Flow) reset() {
	f.host.mu.Lock()
	open, at := f.kind == TCP && f.open && f.synced, packet.One(f.arrived)
	f.host.mu.Unlock()
	if open {
		body := &packet.Segment{Flags: packet.RST, FlagsGiven: true, First: at, Last: at, Length: packet.One(0)}
		_, _ = f.Send(packet.Pattern{Body: body}, Sending{}) // the run has ended
	}
}

// progress notes what a packet of the script brings the kernel.
func (f *Flow) progress(p *packet.Packet) Sent {
	sent := Sent{Packet: p}
	t, ok := p.Body.(*packet.TCP)
	if !ok || t.BadChecksum || t.Flags&packet.RST != 0 {
		return sent
	}
	first := t.Seq - f.initial
	end := first + uint32(len(t.Payload)) + controls(t.Flags)
	f.early = append(f.early, [2]uint32{first, end})
	for k := 0; k < len(f.early); k++ {
		if r := f.early[k]; r[0] <= f.arrived {
			f.arrived = max(f.arrived, r[1])
			f.early = slices.Delete(f.early, k, k+1)
			k = -1 // another one may fit now
		}
	}
	f.ended = f.ended || t.Flags&packet.FIN != 0 && f.arrived == end
	sent.Bytes, sent.Ended = max(0, int64(f.arrived)-1), f.ended
	if f.ended {
		sent.Bytes--
	}
	syn, ack := t.Flags&packet.SYN != 0, t.Flags&packet.ACK != 0
	f.asked = f.asked || syn && !ack && !f.synced
	// A SYN with data has a cookie, and makes one at once (RFC 7413).
	if f.asked && !f.made && (syn && len(t.Payload) > 0 || !syn && ack && f.synced) {
		f.made, sent.Made = true, true
	}
	return sent
}

// controls is how many sequence numbers SYN and FIN take.
func controls(flags packet.Flags) (n uint32) {
	if flags&packet.SYN != 0 {
		n++
	}
	if flags&packet.FIN != 0 {
		n++
	}
	return n
}

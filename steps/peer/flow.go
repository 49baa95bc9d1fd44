package peer

import (
	"context"
	"net/netip"
	"os"
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
	// connection, and made it. arrived is the next number of the script's that the
	// kernel lacks, early are ranges behind it; ended: there was a FIN before it.
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

// Sent is a packet that the script has sent, and how far its stream has come with
// it: what the kernel has without a gap.
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

// reset sends a RST with the number that the kernel waits for, which alone it heeds
// (RFC 5961, section 3.2).
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

// Take waits for the oldest packet that was not taken. The error is
// [os.ErrDeadlineExceeded] where none came until the deadline; a zero one never
// comes.
func (f *Flow) Take(ctx context.Context, deadline time.Time) (Packet, error) {
	var late <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	for {
		f.host.mu.Lock()
		if len(f.waiting) > 0 {
			p := f.waiting[0]
			f.waiting = f.waiting[1:]
			f.taken(&p)
			f.host.mu.Unlock()
			return p, nil
		}
		more, err := f.more, f.host.err
		f.host.mu.Unlock()
		if err != nil {
			return Packet{}, err
		}
		select {
		case <-more:
		case <-late:
			return Packet{}, os.ErrDeadlineExceeded
		case <-ctx.Done():
			return Packet{}, context.Cause(ctx)
		}
	}
}

// taken remembers what the script has seen.
func (f *Flow) taken(p *Packet) {
	p.before = seen{f.numbers, f.last}
	f.last = p.At
	t, ok := p.Body.(*packet.TCP)
	if !ok {
		return
	}
	if t.Flags&packet.RST != 0 {
		return // it has no timer: each one answers something
	}
	if t.Flags&packet.SYN != 0 {
		f.renew(t)
	}
	size := uint32(len(t.Payload)) + controls(t.Flags)
	end := t.Seq - f.kernel + size
	other := false
	if t.Flags&packet.SYN != 0 {
		// In a simultaneous open a SYN comes again, with an acknowledgement. One
		// with another number begins another connection.
		s := syn{t.Flags, t.Seq, t.Ack}
		if other = s != f.syn; s.seq != f.syn.seq {
			f.acked = 0
		}
		f.syn = s
	}
	if int32(end-f.acked) > 0 {
		f.acked = end
	} else {
		p.Repeated = !other && (size > 0 || end != f.acked)
	}
}

// renew begins another connection between the same two ports: the kernel has
// answered a SYN of the script that has another number than the one before, or has
// sent such a one itself. The numbers of both sides count from these.
func (f *Flow) renew(t *packet.TCP) {
	answers := t.Flags&packet.ACK != 0 && t.Ack == f.asking+1 && f.asking != f.initial
	calls := t.Flags&packet.ACK == 0 && f.syn.flags != 0
	if t.Seq == f.kernel {
		return
	}
	if !answers && !calls {
		f.kernel = t.Seq // what it answers the script has not sent as a SYN
		return
	}
	n := numbers{initial: f.initial, kernel: t.Seq, synced: true}
	if answers {
		n.initial, n.asked = f.asking, true
		n.next = f.next - (f.asking - f.initial)
		n.arrived = 1 // the SYN
	}
	n.stamp, n.stamped = timestamp(t)
	f.numbers, f.renewed = n, true
}

// Renewed reports, once, that the packets since the one that was taken last are of
// another connection than those before.
func (f *Flow) Renewed() bool {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	renewed := f.renewed
	f.renewed = false
	return renewed
}

// TakeAll takes packets until they carry all the data that a text asks for: a
// longer range than a segment has room for stands for the segments that carry
// it one after the other. What it returns is one packet with all of the data.
func (f *Flow) TakeAll(ctx context.Context, deadline time.Time, length uint32) (Packet, error) {
	p, err := f.Take(ctx, deadline)
	if err != nil {
		return p, err
	}
	first, ok := p.Body.(*packet.TCP)
	if !ok || len(first.Payload) == 0 {
		return p, nil
	}
	whole := *first
	for uint32(len(whole.Payload)) < length {
		more, err := f.Take(ctx, deadline)
		if err != nil {
			return join(p, &whole), err
		}
		t, ok := more.Body.(*packet.TCP)
		if !ok || t.Seq != whole.Seq+uint32(len(whole.Payload)) || len(t.Payload) == 0 {
			f.GiveBack(more)
			break
		}
		t.Payload = append(whole.Payload[:len(whole.Payload):len(whole.Payload)], t.Payload...)
		seq := whole.Seq
		whole, p = *t, more
		whole.Seq = seq
	}
	return join(p, &whole), nil
}

func join(p Packet, t *packet.TCP) Packet {
	joined := *p.Packet
	joined.Body = t
	return Packet{Packet: &joined, At: p.At, Repeated: p.Repeated}
}

// Left are the packets that nobody has taken: those that carry something, not
// acknowledgements alone, which come when the kernel likes, nor what it sends
// again.
func (f *Flow) Left() []*packet.Packet {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	var list []*packet.Packet
	for _, p := range f.waiting {
		f.taken(&p)
		t, ok := p.Body.(*packet.TCP)
		empty := ok && len(t.Payload) == 0 && t.Flags&(packet.SYN|packet.FIN|packet.RST) == 0
		if !empty && !p.Repeated {
			list = append(list, p.Packet)
		}
	}
	return list
}

// GiveBack makes the packet that was taken last the oldest again, as if nobody
// had taken it.
func (f *Flow) GiveBack(p Packet) {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	if f.kernel != p.before.kernel {
		f.numbers, f.renewed = p.before.numbers, false
	}
	f.acked, f.syn, f.last = p.before.acked, p.before.syn, p.before.last
	p.Repeated = false
	f.waiting = append([]Packet{p}, f.waiting...)
}

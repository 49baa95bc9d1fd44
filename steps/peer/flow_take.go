package peer

import (
	"context"
	"os"
	"time"

	"github.com/sockscript/sockscript/steps/packet"
)

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
		// In a simultaneous open a SYN comes again, with an acknowledgement.
		// One with another number begins another connection.
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
// answered a SYN of the script that has another number than the one before, or
// has sent such a one itself. The numbers of both sides count from these.
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

// Renewed reports, once, that the packets since the one that was taken last are
// of another connection than those before.
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

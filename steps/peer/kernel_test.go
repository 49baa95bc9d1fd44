package peer

import (
	"context"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/packet"
)

// A cable joins a host with a test, which stands for the kernel.
type cable struct {
	toKernel, fromKernel chan []byte
	closed, interrupted  chan struct{}
}

func (c *cable) Send(p []byte) error { c.toKernel <- p; return nil }

func (c *cable) Receive(deadline time.Time) ([]byte, time.Time, error) {
	interrupted := c.interrupted
	if !deadline.IsZero() {
		interrupted = make(chan struct{})
		close(interrupted)
	}
	select {
	case p := <-c.fromKernel:
		return p, time.Now(), nil
	case <-c.closed:
		return nil, time.Time{}, os.ErrClosed
	case <-interrupted:
	}
	select {
	case p := <-c.fromKernel:
		return p, time.Now(), nil
	default:
		return nil, time.Time{}, os.ErrDeadlineExceeded
	}
}

func (c *cable) Interrupt() {
	select {
	case c.interrupted <- struct{}{}:
	case <-time.After(time.Millisecond):
	}
}

func (c *cable) Close() { close(c.closed) }

// A kernel is the other side of a host.
type kernel struct {
	t testing.TB
	*cable
	*Host
	from, to uint16 // the ports of the packets
	base     packet.Base
}

func newKernel(t testing.TB) *kernel {
	c := &cable{make(chan []byte, 100), make(chan []byte, 100), make(chan struct{}), make(chan struct{})}
	k := &kernel{t: t, cable: c, Host: NewHost(c, local, remote), from: 8080, to: firstPort}
	t.Cleanup(k.Host.Close)
	return k
}

func parse(t testing.TB, text string) packet.Pattern {
	t.Helper()
	p, err := packet.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sends lets the kernel send packets.
func (k *kernel) sends(texts ...string) {
	k.t.Helper()
	for _, text := range texts {
		p, err := parse(k.t, text).Packet(packet.Sender{
			From: netip.AddrPortFrom(local, k.from), To: netip.AddrPortFrom(remote, k.to), Base: k.base, Window: 1,
		})
		if err != nil {
			k.t.Fatal(err)
		}
		b, err := p.Append(nil)
		if err != nil {
			k.t.Fatal(err)
		}
		k.fromKernel <- b
	}
}

// gets is what has come to the kernel.
func (k *kernel) gets() *packet.Packet {
	k.t.Helper()
	p, err := packet.Decode(<-k.toKernel)
	if err != nil {
		k.t.Fatal(err)
	}
	return p
}

func (k *kernel) send(f *Flow, text string) {
	k.t.Helper()
	if _, err := f.Send(parse(k.t, text), Sending{}); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kernel) take(f *Flow, want string, length uint32) Packet {
	k.t.Helper()
	p, err := f.TakeAll(context.Background(), time.Now().Add(10*time.Second), length)
	if err != nil {
		k.t.Fatal(err)
	}
	if got := f.Describe(p.Packet).Brief().String(); got != want {
		k.t.Errorf("took %s, not %s", got, want)
	}
	return p
}

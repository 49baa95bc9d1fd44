package lab

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/lab/wire"
)

// wired is a plan of two hosts with one link over the wire.
func wired(faults ...wire.Fault) Plan {
	p := pair()
	p.Links[0].Wire, p.Links[0].Faults = true, faults
	return p
}

func link(t testing.TB, l *Lab, name string) *Link {
	t.Helper()
	found, ok := l.Link(name)
	if !ok {
		t.Fatalf("the lab has no link %s", name)
	}
	return found
}

// stream makes a TCP connection from one host to another one.
func stream(t testing.TB, from, to *Network, address string) (client, server net.Conn) {
	t.Helper()
	var l net.Listener
	var err error
	to.Within(func() { l, err = net.Listen("tcp", address) })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client = dial(t, from, "tcp", address)
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, server
}

// A connection over the wire needs frames with whole checksums, and loses none.
func TestConnectOverTheWire(t *testing.T) {
	t.Parallel()
	l := build(t, wired())
	a, b := host(t, l, "a"), host(t, l, "b")
	for _, address := range []string{"10.0.0.2:80", "[fd00::2]:80"} {
		client, server := stream(t, a, b, address)
		const size = 10 << 20
		go func() {
			client.Write(make([]byte, size))
			client.Close()
		}()
		if n, err := io.Copy(io.Discard, server); n != size || err != nil {
			t.Errorf("received %d bytes, %v", n, err)
		}
		exchange(t, b, a, "10.0.0.1:80")
		exchange(t, b, a, "[fd00::1]:80")
	}
	if err := l.Err(); err != nil {
		t.Error(err)
	}
}

// A wire for which the kernel keeps few frames gets few, unless the scenario
// itself says how many.
func TestSmallWire(t *testing.T) {
	defer func(before func(*wire.Wire) bool) { small = before }(small)
	for _, few := range []bool{true, false} {
		small = func(*wire.Wire) bool { return few }
		p := wired()
		p.Hosts[1].Sysctls = []Sysctl{{"net.ipv4.tcp_rmem", "4096 5000 6000"}}
		l := build(t, p)
		for name, want := range map[string]string{"a": map[bool]string{true: "4096 65536 65536", false: "4096 131072 6291456"}[few], "b": "4096 5000 6000"} {
			if got, err := host(t, l, name).Sysctl("net.ipv4.tcp_rmem"); got != want || err != nil {
				t.Errorf("few is %v: %s has %q, %v, not %q", few, name, got, err, want)
			}
		}
	}
}

// The wire does to frames what the plan says, and what steps change.
func TestWire(t *testing.T) {
	l := build(t, wired(wire.Fault{Name: "twice", Act: wire.Duplicate, Off: true, Match: wire.Match{From: 0, To: -1, Protocol: wire.UDP, ICMP: -1}}))
	lan := link(t, l, "lan")
	server := listen(t, host(t, l, "b"), "10.0.0.2:80")
	client := dial(t, host(t, l, "a"), "udp", "10.0.0.2:80")
	b := make([]byte, 100)
	expect := func(want string) {
		t.Helper()
		if n, err := server.Read(b); string(b[:n]) != want || err != nil {
			t.Errorf("received %q, %v, not %s", b[:n], err, want)
		}
	}
	client.Write([]byte("one"))
	expect("one")
	must(t, lan.Arm("twice", true))
	client.Write([]byte("two"))
	expect("two")
	expect("two")
	must(t, lan.Arm("twice", false))
	must(t, lan.Cut(true))
	_, more, err := lan.Hits("cut")
	must(t, err)
	client.Write([]byte("lost"))
	<-more
	must(t, lan.Cut(false))
	delay := 30 * time.Millisecond
	must(t, lan.Impair(Change{Delay: &delay}))
	begin := time.Now()
	client.Write([]byte("late"))
	expect("late")
	if took := time.Since(begin); took < delay {
		t.Errorf("with a delay of %s it took %s", delay, took)
	}
	if hits, _, err := lan.Hits("twice"); hits != 1 || err != nil {
		t.Errorf("the fault has hit %d times, %v", hits, err)
	}
	if _, _, err := lan.Hits("thrice"); !errors.Is(err, wire.ErrNoFault) {
		t.Error(err)
	}
}

// A link of the kernel cannot do that, and says so.
func TestKernelLinkHasNoFaults(t *testing.T) {
	l := build(t, pair())
	lan := link(t, l, "lan")
	_, _, err := lan.Hits("cut")
	for _, err := range []error{err, lan.Cut(true), lan.Impair(Change{}), lan.Arm("x", true)} {
		if err == nil || err.Error() != "the link lan: the kernel carries its frames" {
			t.Error(err)
		}
	}
	if err := lan.Carrier(false); !errors.Is(err, errDirect) {
		t.Error(err)
	}
	if l.Failed() != nil || l.Err() != nil {
		t.Error(l.Err())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A frame to an interface that is down, or that has lost its carrier while the
// frame was under way, is lost as on a cable: that is not a failure of the
// wire.
func TestFramesToAnInterfaceThatIsDown(t *testing.T) {
	l := build(t, wired())
	a, b, lan := host(t, l, "a"), host(t, l, "b"), link(t, l, "lan")
	must(t, b.SetNeighbor(netip.MustParseAddr("10.0.0.1"), net.HardwareAddr{2, 0, 0, 0, 1, 1}))
	listen(t, a, "10.0.0.1:80")
	sender := dial(t, b, "udp", "10.0.0.1:80")
	must(t, a.SetInterface("eth0", false))
	for range 10 {
		if _, err := sender.Write([]byte("to nobody")); err != nil {
			t.Error(err)
		}
	}
	must(t, a.SetInterface("eth0", true))
	delay, none := time.Millisecond, time.Duration(0)
	for range 10 {
		must(t, lan.Impair(Change{Delay: &delay}))
		if _, err := sender.Write([]byte("late")); err != nil {
			t.Error(err)
		}
		must(t, lan.Carrier(false))
		must(t, lan.Carrier(true))
		must(t, lan.Impair(Change{Delay: &none}))
	}
	exchange(t, a, b, "10.0.0.2:80")
	exchange(t, a, b, "[fd00::2]:80")
	must(t, l.Err())
}

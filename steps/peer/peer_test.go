package peer

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/packet"
)

var (
	local  = netip.MustParseAddr("192.168.0.1")
	remote = netip.MustParseAddr("192.0.2.1")
)

// What a text leaves out follows from what was sent and taken before.
func TestNumbersFollow(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.send(f, "S")
	syn := k.gets().Body.(*packet.TCP)
	if syn.DstPort != 8080 || syn.SrcPort != firstPort || syn.Seq == 0 {
		t.Errorf("%+v", syn)
	}
	k.base = packet.Base{Seq: 5000, Ack: syn.Seq, TSVal: 7000}
	k.sends("S. 0:0(0) ack 1 <TS val 3 ecr 9>")
	k.take(f, "S. 0:0(0) ack 1 win 1 <TS val 0 ecr 9>", 0)
	k.send(f, "P. (4) <TS val 1 ecr 0>")
	k.gets()
	k.send(f, "F.")
	if got := k.gets().Body.(*packet.TCP); got.Seq != syn.Seq+5 || got.Ack != 5001 || got.Window != window {
		t.Errorf("%+v", got)
	}
	k.sends("P. 1:11(10) ack 5", "F. 11:11(0) ack 6")
	k.take(f, "P. 1:11(10) ack 5 win 1", 10)
	k.take(f, "F. 11:11(0) ack 6 win 1", 0)
	k.send(f, ". <TS val 1 ecr 5>")
	got := k.gets().Body.(*packet.TCP)
	if got.Seq != syn.Seq+6 || got.Ack != 5012 {
		t.Errorf("%+v", got)
	}
	if ecr := got.Options[0].Data[4:]; string(ecr) != "\x00\x00\x1b\x60" { // 7008: five after the first
		t.Errorf("the timestamp is %x", ecr)
	}
}

func TestRangesOverSegments(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.send(f, "S")
	k.base = packet.Base{Seq: 5000, Ack: k.gets().Body.(*packet.TCP).Seq}
	k.sends("S. 0:0(0) ack 1", ". 1:101(100) ack 1", ". 101:201(100) ack 1", "P. 201:251(50) ack 1", ". 251:301(50) ack 1")
	k.take(f, "S. 0:0(0) ack 1 win 1", 0)
	k.take(f, "P. 1:251(250) ack 1 win 1", 250)
	k.take(f, ". 251:301(50) ack 1 win 1", 10)
	// Something else in between ends the range.
	k.sends(". 301:401(100) ack 1", ". 301:301(0) ack 1", ". 401:501(100) ack 1")
	k.take(f, ". 301:401(100) ack 1 win 1", 200)
	k.take(f, ". 301:301(0) ack 1 win 1", 200)
	k.take(f, ". 401:501(100) ack 1 win 1", 100)
}

func TestRepeated(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.send(f, "S")
	k.base = packet.Base{Seq: 5000, Ack: k.gets().Body.(*packet.TCP).Seq}
	for _, c := range []struct {
		text string
		want bool
	}{
		{"S 0:0(0) win 1", false},
		{"S 0:0(0) win 1", true},
		{"S. 0:0(0) ack 1 win 1", false},
		{"S. 0:0(0) ack 1 win 1", true},
		{"P. 1:11(10) ack 1 win 1", false},
		{". 11:11(0) ack 1 win 1", false},
		{"P. 1:11(10) ack 1 win 1", true},
		{". 10:10(0) ack 1 win 1", true},
		{"P. 6:16(10) ack 1 win 1", false},
		{"R. 5:5(0) ack 1 win 1", false},
		{"R. 5:5(0) ack 1 win 1", false},
	} {
		k.sends(c.text)
		if p := k.take(f, c.text, 0); p.Repeated != c.want {
			t.Errorf("%s: %v", c.text, p.Repeated)
		}
	}
}

// A SYN that answers another one, or begins another connection, is not sent
// again; what comes after it counts from it.
func TestAnotherSYN(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.send(f, "S")
	k.base = packet.Base{Seq: 5000, Ack: k.gets().Body.(*packet.TCP).Seq}
	k.sends("S. 0:0(0) ack 1", "P. 1:5(4) ack 1")
	k.take(f, "S. 0:0(0) ack 1 win 1", 0)
	k.take(f, "P. 1:5(4) ack 1 win 1", 0)
	k.sends("S. 0:0(0) ack 100001")
	if p := k.take(f, "S. 0:0(0) ack 100001 win 1", 0); p.Repeated {
		t.Error("the answer to another SYN counts as one that is sent again")
	}
	k.base.Seq = 9000
	k.sends("S. 0:0(0) ack 100001", "P. 1:5(4) ack 100001", "S. 0:0(0) ack 100001")
	for _, c := range []struct {
		text string
		want bool
	}{
		{"S. 0:0(0) ack 100001 win 1", false},
		{"P. 1:5(4) ack 100001 win 1", false},
		{"S. 0:0(0) ack 100001 win 1", true},
	} {
		if p := k.take(f, c.text, 0); p.Repeated != c.want {
			t.Errorf("%s: %v", c.text, p.Repeated)
		}
	}
}

// Each packet goes to its flow: the one with its ports, or the next that has
// none yet.
func TestFlows(t *testing.T) {
	k := newKernel(t)
	k.from, k.to = 50000, 80
	k.sends("S 0:0(0)") // before there is a flow
	first, second, datagrams, messages := k.Open(TCP, 8080), k.Open(TCP, 8080), k.Open(UDP, 8080), k.Open(ICMP, 0)
	k.from = 50001
	k.sends("S 0:0(0)", "R 1:1(0)")
	k.sends("udp (5)", "icmp echo id 1 seq 2 (3)")
	k.take(first, "S 0:0(0) win 1", 0)
	k.take(second, "S 0:0(0) win 1", 0)
	k.take(second, "R 1:1(0) win 1", 0)
	k.take(datagrams, "udp (5)", 0)
	k.take(messages, "icmp echo id 1 seq 2 (3)", 0)
	if got := first.Address().String() + " " + datagrams.Address().String(); got != "192.0.2.1:80 192.0.2.1:80" {
		t.Error(got)
	}
	// An error goes to the flow that it is about.
	k.send(datagrams, "udp (7)")
	about, err := k.gets().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &packet.Packet{Src: local, Dst: remote, Protocol: packet.ProtoICMP, Body: &packet.ICMP{Type: packet.Unreachable4, Code: 3, Data: about}}
	b, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	k.fromKernel <- b
	k.take(datagrams, "icmp unreachable port [udp (7)]", 0)
}

// What the kernel sends to whoever is there is for no flow, but an answer to
// the far end is: of IPv6, the search for routers and neighbors, and
// memberships.
func TestNoiseIsForNoFlow(t *testing.T) {
	k := newKernel(t)
	messages := k.Open(ICMP, 0)
	for _, c := range []struct {
		to   string
		kind byte
	}{{"ff02::2", 133}, {"ff02::1:ff00:1", 135}, {"ff02::16", 143}, {"2001:db8::1", 136}} {
		p := &packet.Packet{Src: netip.MustParseAddr("fe80::1"), Dst: netip.MustParseAddr(c.to), Protocol: packet.ProtoV6, Body: &packet.ICMP{Type: c.kind}}
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		k.fromKernel <- b
	}
	k.take(messages, "icmp neighbor_advertisement", 0)
}

func TestTakeEnds(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	if _, err := f.Take(context.Background(), time.Now()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := f.Take(ctx, time.Time{}); !errors.Is(err, why) {
		t.Error(err)
	}
	k.fromKernel <- []byte("not a packet")
	taken := make(chan error)
	go func() {
		_, err := f.Take(context.Background(), time.Time{})
		taken <- err
	}()
	k.cable.Close()
	if err := <-taken; !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	k.cable.closed = make(chan struct{}) // for the end of the test
}

func TestSendingErrors(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	for text, want := range map[string]string{
		"S any:0(0)":                         "the sequence number is any",
		"P. (3)":                             "the length is 3, but there are 4 bytes",
		"arp who-has 10.0.0.1 tell 10.0.0.2": "not an IP packet",
	} {
		_, err := f.Send(parse(t, text), Sending{Data: []byte("four")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"P.", "udp", "icmp echo"} {
		if _, err := f.Send(parse(t, text), Sending{BadChecksum: true}); err != nil {
			t.Fatal(err)
		}
		bad := false
		switch body := k.gets().Body.(type) {
		case *packet.TCP:
			bad = body.BadChecksum
		case *packet.UDP:
			bad = body.BadChecksum
		case *packet.ICMP:
			bad = body.BadChecksum
		}
		if !bad {
			t.Errorf("the checksum of %s is right", text)
		}
	}
}

// At the end all that has come is there, and what nobody took is left: not what
// is sent again, and no acknowledgement alone.
func TestLeft(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.sends("S 0:0(0)", "S 0:0(0)", ". 1:1(0) ack 1", "P. 1:5(4) ack 1", "R 5:5(0)")
	k.Finish()
	var texts []string
	for _, p := range f.Left() {
		texts = append(texts, f.Describe(p).Brief().String())
	}
	if got := strings.Join(texts, "; "); !strings.HasPrefix(got, "S 0:0(0)") || len(texts) != 3 {
		t.Errorf("left are %s", got)
	}
}

// A packet that does not belong to a range is given back as if nobody had taken
// it: it is not one that the kernel sends again.
func TestGivenBack(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.sends("S 0:0(0)", "P 1:5(4)", "F 5:5(0)")
	k.Finish()
	k.take(f, "S 0:0(0) win 1", 0)
	before := f.acked
	if p := k.take(f, "P 1:5(4) win 1", 10); p.Repeated || f.acked != before+4 {
		t.Errorf("after %d, %d is acknowledged", before, f.acked)
	}
	if p := k.take(f, "F 5:5(0) win 1", 0); p.Repeated {
		t.Error("the FIN counts as one that is sent again")
	}
}

// At the end the kernel gets a RST for each connection, with the number that it
// waits for, and nothing where there is none.
func TestReset(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.Open(TCP, 8080)
	datagrams := k.Open(UDP, 8080)
	k.send(f, "S")
	syn := k.gets().Body.(*packet.TCP)
	k.base = packet.Base{Seq: 5000, Ack: syn.Seq}
	k.sends("S. 0:0(0) ack 1")
	k.take(f, "S. 0:0(0) ack 1 win 1", 0)
	for _, text := range []string{". ack 1", "P. 1:5(4) ack 1", "P. 9:12(3) ack 1"} {
		k.send(f, text)
		k.gets()
	}
	k.send(datagrams, "udp (1)")
	k.gets()
	k.Reset()
	got, ok := k.gets().Body.(*packet.TCP)
	if !ok || got.Flags != packet.RST || got.Seq != syn.Seq+5 || got.DstPort != 8080 || len(k.toKernel) > 0 {
		t.Errorf("%+v, and %d more", got, len(k.toKernel))
	}
}

// A SYN with another number that the other side answers with its own begins
// another connection of the same two ports. From its SYNs the numbers of both
// sides count.
func TestAnotherConnection(t *testing.T) {
	k := newKernel(t)
	f := k.Open(TCP, 8080)
	k.send(f, "S 0:0(0)")
	k.base = packet.Base{Seq: 7000, Ack: k.gets().Body.(*packet.TCP).Seq}
	k.sends("S. 0:0(0) ack 1")
	k.take(f, "S. 0:0(0) ack 1 win 1", 0)
	k.send(f, ". 1:1(0) ack 1")
	k.gets()
	k.sends("F. 1:1(0) ack 1")
	k.take(f, "F. 1:1(0) ack 1 win 1", 0)

	// One that is asked about is not another connection (RFC 5961, section 4).
	k.send(f, "S 5000:5000(0)")
	syn := k.gets().Body.(*packet.TCP).Seq
	k.sends(". 2:2(0) ack 1")
	k.take(f, ". 2:2(0) ack 1 win 1", 0)

	k.base = packet.Base{Seq: 900, Ack: syn}
	k.sends("S. 0:0(0) ack 1")
	k.take(f, "S. 0:0(0) ack 1 win 1", 0)
	if !f.Renewed() || f.Renewed() {
		t.Error("another connection is not told once")
	}
	k.send(f, ". 1:4(3) ack 1")
	if got := k.gets().Body.(*packet.TCP); got.Seq != syn+1 || got.Ack != 901 {
		t.Errorf("the first bytes have the numbers %d, %d", got.Seq-syn, got.Ack-900)
	}
	k.sends("P. 1:6(5) ack 4")
	k.take(f, "P. 1:6(5) ack 4 win 1", 0)

	// So it is where the other side calls.
	k.base = packet.Base{Seq: 50, Ack: syn}
	k.sends("S 0:0(0)")
	k.take(f, "S 0:0(0) win 1", 0)
	if !f.Renewed() {
		t.Error("the call of the other side is not another connection")
	}
}

package flows

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

const talkHead = "client.sock <-> server.conn"

// The lines of one conversation are the same, whatever segments carried it:
// joined and split, with other windows, sent again by a slow machine, out of
// order.
func TestLinesAreThoseOfTheSends(t *testing.T) {
	want := []string{"> S", "< S.", "> 1:6(5)", "> 6:11(5)", "< 1:4(3)", "> F.", "< F."}
	for name, frames := range map[string][]string{
		"one segment a send":  {"> P. 1:6(5) ack 1", "< . 1:1(0) ack 6", "> P. 6:11(5) ack 1", "< P. 1:4(3) ack 11", "> F. 11:11(0) ack 4", "< F. 4:4(0) ack 12", "> . 12:12(0) ack 5"},
		"joined, with FIN":    {"> FP. 1:11(10) ack 1", "< P. 1:4(3) ack 12", "< F. 4:4(0) ack 12 win 7"},
		"split":               {"> . 1:3(2) ack 1", "> . 3:8(5) ack 1", "> P. 8:11(3) ack 1", "< P. 1:4(3) ack 11", "< F. 4:4(0) ack 11", "> F. 11:11(0) ack 5"},
		"sent again":          {"> P. 1:6(5) ack 1", "> P. 1:6(5) ack 1", "> P. 1:11(10) ack 1", "< P. 1:4(3) ack 11", "> F. 11:11(0) ack 4", "> F. 11:11(0) ack 4", "< F. 4:4(0) ack 12"},
		"in another order":    {"< P. 1:4(3) ack 1", "> P. 6:11(5) ack 4", "> P. 1:6(5) ack 4", "< F. 4:4(0) ack 11", "> F. 11:11(0) ack 5"},
		"a probe and a drain": {"> P. 1:11(10) ack 1", "< . 1:1(0) ack 11 win 0", "> . 10:10(0) ack 1", "< P. 1:4(3) ack 11", "> F. 11:11(0) ack 4", "< F. 4:4(0) ack 12"},
	} {
		t.Run(name, func(t *testing.T) { hello(t, frames...).shows(talkHead, want...) })
	}
}

// A fault has a line with the range that it hit, and one where that was sent
// again because of it: whole, and not hit again.
func TestLinesOfFaults(t *testing.T) {
	rest := []string{"< P. 1:4(3) ack 11", "> F. 11:11(0) ack 4", "< F. 4:4(0) ack 12"}
	for _, c := range []struct {
		name   string
		frames []string
		want   []string
	}{
		{
			"dropped",
			[]string{"> P. 1:6(5) ack 1", "> P. 6:11(5) ack 1 !drop lan.lost", "> P. 6:11(5) ack 1"},
			[]string{"> 1:6(5)", "> 6:11(5)", "> 6:11(5)  dropped by lan.lost", "> 6:11(5)  again"},
		},
		{
			"across two sends",
			[]string{"> P. 1:11(10) ack 1 !drop lan.lost", "> P. 1:11(10) ack 1"},
			[]string{"> 1:6(5)", "> 1:6(5)  dropped by lan.lost", "> 1:6(5)  again", "> 6:11(5)", "> 6:11(5)  dropped by lan.lost", "> 6:11(5)  again"},
		},
		{
			"hit again",
			[]string{"> P. 1:6(5) ack 1", "> P. 6:11(5) ack 1 !corrupt lan.bad", "> P. 6:11(5) ack 1 !corrupt lan.bad", "> P. 6:8(2) ack 1"},
			[]string{"> 1:6(5)", "> 6:11(5)", "> 6:11(5)  corrupted by lan.bad"},
		},
		{
			"sent again in two",
			[]string{"> P. 1:6(5) ack 1", "> P. 6:11(5) ack 1 !drop lan.lost", "> P. 6:8(2) ack 1", "> P. 8:11(3) ack 1"},
			[]string{"> 1:6(5)", "> 6:11(5)", "> 6:11(5)  dropped by lan.lost", "> 6:11(5)  again"},
		},
		{
			"only later",
			[]string{"> P. 1:6(5) ack 1 !delay lan.late", "> P. 6:11(5) ack 1 !duplicate lan.twice", "> P. 1:6(5) ack 1"},
			[]string{"> 1:6(5)", "> 1:6(5)  delayed by lan.late", "> 6:11(5)", "> 6:11(5)  duplicated by lan.twice"},
		},
		{
			"a cut, loss and an MTU are a matter of time",
			[]string{"> P. 1:6(5) ack 1 !drop lan.cut", "> P. 1:6(5) ack 1 !drop lan.loss", "> P. 1:11(10) ack 1 !drop lan.mtu", "> P. 1:11(10) ack 1"},
			[]string{"> 1:6(5)", "> 6:11(5)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := slices.Concat([]string{"> S", "< S."}, c.want, []string{"< 1:4(3)", "> F.", "< F."})
			hello(t, append(c.frames, rest...)...).shows(talkHead, want...)
		})
	}
}

// What the lines leave out is counted.
func TestUntold(t *testing.T) {
	f := hello(t, "> P. 1:11(10) ack 1 !drop lan.cut", "> P. 1:11(10) ack 1", "> P. 1:11(10) ack 1 !drop lan.loss", "< P. 1:4(3) ack 11", "> . ack 4")
	list := Sections(f.record())
	if got, want := list[0].Untold, "2 acknowledgements alone, 2 frames lost by the link, 1 packet sent again"; got != want {
		t.Errorf("%q is left out, not %q", got, want)
	}
	if got, want := list[0].Between, "10.0.0.1:40000 <-> 10.0.0.2:8080"; got != want {
		t.Errorf("it is between %q, not %q", got, want)
	}
}

// What was sent on a port again, after another SYN, is another connection.
func TestConnectionsOnOnePort(t *testing.T) {
	f := newFilm(t)
	f.connects()
	f.closes()
	f.crosses("> F. 1:1(0) ack 1", "< F. 1:1(0) ack 2")
	f.initial = [2]uint32{7, 9}
	f.connects()
	f.closes()
	f.crosses("> F. 1:1(0) ack 1", "< F. 1:1(0) ack 2")
	list := Sections(f.record())
	if len(list) != 1 || list[0].Alike != 2 || len(list[0].Lines) != 4 {
		t.Errorf("the lines are %v", list)
	}
}

// A FIN is shown where it crosses on every run: not beside a reset, unless a
// step has seen it.
func TestFinBesideReset(t *testing.T) {
	for _, seen := range []bool{true, false} {
		f := newFilm(t)
		f.connects()
		f.does("client", event.Event{Op: event.OpClose, Sock: f.client})
		want := []string{"> S", "< S.", "< R."}
		if seen {
			f.does("server", event.Event{Op: event.OpRecv, Sock: f.server, EOF: true})
			want = []string{"> S", "< S.", "> F.", "< R."}
		}
		f.does("server", event.Event{Op: event.OpClose, Sock: f.server})
		f.crosses("> F. 1:1(0) ack 1", "< R. 1:1(0) ack 2")
		f.shows(talkHead, want...)
	}
}

// A FIN belongs to the deepest of the closes of a socket's descriptors,
// whichever happened to be the last, unless a shutdown was before it.
func TestFinOfSeveralDescriptors(t *testing.T) {
	for _, deepIsLast := range []bool{true, false} {
		for _, shuts := range []bool{true, false} {
			f := newFilm(t)
			f.branches["other"] = f.recorder.Actor("other", 2, 0, 1)
			f.connects()
			want := []string{"> S", "< S.", "< 1:6(5)", "> F.", "< F."}
			if shuts {
				f.does("client", event.Event{Op: event.OpShut, Sock: f.client, Shut: event.ShutWrite})
				want = []string{"> S", "< S.", "> F.", "< 1:6(5)", "< F."}
			}
			f.does("server", event.Event{Op: event.OpSend, Sock: f.server, Offset: 5})
			for range 5 {
				f.does("client", event.Event{})
			}
			leave, last := event.Event{Leaves: []uint64{f.client}}, event.Event{Op: event.OpClose, Sock: f.client}
			if deepIsLast {
				f.does("other", leave)
				f.does("client", last)
			} else {
				f.does("client", leave)
				f.does("other", last)
			}
			f.does("server", event.Event{Op: event.OpRecv, Sock: f.server, EOF: true})
			f.does("server", event.Event{Op: event.OpClose, Sock: f.server})
			f.crosses("< P. 1:6(5) ack 1", "> F. 1:1(0) ack 6", "< F. 6:6(0) ack 2", "> . 2:2(0) ack 7")
			f.shows(talkHead, want...)
		}
	}
}

// An RST that comes when both ends have acknowledged the other's FIN answers
// what a slow machine has sent again: the connection was closed before. One
// that comes before, or where a link has lost the acknowledgement, has a line.
func TestResetBehindTheEnd(t *testing.T) {
	closing := []string{"> F. 1:1(0) ack 1", "< F. 1:1(0) ack 2", "< F. 1:1(0) ack 2", "> F. 1:1(0) ack 1"}
	for last, want := range map[string]string{
		"> . 2:2(0) ack 2":            "< F.",
		"> . 2:2(0) ack 2 !drop loss": "< R",
		"> . 2:2(0) ack 1":            "< R",
	} {
		f := newFilm(t)
		f.connects()
		f.closes()
		f.crosses(append(closing, last, "> . 2:2(0) ack 1", "< R 2:2(0)")...)
		f.shows(talkHead, "> S", "< S.", "> F.", want)
		e := &wire.Expectation{Ends: pairOf("client.sock", "server.conn"), Exactly: true}
		if got := f.expects(e, "> S", "< S.", "> F.", "< F."); (got == "") != (want == "< F.") {
			t.Errorf("%s: of an RST behind it is said: %q", last, got)
		}
	}
}

// Datagrams have the lines of their sends, also where they crossed in another
// order; an ICMP error is behind the datagram that it is about.
func TestLinesOfDatagrams(t *testing.T) {
	f := newFilm(t)
	send := func(n int) {
		d := event.NewDatagram(make([]byte, n), addrOf(serverAddr))
		f.does("client", event.Event{Op: event.OpSend, Sock: 9, Sums: []event.Datagram{d}, Endpoints: &event.Endpoints{Name: "sock", Type: unix.SOCK_DGRAM, Local: addrOf(clientAddr), Remote: addrOf(serverAddr), AutoPort: true}})
	}
	send(5)
	send(7)
	send(9)
	f.crosses("> udp (7) !reorder lan.late", "> udp (5)", "> udp (9)", "< icmp unreachable port [udp (9)]")
	f.shows("client.sock <-> 10.0.0.2:8080", "> udp (5)", "> udp (7)  reordered by lan.late", "> udp (9)", "< icmp unreachable port [udp (9)]")
}

// What is above a connection, such as TLS, has its own bytes and says goodbye
// by itself: one range without an end, and no end of the connection.
func TestLinesOfTLS(t *testing.T) {
	f := newFilm(t)
	f.connects()
	f.moves("client", 5)
	f.does("client", event.Event{Op: event.OpHandshake, Sock: f.client, Offset: 900, Also: &event.Transfer{Sock: f.client, Offset: 700}})
	f.does("server", event.Event{Op: event.OpHandshake, Sock: f.server, Offset: 700, Also: &event.Transfer{Sock: f.server, Offset: 900}})
	f.moves("client", 750)
	f.closes()
	f.crosses("> P. 1:6(5) ack 1", "> P. 6:701(695) ack 1", "< P. 1:901(900) ack 701", "> P. 701:751(50) ack 901", "> F. 751:751(0) ack 901", "< R. 901:901(0) ack 752")
	f.shows(talkHead, "> S", "< S.", "> 1:6(5)", "> 6:any", "< 1:any")
}

// What varies from run to run has any in the place of its numbers, and what
// comes behind it has none.
func TestLinesOfWhatVaries(t *testing.T) {
	f := newFilm(t)
	f.connects()
	f.moves("client", 5)
	mark := []event.Mark{{From: 0, To: 3, Origins: []event.Origin{{Word: "pid"}}}}
	f.does("client", event.Event{Op: event.OpSend, Sock: f.client, Offset: 8, Args: []any{event.Data{Bytes: []byte("123"), Len: 3, Marks: mark}}})
	f.moves("client", 10)
	f.does("client", event.Event{Op: event.OpSend, Sock: f.client, Offset: 20, Mask: "data"})
	f.moves("client", 30)
	f.crosses("> P. 1:31(30) ack 1")
	f.shows(talkHead, "> S", "< S.", "> 1:6(5)", "> 6:any", "> (2)", "> (any)")
}

// A datagram that a quiet step sends has no line, nor has what answers it.
func TestLinesOfQuietSteps(t *testing.T) {
	f := newFilm(t)
	for n, quiet := range map[int]int{5: 0, 6: 1} {
		d := event.NewDatagram(make([]byte, n), addrOf(serverAddr))
		f.does("client", event.Event{Op: event.OpSend, Sock: 1, Quiet: quiet, Sums: []event.Datagram{d}, Endpoints: &event.Endpoints{Name: "sock", Type: unix.SOCK_DGRAM, Local: addrOf(clientAddr), Remote: addrOf(serverAddr), AutoPort: true}})
	}
	f.crosses("> udp (6)", "< icmp unreachable port [udp (6)]", "> udp (5)")
	f.shows("client.sock <-> 10.0.0.2:8080", "> udp (5)")
}

// A datagram that crossed in fragments is one, in whichever order they came,
// with the fault that hit one of them. One that lacks a fragment is none.
func TestFragments(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		f := newFilm(t)
		if v6 {
			f.ends = [2]netip.AddrPort{netip.MustParseAddrPort("[fd00::1]:40000"), netip.MustParseAddrPort("[fd00::2]:8080")}
		}
		d := event.NewDatagram(make([]byte, 92), addrOf(f.ends[1]))
		f.does("client", event.Event{Op: event.OpSend, Sock: 1, Sums: []event.Datagram{d}, Endpoints: &event.Endpoints{Name: "sock", Type: unix.SOCK_DGRAM, Local: addrOf(f.ends[0]), Remote: addrOf(f.ends[1]), AutoPort: true}})
		p, _ := packet.Parse("> udp (92)")
		made, err := p.Packet(packet.Sender{From: f.ends[0], To: f.ends[1]})
		if err != nil {
			t.Fatal(err)
		}
		b, err := made.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		b = b[len(b)-100:]
		piece := func(id uint16, from, to int, fault string) {
			part := &packet.Packet{Src: made.Src, Dst: made.Dst, TTL: 64, Protocol: packet.ProtoUDP, ID: id, Body: packet.Raw(b[from:to])}
			part.Flags = uint16(from / 8)
			if to < len(b) {
				part.Flags |= packet.MoreFragments
			}
			if v6 {
				part.Protocol, part.Options = 44, []byte{packet.ProtoUDP, 0, byte(from >> 8), byte(from), 0, 0, 0, byte(id)}
				if to < len(b) {
					part.Options[3] |= 1
				}
				part.Flags, part.ID = 0, 0
			}
			f.film(&packet.Frame{IP: part}, "alpha", fault)
		}
		piece(1, 48, 100, "")
		piece(2, 0, 48, "")
		piece(1, 0, 40, "drop lan.lost")
		piece(1, 40, 48, "")
		list := Sections(f.record())
		if len(list) != 1 || !slices.Equal(list[0].Lines, []string{"> udp (92)  dropped by lan.lost"}) {
			t.Errorf("IPv6 %v: the lines are %v", v6, list)
		}
	}
}

// A record may have frames of anybody.
func TestFramesOfAnybody(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range ci.Rounds(500, 3000) {
		f := hello(t, usual...)
		f.crosses("> udp (9)", "< icmp unreachable port [udp (9)]", "> icmp echo id 1 seq 1 (8)")
		for i := range f.frames {
			b := f.frames[i].Bytes
			for range random.IntN(4) {
				b[random.IntN(len(b))] = byte(random.Uint32())
			}
			f.frames[i].Bytes = b[:len(b)-random.IntN(2)*random.IntN(len(b))]
		}
		f.expects(&wire.Expectation{At: "beta.eth0", Link: "lan"}, "> S", "udp", "1:6(5)")
		f.expects(&wire.Expectation{Exactly: true, Ends: pairOf("client.sock", "server.conn")}, "1:6(5) again", "> F.")
		Sections(f.record())
	}
}

package flows

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
)

// expects compares with what a scenario says; the message is that of the
// failure, "" where there is none.
func (f *film) expects(e *wire.Expectation, texts ...string) string {
	f.t.Helper()
	for i, text := range texts {
		s, err := wire.Parse(text)
		if err != nil {
			f.t.Fatal(err)
		}
		s.Node = &source.Node{Text: text, Pos: source.Pos{Line: i + 1}}
		e.Segments = append(e.Segments, s)
	}
	if e.Node = new(source.Node); e.At == "" {
		e.At = "lan"
	}
	u := Check(f.record(), []*wire.Expectation{e})
	if u == nil {
		return ""
	}
	return u.Message
}

func pairOf(first, second string) []wire.End {
	var list []wire.End
	for _, name := range []string{first, second} {
		actor, name, _ := strings.Cut(name, ".")
		list = append(list, wire.End{Actor: actor, Name: name})
	}
	return list
}

var usual = []string{"> P. 1:6(5) ack 1", "< . 1:1(0) ack 6", "> P. 6:11(5) ack 1 !drop lan.lost", "> P. 6:11(5) ack 1", "< P. 1:4(3) ack 11", "> FP. 11:13(2) ack 4", "< F. 4:4(0) ack 14", "> . 14:14(0) ack 5"}

// Each field of a segment is compared; what is left out is not.
func TestExpectedSegments(t *testing.T) {
	for _, c := range []struct {
		segments string // with | between
		fails    string // a part of the message; "" where they are met
	}{
		{"> S | < S. | > P. 1:6(5) | > P. 6:11(5) | < P. 1:4(3) | > FP. 11:13(2) | < F.", ""},
		{"> S <mss 1460> | < S. ack 1 win 500 <mss 1460> | < . 1:1(0) ack 6", ""},
		{"S | S. | P. | F.", ""},
		{"> [noecn,ttl 64] S", ""},
		{"> [ect0] S", "ECN is noecn, not ect0"},
		{"> S <mss 1461>", "the option is mss 1460, not mss 1461"},
		{"< S. ack 2", "ack is 1, not 2"},
		{"< S. win 501", "win is 500, not 501"},
		{"> P. 1:7(6)", "the data is 1:6(5), not 1:7(6)"},
		{"> . 1:6(5)", "the flags are P., not ."},
		{"< S", "the flags are S., not S"},
		{"< S. | > S", "it came only before < S."},
		{"> S | > S", "no such packet came after > S"},
		{"< P. 1:4(3) | > P. 1:6(5)", "and it came only before < P. 1:4(3)"},
		{"> P. 1:11(10)", ""}, // one after the other
		{"> 1:6(5) | > 6:11(5)", ""},
		{"> 1:11(10)", ""},
		{"> 3:9(6)", ""},
		{"> 12:13(1) | > F.", ""},
		{"> 11:14(3)", "got > FP. 11:13(2) ack 4 win 500: the data is 11:13(2), not 11:14(3)"},
		{"> 6:11(5) dropped by lan.lost | > 6:11(5)  again", ""},
		{"> 1:6(5) dropped by lan.lost", "no fault has hit it"},
		{"> 6:11(5) corrupted by lan.lost", "it is dropped by lan.lost, not corrupted by lan.lost"},
		{"> 1:6(5) again", "it has not crossed before"},
		{"> P. 6:11(5) again", ""},
		{"udp (5)", "and no such packet came"},
	} {
		f := newFilm(t)
		f.connects()
		f.moves("client", 12)
		f.crosses(usual...)
		got := f.expects(&wire.Expectation{Ends: pairOf("client.sock", "server.conn")}, strings.Split(c.segments, " | ")...)
		if (got == "") != (c.fails == "") || !strings.Contains(got, c.fails) {
			t.Errorf("%s: %q, not %q", c.segments, got, c.fails)
		}
	}
}

// Exactly allows acknowledgements alone, unless it names one, and repetitions.
func TestExactly(t *testing.T) {
	for _, c := range []struct{ segments, fails string }{
		{"> S | < S. | > P. 1:6(5) | > P. 6:11(5) | < P. 1:4(3) | > FP. 11:13(2) | < F.", ""},
		{"> S | < S. | > 1:11(10) | < 1:4(3) | > 11:13(2) | > F. | < F.", ""},
		{"> S | < S. | > P. 1:6(5) | > P. 6:11(5) | > FP. 11:13(2) | < F.", "< P. 1:4(3) ack 11 win 500 crossed lan between client.sock and server.conn, and nothing says that it may"},
		{"> S | < S. | > . 1:1(0) ack 1 | > P. 1:6(5) | > P. 6:11(5) | < P. 1:4(3) | > FP. 11:13(2) | < F.", "< . 1:1(0) ack 6 win 500 crossed"},
		{"> S | < S. | > . 1:1(0) ack 1 | > P. 1:6(5) | < . ack 6 | > P. 6:11(5) | < P. 1:4(3) | > FP. 11:13(2) | < F. | > . ack 5", ""},
		{"> S | < S. | > 1:11(10) | < 1:4(3) | < F.", "> FP. 11:13(2) ack 4 win 500 crossed"},
	} {
		f := newFilm(t)
		f.connects()
		f.moves("client", 12)
		f.crosses(usual...)
		got := f.expects(&wire.Expectation{Ends: pairOf("client.sock", "server.conn"), Exactly: true}, strings.Split(c.segments, " | ")...)
		if (got == "") != (c.fails == "") || !strings.Contains(got, c.fails) {
			t.Errorf("%s: %q, not %q", c.segments, got, c.fails)
		}
	}
}

// A failure shows the packets beside what was expected, with what differs.
func TestFailureShowsWhatCame(t *testing.T) {
	f := newFilm(t)
	f.connects()
	f.moves("client", 5)
	f.crosses("> P. 1:6(5) ack 1")
	got := f.expects(&wire.Expectation{Ends: pairOf("client.sock", "server.conn")}, "> S", "< S. ack 1", "> P. 1:7(6)", "> F.")
	want := `expected > P. 1:7(6) at lan between client.sock and server.conn, got > P. 1:6(5) ack 1 win 500: the data is 1:6(5), not 1:7(6)
expected     came
> S          > S 0:0(0) win 500 <mss 1460>
< S. ack 1   < S. 0:0(0) ack 1 win 500 <mss 1460>
             > . 1:1(0) ack 1 win 500
> P. 1:7(6)  > P. 1:6(5) ack 1 win 500
               the data is 1:6(5), not 1:7(6)
> F.`
	if got != want {
		t.Errorf("the failure is\n%s\nnot\n%s", got, want)
	}
}

// An end is a socket or an address; the other way round turns the directions.
func TestEndsOfExpectations(t *testing.T) {
	address := func(s string) wire.End {
		if a, err := netip.ParseAddr(s); err == nil {
			return wire.End{Addr: netip.AddrPortFrom(a, 0)}
		}
		return wire.End{Addr: netip.MustParseAddrPort(s)}
	}
	for _, c := range []struct {
		ends  []wire.End
		text  string
		fails string
	}{
		{pairOf("server.conn", "client.sock"), "< S", ""},
		{pairOf("server.conn", "client.sock"), "> S", "the flags are S., not S"},
		{[]wire.End{address("10.0.0.1"), address("10.0.0.2")}, "> S", ""},
		{[]wire.End{address("10.0.0.2:8080"), address("10.0.0.1")}, "< S", ""},
		{[]wire.End{address("10.0.0.2:8081"), address("10.0.0.1")}, "< S", "no packet crossed lan between 10.0.0.2:8081 and 10.0.0.1\nwhat crossed there was between\n  client.sock and server.conn"},
		{[]wire.End{pairOf("client.sock", "x.x")[0], address("10.0.0.2")}, "> S", ""},
		{pairOf("client.other", "server.conn"), "> S", "no packet crossed lan between client.other and server.conn"},
		{nil, "arp who-has 10.0.0.2 tell 10.0.0.1", ""},
		{nil, "arp who-has 10.0.0.3 tell 10.0.0.1", "10.0.0.2, not 10.0.0.3"},
		{nil, "arp 10.0.0.2 is-at 02:00:00:00:02:01", ""},
		{nil, "igmp v3 report 239.1.2.3", ""},
	} {
		f := newFilm(t)
		mac := packet.MAC{2, 0, 0, 0, 2, 1}
		for _, text := range []string{"arp who-has 10.0.0.2 tell 10.0.0.1", "arp 10.0.0.2 is-at 02:00:00:00:02:01"} {
			p, _ := packet.Parse(text)
			f.film(&packet.Frame{ARP: p.Body.(*packet.Resolution).ARP(mac, clientAddr.Addr(), packet.MAC{})}, "alpha", "")
		}
		f.connects()
		f.film(&packet.Frame{IP: &packet.Packet{Src: clientAddr.Addr(), Dst: netip.MustParseAddr("224.0.0.22"), Protocol: packet.ProtoIGMP, Body: &packet.IGMP{Type: packet.IGMPReport3, Records: []packet.GroupRecord{{Type: packet.ToExclude, Group: netip.MustParseAddr("239.1.2.3")}}}}}, "alpha", "")
		got := f.expects(&wire.Expectation{Ends: c.ends}, c.text)
		if (got == "") != (c.fails == "") || !strings.Contains(got, c.fails) {
			t.Errorf("%v %s: %q, not %q", c.ends, c.text, got, c.fails)
		}
	}
}

// At an interface, what it sends goes out, and what comes to it is told by the
// destination of the frame.
func TestAtAnInterface(t *testing.T) {
	for _, c := range []struct {
		at    string
		texts []string
		fails string
	}{
		{"alpha.eth0", []string{"> S", "< S.", "> ."}, ""},
		{"beta.eth0", []string{"< S", "> S.", "< ."}, ""},
		{"beta.eth0", []string{"> S"}, "the flags are S., not S"},
		{"gamma.eth0", []string{"S"}, "no packet crossed gamma.eth0"},
	} {
		f := newFilm(t)
		f.connects()
		got := f.expects(&wire.Expectation{At: c.at, Link: "lan"}, c.texts...)
		if (got == "") != (c.fails == "") || !strings.Contains(got, c.fails) {
			t.Errorf("%s %v: %q, not %q", c.at, c.texts, got, c.fails)
		}
	}
}

// What a record lacks is said, not passed over.
func TestFramesThatWereLost(t *testing.T) {
	for _, frames := range []event.Frames{{Lost: 2}, {Beyond: 1}} {
		r := newFilm(t).record()
		r.Frames = &frames
		if Check(r, []*wire.Expectation{{Node: new(source.Node)}}) == nil || Unseen(r) == "" {
			t.Errorf("%+v: nothing is said", frames)
		}
	}
}

package flows

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/sock"
)

// A film makes a record: of what two actors did, and of the frames that crossed
// a link between them.
type film struct {
	t        *testing.T
	recorder *record.Recorder
	branches map[string]*record.Branch
	frames   []event.Frame
	ends     [2]netip.AddrPort
	initial  [2]uint32
	at       time.Duration
	// The descriptions of the sockets.
	client, server uint64
}

var (
	clientAddr = netip.MustParseAddrPort("10.0.0.1:40000")
	serverAddr = netip.MustParseAddrPort("10.0.0.2:8080")
)

func newFilm(t *testing.T) *film {
	f := &film{t: t, server: 1, recorder: history.NewRecorder(false), branches: map[string]*record.Branch{}, ends: [2]netip.AddrPort{clientAddr, serverAddr}, initial: [2]uint32{1 << 31, 4294967000}}
	for i, name := range []string{"client", "server"} {
		f.branches[name] = f.recorder.Actor(name, i, 0, 1)
	}
	return f
}

func addrOf(a netip.AddrPort) sock.Addr {
	family := unix.AF_INET
	if a.Addr().Is6() {
		family = unix.AF_INET6
	}
	return sock.Addr{Family: family, IP: a.Addr(), Port: a.Port()}
}

// does records a step.
func (f *film) does(actor string, e event.Event) event.Cause {
	f.at += time.Millisecond
	e.Start, e.End, e.Place = f.at, f.at, &event.Place{ID: int(f.at / time.Millisecond)}
	return f.branches[actor].Record(&e, nil)
}

// connects records how a connection is made.
func (f *film) connects() {
	f.client, f.server = f.client+10, f.server+10
	f.does("server", event.Event{Op: event.OpListen, Sock: 2, Endpoints: &event.Endpoints{Name: "listener", Type: unix.SOCK_STREAM, Local: addrOf(serverAddr)}})
	f.does("client", event.Event{Op: event.OpConnect, Sock: f.client, Endpoints: &event.Endpoints{Name: "sock", Type: unix.SOCK_STREAM, Local: addrOf(clientAddr), Remote: addrOf(serverAddr), AutoPort: true}})
	f.does("server", event.Event{Op: event.OpAccept, Sock: 2, Endpoints: &event.Endpoints{Name: "conn", Type: unix.SOCK_STREAM, Local: addrOf(serverAddr), Remote: addrOf(clientAddr), Made: f.server}})
	f.crosses("> S <mss 1460>", "< S. ack 1 <mss 1460>", "> . 1:1(0) ack 1")
}

// moves records a send on one side and the receive of it on the other, which
// ends at an offset.
func (f *film) moves(actor string, end int64) {
	from, other, to := f.client, "server", f.server
	if actor == "server" {
		from, other, to = f.server, "client", f.client
	}
	f.does(actor, event.Event{Op: event.OpSend, Sock: from, Offset: end})
	f.does(other, event.Event{Op: event.OpRecv, Sock: to, Offset: end})
}

// closes records the ends of both sides.
func (f *film) closes() {
	f.does("client", event.Event{Op: event.OpClose, Sock: f.client})
	f.does("server", event.Event{Op: event.OpRecv, Sock: f.server, EOF: true})
	f.does("server", event.Event{Op: event.OpClose, Sock: f.server})
}

// crosses adds frames of the link lan, by their texts; behind one there may be
// a fault: "> 1:6(5) !drop lan.lost".
func (f *film) crosses(texts ...string) {
	f.t.Helper()
	for _, text := range texts {
		text, fault, _ := strings.Cut(text, " !")
		p, err := packet.Parse(text)
		if err != nil {
			f.t.Fatal(err)
		}
		from := 0
		if p.Direction == packet.In {
			from = 1
		}
		made, err := p.Packet(packet.Sender{From: f.ends[from], To: f.ends[1-from], Base: packet.Base{Seq: f.initial[from], Ack: f.initial[1-from]}, Window: 500})
		if err != nil {
			f.t.Fatal(err)
		}
		frame := &packet.Frame{Src: packet.MAC{2, 0, 0, 0, byte(1 + from), 1}, Dst: packet.MAC{2, 0, 0, 0, byte(2 - from), 1}, IP: made}
		f.film(frame, []string{"alpha", "beta"}[from], fault)
	}
}

func (f *film) film(frame *packet.Frame, host, fault string) {
	b, err := frame.Append(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	act, name, _ := strings.Cut(fault, " ")
	f.frames = append(f.frames, event.Frame{Host: host, Interface: "eth0", Link: "lan", Fault: name, Act: act, Length: len(b), Bytes: b})
}

func (f *film) record() *history.Record {
	r := f.recorder.Record()
	r.Dynamic = record.PortRange{Low: 32768, High: 60999}
	r.Hosts = []record.Host{{Name: "alpha", Addresses: []netip.Addr{clientAddr.Addr()}}, {Name: "beta", Addresses: []netip.Addr{serverAddr.Addr()}}}
	r.Frames = &event.Frames{List: f.frames}
	return &history.Record{Record: r}
}

// shows compares the lines of the wire.
func (f *film) shows(head string, want ...string) {
	f.t.Helper()
	list := Sections(f.record())
	if len(list) != 1 || list[0].Head != head || !slices.Equal(list[0].Lines, want) {
		f.t.Errorf("the lines are %v, not %q with %q", list, head, want)
	}
}

const talkHead = "client.sock <-> server.conn"

// hello is a conversation of two sends, in which the second pieces of the
// frames are those of a run.
func hello(t *testing.T, frames ...string) *film {
	f := newFilm(t)
	f.connects()
	f.moves("client", 5)
	f.moves("client", 10)
	f.moves("server", 3)
	f.closes()
	f.crosses(frames...)
	return f
}

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
		{"> S <mss 1461>", "the list of options is <mss 1460>, not <mss 1461>"},
		{"< S. ack 2", "ack is 1, not 2"},
		{"< S. win 501", "win is 500, not 501"},
		{"> P. 1:7(6)", "the data is 1:6(5), not 1:7(6)"},
		{"> . 1:6(5)", "flags is P., not ."},
		{"< S", "flags is S., not S"},
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
		{pairOf("server.conn", "client.sock"), "> S", "flags is S., not S"},
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
		{"beta.eth0", []string{"> S"}, "flags is S., not S"},
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
	for range 3000 {
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

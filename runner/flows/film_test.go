package flows

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
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

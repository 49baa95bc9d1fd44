package history

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// Two hosts may have one address with one port: a value bears the name of the
// socket on the host that has seen it.
func TestMaskPortOnTwoHosts(t *testing.T) {
	at := sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: 40000}
	send := func(host, name string, id uint64) *record.Branch {
		return &record.Branch{Actor: "on " + host, Entries: []record.Entry{{Event: &event.Event{
			Op: event.OpSend, Sock: id, Start: time.Duration(id), End: time.Duration(id) + 1,
			Endpoints: &event.Endpoints{Name: name, Type: syscall.SOCK_DGRAM, Host: host, Local: at, AutoPort: true},
		}}}}
	}
	b := send("b", "two", 2)
	b.ID = 1
	m := newMasks(causal.New(&record.Record{Branches: []*record.Branch{send("a", "one", 1), b}}))
	for host, want := range map[string]string{"a": "<one>", "b": "<two>"} {
		from := event.Origin{Addr: at, Type: syscall.SOCK_DGRAM, Host: host}
		got := m.text(event.Marked{Text: "40000", Marks: []event.Mark{{To: 5, Origins: []event.Origin{from}}}}, 9)
		if got != want {
			t.Errorf("on %s it is %s, want %s", host, got, want)
		}
	}
}

// The kernel may choose a port again that it has got back. A value then bears
// the name of the socket that it comes from, whoever else has had the port; a
// number that the file spells out bears none.
func TestMaskPortChosenAgain(t *testing.T) {
	at := sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: 40000}
	marked := func(text string, from int, id uint64) event.Marked {
		origin := event.Origin{Sock: id, Addr: at, Type: syscall.SOCK_STREAM}
		return event.Marked{Text: text, Marks: []event.Mark{{From: from, To: from + 5, Origins: []event.Origin{origin}}}}
	}
	bind := func(name string, id uint64, auto bool, asked event.Asked) record.Entry {
		return record.Entry{Event: &event.Event{
			Op: event.OpBind, Sock: id, Start: time.Duration(id), End: time.Duration(id) + 1,
			Args:      []any{event.Name(name), asked},
			Endpoints: &event.Endpoints{Name: name, Type: syscall.SOCK_STREAM, Local: at, AutoPort: auto},
		}}
	}
	open := event.Asked{Addr: sock.Addr{Family: at.Family, IP: at.IP}}
	s := &record.Branch{Actor: "a", Entries: []record.Entry{
		bind("first", 1, true, open), bind("again", 2, true, open),
		bind("same", 3, false, event.Asked{Addr: at, Marks: marked(at.String(), 10, 2).Marks}),
		bind("spelled", 4, false, event.Asked{Addr: at}),
	}}
	m := newMasks(causal.New(&record.Record{Branches: []*record.Branch{s}}))
	for _, tt := range []struct {
		text event.Marked
		want string
	}{
		{marked("40000", 0, 1), "<first>"},
		{marked("at 40000 or 40000", 3, 2), "at <again> or 40000"},
		{marked("40000", 0, 3), "<same>"},
		{marked("40000", 0, 4), "40000"},
		{event.Marked{Text: "40000 127.0.0.1:40000"}, "40000 127.0.0.1:40000"},
	} {
		if got := m.text(tt.text, 9); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.text, got, tt.want)
		}
	}
}

// A program may get the port that a closed socket had. What it sends is not of
// that socket where this has another type, or has sent nothing to the one who
// receives: it bears another name then, and needs no cause.
func TestMaskPortOfClosedSocket(t *testing.T) {
	local := func(port uint16) sock.Addr {
		return sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: port}
	}
	at, here := local(40000), local(50000)
	for _, tt := range []struct {
		name string
		typ  int // of the socket that had the port
		to   sock.Addr
		want string
	}{
		{"stream", syscall.SOCK_STREAM, sock.Addr{}, "<peer>"},
		{"sent elsewhere", syscall.SOCK_DGRAM, local(50001), "<peer>"},
		{"sent here", syscall.SOCK_DGRAM, here, "<first>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			had := &event.Endpoints{Name: "first", Type: tt.typ, Local: at, Remote: tt.to, AutoPort: true}
			own := &event.Endpoints{Name: "second", Type: syscall.SOCK_DGRAM, Local: here, Remote: at}
			recv := &event.Event{Op: event.OpRecv, Sock: 2, Start: 5, End: 6, Endpoints: own, Sums: []event.Datagram{{Sum: 1, Len: 1, Remote: at}}}
			events := []*event.Event{
				{Op: event.OpBind, Sock: 2, Endpoints: own},
				{Op: event.OpBind, Sock: 1, Start: 1, End: 2, Endpoints: had},
			}
			if tt.typ == syscall.SOCK_DGRAM {
				events = append(events, &event.Event{Op: event.OpSend, Sock: 1, Start: 2, End: 3, Endpoints: had, Sums: []event.Datagram{{Sum: 2, Len: 1}}})
			}
			events = append(events, &event.Event{Op: event.OpClose, Sock: 1, Start: 3, End: 4}, recv)
			b := &record.Branch{Actor: "a"}
			for _, e := range events {
				b.Entries = append(b.Entries, record.Entry{Event: e})
			}
			g := causal.New(&record.Record{Dynamic: record.PortRange{Low: 32768, High: 60999}, Branches: []*record.Branch{b}})
			if lacks := len(g.Unknown) > 0; lacks != (tt.want == "<first>") {
				t.Errorf("the receive lacks a cause: %t", lacks)
			}
			m := newMasks(g)
			if got, want := m.addr(at, recv), "127.0.0.1:"+tt.want; got != want {
				t.Errorf("the receive shows %s, want %s", got, want)
			}
			from := event.Origin{Addr: at, Type: syscall.SOCK_DGRAM, Seen: 2}
			if got := m.text(event.Marked{Text: "40000", Marks: []event.Mark{{To: 5, Origins: []event.Origin{from}}}}, 9); got != tt.want {
				t.Errorf("a value is %s, want %s", got, tt.want)
			}
		})
	}
}

// Two sockets of netlink may have one port, in protocols of their own: a value
// bears the name of the one in whose protocol it was seen.
func TestMaskNetlinkProtocol(t *testing.T) {
	at, err := sock.ParseAddr("netlink:4000000000")
	if err != nil {
		ci.Lacks(t, err) // only Linux has netlink
	}
	b := &record.Branch{Actor: "a"}
	ends := make(map[string]*event.Endpoints)
	for id, name := range []string{"user", "route"} {
		ends[name] = &event.Endpoints{Name: name, Type: syscall.SOCK_RAW, Netlink: 2 * (1 - id), Local: at, AutoPort: true}
		b.Entries = append(b.Entries, record.Entry{Event: &event.Event{Op: event.OpBind, Sock: uint64(id + 1), Start: time.Duration(id), Endpoints: ends[name]}})
	}
	m := newMasks(causal.New(&record.Record{Branches: []*record.Branch{b}}))
	for name, own := range ends {
		from := event.Origin{Addr: at, Type: own.Space(at)}
		if got, want := m.text(event.Marked{Text: "4000000000", Marks: []event.Mark{{To: 10, Origins: []event.Origin{from}}}}, 9), "<"+name+">"; got != want {
			t.Errorf("a value is %s, want %s", got, want)
		}
		other := &event.Event{Op: event.OpNone, Sock: 9, End: 9, Endpoints: &event.Endpoints{Type: syscall.SOCK_RAW, Netlink: own.Netlink}}
		if got, want := m.addr(at, other), "netlink:<"+name+">"; got != want {
			t.Errorf("an address is %s, want %s", got, want)
		}
	}
}

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

// A program may get the port that a socket of another type had. What it sends
// is not of that socket: it bears another name, and needs no cause.
func TestMaskPortOfOtherType(t *testing.T) {
	at := sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: 40000}
	for _, tt := range []struct {
		typ  int // of the socket that had the port
		want string
	}{
		{syscall.SOCK_STREAM, "<peer>"},
		{syscall.SOCK_DGRAM, "<first>"},
	} {
		bind := &event.Event{Op: event.OpBind, Sock: 1, Start: 1, End: 2, Endpoints: &event.Endpoints{Name: "first", Type: tt.typ, Local: at, AutoPort: true}}
		closed := &event.Event{Op: event.OpClose, Sock: 1, Start: 3, End: 4}
		recv := &event.Event{
			Op: event.OpRecv, Sock: 2, Start: 5, End: 6, Sums: []event.Datagram{{Sum: 1, Len: 1, Remote: at}},
			Endpoints: &event.Endpoints{Name: "second", Type: syscall.SOCK_DGRAM, Local: sock.Addr{Family: at.Family, IP: at.IP, Port: 50000}, Remote: at},
		}
		g := causal.New(&record.Record{
			Dynamic:  record.PortRange{Low: 32768, High: 60999},
			Branches: []*record.Branch{{Actor: "a", Entries: []record.Entry{{Event: bind}, {Event: closed}, {Event: recv}}}},
		})
		if unknown := len(g.Unknown) > 0; unknown != (tt.typ == syscall.SOCK_DGRAM) {
			t.Errorf("type %d: the receive lacks a cause: %t", tt.typ, unknown)
		}
		m := newMasks(g)
		if got, want := m.addr(at, recv), "127.0.0.1:"+tt.want; got != want {
			t.Errorf("type %d: the receive shows %s, want %s", tt.typ, got, want)
		}
		from := event.Origin{Addr: at, Type: syscall.SOCK_DGRAM}
		if got := m.text(event.Marked{Text: "40000", Marks: []event.Mark{{To: 5, Origins: []event.Origin{from}}}}, 9); got != tt.want {
			t.Errorf("type %d: a value is %s, want %s", tt.typ, got, tt.want)
		}
	}
}

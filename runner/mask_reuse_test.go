package runner

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

// The kernel may choose a port again that it has got back. A value then bears
// the name of the socket that it comes from, whoever else has had the port; a
// number that the file spells out bears none.
func TestMaskPortChosenAgain(t *testing.T) {
	at := sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: 40000}
	marked := func(text string, from int, id uint64) steps.Marked {
		origin := steps.Origin{Sock: id, Addr: at, Type: syscall.SOCK_STREAM}
		return steps.Marked{Text: text, Marks: []steps.Mark{{From: from, To: from + 5, Origins: []steps.Origin{origin}}}}
	}
	bind := func(name string, id uint64, auto bool, asked steps.Asked) entry {
		return entry{event: &steps.Event{
			Op: steps.OpBind, Sock: id, Start: time.Duration(id), End: time.Duration(id) + 1,
			Args: []any{steps.Name(name), asked},
			Link: &steps.Link{Name: name, Type: syscall.SOCK_STREAM, Local: at, AutoPort: auto},
		}}
	}
	open := steps.Asked{Addr: at.WithPort(0)}
	s := &strand{member: &member{actor: &scenarios.Actor{Name: "a"}}, entries: []entry{
		bind("first", 1, true, open), bind("again", 2, true, open),
		bind("same", 3, false, steps.Asked{Addr: at, Marks: marked(at.String(), 10, 2).Marks}),
		bind("spelled", 4, false, steps.Asked{Addr: at}),
	}}
	m := newMasks((&history{strands: []*strand{s}}).graph(), "", nil)
	for _, tt := range []struct {
		text steps.Marked
		want string
	}{
		{marked("40000", 0, 1), "<first>"},
		{marked("at 40000 or 40000", 3, 2), "at <again> or 40000"},
		{marked("40000", 0, 3), "<same>"},
		{marked("40000", 0, 4), "40000"},
		{steps.Marked{Text: "40000 127.0.0.1:40000"}, "40000 127.0.0.1:40000"},
	} {
		if got := m.text(tt.text, 9); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.text, got, tt.want)
		}
	}
}

package runner

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

// The kernel may choose a port again that it has got back. A number then speaks
// of the socket that had it last.
func TestMaskPortChosenAgain(t *testing.T) {
	const port = 40000
	at := sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: port}
	bind := func(name string, auto bool, start time.Duration) entry {
		return entry{event: &steps.Event{
			Op: steps.OpBind, Start: start, End: start + 1,
			Link: &steps.Link{Name: name, Type: syscall.SOCK_STREAM, Local: at, AutoPort: auto},
		}}
	}
	m := newMasks(&history{strands: []*strand{{entries: []entry{
		bind("first", true, 10), bind("again", true, 20), bind("byNumber", false, 30),
	}}}}, "", nil)
	for _, tt := range []struct {
		moment     time.Duration
		line, bind string
	}{
		{5, "<first>", ""},
		{15, "<first>", "<first>"},
		{25, "<again>", "<again>"},
		{35, "<again>", "<again>"},
	} {
		if got := m.line("40000", tt.moment); got != tt.line {
			t.Errorf("line at %d: %s, want %s", tt.moment, got, tt.line)
		}
		if tt.bind == "" {
			continue
		}
		e := &steps.Event{Op: steps.OpBind, Start: tt.moment, End: tt.moment}
		if got := m.addr(at, e); got != "127.0.0.1:"+tt.bind {
			t.Errorf("bind at %d: %s, want %s", tt.moment, got, tt.bind)
		}
	}
}

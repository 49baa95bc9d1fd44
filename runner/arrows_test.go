package runner_test

import (
	"slices"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
)

// The arrows of a record say what came after what, and over which socket.
func TestArrows(t *testing.T) {
	r := mustPass(t, load(t, `
actors:
  one:
    - {socketpair: unix, as: [a, b]}
    - spawn: [{recv: b}]
      as: reader
    - {send: a, data: x}
    - join: reader
    - signal: done
  two:
    - wait: done
    - barrier: end
  three:
    - barrier: end
    - print: over
`), runner.Options{})
	said := make(map[event.Cause]string)
	var recv *event.Event
	for _, b := range r.Branches {
		for _, en := range b.Entries {
			said[event.Cause{Branch: b.ID, Seq: en.Event.Seq}] = b.Name() + " " + en.Event.Place.Kind
			if en.Event.Op == event.OpRecv {
				recv = en.Event
			}
		}
	}
	var got []string
	for _, a := range r.Arrows() {
		text := said[a.Cause] + " > " + said[a.Effect]
		if a.Sock != 0 {
			text += " over a socket"
			if a.Sock != recv.Sock {
				t.Errorf("%s: over %d, want %d", text, a.Sock, recv.Sock)
			}
		}
		got = append(got, text)
	}
	slices.Sort(got)
	want := []string{
		"one send > one/reader recv over a socket",
		"one signal > two wait",
		"one spawn > one/reader recv",
		"one/reader recv > one join",
		"two wait > three barrier",
	}
	if len(got) == 0 || !slices.Contains(got, want[0]) || !slices.Contains(got, want[1]) || !slices.Contains(got, want[2]) || !slices.Contains(got, want[3]) {
		t.Errorf("arrows\n%q\nwant\n%q", got, want)
	}
	if arrows := new(history.Record).Arrows(); len(arrows) > 0 {
		t.Errorf("an empty record has the arrows %v", arrows)
	}
}

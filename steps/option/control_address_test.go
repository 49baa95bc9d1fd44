package option

import (
	"testing"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/value"
)

// A noter keeps the addresses that are known.
type noter struct {
	counter
	known []event.Asked
}

func (n *noter) KnownAddress(a event.Asked) { n.known = append(n.known, a) }

// An address in ancillary data that the file spells out is known as one that is
// asked for, and one of several is.
func TestControlAddressIsKnown(t *testing.T) {
	a, err := sock.ParseAddr("127.0.0.1:40001")
	if err != nil {
		t.Fatal(err)
	}
	typ, ok := sock.ControlByName("IP_ORIGDSTADDR")
	if !ok {
		ci.Lacks(t, "this system has no IP_ORIGDSTADDR")
	}
	for _, tt := range []struct {
		want  string
		known bool
	}{
		{"{IP_ORIGDSTADDR: '127.0.0.1:40001'}", true},
		{"{IP_ORIGDSTADDR: ['127.0.0.1:40000', '127.0.0.1:40001']}", true},
		{"{IP_ORIGDSTADDR: any}", false},
	} {
		nodes, problems := source.Parse("want.yaml", []byte(tt.want))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		w, d := new(ControlWant), value.NewDecoder(nil, nil)
		w.Decode(d, nodes[0])
		env := new(noter)
		if err := w.Check(env, []Received{{Typ: typ, Value: a}}, ""); err != nil {
			t.Errorf("%s: %v", tt.want, err)
		}
		if got := len(env.known) == 1 && env.known[0].Addr == a; got != tt.known {
			t.Errorf("%s makes these known: %v", tt.want, env.known)
		}
	}
}

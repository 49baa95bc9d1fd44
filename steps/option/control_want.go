package option

import (
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// ControlWant is the ancillary data that must come: by type, the names that the
// descriptors of SCM_RIGHTS get or how many there must be, a condition on a
// number, conditions on fields, or any for mere presence. Types that are not
// named may come too.
type ControlWant struct {
	Node  *source.Node
	none  bool // no ancillary data must come
	items []*controlWanted
}

type controlWanted struct {
	typ    sock.ControlType
	node   *source.Node
	names  value.Names
	any    bool // descriptors of any number, which get no names
	count  int  // of descriptors that get no names; -1 where they get some
	value  ValueWant
	fields FieldsWant
}

// Decode reads the mapping.
func (w *ControlWant) Decode(d *value.Decoder, n *source.Node) {
	w.Node = n
	if n.Kind == source.Scalar && n.Text == "none" {
		w.none = true
		return
	}
	if n.Kind != source.Map {
		d.Problem(n, "control is a mapping of types to what must come, not %s", n.Describe()).Hint = "write {SCM_RIGHTS: [conn]}, {IP_TTL: 64} or none"
		return
	}
	for _, e := range n.Entries {
		typ, ok := controlType(d, e.Key)
		if !ok {
			continue
		}
		it := &controlWanted{typ: typ, node: e.Value, count: -1}
		number, counted := descriptorCount(e.Value)
		switch {
		case typ.Kind == sock.CtlRights && isAny(e.Value):
			it.any = true
		case typ.Kind == sock.CtlRights && counted:
			it.count = number
		case typ.Kind == sock.CtlRights:
			d.NotEmpty(e.Value)
			it.names.Decode(d, e.Value)
		case e.Value.Kind == source.Map:
			it.fields.Decode(d, e.Value)
		default:
			it.value.Decode(d, e.Value)
		}
		w.items = append(w.items, it)
	}
}

// descriptorCount is the number of descriptors, where it is in the place of
// their names.
func descriptorCount(n *source.Node) (int, bool) {
	count, err := strconv.Atoi(n.Text)
	return count, n.Kind == source.Scalar && err == nil && count >= 0
}

// isAny reports the word for mere presence.
func isAny(n *source.Node) bool { return n.Kind == source.Scalar && n.Text == "any" }

// NamesIn implements [value.Namer].
func (w *ControlWant) NamesIn(n *source.Node, add func(string)) {
	for _, e := range n.Entries {
		_, counted := descriptorCount(e.Value)
		if typ, ok := sock.ControlByName(e.Key.Text); ok && typ.Kind == sock.CtlRights && !counted && !isAny(e.Value) {
			new(value.Names).NamesIn(e.Value, add)
		}
	}
}

// Given reports whether ancillary data is expected.
func (w *ControlWant) Given() bool { return w.Node != nil }

// Schema accepts a mapping, or none.
func (w *ControlWant) Schema() value.Schema {
	return value.Schema{"anyOf": []value.Schema{controlSchema(), {"const": "none"}}}
}

// Type names the type in the reference.
func (w *ControlWant) Type() string { return "conditions by type of ancillary data, or none" }

// Names are the names that descriptors of a type get; none where it is not
// named.
func (w *ControlWant) Names(typ string) *value.Names { return &w.of(typ).names }

// Fields are the conditions on the fields of a type; none where it is not
// named.
func (w *ControlWant) Fields(typ string) *FieldsWant { return &w.of(typ).fields }

func (w *ControlWant) of(typ string) *controlWanted {
	for _, it := range w.items {
		if it.typ.Name == typ {
			return it
		}
	}
	return new(controlWanted)
}

// Static notes the names that descriptors get, and reports conditions that can
// never be met.
func (w *ControlWant) Static(c *check.Check) {
	for _, it := range w.items {
		if it.typ.Kind == sock.CtlRights {
			if it.any || it.count >= 0 {
				continue
			}
			c.MakeReceived(&it.names)
		} else if form := controlForms()[it.typ.Kind]; form != nil {
			form.check(c, it)
		}
	}
}

// Check compares what came with the conditions; cut says that some of it had
// no room.
func (w *ControlWant) Check(env value.Env, got []Received, cut string) error {
	if w.none && len(got) > 0 {
		return value.Mismatchf("expected no ancillary data, got %s", got[0].Typ.Name)
	}
	for _, it := range w.items {
		var found *Received
		for i := range got {
			if got[i].Typ.Name == it.typ.Name {
				found = &got[i]
			}
		}
		if found == nil {
			return value.Mismatchf("expected %s, which did not come%s", it.typ.Name, cut)
		}
		if err := it.check(env, found, cut); err != nil {
			return err
		}
	}
	return nil
}

func (it *controlWanted) check(env value.Env, got *Received, cut string) error {
	fields, structured := got.Value.(Fields)
	switch {
	case it.any:
		return nil
	case it.typ.Kind == sock.CtlRights:
		want := it.names.Len()
		if it.count >= 0 {
			want = it.count
		}
		if len(got.Handles) != want {
			plural := "s"
			if want == 1 {
				plural = ""
			}
			return value.Mismatchf("expected %d descriptor%s, got %d%s", want, plural, len(got.Handles), cut)
		}
		return nil
	case it.value.text.Lit == "any":
		return nil
	case structured:
		return it.fields.check(env, fields, it.typ.Name)
	case it.fields.node != nil:
		return value.Mismatchf("%s came without fields, as %s%s", it.typ.Name, value.Format(got.Value), cut)
	}
	if a, ok := got.Value.(sock.Addr); ok {
		return it.value.checkAddress(env, a, it.typ.Name)
	}
	return it.value.check(env, got.Value, it.typ.Name)
}

// Received is one piece of ancillary data that came.
type Received struct {
	Typ     sock.ControlType
	Handles []string // of descriptors
	Value   any      // else: int, int64, string, sock.Addr or Fields
}

// Shown is the value as the transcript shows it. A field that varies from run
// to run shows itself where just one value is expected.
func (r Received) Shown(want *FieldsWant) any {
	switch v := r.Value.(type) {
	case nil:
		return event.Const("[" + strings.Join(r.Handles, ", ") + "]")
	case Fields:
		return want.Settled(v).Show(nil)
	case int, int64:
		if form := controlForms()[r.Typ.Kind]; form != nil && form.varies {
			return event.Const("<time>")
		}
	case sock.Addr:
		return v
	}
	return event.Const(value.Format(r.Value))
}

// Named is one piece as expressions see it, where a socket on a host got it.
func (r Received) Named(host string, want *FieldsWant) any {
	switch v := r.Value.(type) {
	case nil:
		return r.Handles
	case Fields:
		return want.Settled(v).Traced()
	case sock.Addr:
		e := value.EndpointAt(host, v)
		if part, _ := e.Trace().Part([]string{"address"}); part != nil {
			return value.Traced{Value: e.Address, Trace: part}
		}
		return e.Address
	case int, int64:
		if form := controlForms()[r.Typ.Kind]; form != nil && form.varies {
			return value.Whole(v, event.Origin{Word: "time"})
		}
	}
	return r.Value
}

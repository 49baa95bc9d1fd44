package steps

import (
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// ControlWant is the ancillary data that must come: by type, the names that the
// descriptors of SCM_RIGHTS get, a condition on a number, conditions on fields,
// or any for mere presence. Types that are not named may come too.
type ControlWant struct {
	node  *source.Node
	items []*controlWanted
}

type controlWanted struct {
	typ    sock.ControlType
	node   *source.Node
	names  Names
	value  ValueWant
	fields FieldsWant
}

// Decode reads the mapping.
func (w *ControlWant) Decode(d *Decoder, n *source.Node) {
	w.node = n
	if n.Kind != source.Map {
		d.Problem(n, "control is a mapping of types to what must come, not %s", n.Describe()).Hint = "write {SCM_RIGHTS: [conn]} or {IP_TTL: 64}"
		return
	}
	for _, e := range n.Entries {
		typ, ok := controlType(d, e.Key)
		if !ok {
			continue
		}
		it := &controlWanted{typ: typ, node: e.Value}
		switch {
		case typ.Kind == sock.CtlRights:
			d.notEmpty(e.Value)
			it.names.Decode(d, e.Value)
		case e.Value.Kind == source.Map:
			it.fields.Decode(d, e.Value)
		default:
			it.value.Decode(d, e.Value)
		}
		w.items = append(w.items, it)
	}
}

// NamesIn implements [Namer].
func (w *ControlWant) NamesIn(n *source.Node, add func(string)) {
	for _, e := range n.Entries {
		if typ, ok := sock.ControlByName(e.Key.Text); ok && typ.Kind == sock.CtlRights {
			new(Names).NamesIn(e.Value, add)
		}
	}
}

// Given reports whether ancillary data is expected.
func (w *ControlWant) Given() bool { return w.node != nil }

// Schema accepts a mapping.
func (w *ControlWant) Schema() Schema { return Schema{"type": "object"} }

// Type names the type in the reference.
func (w *ControlWant) Type() string { return "conditions by type of ancillary data" }

// of is what is expected of a type; nothing where it is not named.
func (w *ControlWant) of(typ string) *controlWanted {
	for _, it := range w.items {
		if it.typ.Name == typ {
			return it
		}
	}
	return new(controlWanted)
}

// static notes the names that descriptors get, and reports conditions that can
// never be met.
func (w *ControlWant) static(c *Check) {
	for _, it := range w.items {
		if it.typ.Kind == sock.CtlRights {
			c.makeReceived(&it.names)
		} else if form := controlForms[it.typ.Kind]; form != nil {
			form.check(c, it)
		}
	}
}

// check holds what came against the conditions; cut tells that some of it had no
// room.
func (w *ControlWant) check(env Env, got []Received, cut string) error {
	for _, it := range w.items {
		var found *Received
		for i := range got {
			if got[i].typ.Name == it.typ.Name {
				found = &got[i]
			}
		}
		if found == nil {
			return mismatch("expected %s, which did not come%s", it.typ.Name, cut)
		}
		if err := it.check(env, found, cut); err != nil {
			return err
		}
	}
	return nil
}

func (it *controlWanted) check(env Env, got *Received, cut string) error {
	fields, structured := got.value.(Fields)
	switch {
	case it.typ.Kind == sock.CtlRights:
		if len(got.handles) != it.names.Len() {
			plural := "s"
			if it.names.Len() == 1 {
				plural = ""
			}
			return mismatch("expected %d descriptor%s, got %d%s", it.names.Len(), plural, len(got.handles), cut)
		}
		return nil
	case it.value.text.lit == "any":
		return nil
	case structured:
		return it.fields.check(env, fields, it.typ.Name)
	case it.fields.node != nil:
		return mismatch("%s came without fields, as %s%s", it.typ.Name, FormatValue(got.value), cut)
	}
	value := got.value
	if a, ok := value.(sock.Addr); ok {
		value = a.String()
	}
	return it.value.check(env, value, it.typ.Name)
}

// Received is one piece of ancillary data that came.
type Received struct {
	typ     sock.ControlType
	handles []string // of descriptors
	value   any      // else: int, string, sock.Addr or Fields
}

// shown is the value as the transcript shows it. A field that varies from run to
// run shows itself where just one value is expected.
func (r Received) shown(want *FieldsWant) any {
	switch v := r.value.(type) {
	case nil:
		return Const("[" + strings.Join(r.handles, ", ") + "]")
	case Fields:
		return want.settled(v).show(nil)
	case int:
		if form := controlForms[r.typ.Kind]; form != nil && form.varies {
			return Const("<time>")
		}
	case sock.Addr:
		return v
	}
	return Const(FormatValue(r.value))
}

package steps

import (
	"golang.org/x/sys/unix"

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
			it.names.Decode(d, e.Value)
		case e.Value.Kind == source.Map:
			it.fields.Decode(d, e.Value)
		default:
			it.value.Decode(d, e.Value)
		}
		w.items = append(w.items, it)
	}
}

// Given reports whether ancillary data is expected.
func (w *ControlWant) Given() bool { return w.node != nil }

// Schema accepts a mapping.
func (w *ControlWant) Schema() Schema { return Schema{"type": "object"} }

// Type names the type in the reference.
func (w *ControlWant) Type() string { return "conditions by type of ancillary data" }

// handles are the names that received descriptors get.
func (w *ControlWant) handles() *Names {
	for _, it := range w.items {
		if it.typ.Kind == sock.CtlRights {
			return &it.names
		}
	}
	return new(Names)
}

// check holds what came against the conditions.
func (w *ControlWant) check(t *Task, got []Received) error {
	for _, it := range w.items {
		var found *Received
		for i := range got {
			if got[i].Name == it.typ.Name {
				found = &got[i]
			}
		}
		if found == nil {
			return mismatch("expected %s, which did not come", it.typ.Name)
		}
		if err := it.check(t, found); err != nil {
			return err
		}
	}
	return nil
}

func (it *controlWanted) check(t *Task, got *Received) error {
	fields, structured := got.value.(Fields)
	switch {
	case it.typ.Kind == sock.CtlRights:
		if len(got.handles) != it.names.Len() {
			return mismatch("expected %d descriptors, got %d", it.names.Len(), len(got.handles))
		}
		return nil
	case it.value.text.lit == "any":
		return nil
	case structured:
		return it.fields.check(t, fields, it.typ.Name)
	case it.fields.node != nil:
		return mismatch("%s has no fields; it is %s", it.typ.Name, FormatValue(got.value))
	}
	return it.value.check(t, got.value, it.typ.Name)
}

// takeControl reads the ancillary data of a receive. Descriptors become
// handles; those that get no name are closed at once.
func (r *receiver) takeControl(m *sock.Message) error {
	r.msgFlags |= m.Flags
	list, err := sock.ParseControl(m.Control[:m.ControlN])
	if err != nil {
		return err
	}
	for _, c := range list {
		got := Received{Name: c.Name}
		if c.Kind == sock.CtlRights {
			if got.handles, err = r.adopt(c.Rights()); err != nil {
				return err
			}
		} else {
			got.value = decodeControl(c)
		}
		r.control = append(r.control, got)
	}
	return nil
}

// adopt makes handles of received descriptors.
func (r *receiver) adopt(fds []int) ([]string, error) {
	names := r.action.control.handles()
	var shown []string
	for i, fd := range fds {
		if i >= names.Len() {
			unix.Close(fd)
			shown = append(shown, "fd")
			continue
		}
		s, err := r.t.Actor.Run.Sockets.Adopt(fd)
		if err != nil {
			return shown, err
		}
		name, err := names.Eval(r.t, i)
		if err != nil {
			return shown, err
		}
		r.t.set(name, &Handle{Name: name, Sock: s})
		r.t.publish(name)
		shown = append(shown, name)
	}
	return shown, nil
}

package option

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// Control is ancillary data to send: a mapping of types by their C names to
// their values.
type Control struct {
	Node  *source.Node
	items []*controlItem
	raw   payload.Payload // the whole buffer, instead of items
}

// A controlItem is one piece of ancillary data; which field counts depends on
// its type.
type controlItem struct {
	typ     sock.ControlType
	node    *source.Node
	rights  step.HandleList
	value   Value
	payload payload.Payload
	wrong   bool // which decode has reported
}

// Decode reads the mapping.
func (v *Control) Decode(d *value.Decoder, n *source.Node) {
	v.Node = n
	if n.Kind == source.Map && len(n.Entries) == 1 && payload.IsForm(n.Entries[0].Key.Text) || n.Kind == source.List {
		v.raw.Decode(d, n)
		return
	}
	if n.Kind != source.Map {
		d.Problem(n, "control is a mapping of types to values, not %s", n.Describe()).Hint = "write {SCM_RIGHTS: [conn]}"
		return
	}
	if len(n.Entries) == 0 {
		d.Problem(n, "control is empty").Hint = "write {SCM_RIGHTS: [conn]}, or leave it out"
	}
	for _, e := range n.Entries {
		typ, ok := controlType(d, e.Key)
		if !ok {
			continue
		}
		item := &controlItem{typ: typ, node: e.Value}
		item.decode(d, e.Value)
		v.items = append(v.items, item)
	}
}

// controlType finds the type that a key names.
func controlType(d *value.Decoder, key *source.Node) (sock.ControlType, bool) {
	typ, ok := sock.ControlByName(key.Text)
	if !ok {
		p := value.Unknown(d, key, "type of ancillary data")
		if p.Hint = source.DidYouMean(key.Text, sock.ControlNames()); p.Hint == "" {
			p.Hint = "write its C name, such as SCM_RIGHTS or IP_TTL, or LEVEL:TYPE in numbers"
		}
	}
	return typ, ok
}

// form is the form of the data; nil where it is bytes. Any type may be sent as
// a payload, whose size the kernel judges.
func (it *controlItem) form() *Form {
	if f := controlForms()[it.typ.Kind]; f != nil && f.Encode != nil && !it.payload.Given() {
		return f
	}
	return nil
}

func (it *controlItem) decode(d *value.Decoder, n *source.Node) {
	before := d.Count()
	form := it.form()
	switch {
	case it.typ.Kind == sock.CtlRights:
		it.rights.Decode(d, n)
	case form == nil, n.Kind == source.Map && len(n.Entries) == 1 && payload.IsForm(n.Entries[0].Key.Text):
		it.payload.Decode(d, n)
	case form.sends != nil && n.Kind == source.Map && len(n.Entries) == 0:
		it.value.Node = n // all fields are left out
	default:
		it.value.Decode(d, n)
	}
	it.wrong = d.Count() > before
}

// Check reports what can be known to be wrong without running.
func (v *Control) Check(c *check.Check) {
	for _, it := range v.items {
		for _, r := range it.rights.Refs {
			c.Hand(r)
		}
		form := it.form()
		if form == nil || it.wrong || !it.value.checkFields(c, it.typ.Name, form.sends, form.takes()) || !it.value.static() {
			continue
		}
		if _, err := form.Encode(&it.value, nil); err != nil {
			c.Problem(it.node, "%s: %s", it.typ.Name, err).Hint = "it takes " + form.takes()
		}
	}
}

// Given reports whether ancillary data was written at all.
func (v *Control) Given() bool { return v.Node != nil }

// Schema accepts a mapping, or a list of payloads.
func (v *Control) Schema() value.Schema {
	mapping := controlSchema()
	mapping["allOf"] = []value.Schema{{"minProperties": 1}}
	return value.Schema{"anyOf": []value.Schema{mapping, {"type": "array"}, new(payload.Payload).Schema()}}
}

// controlSchema describes a mapping by types of ancillary data.
func controlSchema() value.Schema {
	types := value.Schema{}
	for _, name := range sock.ControlNames() {
		types[name] = value.Schema{"type": []string{"string", "number", "boolean", "null", "array", "object"}}
	}
	s := value.Object(types)
	s["patternProperties"] = value.Schema{"^[-+]?[0-9]+:[-+]?[0-9]+$": value.Schema{}}
	return s
}

// Type names the type in the reference.
func (v *Control) Type() string { return "ancillary data by type" }

// Encode makes the control buffer of sendmsg(2), and what the transcript shows
// of it. s is the socket that sends.
func (v *Control) Encode(t *step.Task, s *sock.Socket) ([]byte, event.Plain, error) {
	if v.raw.Given() {
		data, err := v.raw.Blob(t)
		return data.Bytes, event.Plain(shownPayload(data)), err
	}
	var b []byte
	shown := event.Marked{Text: "{"}
	for i, it := range v.items {
		text, err := it.append(t, s, &b)
		if err != nil {
			return nil, event.Plain{}, fmt.Errorf("%s: %w", it.typ.Name, err)
		}
		if i > 0 {
			shown.Text += ", "
		}
		shown.Text += it.typ.Name + "="
		shown.Add(text)
	}
	shown.Text += "}"
	return b, event.Plain(shown), nil
}

// append adds the piece to b, and gives it as the transcript shows it.
func (it *controlItem) append(t *step.Task, s *sock.Socket, b *[]byte) (event.Marked, error) {
	if it.typ.Kind == sock.CtlRights {
		names, err := it.appendRights(t, b)
		return event.Marked{Text: names}, err
	}
	form := it.form()
	if form == nil {
		data, err := it.payload.Blob(t)
		*b = sock.AppendControl(*b, it.typ, data.Bytes)
		return shownPayload(data), err
	}
	v, err := it.value.Resolved(t)
	if err != nil {
		return event.Marked{}, err
	}
	data, err := v.Encode(form.Encode, For(s, t))
	if err != nil {
		return event.Marked{}, err
	}
	*b = sock.AppendControl(*b, it.typ, data)
	return it.shown(v), nil
}

// shownPayload is a payload in hexadecimal. What cannot be distinguished in it
// is masked as a whole.
func shownPayload(data payload.Blob) event.Marked {
	m := event.Marked{Text: shortHex(data.Bytes)}
	if from := (&value.Trace{Marks: data.Marks}).Origins(nil); len(from) > 0 {
		m.Marks = []event.Mark{{To: len(m.Text), Origins: from}}
	}
	return m
}

func (it *controlItem) appendRights(t *step.Task, b *[]byte) (string, error) {
	var list []*sock.Socket
	var names []string
	for _, r := range it.rights.Refs {
		h, err := r.Open(t)
		if err != nil {
			return "", err
		}
		list, names = append(list, h.Sock), append(names, h.Name)
	}
	t.Event.Passes = names
	*b = sock.AppendRights(*b, it.typ, list)
	return "[" + strings.Join(names, ", ") + "]", nil
}

// shown is the value, with its expressions run, as the transcript shows it. The
// ids of a process vary from run to run unless the file has them in figures.
func (it *controlItem) shown(v *Value) event.Marked {
	if v.Node.Kind == source.Map {
		written := it.value.fields.Values // none where one expression returned them all
		return v.shownFields(func(i int) bool {
			if i < len(written) {
				if _, static := written[i].Static(); static {
					return false
				}
			}
			return it.form().varies
		})
	}
	text, _ := v.text.Marked(nil) // there is no expression left in it
	if flags, wrong := parseTimestamps(text.Text); wrong == nil && it.typ.Kind == sock.CtlTimestamping {
		text.Text = flags.String()
	}
	return text
}

// Package wire reads and checks the section wire of a scenario: which segments
// must have crossed a link, and between which ends. What really crossed is
// compared after the run.
package wire

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Section is the value of the key wire. A transcript of a scenario that has
// it ends with the lines of the wire, also where it is an empty list.
type Section struct {
	List []*Expectation
	Node *source.Node // nil where the scenario has none
}

// An Expectation says what must have crossed one point of the network.
type Expectation struct {
	// Ends are the two ends between which they crossed; nil: any.
	Ends []End
	// At is a link, or an interface as HOST.INTERFACE, or lo. Link is the link
	// of an interface; "" where it is on none.
	At, Link string
	// Exactly forbids other segments than those that are named.
	Exactly  bool
	Segments []Segment
	Node     *source.Node // of the item, or of its list of exact segments

	ends connection
	at   text
}

// An End is one side of what an expectation is about: a socket or an address.
type End struct {
	Actor, Name string         // of a socket; "" for an address
	Addr        netip.AddrPort // with the port 0: any port
	Node        *source.Node
}

// String is the end as the file has it.
func (e End) String() string {
	switch {
	case e.Actor != "":
		return e.Actor + "." + e.Name
	case e.Addr.Port() == 0:
		return e.Addr.Addr().String()
	}
	return e.Addr.String()
}

// Given reports whether the scenario has the section.
func (v *Section) Given() bool { return v.Node != nil }

// Written implements [value.Written].
func (v *Section) Written() {}

const listHint = "write a list: [{connection: [client.sock, server.conn], segments: ['> S', '< S.']}]"

// Decode reads the list.
func (v *Section) Decode(d *value.Decoder, n *source.Node) {
	v.Node = n
	if n.Kind != source.List {
		d.Problem(n, "wire is a list of what must have crossed the network, not %s", n.Describe()).Hint = listHint
		return
	}
	for _, item := range n.Items {
		e := &Expectation{Node: item}
		before := d.Count()
		e.decode(d, item)
		if d.Count() == before {
			v.List = append(v.List, e)
		}
	}
}

// Schema accepts such a list.
func (v *Section) Schema() value.Schema {
	keys := value.Schema{}
	for _, p := range new(Expectation).params() {
		keys[p.Key] = value.Described(p)
	}
	one := value.Object(keys)
	one["oneOf"] = []value.Schema{{"required": []string{segmentsKey}}, {"required": []string{exactlyKey}}}
	return value.Schema{"type": "array", "items": one}
}

// Type is what documentation calls the value.
func (v *Section) Type() string { return "list of mappings" }

// Keys document the keys of an item.
func Keys() []value.DocRow { return value.DocRows(new(Expectation).params()) }

const (
	segmentsKey = "segments"
	exactlyKey  = "exactly"
)

func (e *Expectation) params() []*value.Param {
	return []*value.Param{
		{Key: "connection", Value: &e.ends, Help: "between whom: two sockets as ACTOR.NAME, or addresses with or without a port; the direction > is from the first to the second. Without it, every packet there is meant, and > is out of the interface"},
		{Key: "at", Value: &e.at, Help: "where: a link, an interface as HOST.INTERFACE, or lo; default: lo of a private network, or the only link"},
		{Key: segmentsKey, Value: &segments{list: &e.Segments}, Help: "packets that must have crossed, in this order; others may be between them"},
		{Key: exactlyKey, Value: &segments{list: &e.Segments}, Help: "the packets that must have crossed, and no others but acknowledgements alone, unless the list names one, and what crossed before and was sent again"},
	}
}

func (e *Expectation) decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "an item of wire is a mapping, not %s", n.Describe()).Hint = listHint
		return
	}
	before := d.Count()
	d.Mapping(n, e.params(), "wire")
	if d.Count() > before {
		return
	}
	e.Ends, e.At = e.ends.list, e.at.text
	exact := n.Get(exactlyKey)
	switch some := n.Get(segmentsKey); {
	case some != nil && exact != nil:
		d.Problem(exact, "segments and exactly cannot both be given").Hint = "write exactly where nothing else may cross, else segments"
	case some == nil && exact == nil:
		d.Problem(n, "the segments are missing").Hint = "write segments: ['> S', '< S.'], or exactly: in place of segments"
	}
	if e.Exactly = exact != nil; e.Exactly {
		e.Node = exact
	}
}

// text is a text that holds no expression.
type text struct {
	text string
	node *source.Node
}

func (v *text) Written() {}

func (v *text) Decode(d *value.Decoder, n *source.Node) {
	var plain value.Plain
	if plain.Decode(d, n); !withExpression(d, n) {
		v.text, v.node = plain.Text, n
	}
}

func (v *text) Schema() value.Schema { return value.Schema{"type": "string"} }
func (v *text) Type() string         { return "text" }

// withExpression reports a text that holds one.
func withExpression(d *value.Decoder, n *source.Node) bool {
	if !strings.Contains(n.Text, "${") {
		return false
	}
	d.Problem(n, "what must have crossed the wire cannot hold an expression").Hint = "write it out; any stands for a number that only the run knows"
	return true
}

// connection is the value of that key.
type connection struct{ list []End }

func (v *connection) Written() {}

const endsHint = "write [client.sock, server.conn], or addresses as [10.0.0.1, 10.0.0.2:8080]"

func (v *connection) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.List || len(n.Items) != 2 {
		d.Problem(n, "a connection is a list of its two ends").Hint = endsHint
		return
	}
	for _, item := range n.Items {
		if item.Kind != source.Scalar {
			d.Problem(item, "an end of a connection is a text, not %s", item.Describe()).Hint = endsHint
			continue
		}
		if withExpression(d, item) {
			continue
		}
		end, ok := parseEnd(item.Text)
		if !ok {
			d.Problem(item, "%s is neither a socket of an actor nor an address", value.Quote(item.Text)).Hint = endsHint
		}
		end.Node = item
		v.list = append(v.list, end)
	}
}

func parseEnd(s string) (e End, ok bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		e.Addr = netip.AddrPortFrom(a.Unmap(), 0)
		return e, true
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		e.Addr = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		return e, true
	}
	e.Actor, e.Name, ok = strings.Cut(s, ".")
	return e, ok && value.IsName(e.Name) && e.Actor != ""
}

func (v *connection) Schema() value.Schema {
	return value.Schema{"type": "array", "items": value.Schema{"type": "string"}, "minItems": 2, "maxItems": 2}
}
func (v *connection) Type() string { return "list of two sockets or addresses" }

// segments is the value of the keys segments and exactly.
type segments struct{ list *[]Segment }

func (v *segments) Written() {}

func (v *segments) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.List {
		d.Problem(n, "the segments are a list, not %s", n.Describe()).Hint = "write ['> S', '< S.']"
		return
	}
	for _, item := range n.Items {
		if item.Kind != source.Scalar {
			d.Problem(item, "a segment is a text, not %s", item.Describe()).Hint = "write it in quotes, as '> S'"
			continue
		}
		if withExpression(d, item) {
			continue
		}
		s, err := Parse(item.Text)
		if err != nil {
			offset, msg, hint := err.Place()
			p := d.Problem(item, "%s", msg)
			p.MoveTo(item, item.At(offset)).Hint = hint
			continue
		}
		s.Node = item
		*v.list = append(*v.list, s)
	}
}

func (v *segments) Schema() value.Schema {
	return value.Schema{"type": "array", "items": value.Schema{"type": "string"}}
}
func (v *segments) Type() string { return "list of packets" }

// NamesAck reports whether one of the segments is an acknowledgement alone.
func (e *Expectation) NamesAck() bool {
	return slices.ContainsFunc(e.Segments, func(s Segment) bool { return s.isAck() })
}

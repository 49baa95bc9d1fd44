package network

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Link joins interfaces of hosts.
type Link struct {
	Name     string
	Join     []*End
	Snooping bool // multicast goes only where members are (RFC 4541)
	Querier  bool // the link asks for members
	Faults   []*Fault
	Node     *source.Node

	Impairments []Impairment // of the ends, by their places
	MTU         int          // larger packets are lost; 0: none are

	// Named says that a step names the link, or may.
	Named bool
}

// Impaired reports whether the link does anything to frames from the beginning.
func (l *Link) Impaired() bool {
	return l.MTU > 0 || len(l.Faults) > 0 || slices.ContainsFunc(l.Impairments, func(i Impairment) bool { return i.does() })
}

// End is the place of an interface among the ends of the link; -1 where it is
// not one.
func (l *Link) End(name string) int {
	return slices.IndexFunc(l.Join, func(e *End) bool { return e.String() == name })
}

// ends are the names of the ends.
func (l *Link) ends() []string {
	var list []string
	for _, e := range l.Join {
		list = append(list, e.String())
	}
	return list
}

// An End is an interface of a host that a link joins.
type End struct {
	Host, Interface string
	Node            *source.Node
}

// String is the end as the file writes it: alpha.eth0.
func (e *End) String() string { return e.Host + "." + e.Interface }

// links is the value of the key links.
type links struct{ list []*Link }

const linksHelp = "the links by name: each joins interfaces of hosts, two or more of them as a switch does"

func (v *links) Written() {}

func (v *links) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "links is a mapping of names to links, not %s", n.Describe()).Hint = "write {lan: {join: [alpha.eth0, beta.eth0]}}"
		return
	}
	for _, e := range n.Entries {
		if !value.IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name for a link", value.Quote(e.Key.Text)).Hint = value.NameHint
		}
		l := &Link{Name: e.Key.Text, Node: e.Key}
		if e.Value.Kind != source.Map {
			d.Problem(e.Value, "a link is a mapping with the key join, not %s", e.Value.Describe()).Hint = "write {join: [alpha.eth0, beta.eth0]}"
			continue
		}
		d.Mapping(joinFirst(e.Value), l.params(), "a link")
		v.list = append(v.list, l)
	}
}

// joinFirst puts the ends before what names them.
func joinFirst(n *source.Node) *source.Node {
	first := *n
	first.Entries = slices.Clone(n.Entries)
	slices.SortStableFunc(first.Entries, func(a, b source.Entry) int {
		return boolOrder(b.Key.Text == joinKey) - boolOrder(a.Key.Text == joinKey)
	})
	return &first
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

const joinKey = "join"

func (l *Link) params() []*value.Param {
	return []*value.Param{
		{Key: joinKey, Value: &join{link: l}, Required: true, Help: "its ends: interfaces as HOST.INTERFACE"},
		{Key: "snooping", Value: &flag{on: &l.Snooping}, Help: "true: multicast goes only to interfaces of members (RFC 4541), on a link that the kernel carries: one that does nothing to frames, and that no step link or fault names; default: false"},
		{Key: "querier", Value: &flag{on: &l.Querier}, Help: "true: the link asks for members, which snooping needs, also only where the kernel carries the frames; its questions are not among recorded frames; default: false"},
		{Key: "delay", Value: delayOf(l), Help: "how long each frame is on its way: 20ms; {by, from} for those of one end, or a list of these"},
		{Key: "jitter", Value: jitterOf(l), Help: "a random time that is added to the delay: {up_to, seed, from}, or a list of these; frames keep their order"},
		{Key: "rate", Value: rateOf(l), Help: "bits a second: 10Mbit; {limit, from} for the frames of one end, or a list of these"},
		{Key: "loss", Value: lossOf(l), Help: "the part of the frames that are lost at random: 1%; {part, seed, from}, or a list of these"},
		{Key: "mtu", Value: linkMTU(l), Help: "packets of more bytes are lost without an answer; the size that hosts send is that of their interfaces"},
		{Key: "faults", Value: &faults{link: l}, Help: faultsHelp},
	}
}

// join is the list of a link's ends.
type join struct{ link *Link }

func (v *join) Written() {}

func (v *join) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.List || len(n.Items) < 2 {
		d.Problem(n, "a link joins two interfaces or more").Hint = "write a list: [alpha.eth0, beta.eth0]"
		return
	}
	for _, item := range n.Items {
		if e, ok := readEnd(d, item); ok {
			v.link.Join = append(v.link.Join, e)
		}
	}
	v.link.makeImpairments()
}

// readEnd reads an interface as HOST.INTERFACE.
func readEnd(d *value.Decoder, n *source.Node) (*End, bool) {
	if n.Kind == source.Scalar && withExpression(d, n) {
		return nil, false
	}
	host, iface, ok := strings.Cut(n.Text, ".")
	if n.Kind != source.Scalar || !ok || !value.IsName(host) || !value.IsName(iface) {
		d.Problem(n, "expected an interface as HOST.INTERFACE, got %s", value.Shown(n)).Hint = "write alpha.eth0"
		return nil, false
	}
	return &End{host, iface, n}, true
}

const endPattern = `^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$`

func (v *join) Schema() value.Schema {
	return value.Schema{"type": "array", "minItems": 2, "items": textOf(endPattern)}
}

func (v *join) Type() string { return "list of interfaces" }

func linkMTU(l *Link) value.Value { return &stored[int]{Literal: newMTU(), to: &l.MTU} }

// stored is a value of the network that is kept somewhere.
type stored[T any] struct {
	*Literal[T]
	to *T
}

func (v *stored[T]) Decode(d *value.Decoder, n *source.Node) {
	v.Literal.Decode(d, n)
	*v.to = v.T
}

// Schema accepts links by name.
func (v *links) Schema() value.Schema {
	settings := value.Schema{}
	for _, p := range new(Link).params() {
		settings[p.Key] = value.Described(p)
	}
	return value.Schema{
		"type": "object", "additionalProperties": value.Object(settings, joinKey),
		"propertyNames": value.Schema{"pattern": value.NamePattern},
	}
}

func (v *links) Type() string { return "links by name" }

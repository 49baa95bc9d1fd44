package network

import (
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// An impairment is a value of a link that is written alone, or as a mapping
// with settings beside it.
type impairment struct {
	link   *Link
	ways   *oneWay
	alone  *value.Param // what a value that is not a mapping is
	more   []*value.Param
	called string // for messages: "a delay"
}

func (v *impairment) Written() {}

func (v *impairment) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		v.alone.Value.Decode(d, n)
		v.ways.all = append(v.ways.all, n)
		return
	}
	from := &endOf{link: v.link}
	d.Mapping(n, v.params(from), v.called)
	if from.node == nil {
		v.ways.all = append(v.ways.all, n)
		return
	}
	v.ways.from = append(v.ways.from, from)
}

func (v *impairment) params(from *endOf) []*value.Param {
	list := append([]*value.Param{v.alone}, v.more...)
	return append(list, &value.Param{Key: "from", Value: from, Help: "only frames of this end, as beta.eth1; default: those of all ends"})
}

// Schema accepts a value or a mapping.
func (v *impairment) Schema() value.Schema {
	settings := value.Schema{}
	for _, p := range v.params(&endOf{link: new(Link)}) {
		settings[p.Key] = value.Described(p)
	}
	return value.Schema{"anyOf": []value.Schema{v.alone.Value.Schema(), value.Object(settings, v.alone.Key)}}
}

func (v *impairment) Type() string {
	words := v.alone.Key
	for _, p := range v.more {
		words += ", " + p.Key
	}
	return v.alone.Value.Type() + " or {" + words + ", from}"
}

func delayOf(l *Link, ways *oneWay) *impairment {
	return &impairment{link: l, ways: ways, called: "a delay", alone: &value.Param{
		Key: "by", Value: &stored[time.Duration]{newDuration(), &l.Delay}, Required: true, Help: "how long",
	}}
}

func jitterOf(l *Link, ways *oneWay) *impairment {
	return &impairment{link: l, ways: ways, called: "a jitter", alone: &value.Param{
		Key: "up_to", Value: &stored[time.Duration]{newDuration(), &l.Jitter}, Required: true, Help: "the longest time that is added",
	}, more: []*value.Param{{Key: "seed", Value: &stored[uint64]{newSeed(), &l.JitterSeed}, Help: "fixes the sequence of random times; default: 1"}}}
}

func rateOf(l *Link, ways *oneWay) *impairment {
	return &impairment{link: l, ways: ways, called: "a rate", alone: &value.Param{
		Key: "limit", Value: &stored[int64]{newRate(), &l.Rate}, Required: true, Help: "bits a second: 64kbit, 10Mbit, 1Gbit",
	}}
}

func lossOf(l *Link, ways *oneWay) *impairment {
	return &impairment{link: l, ways: ways, called: "a loss", alone: &value.Param{
		Key: "part", Value: &stored[float64]{newPart(), &l.Loss}, Required: true, Help: "the part of the frames: 1%, 0.5%",
	}, more: []*value.Param{{Key: "seed", Value: &stored[uint64]{newSeed(), &l.LossSeed}, Help: "fixes the sequence of losses; default: 1"}}}
}

// endOf is one of the ends of a link.
type endOf struct {
	link *Link
	node *source.Node
	at   int // its place among the ends
}

func (v *endOf) Written() {}

func (v *endOf) Decode(d *value.Decoder, n *source.Node) {
	e, ok := readEnd(d, n)
	if !ok {
		return
	}
	v.node, v.at = n, v.link.End(e.String())
	if v.at < 0 && len(v.link.Join) > 0 {
		p := d.Problem(n, "%s is not an end of the link %s", e, v.link.Name)
		if p.Hint = source.DidYouMean(e.String(), v.link.ends()); p.Hint == "" {
			p.Hint = "its ends are " + value.JoinOr(v.link.ends())
		}
	}
}

func (v *endOf) Schema() value.Schema { return textOf(endPattern) }
func (v *endOf) Type() string         { return "interface" }

// oneWay collects which of a link's impairments are of one end, and which of
// all.
type oneWay struct {
	all  []*source.Node
	from []*endOf
}

// check sees to it that all impairments of a link are of the same ends.
func (w *oneWay) check(d *value.Decoder, l *Link) {
	for k, e := range w.from {
		if k > 0 && e.at != w.from[0].at || len(w.all) > 0 {
			p := d.Problem(e.node, "the link %s impairs frames of different ends", l.Name)
			p.Hint = "give delay, jitter, rate and loss the same from, or join a router between two links"
			return
		}
	}
	if len(w.from) > 0 {
		l.From = w.from[0].node.Text
	}
}

package network

import (
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// An Impairment is what a link does to all frames of one of its ends.
type Impairment struct {
	Delay  time.Duration
	Jitter time.Duration // up to so much is added to the delay
	Rate   int64         // bits a second; 0: as fast as it goes
	Loss   float64       // the part of the frames that are lost, from 0 to 1
	// The seeds fix the sequence of decisions.
	JitterSeed, LossSeed uint64
}

// does reports whether anything is done to frames.
func (i *Impairment) does() bool { return i.Delay > 0 || i.Jitter > 0 || i.Rate > 0 || i.Loss > 0 }

// An impairment is a value of a link: for the frames of all ends, alone or as a
// mapping with settings beside it; or for those of single ends, a mapping with
// from, and a list of them where several ends have one.
type impairment struct {
	link   *Link
	called string // for messages: "delay"
	// params are the value alone and the settings, which are read into an
	// impairment; keep copies them from there.
	params func(i *Impairment) (alone *value.Param, more []*value.Param)
	keep   func(to, from *Impairment)
}

func (v *impairment) Written() {}

func (v *impairment) Decode(d *value.Decoder, n *source.Node) {
	d.NotEmpty(n)
	items := n.OneOrMore()
	taken := make([]bool, len(v.link.Join))
	for _, item := range items {
		i, from := newImpairment(), &endOf{link: v.link}
		alone, more := v.params(&i)
		if item.Kind == source.Map {
			d.Mapping(item, withFrom(alone, more, from), "a "+v.called)
		} else {
			alone.Value.Decode(d, item)
		}
		if from.node == nil && len(items) > 1 {
			d.Problem(item, "this %s is for the frames of all ends, and another one is beside it", v.called).Hint = "name an end in each, as {" + alone.Key + ": …, from: alpha.eth0}"
			continue
		}
		for end := range v.link.Join {
			switch {
			case from.node != nil && from.at != end:
			case taken[end]:
				d.Problem(item, "the link %s has two values of %s for the frames of %s", v.link.Name, v.called, v.link.Join[end]).Hint = "leave one of them out"
			default:
				taken[end] = true
				v.keep(&v.link.Impairments[end], &i)
			}
		}
	}
}

func withFrom(alone *value.Param, more []*value.Param, from *endOf) []*value.Param {
	list := append([]*value.Param{alone}, more...)
	return append(list, &value.Param{Key: "from", Value: from, Help: "only frames of this end, as beta.eth1; default: those of all ends"})
}

// Schema accepts a value, a mapping, or mappings with an end each.
func (v *impairment) Schema() value.Schema {
	alone, more := v.params(new(Impairment))
	settings := value.Schema{}
	for _, p := range withFrom(alone, more, &endOf{link: new(Link)}) {
		settings[p.Key] = value.Described(p)
	}
	return value.Schema{"anyOf": []value.Schema{
		alone.Value.Schema(), value.Object(settings, alone.Key),
		{"type": "array", "minItems": 1, "items": value.Object(settings, alone.Key)},
	}}
}

func (v *impairment) Type() string {
	alone, more := v.params(new(Impairment))
	words := alone.Key
	for _, p := range more {
		words += ", " + p.Key
	}
	return alone.Value.Type() + ", or {" + words + ", from}, or a list of them"
}

func newImpairment() Impairment { return Impairment{JitterSeed: defaultSeed, LossSeed: defaultSeed} }

// makeImpairments gives every end what a link does that says nothing.
func (l *Link) makeImpairments() {
	l.Impairments = make([]Impairment, len(l.Join))
	for end := range l.Impairments {
		l.Impairments[end] = newImpairment()
	}
}

func delayOf(l *Link) *impairment {
	return &impairment{
		link: l, called: "delay",
		params: func(i *Impairment) (*value.Param, []*value.Param) {
			return &value.Param{Key: "by", Value: &stored[time.Duration]{newDuration(), &i.Delay}, Required: true, Help: "how long"}, nil
		},
		keep: func(to, from *Impairment) { to.Delay = from.Delay },
	}
}

func jitterOf(l *Link) *impairment {
	return &impairment{
		link: l, called: "jitter",
		params: func(i *Impairment) (*value.Param, []*value.Param) {
			return &value.Param{Key: "up_to", Value: &stored[time.Duration]{newDuration(), &i.Jitter}, Required: true, Help: "the longest time that is added"},
				seedOf(&i.JitterSeed, "fixes the sequence of random times; default: 1")
		},
		keep: func(to, from *Impairment) { to.Jitter, to.JitterSeed = from.Jitter, from.JitterSeed },
	}
}

func rateOf(l *Link) *impairment {
	return &impairment{
		link: l, called: "rate",
		params: func(i *Impairment) (*value.Param, []*value.Param) {
			return &value.Param{Key: "limit", Value: &stored[int64]{newRate(), &i.Rate}, Required: true, Help: "bits a second: 64kbit, 10Mbit, 1Gbit"}, nil
		},
		keep: func(to, from *Impairment) { to.Rate = from.Rate },
	}
}

func lossOf(l *Link) *impairment {
	return &impairment{
		link: l, called: "loss",
		params: func(i *Impairment) (*value.Param, []*value.Param) {
			return &value.Param{Key: "part", Value: &stored[float64]{newPart(), &i.Loss}, Required: true, Help: "the part of the frames: 1%, 0.5%"},
				seedOf(&i.LossSeed, "fixes the sequence of losses; default: 1")
		},
		keep: func(to, from *Impairment) { to.Loss, to.LossSeed = from.Loss, from.LossSeed },
	}
}

func seedOf(to *uint64, help string) []*value.Param {
	return []*value.Param{{Key: "seed", Value: &stored[uint64]{newSeed(), to}, Help: help}}
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

package steps

import (
	"slices"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A linkChange is a word, or a mapping of what a link does to all frames.
type linkChange struct {
	node     *source.Node
	word     string
	settings []*linkSetting
	mtu      value.Parsed[int]
}

// ofLink reports whether the mapping holds what only a link has.
func (v *linkChange) ofLink() bool {
	return slices.ContainsFunc(v.settings, func(s *linkSetting) bool { return len(s.parts) > 0 })
}

func (v *linkChange) params() []*value.Param {
	delay := func(c *step.Impairment) **time.Duration { return &c.Delay }
	jitter := func(c *step.Impairment) **time.Duration { return &c.Jitter }
	loss := func() linkValue {
		return &parsedSetting[float64]{value.NewParsed("part", value.ParsePart), func(c *step.Impairment) **float64 { return &c.Loss }}
	}
	rate := func() linkValue {
		return &parsedSetting[int64]{value.NewParsed("rate", value.ParseRate), func(c *step.Impairment) **int64 { return &c.Rate }}
	}
	v.settings = []*linkSetting{
		{name: "delay", key: "by", help: "how long each frame is on its way: 20ms", fresh: func() linkValue { return &timeSetting{to: delay} }},
		{name: "jitter", key: "up_to", help: "the longest time that is added to the delay of a frame: 5ms", fresh: func() linkValue { return &timeSetting{to: jitter} }},
		{name: "loss", key: "part", help: "the part of the frames that are lost: 1%", fresh: loss},
		{name: "rate", key: "limit", help: "bits a second: 64kbit, 10Mbit, 1Gbit", fresh: rate},
	}
	v.mtu = value.NewParsed("number", value.ParseMTU)
	var list []*value.Param
	for _, s := range v.settings {
		list = append(list, &value.Param{Key: s.name, Value: s, Help: s.help})
	}
	return append(list, &value.Param{Key: "mtu", Value: &v.mtu, Help: "of a link: larger packets are lost without an answer; of an interface: the size of the largest packet that it sends"})
}

// Decode reads a word or a mapping.
func (v *linkChange) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	if n.Kind == source.Map {
		d.Mapping(n, v.params(), "set")
		if len(n.Entries) == 0 {
			d.Problem(n, "this changes nothing").Hint = "write {delay: 20ms} or the like"
		}
		return
	}
	if n.Kind == source.Scalar && slices.Contains(linkWords, n.Text) {
		v.word = n.Text
		return
	}
	p := d.Problem(n, "expected %s, or a mapping, got %s", value.JoinOr(linkWords), value.Shown(n))
	p.Hint = source.DidYouMean(n.Text, linkWords)
}

// Schema accepts a word or a mapping.
func (v *linkChange) Schema() value.Schema {
	settings := value.Schema{}
	for _, p := range new(linkChange).params() {
		settings[p.Key] = value.Described(p)
	}
	return value.Schema{"anyOf": []value.Schema{{"enum": linkWords}, value.Object(settings)}}
}

// Type names the type in the reference.
func (v *linkChange) Type() string {
	return "cut, whole, down, up, or {delay, jitter, loss, rate, mtu}"
}

// checkEnds reports settings of what is not an end of the link.
func (v *linkChange) checkEnds(c *check.Check, link string, ends []string) {
	for _, s := range v.settings {
		for _, p := range s.parts {
			from, static := p.from.Static()
			if !p.from.Given() || !static || slices.Contains(ends, from) {
				continue
			}
			q := c.Problem(p.from.Node, "%s is not an end of the link %s", value.Quote(from), link)
			if q.Hint = source.DidYouMean(from, ends); q.Hint == "" {
				q.Hint = "its ends are " + value.JoinOr(ends)
			}
		}
	}
}

// changes are what the mapping says, and how an event shows it.
func (v *linkChange) changes(t *step.Task) (list []step.Impairment, shown []any, err error) {
	for _, s := range v.settings {
		for _, p := range s.parts {
			var c step.Impairment
			text, err := p.value.read(t, &c)
			if err != nil {
				return nil, nil, err
			}
			label := event.Marked{Text: s.name + " "}
			label.Add(text)
			if p.from.Given() {
				from, err := p.from.Marked(t)
				if err != nil {
					return nil, nil, err
				}
				label.Add(event.Marked{Text: " from "})
				label.Add(from)
				c.From = from.Text
			}
			list, shown = append(list, c), append(shown, event.Plain(label))
		}
	}
	if !v.mtu.Given() {
		return list, shown, nil
	}
	mtu, text, err := v.mtu.Parse(t)
	return append(list, step.Impairment{MTU: &mtu}), append(shown, labelled("mtu", text)), err
}

// A linkSetting is one of the things that a link does to frames: for those of
// all ends a value alone, for those of single ends mappings with from.
type linkSetting struct {
	name, key, help string
	fresh           func() linkValue
	parts           []*linkPart
}

// A linkPart is what becomes of the frames of one end, or of all.
type linkPart struct {
	value linkValue
	from  value.Text
}

// A linkValue is a value of a setting.
type linkValue interface {
	value.Value
	// read puts the value into a change, and says how an event shows it.
	read(t *step.Task, c *step.Impairment) (event.Marked, error)
}

func (v *linkSetting) params(p *linkPart) []*value.Param {
	return []*value.Param{
		{Key: v.key, Value: p.value, Required: true, Help: v.help},
		{Key: "from", Value: &p.from, Help: "only frames of this end, as beta.eth1; default: those of all ends"},
	}
}

// Decode reads a value, a mapping, or a list of these.
func (v *linkSetting) Decode(d *value.Decoder, n *source.Node) {
	d.NotEmpty(n)
	v.parts = nil
	for _, item := range n.OneOrMore() {
		p := &linkPart{value: v.fresh()}
		if item.Kind == source.Map {
			d.Mapping(item, v.params(p), "a "+v.name)
		} else {
			p.value.Decode(d, item)
		}
		v.parts = append(v.parts, p)
	}
}

// Schema accepts a value, a mapping, or a list of mappings.
func (v *linkSetting) Schema() value.Schema {
	p := &linkPart{value: v.fresh()}
	settings := value.Schema{}
	for _, q := range v.params(p) {
		settings[q.Key] = value.Described(q)
	}
	one := value.Object(settings, v.key)
	return value.Schema{"anyOf": []value.Schema{p.value.Schema(), one, {"type": "array", "minItems": 1, "items": one}}}
}

// Type names the type in the reference.
func (v *linkSetting) Type() string {
	return v.fresh().Type() + ", or {" + v.key + ", from}, or a list of them"
}

// A timeSetting is a setting that is a duration.
type timeSetting struct {
	value.Duration
	to func(*step.Impairment) **time.Duration
}

func (v *timeSetting) read(t *step.Task, c *step.Impairment) (event.Marked, error) {
	d, text, err := v.Marked(t, time.Duration.String)
	*v.to(c) = &d
	return text, err
}

// A parsedSetting is a setting that is a text of a certain form.
type parsedSetting[T any] struct {
	value.Parsed[T]
	to func(*step.Impairment) **T
}

func (v *parsedSetting[T]) read(t *step.Task, c *step.Impairment) (event.Marked, error) {
	x, text, err := v.Parse(t)
	*v.to(c) = &x
	return text, err
}

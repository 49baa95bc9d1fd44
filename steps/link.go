package steps

import (
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var linkKind = step.Kind{
	Name:    "link",
	Summary: "cut a link, or change what it does to frames",
	Text: `cut makes all frames on the link vanish: nobody is told, as when somebody pulls a
cable between two switches. whole ends that. down takes the carrier from the
interfaces at all ends, up gives it back. With an interface in place of the link,
down and up are those of an administrator, as ip link set does it: the host has
no route there while it is down (ENETUNREACH). A mapping changes the link's
delay, jitter, loss, rate and mtu, or the mtu of an interface. What a cut, a loss
or a jitter did to single frames is not shown. A cut is the fault LINK.cut: see fault.`,
	Example: `requires: netns
network:
  hosts:
    alpha: {eth0: 192.168.1.1/24}
    beta: {eth0: 192.168.1.2/24}
  links:
    lan: {join: [alpha.eth0, beta.eth0]}
actors:
  alpha:
    - link: lan
      set: cut
    - socket: udp
      as: sock
    - send: sock
      to: 192.168.1.2:9
      data: nobody gets it
    - link: lan
      set: whole
    - link: alpha.eth0
      set: down
    - send: sock
      to: 192.168.1.2:9
      data: nor this
      expect: {error: ENETUNREACH}
`,
	Beneath: step.Beneath{
		Call:   "cut, whole and a mapping: none, sockscript itself carries the frames; down and up: RTM_NEWLINK with IFF_UP, see netdevice(7)",
		Kernel: "knows nothing of a cut. Without a carrier the host sends nothing, and keeps its addresses and routes; an interface that is down loses its routes.",
		Wire:   "in a cut TCP sends again and again, at longer and longer intervals, until the link is whole or it gives up (RFC 6298).",
	},
	New:  func() step.Action { return new(linkAction) },
	Hint: func(errno syscall.Errno, _ sock.Addr) string { return networkHints[errno] },
}

type linkAction struct {
	name value.Text
	set  linkChange
}

func (a *linkAction) Params(p *step.Params) {
	p.Value(&a.name, "the link: lan; or an interface: alpha.eth0, in a network without hosts lo")
	p.Key("set", &a.set, "cut, whole, down or up; or a mapping with delay, jitter, loss, rate and mtu").Need()
}

func (a *linkAction) Run(t *step.Task) error {
	name, err := a.name.Marked(t)
	if err != nil {
		return err
	}
	link, isLink := t.Actor.Run.Network().Link(name.Text)
	if !isLink && !strings.Contains(name.Text, ".") && t.Actor.Host != "" {
		return value.Mismatchf("the network has no link %s", value.Quote(name.Text))
	}
	args := []any{event.Plain(name)}
	if a.set.word != "" {
		t.Call("link", append(args, event.Const(a.set.word))...)
		if isLink {
			return done(t, a.set.turn(link))
		}
		return a.turnInterface(t, name.Text)
	}
	change, shown, err := a.set.impairment(t)
	if err != nil {
		return err
	}
	t.Call("link", append(args, shown...)...)
	switch {
	case isLink:
		return done(t, link.Impair(change))
	case change.MTU == nil || a.set.ofLink():
		return value.Mismatchf("%s is not a link, and an interface has only an mtu", value.Quote(name.Text))
	}
	h, iface, err := hostOf(t, name.Text)
	if err != nil {
		return err
	}
	return done(t, h.SetMTU(iface, *change.MTU))
}

// turn cuts a link or takes its carrier, or gives it back.
func (v *linkChange) turn(link step.Link) error {
	switch v.word {
	case cutWord, wholeWord:
		return link.Cut(v.word == cutWord)
	}
	return link.Carrier(v.word == upWord)
}

func (a *linkAction) turnInterface(t *step.Task, name string) error {
	if a.set.word == cutWord || a.set.word == wholeWord {
		return value.Mismatchf("%s is not a link, and an interface can only be down or up", value.Quote(name))
	}
	h, iface, err := hostOf(t, name)
	if err != nil {
		return err
	}
	return done(t, h.SetInterface(iface, a.set.word == upWord))
}

// UsesLink implements [step.LinkUser].
func (a *linkAction) UsesLink() (name string, known bool) {
	name, known = a.name.Static()
	if strings.Contains(name, ".") {
		name = "" // an interface
	}
	return name, known
}

func (a *linkAction) Check(c *check.Check) {
	name, static := a.name.Static()
	top := c.Topology()
	if !static || top == nil {
		return
	}
	switch {
	case top.Links[name] != nil:
		return
	case strings.Contains(name, "."):
		checkInterface(c, a.name.Node, name)
	case top.HasHosts():
		unknownLink(c, a.name.Node, name)
		return
	}
	switch {
	case a.set.word == cutWord || a.set.word == wholeWord:
		c.Problem(a.set.node, "%s is an interface, and only a link can be cut", name).Hint = "write down or up, or the name of a link"
	case a.set.ofLink():
		c.Problem(a.set.node, "%s is an interface, which has only an mtu", name).Hint = "write the name of its link to change its frames"
	}
}

func unknownLink(c *check.Check, n *source.Node, name string) {
	p := c.Problem(n, "the network has no link %s", value.Quote(name))
	if p.Hint = source.DidYouMean(name, c.Topology().LinkList()); p.Hint != "" {
		return
	}
	if p.Hint = "its links are " + value.JoinOr(c.Topology().LinkList()); len(c.Topology().Links) == 0 {
		p.Hint = "write links: in the network"
	}
}

// The words of a link.
const (
	cutWord   = "cut"
	wholeWord = "whole"
	downWord  = "down"
	upWord    = "up"
)

var linkWords = []string{cutWord, wholeWord, downWord, upWord}

// A linkChange is a word, or a mapping of what a link does to all frames.
type linkChange struct {
	node   *source.Node
	word   string
	delay  value.Duration
	jitter value.Duration
	loss   value.Parsed[float64]
	rate   value.Parsed[int64]
	mtu    value.Parsed[int]
}

// ofLink reports whether the mapping holds what only a link has.
func (v *linkChange) ofLink() bool {
	return v.delay.Given() || v.jitter.Given() || v.loss.Given() || v.rate.Given()
}

func (v *linkChange) params() []*value.Param {
	v.loss, v.rate, v.mtu = value.NewParsed("part", value.ParsePart), value.NewParsed("rate", value.ParseRate), value.NewParsed("number", value.ParseMTU)
	return []*value.Param{
		{Key: "delay", Value: &v.delay, Help: "how long each frame is on its way: 20ms"},
		{Key: "jitter", Value: &v.jitter, Help: "the longest time that is added to the delay of a frame: 5ms"},
		{Key: "loss", Value: &v.loss, Help: "the part of the frames that are lost: 1%"},
		{Key: "rate", Value: &v.rate, Help: "bits a second: 64kbit, 10Mbit, 1Gbit"},
		{Key: "mtu", Value: &v.mtu, Help: "of a link: larger packets are lost without an answer; of an interface: the size of the largest packet that it sends"},
	}
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
	p := d.Problem(n, "expected %s or a mapping, got %s", value.JoinOr(linkWords), value.Shown(n))
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

// impairment is what the mapping says, and how an event shows it.
func (v *linkChange) impairment(t *step.Task) (change step.Impairment, shown []any, err error) {
	for _, x := range []struct {
		word string
		v    *value.Duration
		to   **time.Duration
	}{{"delay", &v.delay, &change.Delay}, {"jitter", &v.jitter, &change.Jitter}} {
		if !x.v.Given() {
			continue
		}
		d, text, err := x.v.Marked(t, time.Duration.String)
		if err != nil {
			return change, nil, err
		}
		*x.to, shown = &d, append(shown, labelled(x.word, text))
	}
	if change.Loss, err = setting(t, "loss", &v.loss, &shown); err != nil {
		return change, nil, err
	}
	if change.Rate, err = setting(t, "rate", &v.rate, &shown); err != nil {
		return change, nil, err
	}
	change.MTU, err = setting(t, "mtu", &v.mtu, &shown)
	return change, shown, err
}

// setting is one value of the mapping, nil where it is not given.
func setting[T any](t *step.Task, word string, v *value.Parsed[T], shown *[]any) (*T, error) {
	if !v.Given() {
		return nil, nil
	}
	x, text, err := v.Parse(t)
	*shown = append(*shown, labelled(word, text))
	return &x, err
}

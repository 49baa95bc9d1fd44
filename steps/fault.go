package steps

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var faultKind = step.Kind{
	Name:    "fault",
	Summary: "set a fault of a link on or off, or wait until it has hit",
	Text: `A fault is a rule of a link: it drops, doubles, delays, reorders or corrupts the
frames that it matches. A rule that begins with set: off waits until it is set
on, and counts from there. hits is how many frames it has acted on; the step
waits until the number is as expected. LINK.cut, or LINK alone, is the cut of
the link: it hits each frame that is lost in the cut, also one that a host sends
by itself. A step that has waited for a frame comes after the step that sent it,
also one of another actor; of a frame that is lost in a cut, that step is not
known. Where a number or a condition is expected, the transcript shows what is
expected.`,
	Example: `requires: netns
network:
  hosts:
    alpha: {eth0: 192.168.1.1/24}
    beta: {eth0: 192.168.1.2/24}
  links:
    lan:
      join: [alpha.eth0, beta.eth0]
      faults:
        lost: {drop: {udp: 5000, nth: 1}}
actors:
  alpha:
    - socket: udp
      as: sock
    - send: sock
      to: 192.168.1.2:5000
      data: hello
    - fault: lan.lost
      expect: {hits: 1}
`,
	Beneath: step.Beneath{
		Call:   "none: sockscript carries the frames of a link with faults, and counts",
		Kernel: "knows nothing of it: for both hosts it is a bad cable.",
		Wire:   "the frame that was hit is lost, comes twice, late, out of order, or with a wrong byte.",
	},
	New: func() step.Action { return &faultAction{set: value.Enum{Words: []string{onWord, offWord}}} },
}

const (
	onWord  = "on"
	offWord = "off"
)

type faultAction struct {
	name value.Text
	set  value.Enum
	hits value.Compare
}

func (a *faultAction) Params(p *step.Params) {
	p.Value(&a.name, "the fault: wan.lost; or a link alone, for its cut")
	p.Key("set", &a.set, "on or off")
	p.Result("hits", &a.hits, "how many frames it must have acted on: a number or a condition; the step waits for it")
	p.Makes = "the number of its hits"
	p.Word = "hits"
}

func (a *faultAction) Run(t *step.Task) error {
	name, err := a.name.Marked(t)
	if err != nil {
		return err
	}
	on, fault, dotted := strings.Cut(name.Text, ".")
	if !dotted {
		fault = cutWord
	}
	link, ok := t.Actor.Run.Network().Link(on)
	if !ok {
		return value.Mismatchf("the network has no link %s", value.Quote(on))
	}
	if a.set.Given() {
		t.Call("fault", event.Plain(name), event.Const(a.set.Word))
		if err := link.Arm(fault, a.set.Word == onWord); err != nil {
			return failedCall(t, err)
		}
		t.Return(event.Const("0"))
		if !a.hits.Given() && !t.Step.As.Given() {
			return nil
		}
		t.Record()
	}
	t.Call("fault", event.Plain(name))
	hits, err := a.wait(t, link, fault)
	if err != nil {
		return failedCall(t, err)
	}
	if err := a.hit(t, link, fault, hits); err != nil {
		return err
	}
	shown, err := a.shown(t, hits, fault)
	if err != nil {
		return err
	}
	t.Return(shown)
	return t.SetAs(0, hits)
}

// aLongTime is longer than any step waits.
const aLongTime = 24 * time.Hour

// wait waits until the fault has hit as often as expected.
func (a *faultAction) wait(t *step.Task, link step.Link, fault string) (int, error) {
	for {
		hits, again, err := link.Hits(fault)
		if err != nil || !a.hits.Given() {
			return hits, err
		}
		holds, want, err := a.hits.Holds(t, int64(hits))
		if err != nil || holds {
			return hits, err
		}
		t.Missing = fmt.Sprintf("expected hits: %s, the fault has hit %s", want, source.Count(hits, "time", "times"))
		if err := t.PauseUntil(again, aLongTime); err != nil {
			return hits, err
		}
	}
}

// hit notes the frame that the step has waited for: that with which the number
// of hits was first as expected.
func (a *faultAction) hit(t *step.Task, link step.Link, fault string, hits int) error {
	if !a.hits.Given() {
		return nil
	}
	for n := range hits + 1 {
		frame, first, seen := link.Hit(fault, n)
		if n > 0 && !seen {
			return nil
		}
		holds, _, err := a.hits.Holds(t, int64(n))
		if err != nil || holds && n == 0 {
			return err
		}
		if holds {
			t.Event.Op, t.Event.Sums = event.OpHit, []event.Datagram{event.FrameOnLink(frame, first)}
			return nil
		}
	}
	return nil
}

// shown is what the scenario expects, where it does: how many hits there are
// beyond that is a matter of time.
func (a *faultAction) shown(t *step.Task, hits int, fault string) (any, error) {
	switch {
	case a.hits.Given():
		text, err := a.hits.Condition(t)
		return event.Const(text), err
	case fault == cutWord:
		return event.Const("<hits>"), nil
	}
	return hits, nil
}

// UsesLink implements [step.LinkUser].
func (a *faultAction) UsesLink() (name string, known bool) {
	name, known = a.name.Static()
	name, _, _ = strings.Cut(name, ".")
	return name, known
}

func (a *faultAction) Check(c *check.Check) {
	if a.set.Given() && !a.hits.Given() && len(c.Step.As.List) == 0 && c.MustSucceed() {
		c.NothingToMask("a step that sets a fault on or off returns nothing")
	}
	c.MakeValues()
	name, static := a.name.Static()
	top := c.Topology()
	if !static || top == nil {
		return
	}
	on, fault, dotted := strings.Cut(name, ".")
	if n, only := a.hits.Number(); only && n > 0 && (!dotted || fault == cutWord) {
		p := c.Problem(a.hits.Node, "how many frames are lost in a cut depends on time: hosts send some by themselves, and TCP sends again")
		p.Severity, p.Hint = source.Warning, fmt.Sprintf("write hits: \">=%d\"", n)
	}
	link := top.Links[on]
	switch {
	case link == nil:
		unknownLink(c, a.name.Node, on)
	case (!dotted || fault == cutWord) && a.set.Given():
		c.Problem(a.set.Node, "the cut of a link is set with link").Hint = "write link: " + on + ", set: cut or whole"
	case dotted && !slices.Contains(link.Faults, fault):
		p := c.Problem(a.name.Node, "the link %s has no fault %s", on, value.Quote(fault))
		if p.Hint = source.DidYouMean(fault, link.Faults); p.Hint == "" {
			p.Hint = "its faults are " + value.JoinOr(link.Faults)
		}
	}
}

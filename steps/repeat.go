package steps

import (
	"fmt"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var repeatKind = step.Kind{
	Name:    "repeat",
	Summary: "run steps again and again",
	Text: `The value is a count, {while: CONDITION}, {until: CONDITION, within: 5s}, or
forever, in an actor with background: true, which is ended with the others.
while is evaluated before each round, and until after each round; the step fails
when the time of within is over and the condition does not hold. index names the
number of the round, from 0; the condition can use it.
Rounds that print the same lines are folded: the transcript shows the first
round, the last, and a line with the number of the others.`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - repeat: 1000
      index: i
      steps:
        - send: a
          data: ping
        - recv: b
          expect: ping
    - close: [a, b]
`,
	New:   func() step.Action { return new(repeatAction) },
	Loops: true, OverTurns: true,
}

type repeatAction struct {
	rounds Rounds
	index  value.SingleName
	body   step.Block
}

func (a *repeatAction) Params(p *step.Params) {
	p.Value(&a.rounds, "how many rounds, {while: CONDITION}, {until: CONDITION, within: DURATION}, or forever")
	p.Key("index", &a.index, "a name for the number of the round, from 0")
	p.Key("steps", &a.body, "the steps of one round").Need()
}

func (a *repeatAction) Unhurried() {}

func (a *repeatAction) named() []string { return a.index.Static() }

func (a *repeatAction) Run(t *step.Task) error {
	t.Announce()
	rounds, err := a.rounds.count.Eval(t)
	if err != nil {
		return err
	}
	late, within, err := a.rounds.end(t)
	if err != nil {
		return err
	}
	bound := t.Bound
	loop := t.World.Loop()
	for i := int64(0); !a.rounds.counted() || i < rounds; i++ {
		if err := t.NextRound(bound, &a.body); err != nil {
			return err
		}
		if a.index.Given() {
			t.Set(a.index.Static()[0], int(i))
		}
		if a.rounds.while.Given() {
			if more, err := a.rounds.while.Truth(t); err != nil || !more {
				return err
			}
		}
		if err := t.Round(&a.body, func() string { return fmt.Sprintf("round %d", i+1) }); err != nil {
			return err
		}
		loop.Round()
		if !a.rounds.until.Given() {
			continue
		}
		switch done, err := a.rounds.until.Truth(t); {
		case err != nil || done:
			return err
		case !late.IsZero() && !time.Now().Before(late):
			return value.Mismatchf("%s does not hold after %s and %s", a.rounds.until.Source, within, rounded(i+1))
		}
	}
	return nil
}

// rounded is a number of rounds for a message.
func rounded(n int64) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

func (a *repeatAction) Inner() []*value.Expr {
	if a.rounds.until.Given() {
		return []*value.Expr{&a.rounds.until}
	}
	return []*value.Expr{&a.rounds.while}
}

func (a *repeatAction) Check(c *check.Check) {
	for _, name := range a.index.Static() {
		c.MakeFreeValue(name, a.index.Node)
	}
	if a.rounds.while.Given() {
		c.Expression(&a.rounds.while)
	}
	if a.rounds.forever && !c.Endless() {
		c.Problem(c.Step.Verb, "nothing ends repeat: forever here").Hint = "give the actor background: true, or write a count, {while: CONDITION} or {until: CONDITION}"
	}
	n, static := a.rounds.count.Static()
	certain := a.rounds.forever || a.rounds.count.Given() && static && n > 0 || a.rounds.until.Given()
	c.Loop(&a.body, certain, !static || n > 1 || !a.rounds.counted())
	if a.rounds.until.Given() {
		c.Expression(&a.rounds.until) // it sees what the round gives
	}
}

// Rounds says how often: a count, or up to a condition.
type Rounds struct {
	count   value.Int
	while   value.Expr
	until   value.Expr
	within  value.Duration // of until: how long it may take
	forever bool
}

// forever is the word for rounds without an end.
const forever = "forever"

// counted reports whether the number of rounds is known before the first.
func (r *Rounds) counted() bool { return !r.while.Given() && !r.until.Given() && !r.forever }

// end is when the condition of until must hold, and the duration up to there;
// the zero time where that is not bounded.
func (r *Rounds) end(t *step.Task) (time.Time, time.Duration, error) {
	if !r.within.Given() {
		return time.Time{}, 0, nil
	}
	d, err := r.within.Eval(t)
	return time.Now().Add(d), d, err
}

// Decode reads a count, or a mapping with a condition.
func (r *Rounds) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.Scalar && n.Text == forever {
		r.forever = true
		return
	}
	if n.Kind != source.Map {
		r.count.Decode(d, n)
		return
	}
	d.Mapping(n, r.params(), "repeat")
	switch {
	case r.while.Given() == r.until.Given() && (r.while.Given() || len(n.Entries) == 0):
		d.Problem(n, "repeat takes one of while and until").Hint = "write {while: CONDITION} or {until: CONDITION, within: 5s}"
	case r.within.Given() && !r.until.Given():
		d.Problem(n, "within is the bound of until").Hint = "write {until: CONDITION, within: 5s}"
	}
}

func (r *Rounds) params() []*value.Param {
	return []*value.Param{
		{Key: "while", Value: &r.while, Help: "a condition; it is asked before each round"},
		{Key: "until", Value: &r.until, Help: "a condition; it is asked after each round"},
		{Key: "within", Value: &r.within, Help: "how long until may take"},
	}
}

// Schema accepts a count, or a mapping with a condition.
func (r *Rounds) Schema() value.Schema {
	properties := value.Schema{}
	for _, p := range r.params() {
		properties[p.Key] = value.Described(p)
	}
	while := value.Object(value.Schema{"while": properties["while"]}, "while")
	until := value.Object(value.Schema{"until": properties["until"], "within": properties["within"]}, "until")
	return value.Schema{"anyOf": []value.Schema{r.count.Schema(), {"const": forever}, while, until}}
}

// Type names the type in the reference.
func (r *Rounds) Type() string {
	return "number, forever, {while: expression} or {until: expression, within: duration}"
}

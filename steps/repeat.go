package steps

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var repeatKind = step.Kind{
	Name:    "repeat",
	Summary: "run steps again and again",
	Text: `The value is a count, or {while: CONDITION}. index names the round, from 0; the
condition sees it too.
Rounds that print alike are folded in the transcript: the first, the last, and a
line that counts the rest.`,
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
	Loops: true,
}

type repeatAction struct {
	rounds Rounds
	index  value.SingleName
	body   step.Block
}

func (a *repeatAction) Params(p *step.Params) {
	p.Value(&a.rounds, "how many rounds, or {while: CONDITION}")
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
	bound := t.Bound
	loop := t.World.Loop()
	defer loop.End()
	for i := 0; a.rounds.cond.Given() || i < rounds; i++ {
		if err := t.NextRound(bound, &a.body); err != nil {
			return err
		}
		if a.index.Given() {
			t.Set(a.index.Static()[0], i)
		}
		if a.rounds.cond.Given() {
			if more, err := a.rounds.cond.Truth(t); err != nil || !more {
				return err
			}
		}
		if err := t.Within(&a.body); err != nil {
			return err
		}
		loop.Round()
	}
	return nil
}

func (a *repeatAction) Inner() *value.Expr { return &a.rounds.cond }

func (a *repeatAction) Check(c *step.Check) {
	for _, name := range a.index.Static() {
		c.MakeFreeValue(name, a.index.Node)
	}
	if a.rounds.cond.Given() {
		c.Expression(&a.rounds.cond)
	}
	n, static := a.rounds.count.Static()
	certain := a.rounds.count.Given() && static && n > 0
	c.Loop(&a.body, certain, !static || n > 1 || a.rounds.cond.Given())
}

// Rounds says how often: a count, or a condition.
type Rounds struct {
	count value.Int
	cond  value.Expr
}

// Decode reads a count or {while: CONDITION}.
func (r *Rounds) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		r.count.Decode(d, n)
		return
	}
	d.Mapping(n, []*value.Param{{Key: "while", Value: &r.cond, Required: true, Help: "a condition"}}, "repeat")
}

// Schema accepts a count or {while: CONDITION}.
func (r *Rounds) Schema() value.Schema {
	return value.Schema{"anyOf": []value.Schema{r.count.Schema(), value.Object(value.Schema{"while": r.cond.Schema()}, "while")}}
}

// Type names the type in the reference.
func (r *Rounds) Type() string { return "number, or {while: expression}" }

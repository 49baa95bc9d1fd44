package steps

import (
	"slices"
	"sync"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var parallelKind = step.Kind{
	Name:    "parallel",
	Summary: "run branches of steps at the same time",
	Text: `The branches share the actor's handles and names. The step ends when all
branches have ended. For example, each direction of a connection can have its
own branch.`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - parallel:
        reader:
          - recv: b
            expect: hello
        writer:
          - send: a
            data: hello
    - close: [a, b]
`,
	Shares: true,
	New: func() step.Action {
		a := new(parallelAction)
		a.contested = sync.OnceValue(a.branches.contested)
		return a
	},
}

type parallelAction struct {
	branches  Branches
	contested func() map[string]bool
}

func (a *parallelAction) Params(p *step.Params) {
	p.Value(&a.branches, "a mapping of the branches' names to their steps")
}

func (a *parallelAction) Unhurried() {}

func (a *parallelAction) Run(t *step.Task) error {
	t.Announce()
	t.Begin()
	t.Actor.Contest(a.contested())
	limit := t.Inner()
	var running []step.Branch
	var tasks []*step.Task
	for i, name := range a.branches.names {
		branch := t.Branch(t.Actor, limit)
		branch.Causes = slices.Clone(t.Causes)
		body := a.branches.bodies[i]
		tasks = append(tasks, branch)
		running = append(running, t.World.Fork(name, &t.Step.Place, false, func(w step.World) error {
			return branch.Beside(w, body, false)
		}))
	}
	// The limit bounds each step of the branches, so that the one that comes
	// too late is reported.
	for i, b := range running {
		if err := t.Join(b, tasks[i], time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

func (a *parallelAction) Check(c *check.Check) {
	closed := make(map[*check.Symbol]int)
	used := make(map[string]bool)
	for i, b := range a.branches.bodies {
		c.AmongNames(a.siblings(i), used, func() {
			for sym, line := range c.Beside(b) {
				closed[sym] = max(closed[sym], line)
			}
		})
	}
	for sym, line := range closed {
		sym.ClosedAt = line
	}
	for name := range used {
		if sym := c.Symbols[name]; sym != nil {
			sym.Used = true
		}
	}
}

// siblings are the names that the branches beside the ith give.
func (a *parallelAction) siblings(i int) *value.NameSet {
	names := value.NewNameSet()
	for j, b := range a.branches.bodies {
		if j == i {
			continue
		}
		step.WalkSteps(b, func(s *step.Step) { names.Merge(s.Gives, nil) })
	}
	return names
}

// Branches are named lists of steps.
type Branches struct {
	names  []string
	bodies []*step.Block
}

// Decode reads a mapping of names to lists of steps.
func (v *Branches) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "expected a mapping of branches to their steps, got %s", n.Describe())
		return
	}
	if len(n.Entries) == 0 {
		d.Problem(n, "there are no branches").Hint = "write {NAME: [steps], NAME: [steps]}"
		return
	}
	for _, e := range n.Entries {
		if !value.IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name for a branch", value.Quote(e.Key.Text)).Hint = value.NameHint
		}
		b := new(step.Block)
		b.Decode(d, e.Value)
		v.names, v.bodies = append(v.names, e.Key.Text), append(v.bodies, b)
	}
}

// Written implements [value.Written].
func (v *Branches) Written() {}

// Lists implements [step.Nest].
func (v *Branches) Lists(n *source.Node) []*source.Node {
	var lists []*source.Node
	for _, e := range n.Entries {
		lists = append(lists, e.Value)
	}
	return lists
}

// Schema accepts a mapping of names to lists of steps.
func (v *Branches) Schema() value.Schema {
	return value.Schema{
		"type": "object", "minProperties": 1, "additionalProperties": new(step.Block).Schema(),
		"propertyNames": value.Schema{"pattern": value.NamePattern},
	}
}

// Type names the type in the reference.
func (v *Branches) Type() string { return "lists of steps by name" }

package steps

import (
	"slices"
	"sync"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
)

var parallelKind = Kind{
	Name:    "parallel",
	Summary: "run branches of steps at the same time",
	Text: `The branches share the actor's handles and names. The step ends when all
branches have: both directions of one connection, say, each in its own branch.`,
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
	New: func() Action {
		a := new(parallelAction)
		a.contested = sync.OnceValue(a.branches.contested)
		return a
	},
}

type parallelAction struct {
	branches  Branches
	contested func() map[string]bool
}

func (a *parallelAction) Params(p *Params) {
	p.Value(&a.branches, "a mapping of the branches' names to their steps")
}

func (a *parallelAction) unhurried() {}

func (a *parallelAction) Run(t *Task) error {
	t.announce()
	t.begin()
	t.Actor.contest(a.contested())
	limit := t.inner()
	var running []Branch
	for i, name := range a.branches.names {
		branch := &Task{Ctx: t.Ctx, Actor: t.Actor, Limit: limit, frame: t.frame, causes: slices.Clone(t.causes)}
		body := a.branches.bodies[i]
		running = append(running, t.World.Fork(name, &t.step.Place, false, func(w World) error {
			branch.World = w
			return branch.Run(body)
		}))
	}
	// The limit bounds each step of the branches, so that the one that comes too
	// late is told.
	for _, b := range running {
		if err := t.World.Join(b, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

func (a *parallelAction) Check(c *Check) {
	closed := make(map[*Symbol]int)
	used := make(map[string]bool)
	for i, b := range a.branches.bodies {
		c.amongNames(a.siblings(i), used, func() {
			for sym, line := range c.beside(b) {
				closed[sym] = max(closed[sym], line)
			}
		})
	}
	for sym, line := range closed {
		sym.closedAt = line
	}
	for name := range used {
		if sym := c.symbols[name]; sym != nil {
			sym.used = true
		}
	}
}

// siblings are the names that the branches beside the ith give.
func (a *parallelAction) siblings(i int) *nameSet {
	names := newNameSet()
	for j, b := range a.branches.bodies {
		if j == i {
			continue
		}
		walkSteps(b, func(s *Step) { names.merge(s.gives, nil) })
	}
	return names
}

// amongNames checks a branch while its siblings give names, which it may use
// too: when they come, only the run can tell. Those that it uses go into used.
func (c *Check) amongNames(names *nameSet, used map[string]bool, check func()) {
	c.open = append(c.open, names.open...)
	before, during := make(map[string]*Symbol), make(map[string]*Symbol)
	for name := range names.fixed {
		before[name], during[name] = c.symbols[name], &Symbol{Name: name, anything: true}
		c.symbols[name] = during[name]
	}
	check()
	for name, sym := range during {
		if sym.used {
			used[name] = true
		}
		switch {
		case c.symbols[name] != sym: // the branch itself gives it too
		case before[name] == nil:
			delete(c.symbols, name)
		default:
			c.symbols[name] = before[name]
		}
	}
}

// Branches are named lists of steps.
type Branches struct {
	names  []string
	bodies []*Block
}

// Decode reads a mapping of names to lists of steps.
func (v *Branches) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "expected a mapping of branches to their steps, got %s", n.Describe())
		return
	}
	if len(n.Entries) == 0 {
		d.Problem(n, "there is no branch").Hint = "write {NAME: [steps], NAME: [steps]}"
		return
	}
	for _, e := range n.Entries {
		if !IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name for a branch", quoteShort(e.Key.Text))
		}
		b := new(Block)
		b.Decode(d, e.Value)
		v.names, v.bodies = append(v.names, e.Key.Text), append(v.bodies, b)
	}
}

// Lists implements [Nest].
func (v *Branches) Lists(n *source.Node) []*source.Node {
	var lists []*source.Node
	for _, e := range n.Entries {
		lists = append(lists, e.Value)
	}
	return lists
}

// Schema accepts a mapping of names to lists of steps.
func (v *Branches) Schema() Schema {
	return Schema{
		"type": "object", "minProperties": 1, "additionalProperties": new(Block).Schema(),
		"propertyNames": Schema{"pattern": namePattern},
	}
}

// Type names the type in the reference.
func (v *Branches) Type() string { return "lists of steps by name" }

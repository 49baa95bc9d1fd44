package steps

import (
	"slices"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var joinKind = step.Kind{
	Name:    "join",
	Summary: "wait for the end of a spawned branch or of a started program",
	Text: `After join, the names that the steps of a branch have made belong to the actor.
So the result of the call that the branch was in can be used. A program must
have ended with exit 0, or by the signal that a kill step sent it, unless expect
says otherwise: {exit: [0, 1]}, {signal: [TERM, INT]}, or both, of which one must
hold.`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - recv: b
          size: 5
          as: got
      as: reader
    - blocked: reader
    - send: a
      data: hello
    - join: reader
    - assert: got == "hello"
    - close: [a, b]
`,
	New: func() step.Action { return new(joinAction) },
}

// branchRef is the name of a spawned branch.
type branchRef struct{ value.Text }

// Schema accepts a name.
func (r *branchRef) Schema() value.Schema { return value.Schema{"type": "string"} }

// Type names the type in the reference.
func (r *branchRef) Type() string { return "branch" }

// spawned is a branch by its name.
func spawned(t *step.Task, name string) (*step.Spawned, error) {
	v, _ := t.Get(name)
	s, ok := v.(*step.Spawned)
	if !ok {
		return nil, value.Mismatchf("%s is not the name of a spawned branch", value.Quote(name))
	}
	return s, nil
}

// check reports a name that no spawn step gave, nor a start step where a
// program will do.
func (r *branchRef) check(c *step.Check, programs bool) *step.Symbol {
	name, known := c.Text(&r.Text)
	if !known {
		return nil
	}
	sym := c.Symbols[name]
	if sym == nil && c.MayBeThere(name) {
		return nil
	}
	if sym == nil && c.MadeElsewhere(name) {
		c.Problem(r.Node, "%s is used before the step that makes it", name).Hint = "move this step after the one with as: " + name
		return nil
	}
	if sym == nil || sym.Branch == nil && !sym.Anything {
		var known []string
		for n, s := range c.Symbols {
			if s.Branch != nil || programs && s.Program {
				known = append(known, n)
			}
		}
		what, hint := "branch", "name a branch with as: on its spawn step"
		if programs {
			what, hint = "branch or program", hint+", a program on its start step"
		}
		p := c.Problem(r.Node, "there is no %s %q here", what, name)
		if p.Hint = source.DidYouMean(name, slices.Sorted(slices.Values(known))); p.Hint == "" {
			p.Hint = hint
		}
		return nil
	}
	sym.Used = true
	return sym
}

type joinAction struct {
	what branchRef
	want program.ProgramWant
}

func (a *joinAction) Params(p *step.Params) {
	p.Value(&a.what, "the name of the branch or program, from as: of its spawn or start step")
	p.Results(a.want.Conditions())
	p.Makes = "how a program ended"
}

func (a *joinAction) Run(t *step.Task) error {
	name, err := a.what.Eval(t)
	if err != nil {
		return err
	}
	v, _ := t.Get(name)
	if p, ok := v.(*program.Program); ok {
		return a.program(t, p)
	}
	s, ok := v.(*step.Spawned)
	if !ok {
		return value.Mismatchf("%s is not the name of a spawned branch or of a program", value.Quote(name))
	}
	t.Call("join", event.Const(s.Name))
	if err := t.Join(s.Branch, s.Task, t.Deadline); err != nil {
		return err
	}
	t.Actor.Adopt(s.Actor)
	return nil
}

// program waits for a program's end.
func (a *joinAction) program(t *step.Task, p *program.Program) error {
	t.Call("join", event.Name(p.Name))
	if err := t.AwaitEnd(p); err != nil {
		return err
	}
	t.Actor.Run.Programs().Joined(p)
	t.Event.Op, t.Event.Proc = event.OpJoin, &event.Proc{ID: p.Id, Signal: p.Status.Signal}
	t.Return(event.Const(p.Status.String()))
	result := map[string]any{"exit": p.Status.Exit, "signal": program.SignalWord(p.Status.Signal)}
	if err := t.SetAs(0, result); err != nil {
		return err
	}
	return a.want.Check(t, p.Status, syscall.Signal(p.Killed.Load()))
}

func (a *joinAction) Check(c *step.Check) {
	name, known := c.Text(&a.what.Text)
	sym := c.Symbols[name]
	if !known || sym == nil && c.MayBeThere(name) || sym != nil && sym.Anything {
		c.JoinAny()
		c.MakeValues()
		return
	}
	if sym != nil && sym.Program {
		sym.Used = true
		c.MakeValues()
		return
	}
	if sym := a.what.check(c, true); sym != nil {
		for _, made := range sym.Branch {
			c.Symbols[made.Name] = made
		}
	}
}

package steps

import (
	"slices"
	"strings"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var joinKind = step.Kind{
	Name:    "join",
	Summary: "wait for the end of a spawned branch, of a forked process or of a program",
	Text: `After join, the names that the steps of a branch have made belong to the actor.
So the result of the call that the branch was in can be used. The handles of a
forked process are not among them. The name of another actor with process: true
is that process. A program or a process must have ended with
exit 0, or by the signal that a kill step sent it, unless expect says otherwise:
{exit: [0, 1]}, {signal: [TERM, INT]}, or both, of which one must hold.`,
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
	Beneath: step.Beneath{
		Call:   "wait4(2) for a process or a program; none for a branch",
		Kernel: "keeps the status of a process that has ended, until the parent asks for it.",
	},
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
// program will do. The name of another actor is that of its process.
func (r *branchRef) check(c *check.Check, programs bool) *check.Symbol {
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
	if sym == nil && c.ProcessActor(r.Node, name) {
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
			what, hint = "branch, process or program", "name a branch with as: on its spawn step, a process on its fork step, a program on its start step"
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
	p.Value(&a.what, "the name of the branch, process or program, from as: of its spawn, fork or start step")
	p.Results(a.want.Conditions())
	p.Makes = "how a program or process ended"
}

func (a *joinAction) Run(t *step.Task) error {
	name, err := a.what.Eval(t)
	if err != nil {
		return err
	}
	v, found := t.Get(name)
	if p, ok := v.(*program.Program); ok {
		return a.program(t, p)
	}
	s, ok := v.(*step.Spawned)
	if !found {
		if s, err = t.ProcessActor(name); err != nil {
			return err
		}
		ok = s != nil
	}
	if !ok {
		return value.Mismatchf("%s is not the name of a spawned branch or of a program", value.Quote(name))
	}
	if s.Process != nil {
		return a.process(t, s)
	}
	t.Call("join", event.Const(s.Name))
	if err := t.Join(s.Branch, s.Task, t.Deadline); err != nil {
		return err
	}
	t.Actor.Adopt(s.Actor)
	return nil
}

// process waits for the end of a forked process.
func (a *joinAction) process(t *step.Task, s *step.Spawned) error {
	t.Call("join", event.Const(s.Name))
	status, sent, err := t.JoinProcess(s)
	if err != nil {
		return err
	}
	t.Event.Op, t.Event.Proc = event.OpJoin, &event.Proc{ID: s.Process.ID(), Signal: status.Signal}
	return a.judge(t, status, sent)
}

// judge compares how a program or a process has ended with what is expected.
func (a *joinAction) judge(t *step.Task, status program.ExitStatus, sent syscall.Signal) error {
	t.Return(event.Const(status.String()))
	result := map[string]any{"exit": status.Exit, "signal": program.SignalWord(status.Signal)}
	if err := t.SetAs(0, result); err != nil {
		return err
	}
	return a.want.Check(t, status, sent)
}

// program waits for a program's end.
func (a *joinAction) program(t *step.Task, p *program.Program) error {
	t.Call("join", event.Name(p.Name))
	if err := t.AwaitEnd(p); err != nil {
		return err
	}
	t.Actor.Run.Programs().Joined(p)
	t.Event.Op, t.Event.Proc = event.OpJoin, &event.Proc{ID: p.Id, Signal: p.Status.Signal}
	return a.judge(t, p.Status, syscall.Signal(p.Killed.Load()))
}

// Watches implements [step.Watcher].
func (a *joinAction) Watches() (actor, name string) {
	name, _ = a.what.Static()
	actor, _, _ = strings.Cut(name, "[")
	return actor, step.ItsEnd
}

func (a *joinAction) Check(c *check.Check) {
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
	if sym == nil {
		c.MakeValues() // of another actor's process, if it is not a mistake
	}
	if sym := a.what.check(c, true); sym != nil {
		for _, made := range sym.Branch {
			if !sym.Process || made.IsValue() {
				c.Symbols[made.Name] = made
			}
		}
		if sym.Process {
			c.MakeValues()
		}
	}
}

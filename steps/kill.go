package steps

import (
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var killKind = step.Kind{
	Name:    "kill",
	Summary: "send a signal to a started program or a forked process",
	Text: `The signal goes to a program and all its children, and to a forked process
alone. The name of another actor with process: true is that process. A kill step
of a forked process sends the signal from that process. See kill(2),
signal(7).`,
	Example: `actors:
  one:
    - start: [sleep, "60"]
      as: p
    - kill: p
      with: TERM
    - join: p
      expect: {signal: TERM}
`,
	Beneath: step.Beneath{
		Call:   "kill(2)",
		Kernel: "sends the process a signal, which ends it or is handled by it.",
		Errors: []step.LikelyError{
			{Errno: "ESRCH", Why: "the process has ended"},
		},
	},
	New:  func() step.Action { return new(killAction) },
	Hint: killHint,
}

func killHint(errno syscall.Errno, _ sock.Addr) string {
	if errno == syscall.ESRCH {
		return "the program has ended, and a join step has waited for it"
	}
	return ""
}

type killAction struct {
	program programRef
	with    program.Signal
}

func (a *killAction) Params(p *step.Params) {
	p.Value(&a.program, "the name of the program or process, from as: of its start or fork step")
	p.Key("with", &a.with, "the signal").Or("TERM")
}

func (a *killAction) Run(t *step.Task) error {
	sig := syscall.SIGTERM
	if a.with.Given() {
		sig = a.with.Sig
	}
	target, err := a.program.find(t)
	if err != nil {
		return err
	}
	if s, ok := target.(*step.Spawned); ok {
		if err := program.Lacking(sig); err != nil {
			return err
		}
		t.Call("kill", event.Const(s.Name), event.Const(program.SignalName(sig)))
		if err := t.Kill(s.Process, sig); err != nil {
			return err
		}
		t.Event.Op, t.Event.Proc = event.OpKill, &event.Proc{ID: s.Process.ID(), Signal: sig}
		t.Return(event.Const("0"))
		return nil
	}
	p := target.(*program.Program)
	t.Call("kill", event.Name(p.Name), event.Const(program.SignalName(sig)))
	before := p.Killed.Swap(int32(sig)) // beforehand: a branch may wait for the end
	if err := p.Signal(sig); err != nil {
		p.Killed.Store(before)
		return &sock.Error{Call: "kill", Err: err}
	}
	t.Event.Op, t.Event.Proc = event.OpKill, &event.Proc{ID: p.Id, Signal: sig}
	t.Return(event.Const("0"))
	return nil
}

func (a *killAction) Check(c *check.Check) {
	a.program.check(c)
	name, known := c.Text(&a.program.Text)
	sym := c.Symbols[name]
	if !known || !a.with.Given() || sym == nil || !sym.Process {
		return
	}
	if err := program.Lacking(a.with.Sig); err != nil {
		c.Problem(a.with.Node, "%v", err)
	}
}

// programRef is the name of a started program.
type programRef struct{ value.Text }

// Schema accepts a name.
func (r *programRef) Schema() value.Schema { return value.Schema{"type": "string"} }

// Type names the type in the reference.
func (r *programRef) Type() string { return "program" }

// find is the program itself, or the forked process.
func (r *programRef) find(t *step.Task) (any, error) {
	name, err := r.Eval(t)
	if err != nil {
		return nil, err
	}
	v, found := t.Get(name)
	if !found {
		if s, err := t.ProcessActor(name); s != nil || err != nil {
			return s, err
		}
	}
	switch v := v.(type) {
	case *program.Program:
		return v, nil
	case *step.Spawned:
		if v.Process != nil {
			return v, nil
		}
	}
	return nil, value.Mismatchf("%s is not the name of a program or of a forked process", value.Quote(name))
}

// check reports a name that no start step gave.
func (r *programRef) check(c *check.Check) {
	name, known := c.Text(&r.Text)
	if !known {
		return
	}
	sym := c.Symbols[name]
	if sym == nil && c.MayBeThere(name) {
		return
	}
	if sym != nil && (sym.Program || sym.Process || sym.Anything) {
		sym.Used = true
		return
	}
	if sym == nil && c.MadeElsewhere(name) {
		c.Problem(r.Node, "%s is used before the step that starts it", name).Hint = "move this step after the one with as: " + name
		return
	}
	if sym == nil && c.ProcessActor(r.Node, name) {
		return
	}
	p := c.Problem(r.Node, "there is no program or process %q here", name)
	if p.Hint = source.DidYouMean(name, c.Programs()); p.Hint == "" {
		p.Hint = "name a program with as: on its start step, a process on its fork step"
	}
}

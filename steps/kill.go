package steps

import (
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

var killKind = Kind{
	Name:    "kill",
	Summary: "send a signal to a program that start has started",
	Text:    `The signal goes to the program and all its children. See kill(2), signal(7).`,
	Example: `actors:
  one:
    - start: [sleep, "60"]
      as: p
    - kill: p
      with: TERM
    - join: p
      expect: {signal: TERM}
`,
	New: func() Action { return new(killAction) },
}

type killAction struct {
	program ProgramRef
	with    Signal
}

func (a *killAction) Params(p *Params) {
	p.Value(&a.program, "the program, as its start step named it")
	p.Key("with", &a.with, "the signal").Or("TERM")
}

func (a *killAction) Run(t *Task) error {
	p, err := a.program.find(t)
	if err != nil {
		return err
	}
	sig := syscall.SIGTERM
	if a.with.Given() {
		sig = a.with.sig
	}
	t.Call("kill", Name(p.Name), Const(signalName(sig)))
	before := p.killed.Swap(int32(sig)) // beforehand: a branch may wait for the end
	if err := p.signal(sig); err != nil {
		p.killed.Store(before)
		return &sock.Error{Call: "kill", Err: err}
	}
	t.Event.Op, t.Event.Proc = OpKill, &Proc{ID: p.id, Signal: sig}
	t.Return(Const("0"))
	return nil
}

func (a *killAction) Check(c *Check) { a.program.check(c) }

// ProgramRef is the name of a started program.
type ProgramRef struct{ Text }

// Schema accepts a name.
func (r *ProgramRef) Schema() Schema { return Schema{"type": "string"} }

// Type names the type in the reference.
func (r *ProgramRef) Type() string { return "program" }

// find is the program itself.
func (r *ProgramRef) find(t *Task) (*Program, error) {
	name, err := r.Eval(t)
	if err != nil {
		return nil, err
	}
	v, _ := t.get(name)
	p, ok := v.(*Program)
	if !ok {
		return nil, mismatch("%s is not the name of a program", quoteShort(name))
	}
	return p, nil
}

// check reports a name that no start step gave.
func (r *ProgramRef) check(c *Check) {
	name, known := c.text(&r.Text)
	if !known {
		return
	}
	sym := c.symbols[name]
	if sym == nil && c.mayBeThere(name) {
		return
	}
	if sym != nil && (sym.program || sym.anything) {
		sym.used = true
		return
	}
	if sym == nil && c.madeElsewhere(name) {
		c.problem(r.node, "%s is used before the step that starts it", name).Hint = "move this step behind the one with as: " + name
		return
	}
	p := c.problem(r.node, "there is no program %q here", name)
	if p.Hint = source.DidYouMean(name, c.programs()); p.Hint == "" {
		p.Hint = "name a program with as: on its start step"
	}
}

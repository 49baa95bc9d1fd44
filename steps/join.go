package steps

import (
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
)

var joinKind = Kind{
	Name:    "join",
	Summary: "wait for the end of a spawned branch or of a started program",
	Text: `From then on the names that a branch's steps gave are the actor's own: so
join gives the result of the call that the branch was in. A program must have
ended with exit 0, or by the signal that a kill step sent it, unless expect says
otherwise.`,
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
	New: func() Action { return new(joinAction) },
}

// BranchRef is the name of a spawned branch.
type BranchRef struct{ Text }

// Schema accepts a name.
func (r *BranchRef) Schema() Schema { return Schema{"type": "string"} }

// Type names the type in the reference.
func (r *BranchRef) Type() string { return "branch" }

// find is the branch itself.
func (r *BranchRef) find(t *Task) (*spawned, error) {
	name, err := r.Eval(t)
	if err != nil {
		return nil, err
	}
	v, _ := t.get(name)
	s, ok := v.(*spawned)
	if !ok {
		return nil, mismatch("%s is not the name of a spawned branch", quoteShort(name))
	}
	return s, nil
}

// check reports a name that no spawn step gave, nor a start step where a
// program will do.
func (r *BranchRef) check(c *Check, programs bool) *Symbol {
	name, known := c.text(&r.Text)
	if !known {
		return nil
	}
	sym := c.symbols[name]
	if sym == nil && c.mayBeThere(name) {
		return nil
	}
	if sym == nil && c.madeElsewhere(name) {
		c.problem(r.node, "%s is used before the step that gives it", name).Hint = "move this step behind the one with as: " + name
		return nil
	}
	if sym == nil || sym.branch == nil && !sym.anything {
		var known []string
		for n, s := range c.symbols {
			if s.branch != nil || programs && s.program {
				known = append(known, n)
			}
		}
		what, hint := "branch", "name a branch with as: on its spawn step"
		if programs {
			what, hint = "branch or program", hint+", a program on its start step"
		}
		p := c.problem(r.node, "there is no %s %q here", what, name)
		if p.Hint = source.DidYouMean(name, sorted(known)); p.Hint == "" {
			p.Hint = hint
		}
		return nil
	}
	sym.used = true
	return sym
}

type joinAction struct {
	what BranchRef
	want ProgramWant
}

func (a *joinAction) Params(p *Params) {
	p.Value(&a.what, "the branch, as its spawn step named it, or the program, as its start step did")
	p.Results(a.want.Conditions())
	p.Makes = "how a program ended"
}

func (a *joinAction) Run(t *Task) error {
	name, err := a.what.Eval(t)
	if err != nil {
		return err
	}
	v, _ := t.get(name)
	if p, ok := v.(*Program); ok {
		return a.program(t, p)
	}
	s, ok := v.(*spawned)
	if !ok {
		return mismatch("%s is not the name of a spawned branch or of a program", quoteShort(name))
	}
	t.Call("join", Const(s.name))
	if err := t.World.Join(s.branch, t.deadline); err != nil {
		return err
	}
	t.Actor.adopt(s.actor)
	return nil
}

// program waits for a program's end.
func (a *joinAction) program(t *Task, p *Program) error {
	t.Call("join", Name(p.Name))
	if err := t.awaitEnd(p); err != nil {
		return err
	}
	t.Actor.Run.Programs.joined(p)
	t.Event.Op, t.Event.Proc = OpJoin, &Proc{ID: p.id, Signal: p.status.Signal}
	t.Return(Const(p.status.String()))
	result := map[string]any{"exit": p.status.Exit, "signal": signalWord(p.status.Signal)}
	if err := t.setAs(0, result); err != nil {
		return err
	}
	return a.want.check(t, p.status, syscall.Signal(p.killed.Load()))
}

func (a *joinAction) Check(c *Check) {
	name, known := c.text(&a.what.Text)
	sym := c.symbols[name]
	if !known || sym == nil && c.mayBeThere(name) || sym != nil && sym.anything {
		c.joinAny()
		c.makeValues()
		return
	}
	if sym != nil && sym.program {
		sym.used = true
		c.makeValues()
		return
	}
	if sym := a.what.check(c, true); sym != nil {
		for _, made := range sym.branch {
			c.symbols[made.Name] = made
		}
	}
}

// joinAny notes a join of a branch that only the run can tell.
func (c *Check) joinAny() {
	for _, sym := range c.branchNames {
		sym.used = true
		c.symbols[sym.Name] = &Symbol{Name: sym.Name, anything: true, used: true}
	}
}

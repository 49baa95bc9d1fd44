package steps

import (
	"github.com/sockscript/sockscript/scenarios/source"
)

var joinKind = Kind{
	Name:    "join",
	Summary: "wait for the end of a spawned branch",
	Text: `From then on the names that the branch's steps gave are the actor's own: so
join gives the result of the call that the branch was in.`,
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

// check reports a name that no spawn step gave.
func (r *BranchRef) check(c *Check) *Symbol {
	name, static := r.Static()
	if !static {
		return nil
	}
	sym := c.symbols[name]
	if sym == nil || sym.branch == nil && !sym.anything {
		var known []string
		for n, s := range c.symbols {
			if s.branch != nil {
				known = append(known, n)
			}
		}
		p := c.problem(r.node, "there is no branch %q here", name)
		if p.Hint = source.DidYouMean(name, sorted(known)); p.Hint == "" {
			p.Hint = "name a branch with as: on its spawn step"
		}
		return nil
	}
	sym.used = true
	return sym
}

type joinAction struct{ branch BranchRef }

func (a *joinAction) Params(p *Params) { p.Value(&a.branch, "the branch, as its spawn step named it") }

func (a *joinAction) Run(t *Task) error {
	s, err := a.branch.find(t)
	if err != nil {
		return err
	}
	t.Call("join", Const(s.name))
	if _, err := s.branch.Join(t.deadline); err != nil {
		return err
	}
	t.Actor.adopt(s.actor)
	return nil
}

func (a *joinAction) Check(c *Check) {
	if sym := a.branch.check(c); sym != nil {
		for _, made := range sym.branch {
			c.symbols[made.Name] = made
		}
	}
}

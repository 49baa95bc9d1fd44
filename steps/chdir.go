package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var chdirKind = step.Kind{
	Name:    "chdir",
	Summary: "change the current folder of a process",
	Text: `Relative paths of local sockets and of unlink begin there. So a socket can have
a name that is longer than an address has room for. See chdir(2).`,
	Example: `actors:
  one:
    - fork:
        - chdir: ${tmp}
        - socket: unix
          as: sock
        - bind: sock
          to: unix:service
        - unlink: service
      as: child
    - join: child
`,
	Beneath: step.Beneath{
		Call:   "chdir(2)",
		Kernel: "lets relative paths of the process begin in that folder.",
		Errors: []step.LikelyError{
			{Errno: "ENOENT", Why: "there is no such folder"},
			{Errno: "ENOTDIR", Why: "the path is not a folder"},
			{Errno: "EACCES", Why: "the folder may not be entered"},
		},
	},
	New:   func() step.Action { return new(chdirAction) },
	Needs: []value.Access{value.ReadFile},
	Moves: true,
}

type chdirAction struct{ path value.Text }

func (a *chdirAction) Params(p *step.Params) { p.Value(&a.path, "the folder") }

// Needs implements [step.Needer].
func (a *chdirAction) Needs(n *step.Needs) {
	n.NeedPath(value.ReadFile, &a.path, value.FromCurrent)
}

func (a *chdirAction) Run(t *step.Task) error {
	path, err := a.path.Marked(t)
	if err != nil {
		return err
	}
	t.Call("chdir", event.Quoted(path))
	p, err := t.Own()
	if err != nil {
		return err
	}
	if err := p.Chdir(path.Text); err != nil {
		return err
	}
	t.Return(event.Const("0"))
	return nil
}

func (a *chdirAction) Check(c *check.Check) { c.NeedsProcess() }

package steps

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var unlinkKind = step.Kind{
	Name:    "unlink",
	Summary: "remove a path",
	Text: `The name of a local socket stays in the file system after close; bind fails
with EADDRINUSE until it is unlinked. See unlink(2).`,
	Example: `actors:
  one:
    - socket: unix
      as: sock
    - bind: sock
      to: unix:${tmp}/service
    - unlink: ${tmp}/service
    - unlink: ${tmp}/service
      expect: {error: ENOENT}
    - close: sock
`,
	Beneath: step.Beneath{
		Call:   "unlink(2)",
		Kernel: "removes the name. A socket that is bound to it stays, but nobody can connect to it any more.",
		Errors: []step.LikelyError{
			{Errno: "ENOENT", Why: "there is no such path"},
		},
	},
	New:   func() step.Action { return new(unlinkAction) },
	Needs: []value.Access{value.WriteFile},
}

type unlinkAction struct{ path value.Text }

func (a *unlinkAction) Params(p *step.Params) { p.Value(&a.path, "the path") }

// Needs implements [step.Needer].
func (a *unlinkAction) Needs(n *step.Needs) {
	n.NeedPath(value.WriteFile, &a.path, value.FromCurrent)
}

func (a *unlinkAction) Run(t *step.Task) error {
	shown, err := a.path.Marked(t)
	if err != nil {
		return err
	}
	path := shown.Text
	t.Call("unlink", event.Quoted(shown))
	t.Event.Op = event.OpUnlink
	t.Event.Endpoints = &event.Endpoints{Remote: sock.Addr{Family: unix.AF_UNIX, Path: path}}
	if err := unlink(t, path); err != nil {
		return err
	}
	t.Return(event.Const("0"))
	return nil
}

// unlink makes the call, in the process of the task.
func unlink(t *step.Task, path string) error {
	if t.Process != nil {
		return t.Process.Unlink(path)
	}
	if err := syscall.Unlink(path); err != nil {
		return &sock.Error{Call: "unlink", Err: err}
	}
	return nil
}

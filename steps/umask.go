package steps

import (
	"fmt"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var umaskKind = step.Kind{
	Name:    "umask",
	Summary: "set which permissions new files of a process do not get",
	Text: `A local socket that is bound to a path is such a file: whoever connects needs
the permission to write. See umask(2), unix(7).`,
	Example: `actors:
  one:
    - fork:
        - umask: "077"
        - socket: unix
          as: sock
        - bind: sock
          to: unix:${tmp}/service
      as: child
    - join: child
    - exec: [stat, -c, "%a", "${tmp}/service"]
      expect: {stdout: "700\n"}
`,
	Beneath: step.Beneath{
		Call:   "umask(2)",
		Kernel: "takes these bits away from the mode of each file that the process makes from now on, also of a socket with a path.",
	},
	New: func() step.Action { return new(umaskAction) },
}

type umaskAction struct{ mask value.Mode }

func (a *umaskAction) Params(p *step.Params) {
	p.Value(&a.mask, "the permissions that are taken away, in octal digits")
}

func (a *umaskAction) Run(t *step.Task) error {
	mask, err := a.mask.Eval(t)
	if err != nil {
		return err
	}
	t.Call("umask", event.Const(fmt.Sprintf("%03o", uint32(mask))))
	p, err := t.Own()
	if err != nil {
		return err
	}
	return p.Umask(mask)
}

func (a *umaskAction) Check(c *check.Check) { c.NeedsProcess() }

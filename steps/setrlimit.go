package steps

import (
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var setrlimitKind = step.Kind{
	Name:    "setrlimit",
	Summary: "set the limits of a process",
	Text: `NOFILE is one more than the greatest number of a descriptor. A limit that is
left out stays, but the soft one is never above the hard one. unlimited is
RLIM_INFINITY. See setrlimit(2).`,
	Example: `actors:
  one:
    - fork:
        - setrlimit: NOFILE
          soft: 1
        - socket: tcp
          as: first
        - socket: tcp
          expect: {error: EMFILE}
        - close: first
      as: child
    - join: child
`,
	Beneath: step.Beneath{
		Call:   "setrlimit(2)",
		Kernel: "keeps the soft limit, which counts, and the hard limit, up to which the process may raise it again.",
		Errors: []step.LikelyError{
			{Errno: "EPERM", Why: "only a privileged process may raise the hard limit"},
			{Errno: "EINVAL", Why: "the soft limit is above the hard one"},
		},
	},
	New: func() step.Action { return &setrlimitAction{resource: value.Enum{Words: sock.LimitNames()}} },
}

type setrlimitAction struct {
	resource   value.Enum
	soft, hard limitValue
}

// unlimited is the word for RLIM_INFINITY.
const unlimited = "unlimited"

// limitValue is a number, or no limit.
type limitValue struct {
	node  *source.Node
	limit uint64
	shown string
}

// Decode reads a number or the word unlimited.
func (v *limitValue) Decode(d *value.Decoder, n *source.Node) {
	v.node, v.limit, v.shown = n, sock.Unlimited, unlimited
	if n.Kind == source.Scalar && n.Text == unlimited {
		return
	}
	var err error
	if v.limit, err = strconv.ParseUint(n.Text, 0, 64); err != nil {
		d.Problem(n, "expected a number or %s, got %s", unlimited, n.Describe())
	}
	v.shown = strconv.FormatUint(v.limit, 10)
}

// Schema accepts a number or the word unlimited.
func (v *limitValue) Schema() value.Schema {
	return value.Schema{"anyOf": []value.Schema{{"type": "integer", "minimum": 0}, {"const": unlimited}}}
}

// Type names the type in the reference.
func (v *limitValue) Type() string { return "number or " + unlimited }

func (a *setrlimitAction) Params(p *step.Params) {
	p.Value(&a.resource, "the resource by its C name, without RLIMIT_")
	p.Key("soft", &a.soft, "the limit that holds")
	p.Key("hard", &a.hard, "how far the soft limit may be raised; only root may raise it")
}

func (a *setrlimitAction) Run(t *step.Task) error {
	args := []any{event.Const("RLIMIT_" + a.resource.Word)}
	var limits [2]*uint64
	for i, v := range []*limitValue{&a.soft, &a.hard} {
		if v.node != nil {
			limits[i] = &v.limit
			args = append(args, event.Const([]string{"soft ", "hard "}[i]+v.shown))
		}
	}
	t.Call("setrlimit", args...)
	p, err := t.Own()
	if err != nil {
		return err
	}
	if err := p.SetLimit(a.resource.Word, limits[0], limits[1]); err != nil {
		return err
	}
	t.Return(event.Const("0"))
	return nil
}

func (a *setrlimitAction) Check(c *check.Check) {
	c.NeedsProcess()
	if a.soft.node == nil && a.hard.node == nil {
		c.Problem(c.Step.Node, "setrlimit sets no limit").Hint = "write soft, hard, or both"
	}
}

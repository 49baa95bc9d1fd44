package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var sigactionKind = step.Kind{
	Name:    "sigaction",
	Summary: "set what a process does when a signal comes",
	Text: `With handler: count a handler counts the signal, and caught("USR1") in an
expression is how often it came. A call that waits then ends with EINTR; with
restart: true most calls go on (SA_RESTART). A signal that comes between two
calls is handled before the next one. A process begins with the default actions,
and a process that another one forks with those of that one. It has all signals
but 33, by which sockscript ends calls at their timeout. See sigaction(2),
signal(7).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - fork:
        - sigaction: USR1
          handler: count
        - signal: ready
        - recv: a
          max: 4
          expect: {error: EINTR}
        - assert: caught("USR1") == 1
      as: child
    - wait: ready
    - blocked: child
    - kill: child
      with: USR1
    - join: child
    - close: [a, b]
`,
	Beneath: step.Beneath{
		Call:   "sigaction(2)",
		Kernel: "notes what the signal does to the process: its default action, nothing, or a handler.",
		Errors: []step.LikelyError{
			{Errno: "EINVAL", Why: "KILL and STOP keep their action"},
		},
	},
	New: func() step.Action {
		return &sigactionAction{signal: program.Signal{Own: true}, handler: value.Enum{Words: []string{"count", "ignore", "default"}}}
	},
}

type sigactionAction struct {
	signal  program.Signal
	handler value.Enum
	restart value.Bool
}

func (a *sigactionAction) Params(p *step.Params) {
	p.Value(&a.signal, "the signal, by its name or number")
	p.Key("handler", &a.handler, "what happens when it comes").Need()
	p.Key("restart", &a.restart, "let calls go on that the signal interrupts (SA_RESTART)").Or("false")
}

func (a *sigactionAction) Run(t *step.Task) error {
	args := []any{event.Const(program.SignalName(a.signal.Sig)), event.Const(a.handler.Word)}
	if a.restart.On {
		args = append(args, event.Const("SA_RESTART"))
	}
	t.Call("sigaction", args...)
	p, err := t.Own()
	if err != nil {
		return err
	}
	action := sock.DefaultAction
	switch a.handler.Word {
	case "count":
		action = sock.Count
	case "ignore":
		action = sock.Ignore
	}
	if err := p.Action(a.signal.Sig, action, a.restart.On); err != nil {
		return err
	}
	t.Return(event.Const("0"))
	return nil
}

func (a *sigactionAction) Check(c *check.Check) { c.NeedsProcess() }

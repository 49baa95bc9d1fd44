package steps

import (
	"strings"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var sigprocmaskKind = step.Kind{
	Name:    "sigprocmask",
	Summary: "block signals of a process, or let them come",
	Text: `A blocked signal waits until it is unblocked, or until sigtimedwait takes it.
A process that another one forks begins with the mask of that one. See
sigprocmask(2).`,
	Example: `actors:
  one:
    - fork:
        - sigaction: USR1
          handler: count
        - sigprocmask: block
          signals: USR1
        - signal: ready
        - wait: sent
        - assert: caught("USR1") == 0
        - sigprocmask: unblock
          signals: USR1
        - assert: caught("USR1") == 1
      as: child
    - wait: ready
    - kill: child
      with: USR1
    - signal: sent
    - join: child
`,
	Beneath: step.Beneath{
		Call:   "sigprocmask(2)",
		Kernel: "keeps a blocked signal that comes, and delivers it when it is unblocked.",
	},
	New: func() step.Action {
		return &sigprocmaskAction{signals: program.Signals{Own: true}, how: value.Enum{Words: []string{"block", "unblock", "set"}}}
	},
}

type sigprocmaskAction struct {
	how     value.Enum
	signals program.Signals
}

func (a *sigprocmaskAction) Params(p *step.Params) {
	p.Value(&a.how, "block adds the signals to those that are blocked, unblock takes them away, set blocks them and no others")
	p.Key("signals", &a.signals, "a signal or a list of signals").Need()
}

func (a *sigprocmaskAction) Run(t *step.Task) error {
	how := map[string]string{"block": "SIG_BLOCK", "unblock": "SIG_UNBLOCK", "set": "SIG_SETMASK"}[a.how.Word]
	t.Call("sigprocmask", event.Const(how), signalsPart(&a.signals))
	p, err := t.Own()
	if err != nil {
		return err
	}
	mask := p.Blocked()
	switch set := a.signals.Set(); a.how.Word {
	case "block":
		mask |= set
	case "unblock":
		mask &^= set
	default:
		mask = set
	}
	if err := p.Block(mask); err != nil {
		return err
	}
	t.Return(event.Const("0"))
	return nil
}

func (a *sigprocmaskAction) Check(c *check.Check) { c.NeedsProcess() }

// signalsPart is a set of signals as strace prints it.
func signalsPart(s *program.Signals) event.Const {
	return event.Const("[" + strings.Join(s.Names(), " ") + "]")
}

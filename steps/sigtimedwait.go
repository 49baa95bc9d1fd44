package steps

import (
	"cmp"
	"slices"
	"strconv"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var sigtimedwaitKind = step.Kind{
	Name:    "sigtimedwait",
	Summary: "wait for a signal that the process blocks",
	Text: `The signals should be blocked with sigprocmask before. Where none comes within
the time, EAGAIN is the result. expect compares the signal, the descriptor that
it is about (the name of a handle), and the code of siginfo_t, such as SI_USER
for a kill, SI_KERNEL, or POLL_IN. As is a mapping of the three. See
sigtimedwait(2).`,
	Example: `actors:
  one:
    - fork:
        - sigprocmask: block
          signals: [USR1, USR2]
        - signal: ready
        - sigtimedwait: [USR1, USR2]
          expect: {signal: USR2, code: SI_USER}
        - sigtimedwait: [USR1, USR2]
          within: 1ms
          expect: {error: EAGAIN}
      as: child
    - wait: ready
    - kill: child
      with: USR2
    - join: child
`,
	Beneath: step.Beneath{
		Call:   "sigtimedwait(2)",
		Kernel: "takes one of these signals that has come and is blocked, and waits for one until the time is up.",
		Errors: []step.LikelyError{
			{Errno: "EAGAIN", Why: "none has come within the time"},
			{Errno: "EINTR", Why: "another signal was handled"},
		},
	},
	New: func() step.Action { return &sigtimedwaitAction{signals: program.Signals{Own: true}} },
}

type sigtimedwaitAction struct {
	signals program.Signals
	within  value.Duration
	want    program.Signals
	fd      value.Text
	code    value.Text
}

func (a *sigtimedwaitAction) Params(p *step.Params) {
	p.Value(&a.signals, "a signal or a list of signals")
	p.Key("within", &a.within, "the call's own time; without it the call waits until a signal comes")
	p.Results([]*value.Param{
		{Key: "signal", Value: &a.want, Help: "the signal that must have come, or a list of those that are possible"},
		{Key: "fd", Value: &a.fd, Help: "the handle that the signal must be about"},
		{Key: "code", Value: &a.code, Help: "the code by its C name, such as SI_USER or POLL_IN, or its number"},
	})
	p.Makes = "{signal, fd, code}"
}

func (a *sigtimedwaitAction) Run(t *step.Task) error {
	args := []any{signalsPart(&a.signals)}
	w := sock.Wait{Deadline: t.Deadline, Watcher: t.World}
	p, err := t.Own()
	if err != nil {
		return err
	}
	within, err := a.within.Eval(t)
	if err != nil {
		return err
	}
	limit := &within
	if !a.within.Given() {
		limit = nil
	} else {
		args = append(args, event.Const(within.String()))
	}
	t.Call("sigtimedwait", args...)
	info, err := p.AwaitSignal(w, a.signals.Set(), limit)
	if err != nil {
		return err
	}
	t.Signalled(info.Signal, 0)
	shown, name := program.SignalName(info.Signal)+" {"+info.CodeName(), ""
	if h := t.HandleOf(info.FD); h != nil {
		name = h.Name
		shown += ", fd " + name
		t.Event.Sock = h.Sock.Desc().ID // whose peer has brought it about
	}
	t.Event.Urgent = info.Signal == syscall.SIGURG && name == ""
	t.Return(event.Const(shown + "}"))
	result := map[string]any{"signal": program.SignalWord(info.Signal), "fd": name, "code": info.CodeName()}
	if err := t.SetAs(0, result); err != nil {
		return err
	}
	return a.compare(t, info, name)
}

// compare compares what came with what is expected.
func (a *sigtimedwaitAction) compare(t *step.Task, info sock.SignalInfo, name string) error {
	if a.want.Given() && !slices.Contains(a.want.List(), info.Signal) {
		return value.Mismatchf("expected %s, got %s", value.JoinOr(a.want.Names()), program.SignalName(info.Signal))
	}
	number := strconv.Itoa(info.Code)
	for _, x := range []struct {
		want *value.Text
		what string
		got  string
		also string // another way to write it
	}{{&a.fd, "the signal to be about", name, name}, {&a.code, "the code", info.CodeName(), number}} {
		if !x.want.Given() {
			continue
		}
		want, err := x.want.Eval(t)
		if err != nil {
			return err
		}
		if want != x.got && want != x.also {
			return value.Mismatchf("expected %s %s, got %s", x.what, want, value.Quote(x.got))
		}
	}
	return nil
}

func (a *sigtimedwaitAction) Check(c *check.Check) {
	c.NeedsProcess()
	if name, known := c.Text(&a.fd); known && a.fd.Given() {
		if sym := c.Symbols[name]; sym != nil {
			sym.Used = true
		} else if !c.MayBeThere(name) {
			c.Problem(a.fd.Node, "there is no handle %q here", name).Hint = "name a handle of this process"
		}
	}
	if code, known := c.Text(&a.code); known && a.code.Given() && !isCode(code) {
		c.Problem(a.code.Node, "unknown code %q", code).Hint = cmp.Or(source.DidYouMean(code, sock.CodeNames()), "write its C name, such as SI_USER, or its number; see sigaction(2)")
	}
	c.MakeValues()
}

// isCode reports whether a text is the name or the number of a code; where the
// names are not known, any may be one.
func isCode(text string) bool {
	_, err := strconv.Atoi(text)
	names := sock.CodeNames()
	return err == nil || len(names) == 0 || slices.Contains(names, text)
}

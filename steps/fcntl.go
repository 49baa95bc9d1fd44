package steps

import (
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var fcntlKind = step.Kind{
	Name:    "fcntl",
	Summary: "read and change the flags, the owner and the size of a descriptor",
	Text: `The commands are F_GETFL and F_SETFL, F_GETFD and F_SETFD, F_GETOWN and
F_SETOWN, F_GETSIG and F_SETSIG, F_GETPIPE_SZ and F_SETPIPE_SZ, F_DUPFD and
F_DUPFD_CLOEXEC. A command of which only the number is known is called with the
argument 0.

O_NONBLOCK and FD_CLOEXEC are those that the scenario has asked for. O_NONBLOCK
belongs to the open file: after F_SETFL with O_NONBLOCK no step waits on any
descriptor of it, so EAGAIN and EINPROGRESS are results; F_SETFL without it makes
them wait again. FD_CLOEXEC belongs to the descriptor, and dup does not copy it.

For F_GETFL and F_GETFD, expect takes all flags that must be set, the access mode
among them (O_RDWR for a socket), and no other may be set; 0 means none. has takes
flags beside which others may be set. O_LARGEFILE, which the kernel sets on
machines of 64 bits, does not count. The owner is self, a program by its name, or
a number: a process, or a process group where it is negative. See fcntl(2).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - fcntl: a
      command: F_GETFL
      expect: O_RDWR
    - fcntl: a
      command: F_SETFL
      value: [O_RDWR, O_NONBLOCK]
    - recv: a
      max: 10
      expect: {error: EAGAIN}
    - fcntl: a
      command: F_GETFL
      expect: {has: O_NONBLOCK}
    - close: [a, b]
`,
	Beneath: step.Beneath{
		Call:   "fcntl(2)",
		Kernel: "reads or changes what belongs to the open file (O_NONBLOCK and the other status flags, the owner that gets SIGIO and SIGURG, the size of a pipe) or to this descriptor alone (FD_CLOEXEC).",
		Errors: []step.LikelyError{
			{Errno: "EINVAL", Why: "the kernel does not know the command, or the value is not one that it takes"},
			{Errno: "EBADF", Why: "the command is for a pipe, and this is not one"},
			{Errno: "ESRCH", Why: "the process that is to own the descriptor does not exist"},
			{Errno: "EPERM", Why: "an ordinary user may not make a pipe larger than fs.pipe-max-size"},
		},
	},
	New: func() step.Action { return new(fcntlAction) },
}

type fcntlAction struct {
	handle  step.HandleRef
	command fcntlCommand
	value   fcntlWords
	want    fcntlWords
	has     fcntlWords
}

func (a *fcntlAction) Params(p *step.Params) {
	p.Value(&a.handle, "the handle")
	p.Key("command", &a.command, "the command by its C name, such as F_SETFL").Need()
	p.Key("value", &a.value, "what the command sets: flags, self or a program (F_SETOWN), a signal, a number of bytes, the lowest number of a new descriptor")
	p.Plain(&a.want, "what the command must return: exactly these flags, an owner, a signal, or a number")
	p.Result("value", &a.want, "what the command must return")
	p.Result("has", &a.has, "flags that must be among those that are set")
	p.Makes = "what the command returns: a number, or the new descriptor of F_DUPFD"
}

func (a *fcntlAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	c := &a.command
	args := []any{h.Part(), event.Const(c.name)}
	arg := 0
	if c.takes != nil {
		word, err := a.value.eval(t)
		if err != nil {
			return err
		}
		var shown any
		if arg, shown, err = c.takes.argument(t, word); err != nil {
			return err
		}
		args = append(args, shown)
	}
	if err := a.sparesUs(t, h, arg); err != nil {
		return err
	}
	t.Call("fcntl", args...)
	if c.duplicates() {
		return a.duplicate(t, h, arg)
	}
	n, err := h.Sock.Fcntl(c.number, arg)
	if err != nil {
		return err
	}
	if c.gives == nil {
		t.Return(n)
		return nil
	}
	result, shown := c.gives.result(t, n)
	t.Return(shown)
	if err := t.SetAs(0, result); err != nil {
		return err
	}
	return a.check(t, n)
}

// duplicate makes the new descriptor of F_DUPFD and F_DUPFD_CLOEXEC.
func (a *fcntlAction) duplicate(t *step.Task, h *handle.Handle, least int) error {
	s, err := h.Sock.DupFrom(least, a.command.number == unix.F_DUPFD_CLOEXEC)
	if err != nil {
		return err
	}
	d, err := t.MakeHandle(0, s, "a descriptor")
	if err != nil {
		return err
	}
	t.Publish(d)
	t.Return(event.Name(d.Name))
	return nil
}

// check compares what the command gave with the expectation.
func (a *fcntlAction) check(t *step.Task, n int) error {
	if err := a.command.gives.expect(t, &a.want, n); err != nil || !a.has.Given() {
		return err
	}
	word, err := a.has.eval(t)
	if err != nil {
		return err
	}
	want, err := a.command.gives.parse(word.Text)
	if err == nil && n&want != want {
		err = value.Mismatchf("expected %s to be among the flags, got %s", word.Text, a.command.gives.flags.Names(n))
	}
	return err
}

// harmless are the signals that sockscript itself survives, beside the
// real-time ones.
var harmless = []syscall.Signal{0, syscall.SIGIO, syscall.SIGURG, syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGWINCH}

// sparesUs refuses to have a signal sent to sockscript itself that ends it.
func (a *fcntlAction) sparesUs(t *step.Task, h *handle.Handle, arg int) error {
	setOwner, _ := sock.CommandByName("F_SETOWN")
	setSignal, known := sock.CommandByName("F_SETSIG")
	getSignal, _ := sock.CommandByName("F_GETSIG")
	if !known || a.command.number != setOwner && a.command.number != setSignal {
		return nil
	}
	owner, err1 := h.Sock.Fcntl(unix.F_GETOWN, 0)
	sig, err2 := h.Sock.Fcntl(getSignal, 0)
	if err1 != nil || err2 != nil {
		return nil // the call itself gives the errno
	}
	if a.command.number == setOwner {
		owner = arg
	} else {
		sig = arg
	}
	if owner >= 0 && owner != os.Getpid() || slices.Contains(harmless, syscall.Signal(sig)) || sig > program.LastStandard {
		return nil
	}
	return value.Mismatchf("%s would end sockscript itself, which owns %s; use a real-time signal, or have a program own it",
		program.SignalName(syscall.Signal(sig)), h.Name)
}

func (a *fcntlAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	cmd := &a.command
	switch {
	case cmd.name == "":
		return
	case cmd.takes == nil && a.value.Given():
		c.Problem(a.value.node, "%s takes no value", cmd.name).Hint = "leave value out"
	case cmd.takes != nil && !a.value.Given() && !cmd.duplicates():
		c.Problem(a.command.node, "%s needs value", cmd.name).Hint = cmd.takes.hint()
	case a.value.Given():
		cmd.takes.static(c, &a.value)
	}
	switch {
	case cmd.gives == nil && (a.want.Given() || a.has.Given()):
		c.Problem(c.Step.Expect.Node, "%s returns nothing to compare", cmd.name).Hint = "leave expect out, or expect an error"
	case a.has.Given() && cmd.gives.flags == nil:
		c.Problem(a.has.node, "%s returns no flags", cmd.name).Hint = "write what it must return: expect: " + cmd.gives.hint()
	case cmd.gives != nil:
		cmd.gives.static(c, &a.want)
		cmd.gives.static(c, &a.has)
	}
	switch {
	case !cmd.duplicates():
		c.MakeValues()
	case sym != nil:
		c.MakeHandle(0, sym.Sock)
	default:
		c.MakeHandle(0, check.AnySocket())
	}
}

package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var pipeKind = step.Kind{
	Name:    "pipe",
	Summary: "make a pipe",
	Text: `The value is 0 or flags: O_CLOEXEC, O_NONBLOCK, O_DIRECT. With flags the call is
pipe2. send and recv on the ends are write and read. A write of at most 4096
bytes is never split. Once no end to write is open, the reader gets the end of
file; once no end to read is open, a write fails with EPIPE. See pipe(2),
pipe(7).`,
	Example: `actors:
  one:
    - pipe: 0
      as: [r, w]
    - send: w
      data: hello
    - recv: r
      expect: hello
    - close: w
    - recv: r
      expect: {eof: true}
    - close: r
`,
	Beneath: step.Beneath{
		Call:   "pipe(2)",
		Kernel: "makes two descriptors of a buffer of 64 KiB: what is written to the one can be read from the other, in the same order. No name and no address belongs to it.",
		Errors: []step.LikelyError{
			{Errno: "EMFILE", Why: "the process has as many descriptors as it may have"},
			{Errno: "EINVAL", Why: "pipe2 does not know one of the flags"},
		},
	},
	New: func() step.Action { return &pipeAction{flags: value.Flags{Of: sock.PipeFlags}} },
}

type pipeAction struct {
	flags    value.Flags
	blocking value.Bool
}

func (a *pipeAction) Params(p *step.Params) {
	p.Value(&a.flags, "0, or flags: O_CLOEXEC, O_NONBLOCK, O_DIRECT")
	p.Key("blocking", &a.blocking, "make truly blocking descriptors").Or("false")
	p.Makes, p.Names = "the end to read and the end to write, as [r, w]", 2
}

func (a *pipeAction) Run(t *step.Task) error {
	if a.flags.Bits != 0 {
		t.Call("pipe2", event.Const(sock.PipeFlags.Names(a.flags.Bits)))
	} else {
		t.Call("pipe")
	}
	x, y, err := t.Sockets().OpenPipe(a.flags.Bits, a.blocking.On)
	if err != nil {
		return err
	}
	r, err := t.MakeHandle(0, x, "a pipe")
	if err != nil {
		return err
	}
	w, err := t.MakeHandle(1, y, "a pipe")
	if err != nil {
		return err
	}
	t.Act(event.OpPair, r)
	t.Event.Endpoints = r.Endpoints()
	t.Event.Endpoints.Peer = y.Desc().ID
	t.Return(event.Name(r.Name), event.Name(w.Name))
	return nil
}

func (a *pipeAction) Check(c *check.Check) {
	if c.Step.As.Len() < 2 && !c.Step.Expect.Error.Given() {
		c.Problem(c.Step.Node, "pipe makes two handles").Hint = "name both: as: [r, w]"
	}
	for i := range 2 {
		c.MakeHandle(i, check.AnySocket())
	}
}

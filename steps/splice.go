package steps

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var spliceKind = step.Kind{
	Name:    "splice",
	Summary: "move bytes through a pipe without reading them",
	Text: `One call moves at most size bytes; one of the two handles must be an end of a
pipe. It waits until there is something to move and room for it. What it passes
on keeps its cause: a receive behind it comes after the send before it. Linux
only. See splice(2).`,
	Example: `requires: os:linux
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - pipe: 0
      as: [r, w]
    - send: a
      data: hello
    - splice: b
      to: w
      size: 100
      flags: SPLICE_F_MOVE
      expect: 5
    - recv: r
      expect: hello
    - close: [a, b, r, w]
`,
	Beneath: step.Beneath{
		Call:   "splice(2)",
		Kernel: "moves references to pages between the socket or file and the pipe, so that no byte is copied to the program and back.",
		Errors: []step.LikelyError{
			{Errno: "EINVAL", Why: "neither of the two is a pipe, or the file system does not support it"},
			{Errno: "ESPIPE", Why: "an offset is given for a pipe"},
			{Errno: "EAGAIN", Why: "nothing can be moved, and SPLICE_F_NONBLOCK or O_NONBLOCK is set"},
		},
	},
	New: func() step.Action { return &spliceAction{flags: value.Flags{Of: sock.SpliceFlags}} },
}

type spliceAction struct {
	transfer
	flags value.Flags
}

func (a *spliceAction) Params(p *step.Params) {
	a.params(p)
	p.Key("flags", &a.flags, "SPLICE_F_MOVE, SPLICE_F_NONBLOCK, SPLICE_F_MORE")
}

func (a *spliceAction) Run(t *step.Task) error {
	c, err := a.open(t)
	if err != nil {
		return err
	}
	t.Call("splice", event.Name(c.from.Name), c.at, event.Name(c.to.Name), event.Const("NULL"), c.size, event.Const(sock.SpliceFlags.Names(a.flags.Bits)))
	n, err := c.from.Sock.Splice(t.Wait(c.from, &a.nowait, 0), c.to.Sock, c.offset, c.size, a.flags.Bits)
	return a.moved(t, c, n, err)
}

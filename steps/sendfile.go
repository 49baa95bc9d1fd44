package steps

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
)

var sendfileKind = step.Kind{
	Name:    "sendfile",
	Summary: "send a part of a file without reading it",
	Text: `One call moves at most size bytes of a file, which open has made, to a socket or
another file. It ends early at the end of the file. Linux only. See sendfile(2).`,
	Example: `requires: os:linux
actors:
  one:
    - write: page
      data: "<p>hello</p>"
    - open: ${tmp}/page
      as: page
    - socketpair: unix
      as: [a, b]
    - sendfile: page
      to: a
      size: 100
      expect: 12
    - recv: b
      expect: "<p>hello</p>"
    - close: [page, a, b]
`,
	Beneath: step.Beneath{
		Call:   "sendfile(2)",
		Kernel: "hands the pages of the file to the socket, so that no byte is copied to the program and back.",
		Errors: []step.LikelyError{
			{Errno: "EINVAL", Why: "the bytes come from something that is not like a file, as a socket"},
			{Errno: "EAGAIN", Why: "the socket has O_NONBLOCK and no room"},
			{Errno: "EPIPE", Why: "the peer has closed the connection"},
		},
	},
	New: func() step.Action { return new(sendfileAction) },
}

type sendfileAction struct{ transfer }

func (a *sendfileAction) Params(p *step.Params) { a.params(p) }

func (a *sendfileAction) Run(t *step.Task) error {
	c, err := a.open(t)
	if err != nil {
		return err
	}
	t.Call("sendfile", event.Name(c.to.Name), event.Name(c.from.Name), c.at, c.size)
	n, err := c.to.Sock.Sendfile(t.Wait(c.to, &a.nowait, 0), c.from.Sock, c.offset, c.size)
	return a.moved(t, c, n, err)
}

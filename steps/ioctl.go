package steps

import (
	"fmt"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var ioctlKind = step.Kind{
	Name:    "ioctl",
	Summary: "ask a socket how many bytes are in its queues",
	Text: `FIONREAD (SIOCINQ) returns the number of bytes that can be read. SIOCOUTQ
returns the number of bytes that were sent and are not acknowledged yet.
SIOCATMARK returns 1 if the next byte to read is at the urgent mark, else 0. See
tcp(7), udp(7), unix(7).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - send: a
      data: hello
    - ioctl: b
      request: FIONREAD
      expect: 5
    - close: [a, b]
`,
	Beneath: step.Beneath{
		Call:   "ioctl(2)",
		Kernel: "returns how many bytes are in a queue, or another state.",
	},
	New: func() step.Action { return &ioctlAction{request: value.Enum{Words: sock.RequestNames()}} },
}

type ioctlAction struct {
	handle  step.HandleRef
	request value.Enum
	want    value.Compare
}

func (a *ioctlAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("request", &a.request, "what to ask for").Need()
	p.Plain(&a.want, "the number, or a condition on it")
	p.Result("value", &a.want, "the number, or a condition on it")
	p.Makes = "the number"
}

func (a *ioctlAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	request, _ := sock.RequestByName(a.request.Word)
	t.Call("ioctl", h.Part(), event.Const(a.request.Word))
	n, err := h.Sock.Ioctl(request)
	if err != nil {
		return err
	}
	t.Return(event.Const("0"), event.Const(fmt.Sprintf("[%d]", n)))
	if err := t.SetAs(0, n); err != nil {
		return err
	}
	return a.want.Expect(t, int64(n), "for "+a.request.Word)
}

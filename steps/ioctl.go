package steps

import (
	"fmt"

	"github.com/sockscript/sockscript/steps/sock"
)

var ioctlKind = Kind{
	Name:    "ioctl",
	Summary: "ask a socket how much waits in its queues",
	Text: `FIONREAD (SIOCINQ) gives the bytes that can be read, SIOCOUTQ those that are
sent and not yet acknowledged, SIOCATMARK whether the next byte read is the
urgent mark. See tcp(7), udp(7), unix(7).`,
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
	New: func() Action { return &ioctlAction{request: Enum{Words: sock.RequestNames()}} },
}

type ioctlAction struct {
	handle  HandleRef
	request Enum
	want    Compare
	mask    Bool
}

func (a *ioctlAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("request", &a.request, "what to ask for").Need()
	p.Key("mask", &a.mask, "the number varies from run to run; the transcript shows <value>").Or("false")
	p.Plain(&a.want, "the number, or a condition on it")
	p.Result("value", &a.want, "the number, or a condition on it")
	p.Makes = "the number"
}

func (a *ioctlAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	request, _ := sock.RequestByName(a.request.Word)
	t.Call("ioctl", Name(h.Name), Const(a.request.Word))
	n, err := h.Sock.Ioctl(request)
	if err != nil {
		return err
	}
	t.returnMasked(&a.mask, Const("0"), Const(fmt.Sprintf("[%d]", n)))
	if err := t.setAs(0, n); err != nil {
		return err
	}
	return a.want.expect(t, int64(n), "for "+a.request.Word)
}

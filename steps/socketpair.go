package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var socketpairKind = step.Kind{
	Name:    "socketpair",
	Summary: "make two sockets that are connected to each other",
	Text:    "The value is that of socket; as: [a, b] names the two ends. See socketpair(2).",
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - send: a
      data: hello
    - recv: b
      expect: hello
    - close: [a, b]
`,
	Beneath: step.Beneath{
		Call:   "socketpair(2)",
		Kernel: "makes two sockets that are connected to each other, mostly local ones. What is sent into the one comes out of the other.",
		Errors: []step.LikelyError{
			{Errno: "EOPNOTSUPP", Why: "this family cannot make pairs"},
		},
	},
	New: func() step.Action { return &socketpairAction{flags: value.Flags{Of: sock.SocketFlags}} },
}

type socketpairAction struct {
	spec     SocketSpec
	flags    value.Flags
	blocking value.Bool
	on       step.HostRef
}

func (a *socketpairAction) Params(p *step.Params) {
	p.Value(&a.spec, "what sockets: a short word, or {family, type, protocol}")
	p.Key("flags", &a.flags, openFlagsHelp)
	p.Key("blocking", &a.blocking, "make truly blocking descriptors").Or("false")
	p.Host(&a.on, "the host on which the sockets are made, and on which they stay")
	p.Makes, p.Names = "the two sockets, as [a, b]", 2
}

func (a *socketpairAction) Run(t *step.Task) error {
	spec := a.spec.with(&a.flags)
	net, err := hostNet(t, &a.on, "socketpair", spec.args())
	if err != nil {
		return err
	}
	x, y, err := net.OpenPair(spec.Family, spec.SockType, spec.Proto, a.blocking.On)
	if err != nil {
		return err
	}
	first, err := t.MakeHandle(0, x, "a socket")
	if err != nil {
		return err
	}
	second, err := t.MakeHandle(1, y, "a socket")
	if err != nil {
		return err
	}
	t.Publish(first)
	t.Publish(second)
	t.Act(event.OpPair, first)
	t.Event.Endpoints = first.Endpoints()
	t.Event.Endpoints.Peer = y.Desc().ID
	t.Return(event.Name(first.Name), event.Name(second.Name))
	return nil
}

func (a *socketpairAction) Check(c *check.Check) {
	c.OwnHost(&a.on)
	if c.Step.As.Len() < 2 && !c.Step.Expect.Error.Given() {
		c.Problem(c.Step.Node, "socketpair makes two sockets").Hint = "name both: as: [a, b]"
	}
	for i := range 2 {
		end := check.NewSocket(a.spec.Family, a.spec.SockType, a.spec.Proto)
		end.Pair, end.Connected = true, check.Unknown
		c.MakeHandle(i, end)
	}
}

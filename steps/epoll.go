package steps

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var epollKind = step.Kind{
	Name:    "epoll",
	Summary: "watch many handles with an epoll instance",
	Text: `epoll: create makes an instance, which as names. With add, modify or remove, a
step changes what the instance watches. events are in, out, pri, rdhup and
others, and et (edge-triggered: reported once for each arrival), oneshot
(reported once, until modify) and exclusive (only one of the instances that wait
is woken). Without these keys the step waits: it is epoll_wait, on a thread of
its own. max is the room for events; within is the timeout of the call, after
which it returns 0. expect, as: n and as: [n, ready] are as for poll. An event
has the name that the handle had when it was added, also when that descriptor is
closed. Linux only. See epoll(7).`,
	Example: `requires: os:linux
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - epoll: create
      as: ep
    - epoll: ep
      add: b
      events: [in, et]
    - send: a
      data: hello
    - epoll: ep
      expect: {b: in}
    - epoll: ep
      nowait: true
      expect: {}
      note: an edge is told once, though there is something to receive
    - close: [a, b, ep]
`,
	Beneath: step.Beneath{
		Call:   "epoll_wait(2)",
		Kernel: "keeps a list of watched files, and moves those that become ready to a second list, from which a wait takes them. It watches the open file, not the descriptor: the file stays in the list until its last descriptor is closed.",
		Errors: []step.LikelyError{
			{Errno: "EEXIST", Why: "add of a descriptor that is watched already"},
			{Errno: "ENOENT", Why: "modify or remove of one that is not watched"},
			{Errno: "EPERM", Why: "the file cannot be watched, as a regular file"},
			{Errno: "EINVAL", Why: "the handle is not an epoll instance, or exclusive goes with an event or with modify where it may not"},
		},
	},
	New: func() step.Action { return &epollAction{flags: value.Flags{Of: sock.EpollFlags}} },
}

type epollAction struct {
	instance step.HandleRef
	flags    value.Flags
	add      step.HandleRef
	modify   step.HandleRef
	remove   step.HandleRef
	events   epollEvents
	most     value.Signed
	nowait   value.Bool
	wait     value.Duration
	want     readiness
}

// createWord is the value of a step that makes an instance.
const createWord = "create"

// defaultRoom is the room for events of a wait that says nothing of it.
const defaultRoom = 64

func (a *epollAction) Params(p *step.Params) {
	p.Value(&a.instance, "create, or the instance")
	p.Key("flags", &a.flags, "with create: EPOLL_CLOEXEC")
	p.Key("add", &a.add, "watch this handle (EPOLL_CTL_ADD)")
	p.Key("modify", &a.modify, "change the events of this handle, and arm it again after oneshot (EPOLL_CTL_MOD)")
	p.Key("remove", &a.remove, "watch this handle no more (EPOLL_CTL_DEL)")
	p.Key("events", &a.events, "with add and modify: in, out, pri, rdhup, et, oneshot, exclusive … or their C names")
	p.Key("max", &a.most, "how many events there is room for").Or("64")
	p.NoWait(&a.nowait, "do not wait: a timeout of 0")
	p.Key("within", &a.wait, "the call's own timeout, after which no handle is ready").Or("none")
	p.Rest(&a.want, "the events that must have come, by handle: {conn: [in, rdhup]}")
	p.Makes, p.Names = "the instance; of a wait, the number of ready handles, and the events of each", 2
}

func (a *epollAction) creates() bool {
	s, static := a.instance.Static()
	return static && s == createWord
}

func (a *epollAction) Run(t *step.Task) error {
	if a.creates() {
		return a.create(t)
	}
	ep, err := a.instance.Open(t)
	if err != nil {
		return err
	}
	switch {
	case a.add.Given():
		return a.control(t, ep, "EPOLL_CTL_ADD", sock.EpollAdd, &a.add)
	case a.modify.Given():
		return a.control(t, ep, "EPOLL_CTL_MOD", sock.EpollModify, &a.modify)
	case a.remove.Given():
		return a.control(t, ep, "EPOLL_CTL_DEL", sock.EpollRemove, &a.remove)
	}
	return a.await(t, ep)
}

func (a *epollAction) create(t *step.Task) error {
	t.Call("epoll_create1", event.Const(sock.EpollFlags.Names(a.flags.Bits)))
	s, err := t.Sockets().OpenEpoll(a.flags.Bits)
	if err != nil {
		return err
	}
	h, err := t.MakeHandle(0, s, "an epoll instance")
	if err != nil {
		return err
	}
	t.Return(h.Part())
	return nil
}

// control changes what the instance watches.
func (a *epollAction) control(t *step.Task, ep *handle.Handle, name string, op int, ref *step.HandleRef) error {
	h, err := ref.Open(t)
	if err != nil {
		return err
	}
	args := []any{event.Name(ep.Name), event.Const(name), h.Part()}
	if op != sock.EpollRemove {
		args = append(args, event.Const(sock.EpollEventNames(a.events.bits)))
	}
	t.Call("epoll_ctl", args...)
	known := slices.ContainsFunc(second(ep.Sock.Watches()), func(w *sock.Watched) bool { return w.Socket == h.Sock })
	key := ep.Sock.Watch(sock.Watched{Name: h.Name, Socket: h.Sock, Events: a.events.bits})
	err = ep.Sock.EpollCtl(op, h.Sock, a.events.bits, key)
	if op == sock.EpollRemove && err == nil || err != nil && !known {
		ep.Sock.Unwatch(key)
	}
	if err == nil {
		t.Return(event.Const("0"))
	}
	return err
}

func second[A, B any](_ A, b B) B { return b }

// await is epoll_wait(2).
func (a *epollAction) await(t *step.Task, ep *handle.Handle) error {
	w, timeout, err := timeoutOf(t, &a.nowait, &a.wait)
	if err != nil {
		return err
	}
	room := int64(defaultRoom)
	if a.most.Given() {
		if room, err = a.most.Eval(t); err != nil {
			return err
		}
	}
	t.Call("epoll_wait", event.Name(ep.Name), int(room), timeout)
	events, err := ep.Sock.EpollWait(w, int(max(-1, min(room, 1<<30))))
	if err != nil && (!a.wait.Given() || !step.IsTimeout(err)) {
		if step.IsTimeout(err) {
			t.Missing = "no event has come"
		}
		return err
	}
	keys, watched := ep.Sock.Watches()
	items, names := ready(keys, watched, events)
	noteReady(t, items)
	for i, w := range watched {
		t.Event.Ready[i].Offset = max(t.Event.Ready[i].Offset, w.Seen)
		if items[i].Revents != 0 && w.Events&edge != 0 {
			w.Seen = w.Socket.Desc().RX.Load() + w.Socket.Unread()
		}
	}
	t.Event.NoWait = a.nowait.On || len(events) == 0
	a.returns(t, names, items, len(events))
	if err := t.SetAs(0, len(events)); err != nil {
		return err
	}
	if err := t.SetAs(1, eventsByHandle(names, items)); err != nil {
		return err
	}
	return a.want.check(names, items)
}

// edge is EPOLLET.
var edge, _ = sock.EpollEventByName("EPOLLET")

// ready is what is watched as items of a poll, with what has come.
func ready(keys []int32, watched []*sock.Watched, events []sock.EpollEvent) ([]sock.PollItem, []string) {
	items, names := make([]sock.PollItem, len(keys)), make([]string, len(keys))
	for i, w := range watched {
		items[i], names[i] = sock.PollItem{Socket: w.Socket, Events: int16(w.Events)}, w.Name
		for _, e := range events {
			if e.Key == keys[i] {
				items[i].Revents = int16(e.Events)
			}
		}
	}
	return items, names
}

func (a *epollAction) returns(t *step.Task, names []string, items []sock.PollItem, n int) {
	ret := []any{n}
	if n == 0 && !a.nowait.On {
		ret = append(ret, event.Const("(timeout)"))
	}
	for i, it := range items {
		if it.Revents != 0 {
			ret = append(ret, event.Const(names[i]+"="+sock.EpollEventNames(uint32(uint16(it.Revents)))))
		}
	}
	t.Return(ret...)
}

func (a *epollAction) Check(c *check.Check) {
	changes := 0
	for _, r := range []*step.HandleRef{&a.add, &a.modify, &a.remove} {
		if r.Given() {
			c.Handle(r)
			changes++
		}
	}
	if a.creates() {
		if changes > 0 || a.events.node != nil || a.want.node != nil {
			c.Problem(a.instance.Node, "epoll: create only makes the instance").Hint = "give it a name with as:, and use that in the next step"
		}
		c.MakeHandle(0, check.AnySocket())
		return
	}
	c.Handle(&a.instance)
	waits := a.nowait.Given() || a.wait.Given() || a.most.Given() || a.want.node != nil
	switch {
	case changes > 1:
		c.Problem(c.Step.Node, "epoll takes one of add, modify and remove, not %d of them", changes)
	case changes == 1 && waits:
		c.Problem(c.Step.Node, "a step that changes what is watched does not wait").Hint = "wait in a step of its own: epoll: " + a.instance.Node.Text
	case (a.add.Given() || a.modify.Given()) && a.events.node == nil:
		c.Problem(c.Step.Node, "add and modify need events").Hint = "write events: in"
	case a.events.node != nil && !a.add.Given() && !a.modify.Given():
		c.Problem(a.events.node, "events go with add and modify").Hint = "a wait is told what was asked for then"
	case a.flags.Given():
		c.Problem(a.flags.Node, "flags go with epoll: create").Hint = "leave flags out"
	case a.nowait.On && a.wait.Given():
		c.Problem(a.wait.Node, "epoll takes one of nowait and within")
	}
	c.MakeValues()
}

// epollEvents are events of epoll(7): a name or a list.
type epollEvents struct {
	node *source.Node
	bits uint32
}

// Decode reads an event or a list of events.
func (v *epollEvents) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	v.bits = eventBits(d, n, sock.EpollEventByName, sock.AllEpollEvents(), "EPOLL", "in, out, pri, rdhup, et, oneshot or exclusive")
}

// Schema accepts a name or a list of names.
func (v *epollEvents) Schema() value.Schema { return eventsSchema(sock.AllEpollEvents(), "EPOLL") }

// Type names the type in the reference.
func (v *epollEvents) Type() string { return "events" }

package steps

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var pollKind = step.Kind{
	Name:    "poll",
	Summary: "wait until one of several handles is ready",
	Text: `Waits until at least one handle has one of the events. POLLERR and POLLHUP need
not be asked for. expect has the revents of each handle by name; a handle that
it does not name must have none. within is the timeout of the call, after which
it returns 0. Without within, the timeout of the step counts. nowait: true does
not wait. events may say for each handle what to wait for: {conn: [in, rdhup],
listener: in}. With events: [], only POLLERR and POLLHUP can come.
as: n names the number of ready handles. as: [n, ready] also names a mapping
that has for each handle the list of its events: ${"in" in ready.conn}. See
poll(2).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - poll: [a, b]
      events: in
      nowait: true
      expect: {}
    - send: a
      data: x
    - poll: [a, b]
      events: [in, out]
      expect: {a: out, b: [in, out]}
    - close: [a, b]
`,
	Beneath: step.Beneath{
		Call:   "poll(2)",
		Kernel: "waits until one of the descriptors is ready for what was asked, or the time is up, and says which and for what.",
	},
	New: func() step.Action { return new(pollAction) },
}

type pollAction struct {
	handles step.HandleList
	events  pollAsked
	nowait  value.Bool
	wait    value.Duration
	want    readiness
}

func (a *pollAction) Params(p *step.Params) {
	p.Value(&a.handles, "the handle, or a list of handles")
	p.Key("events", &a.events, "the events to wait for: in, out, pri, rdhup … or their C names; of all handles, or by handle").Need()
	p.NoWait(&a.nowait, "do not wait: a timeout of 0")
	p.Key("within", &a.wait, "the call's own timeout, after which no handle is ready").Or("none")
	p.Rest(&a.want, "the events that must have come, by handle: {conn: [in, rdhup]}")
	p.Makes = "the number of ready handles, and the events of each"
	p.Names = 2
}

func (a *pollAction) Run(t *step.Task) error {
	items := make([]sock.PollItem, len(a.handles.Refs))
	names := make([]string, len(items))
	handles := make([]*handle.Handle, len(items))
	for i, r := range a.handles.Refs {
		h, err := r.Open(t)
		if err != nil {
			return err
		}
		handles[i] = h
		items[i], names[i] = sock.PollItem{Socket: h.Sock, Events: a.events.of(h.Name)}, h.Name
	}
	w, timeout, err := timeoutOf(t, &a.nowait, &a.wait)
	if err != nil {
		return err
	}
	t.Call("poll", append(a.events.shown(names), timeout)...)
	n, err := pollHandles(t, w, handles, items)
	if err != nil && (!a.wait.Given() || !step.IsTimeout(err)) {
		if step.IsTimeout(err) {
			t.Missing = a.missing(t, handles, items, names)
		}
		return err
	}
	noteReady(t, items)
	t.Event.NoWait = a.nowait.On || n == 0
	a.returns(t, names, items, n)
	if err := t.SetAs(0, n); err != nil {
		return err
	}
	if err := t.SetAs(1, eventsByHandle(names, items)); err != nil {
		return err
	}
	return a.want.check(names, items)
}

// pollHandles is poll(2) over handles: what was read ahead can be received.
func pollHandles(t *step.Task, w sock.Wait, handles []*handle.Handle, items []sock.PollItem) (int, error) {
	ahead := func(i int) bool { return items[i].Events&unix.POLLIN != 0 && handles[i].Ahead() }
	for i := range items {
		w.NoWait = w.NoWait || ahead(i)
	}
	n, err := t.Sockets().Poll(w, items)
	for i := range items {
		if !ahead(i) {
			continue
		}
		if items[i].Revents == 0 {
			n++
		}
		items[i].Revents |= unix.POLLIN
	}
	return n, err
}

// missing says what has not come, and what the handles have instead.
func (a *pollAction) missing(t *step.Task, handles []*handle.Handle, items []sock.PollItem, names []string) string {
	now := slices.Clone(items)
	for i := range now {
		now[i].Events = allEvents
	}
	if _, err := pollHandles(t, sock.Wait{NoWait: true}, handles, now); err != nil {
		return ""
	}
	var has []string
	for i, it := range now {
		has = append(has, names[i]+" has "+eventText(it.Revents))
	}
	return a.events.missing() + "; " + strings.Join(has, ", ")
}

// allEvents are those that poll(2) says about a socket where they are asked
// for.
var allEvents = unix.POLLIN | unix.POLLPRI | unix.POLLOUT | peerClosed

// peerClosed is POLLRDHUP, which Linux alone has.
var peerClosed, _ = sock.PollEventByName("POLLRDHUP")

// noteReady notes what the order of events needs: what was asked, what was
// ready, and how far receiving had come.
func noteReady(t *step.Task, items []sock.PollItem) {
	t.Event.Op = event.OpPoll
	t.Event.Ready = make([]event.ReadyHandle, 0, len(items))
	for _, it := range items {
		desc := it.Socket.Desc()
		t.Event.Ready = append(t.Event.Ready, event.ReadyHandle{
			Sock: desc.ID, Offset: desc.RX.Load(),
			In:     it.Events&(unix.POLLIN|unix.POLLPRI) != 0,
			End:    it.Events&peerClosed != 0 || it.Socket.Family() == unix.AF_UNIX,
			Data:   it.Revents&unix.POLLIN != 0,
			Out:    it.Revents&unix.POLLOUT != 0,
			Ended:  it.Revents&(peerClosed|unix.POLLHUP) != 0,
			Reset:  it.Revents&unix.POLLERR != 0,
			Urgent: it.Revents&unix.POLLPRI != 0,

			Process: desc.Watches(),
		})
	}
}

// timeoutOf is how long a poll or an epoll_wait waits, and how C would write
// it: milliseconds.
func timeoutOf(t *step.Task, nowait *value.Bool, within *value.Duration) (sock.Wait, any, error) {
	w := t.Wait(nil, nowait, 0)
	switch {
	case nowait.On:
		return w, event.Const("0"), nil
	case !within.Given():
		return w, event.Const("-1"), nil
	}
	d, shown, err := within.Marked(t, func(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) })
	if end := time.Now().Add(d); w.Deadline.IsZero() || end.Before(w.Deadline) {
		w.Deadline = end
	}
	return w, event.Plain(shown), err
}

func (a *pollAction) returns(t *step.Task, names []string, items []sock.PollItem, n int) {
	ret := []any{n}
	if n == 0 && !a.nowait.On {
		ret = append(ret, event.Const("(timeout)"))
	}
	for i, it := range items {
		if it.Revents != 0 {
			ret = append(ret, event.Const(names[i]+"="+sock.PollEventNames(it.Revents)))
		}
	}
	t.Return(ret...)
}

// addPolled is what helps where poll is asked about another handle.
const addPolled = "add it to the handles of poll, or leave it out here"

func (a *pollAction) OfClosed(name string) string { return "{" + name + ": nval}" }

func (a *pollAction) Check(c *check.Check) {
	for _, r := range a.handles.Refs {
		if name, _ := r.Static(); a.want.has(name, unix.POLLNVAL) {
			c.AnyHandle(r)
			continue
		}
		c.Handle(r)
	}
	if a.nowait.On && a.wait.Given() {
		c.Problem(a.wait.Node, "poll takes one of nowait and within")
	}
	for _, name := range a.want.names {
		if !a.polls(name) {
			c.Problem(a.want.node, "%s is not one of the handles that are polled", name).Hint = addPolled
		}
	}
	a.checkEvents(c)
	c.MakeValues()
}

// polls reports whether a handle is, or may be, one of those that are polled.
func (a *pollAction) polls(name string) bool {
	for _, r := range a.handles.Refs {
		if s, static := r.Static(); !static || s == name {
			return true
		}
	}
	return false
}

// checkEvents compares the handles of events with those that are polled.
func (a *pollAction) checkEvents(c *check.Check) {
	if !a.events.each {
		return
	}
	for i, name := range a.events.names {
		if !a.polls(name) {
			c.Problem(a.events.keys[i], "%s is not one of the handles that are polled", name).Hint = addPolled
		}
	}
	for _, r := range a.handles.Refs {
		if name, static := r.Static(); static && !slices.Contains(a.events.names, name) {
			c.Problem(r.Node, "events says nothing of %s", name).Hint = "write " + name + ": [] to ask for nothing"
		}
	}
}

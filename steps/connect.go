package steps

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

var connectKind = Kind{
	Name:    "connect",
	Summary: "connect a socket to a peer",
	Text: `A reference such as ${server.listener} waits until that socket listens, so
nobody needs to sleep. On a datagram socket it sets the peer's address. retry is
for real programs that take their time to start: it tries again while the
connection is refused or the path is not there. It stops at once when the scenario
has started programs, nothing of them is left, and no other actor may still start
one. See connect(2).`,
	Example: acceptKind.Example,
	New:     func() Action { return new(connectAction) },
}

type connectAction struct {
	handle HandleRef
	to     Address
	retry  Duration
	nowait Bool
}

func (a *connectAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("to", &a.to, "the peer's address, or a handle of another actor: ${server.listener}").Need()
	p.Key("retry", &a.retry, "try again for so long while nobody is there yet").Or("0: the first answer counts")
	p.NoWait(&a.nowait, "do not wait: EINPROGRESS while the connection is being made")
}

func (a *connectAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	to, err := a.to.Ask(t)
	if err != nil {
		return err
	}
	retry, err := a.retry.Eval(t)
	if err != nil {
		return err
	}
	t.Call("connect", Name(h.Name), to)
	err = a.connect(t, h, to.Addr, retry)
	t.act(OpConnect, h)
	t.Event.Retry = a.retry.Given()
	t.Event.Link = h.link()
	t.Event.Link.Remote = to.Addr
	if err != nil {
		return err
	}
	t.publish(h.Name)
	t.Return(Const("0"))
	return nil
}

func (a *connectAction) connect(t *Task, h *Handle, to sock.Addr, retry time.Duration) error {
	end := time.Now().Add(retry)
	for delay := time.Millisecond; ; delay = min(2*delay, 50*time.Millisecond) {
		err := h.Sock.Connect(t.wait(&a.nowait, 0), to)
		errno, _ := sock.ErrnoOf(err)
		absent := errno == unix.ECONNREFUSED || errno == unix.ENOENT
		if !absent || !time.Now().Before(end) {
			return err
		}
		if gone := t.programsGone(); gone != "" {
			return &curedError{error: err, cure: "retry has stopped: " + gone}
		}
		if err := t.pause(delay); err != nil {
			return err
		}
	}
}

func (a *connectAction) Check(c *Check) {
	sym := c.handle(&a.handle)
	if sym == nil {
		return
	}
	c.fits(sym, &a.to, fitConnect)
	// A connect to AF_UNSPEC ends the listening.
	if to, fixed := a.to.Fixed(); fixed && !to.Unspec && sym.sock.listens == yes && c.mustSucceed() && c.certain() {
		c.problem(a.handle.node, "%s listens; it cannot connect", sym.Name).Hint = "connect another socket"
	}
	c.connect(sym.sock)
}

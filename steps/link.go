package steps

import (
	"strings"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var linkKind = step.Kind{
	Name:    "link",
	Summary: "cut a link, or change what it does to frames",
	Text: `cut makes all frames on the link vanish. The hosts do not notice it, as when a
cable between two switches is pulled. whole ends that. down takes the carrier
from the interfaces at all ends, up gives it back. With an interface in place of
the link, down and up are those of an administrator, as ip link set does it: the
host has no route there while it is down (ENETUNREACH). A mapping changes the
link's delay, jitter, loss, rate and mtu, or the mtu of an interface; {by: 20ms,
from: alpha.eth0} is a delay of the frames of that end alone. What a cut, a loss
or a jitter did to single frames is not shown. A cut is the fault LINK.cut: see
fault.`,
	Example: `requires: netns
network:
  hosts:
    alpha: {eth0: 192.168.1.1/24}
    beta: {eth0: 192.168.1.2/24}
  links:
    lan: {join: [alpha.eth0, beta.eth0]}
actors:
  alpha:
    - link: lan
      set: cut
    - socket: udp
      as: sock
    - send: sock
      to: 192.168.1.2:9
      data: nobody gets it
    - link: lan
      set: whole
    - link: alpha.eth0
      set: down
    - send: sock
      to: 192.168.1.2:9
      data: nor this
      expect: {error: ENETUNREACH}
`,
	Beneath: step.Beneath{
		Call:   "cut, whole and a mapping: none, sockscript itself carries the frames; down and up: RTM_NEWLINK with IFF_UP, see netdevice(7)",
		Kernel: "knows nothing of a cut. Without a carrier the host sends nothing, and keeps its addresses and routes; an interface that is down loses its routes.",
		Wire:   "in a cut TCP sends again and again, at longer and longer intervals, until the link is whole or it gives up (RFC 6298).",
	},
	New:  func() step.Action { return new(linkAction) },
	Hint: func(errno syscall.Errno, _ sock.Addr) string { return networkHints[errno] },
}

type linkAction struct {
	name value.Text
	set  linkChange
}

func (a *linkAction) Params(p *step.Params) {
	p.Value(&a.name, "the link: lan; or an interface: alpha.eth0, in a network without hosts lo")
	p.Key("set", &a.set, "cut, whole, down or up; or a mapping with delay, jitter, loss, rate and mtu").Need()
}

func (a *linkAction) Run(t *step.Task) error {
	name, err := a.name.Marked(t)
	if err != nil {
		return err
	}
	link, isLink := t.Actor.Run.Network().Link(name.Text)
	if !isLink && !strings.Contains(name.Text, ".") && t.Actor.Host != "" {
		return value.Mismatchf("the network has no link %s", value.Quote(name.Text))
	}
	args := []any{event.Plain(name)}
	if a.set.word != "" {
		t.Call("link", append(args, event.Const(a.set.word))...)
		if isLink {
			return done(t, a.set.turn(link))
		}
		return a.turnInterface(t, name.Text)
	}
	changes, shown, err := a.set.changes(t)
	if err != nil {
		return err
	}
	t.Call("link", append(args, shown...)...)
	switch {
	case isLink:
		for _, c := range changes {
			if err = link.Impair(c); err != nil {
				break
			}
		}
		return done(t, err)
	case a.set.ofLink():
		return value.Mismatchf("%s is not a link, and an interface has only an mtu", value.Quote(name.Text))
	}
	h, iface, err := hostOf(t, name.Text)
	if err != nil {
		return err
	}
	return done(t, h.SetMTU(iface, *changes[0].MTU))
}

// turn cuts a link or takes its carrier, or gives it back.
func (v *linkChange) turn(link step.Link) error {
	switch v.word {
	case cutWord, wholeWord:
		return link.Cut(v.word == cutWord)
	}
	return link.Carrier(v.word == upWord)
}

func (a *linkAction) turnInterface(t *step.Task, name string) error {
	if a.set.word == cutWord || a.set.word == wholeWord {
		return value.Mismatchf("%s is not a link, and an interface can only be down or up", value.Quote(name))
	}
	h, iface, err := hostOf(t, name)
	if err != nil {
		return err
	}
	return done(t, h.SetInterface(iface, a.set.word == upWord))
}

// UsesLink implements [step.LinkUser].
func (a *linkAction) UsesLink() (name string, known bool) {
	name, known = a.name.Static()
	if strings.Contains(name, ".") {
		name = "" // an interface
	}
	return name, known
}

func (a *linkAction) Check(c *check.Check) {
	name, static := a.name.Static()
	top := c.Topology()
	if !static || top == nil {
		return
	}
	switch {
	case top.Links[name] != nil:
		a.set.checkEnds(c, name, top.Links[name].Ends)
		return
	case strings.Contains(name, "."):
		checkInterface(c, a.name.Node, name)
	case top.HasHosts():
		unknownLink(c, a.name.Node, name)
		return
	case top.Alone != nil && !hasInterface("", top.Alone, name):
		checkInterface(c, a.name.Node, name)
		return
	}
	switch {
	case a.set.word == cutWord || a.set.word == wholeWord:
		c.Problem(a.set.node, "%s is an interface, and only a link can be cut", name).Hint = "write down or up, or the name of a link"
	case a.set.ofLink():
		c.Problem(a.set.node, "%s is an interface, which has only an mtu", name).Hint = "write the name of its link to change its frames"
	}
}

func unknownLink(c *check.Check, n *source.Node, name string) {
	p := c.Problem(n, "the network has no link %s", value.Quote(name))
	if p.Hint = source.DidYouMean(name, c.Topology().LinkList()); p.Hint != "" {
		return
	}
	if p.Hint = "its links are " + value.JoinOr(c.Topology().LinkList()); len(c.Topology().Links) == 0 {
		p.Hint = "write links: in the network"
	}
}

// The words of a link.
const (
	cutWord   = "cut"
	wholeWord = "whole"
	downWord  = "down"
	upWord    = "up"
)

var linkWords = []string{cutWord, wholeWord, downWord, upWord}

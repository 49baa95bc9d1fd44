package steps

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// labelled is an argument of an event behind a word: add 192.168.1.161/24.
func labelled(word string, text event.Marked) event.Plain {
	shown := event.Marked{Text: word + " "}
	shown.Add(text)
	return event.Plain(shown)
}

// networkCall opens the event of a step on the network: its arguments, and the
// host where that is not the actor's own.
func networkCall(t *step.Task, call string, on *step.HostRef, args ...any) error {
	host, err := on.Shown(t)
	if err == nil {
		t.Call(call, append(args, host...)...)
	}
	return err
}

// done ends the call of a step that changed the network: 0, or the errno.
func done(t *step.Task, err error) error {
	if err != nil {
		return failedCall(t, err)
	}
	t.Return(event.Const("0"))
	return nil
}

// failedCall is an error of a host's network. Where the kernel gave an errno,
// that is what the step ends in.
func failedCall(t *step.Task, err error) error {
	if errno, ok := sock.ErrnoOf(err); ok {
		return &sock.Error{Call: t.Event.Call, Err: errno}
	}
	return err
}

// ownInterface reports an interface that the host of a step does not have.
func ownInterface(c *check.Check, on *step.HostRef, iface *value.Text) {
	host, names := interfacesOf(c, on)
	name, static := iface.Static()
	if names != nil && iface.Given() && static && c.MustSucceed() && !hasInterface(host, names, name) {
		noInterface(c, iface.Node, host, name, names)
	}
}

// interfacesOf are those of the host of a step; nil where they are not known.
func interfacesOf(c *check.Check, on *step.HostRef) (host string, interfaces []string) {
	host = c.HostOf(on)
	switch top := c.Topology(); {
	case top == nil:
	case host == "":
		interfaces = top.Alone
	case top.Hosts[host] != nil:
		interfaces = top.Hosts[host].Interfaces
	}
	return host, interfaces
}

// hasInterface reports whether an interface may be among those of a host. In a
// private network each peer step makes one more: peer0, peer1 and so on.
func hasInterface(host string, names []string, name string) bool {
	return slices.Contains(names, name) || host == "" && strings.HasPrefix(name, "peer")
}

// noInterface reports an interface that a host, or a private network, lacks.
func noInterface(c *check.Check, n *source.Node, host, name string, names []string) {
	p := c.Problem(n, "%s has no interface %s", hostWords(host), value.Quote(name))
	if p.Hint = source.DidYouMean(name, names); p.Hint == "" {
		p.Hint = "its interfaces are " + value.JoinOr(names)
		if len(names) == 1 {
			p.Hint = "it has only " + names[0]
		}
	}
}

// hostWords are a host for messages.
func hostWords(host string) string {
	if host == "" {
		return "a private network"
	}
	return "the host " + host
}

// oneOf reports a step that has not exactly one of the given keys.
func oneOf(c *check.Check, kind string, keys []string, given ...bool) bool {
	count := 0
	for _, is := range given {
		if is {
			count++
		}
	}
	if count == 1 {
		return true
	}
	list := value.JoinOr(keys)
	if count == 0 {
		c.Problem(c.Step.Node, "%s does nothing here", kind).Hint = "write one of " + list
	} else {
		c.Problem(c.Step.Node, "%s takes only one of %s", kind, list).Hint = "write a step for each"
	}
	return false
}

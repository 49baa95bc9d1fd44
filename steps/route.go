package steps

import (
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var routeKind = step.Kind{
	Name:    "route",
	Summary: "add a route of a host, or remove one",
	Text: `A packet takes the route to the longest prefix that its destination is in. A
way that leads nowhere is a word: unreachable is EHOSTUNREACH for the host's own
sockets and an ICMP message to others, prohibit is EACCES, blackhole is EINVAL
and no message. default is 0.0.0.0/0, or ::/0 with a gateway of IPv6. See
ip-route(8).`,
	Example: `requires: netns
network: private
actors:
  one:
    - route: 10.9.0.0/16
      via: unreachable
    - socket: udp
      as: sock
    - connect: sock
      to: 10.9.0.1:80
      expect: {error: EHOSTUNREACH}
    - route: 10.9.0.0/16
      remove: true
    - connect: sock
      to: 10.9.0.1:80
      expect: {error: ENETUNREACH}
`,
	Reshapes: true,
	Beneath: step.Beneath{
		Call:   "RTM_NEWROUTE or RTM_DELROUTE, see rtnetlink(7)",
		Kernel: "looks for the longest prefix that the destination of a packet is in.",
		Errors: []step.LikelyError{
			{Errno: "EEXIST", Why: "there is a route to this network already"},
			{Errno: "ESRCH", Why: "there is no route to remove"},
			{Errno: "ENETUNREACH", Why: "the gateway is in no network of the host"},
		},
	},
	New: func() step.Action {
		return &routeAction{to: value.NewParsed("network", func(s string) (netip.Prefix, error) { return value.ParseNetwork(s, false) })}
	},
	Hint: func(errno syscall.Errno, _ sock.Addr) string {
		switch errno {
		case syscall.EEXIST:
			return "there is a route to this network already: remove it first"
		case syscall.ESRCH:
			return "there is no route to this network"
		case syscall.ENETUNREACH:
			return "no network of the host has this gateway"
		}
		return networkHints[errno]
	},
}

type routeAction struct {
	to     value.Parsed[netip.Prefix]
	via    value.Text
	remove value.Bool
	host   step.HostRef
}

func (a *routeAction) Params(p *step.Params) {
	p.Value(&a.to, "the network: 10.2.0.0/16, fd00:2::/64 or default")
	p.Key("via", &a.via, "the way: the address of a gateway, an interface, unreachable, prohibit or blackhole")
	p.Key("remove", &a.remove, "whether the route is removed").Or("false")
	p.Host(&a.host, "the host whose route it is")
}

func (a *routeAction) Run(t *step.Task) error {
	h, err := a.host.Open(t)
	if err != nil {
		return err
	}
	_, text, err := a.to.Parse(t)
	if err != nil {
		return err
	}
	if a.remove.On {
		to, _ := value.ParseNetwork(text.Text, false)
		if err := networkCall(t, "route", &a.host, event.Plain(text), event.Const("remove")); err != nil {
			return err
		}
		return done(t, h.RemoveRoute(to))
	}
	via, err := a.via.Marked(t)
	if err != nil {
		return err
	}
	to, err := value.ParseNetwork(text.Text, strings.Contains(via.Text, ":"))
	if err != nil {
		return err
	}
	shown := event.Plain(via)
	if !slices.Contains(value.RouteWords, via.Text) {
		shown = labelled("via", via)
	}
	if err := networkCall(t, "route", &a.host, event.Plain(text), shown); err != nil {
		return err
	}
	return done(t, h.AddRoute(to, via.Text))
}

func (a *routeAction) Check(c *check.Check) {
	host, interfaces := interfacesOf(c, &a.host)
	if !oneOf(c, "route", []string{"via", "remove: true"}, a.via.Given(), a.remove.On) || !a.via.Given() {
		return
	}
	way, static := a.via.Static()
	if !static || !c.MustSucceed() {
		return
	}
	gateway, err := netip.ParseAddr(way)
	to, fixed := a.to.Fixed()
	switch {
	case err == nil && fixed && to.Bits() > 0 && gateway.Is4() != to.Addr().Is4():
		c.Problem(a.via.Node, "the network %s and its gateway %s are of different families", to, gateway).Hint = "both are IPv4, or both are IPv6"
	case err == nil || slices.Contains(value.RouteWords, way) || interfaces == nil:
	case !hasInterface(host, interfaces, way):
		p := c.Problem(a.via.Node, "%s is not an address, an interface of %s or one of %s", value.Quote(way), hostWords(host), value.JoinOr(value.RouteWords))
		if p.Hint = source.DidYouMean(way, slices.Concat(interfaces, value.RouteWords)); p.Hint == "" {
			p.Hint = "a gateway is an address without a prefix length, as 192.168.1.1"
		}
	}
}

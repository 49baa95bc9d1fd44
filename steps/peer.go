package steps

import (
	"net/netip"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var peerKind = step.Kind{
	Name:    "peer",
	Summary: "play the far end of a connection, packet by packet",
	Text: `The far end is a host that only the script moves: inject sends a packet from it,
segment is the next packet that the kernel sends to it. ${p.local} is the address
of the kernel's side, ${p.remote} that of the far end, and ${p.address} is the far
end's address with its port.

Where the far end sends first, it sends to the port of the kernel's side. Where
the kernel connects to ${p.remote}, its first packet decides the ports. Each
further peer between the same two addresses is a flow of its own.

In a network with hosts the kernel's side is the actor's host, or that of on.
The packets do not cross a link: where the far end plays a host of the network,
this host does not get what the kernel sends to the address.

When the scenario ends, a packet that no segment step has taken is a warning, or
with exact: true a failure. Acknowledgements alone do not count, nor what the
kernel sends again.

It needs a network of the scenario's own.`,
	Example: `requires: netns
network: private
actors:
  one:
    - peer: udp
      as: p
    - socket: udp
      as: sock
    - bind: sock
      to: ${p.local}:8080
    - inject: p
      packet: udp (5)
      data: hello
    - recv: sock
      expect: hello
`,
	Beneath: step.Beneath{
		Call:   "none: sockscript itself plays the far end, by a packet socket (packet(7))",
		Kernel: "sees a network with the far end in it: it has an address there and a route.",
	},
	New: func() step.Action {
		return &peerAction{
			kind:  value.Enum{Words: []string{"tcp", "udp", "icmp", "tcp6", "udp6", "icmp6"}},
			local: value.NewParsed("IP address", value.ParseIP), remote: value.NewParsed("IP address", value.ParseIP),
			port: value.Int{Number: value.Between(1, maxPort)}, mtu: value.Int{Number: value.Between(minMTU, maxMTU)},
			rtoMin: value.Duration{Number: value.Between(int64(time.Millisecond), int64(maxRTO))},
		}
	},
	Thing: value.APeer,
}

type peerAction struct {
	kind          value.Enum
	local, remote value.Parsed[netip.Addr]
	port, mtu     value.Int
	rtoMin        value.Duration
	exact         value.Bool
	on            value.Text
	host          step.HostRef
}

func (a *peerAction) Params(p *step.Params) {
	p.Value(&a.kind, "what the flow carries: tcp, udp or icmp, over IPv6 tcp6, udp6 or icmp6")
	p.Key("local", &a.local, "the address of the kernel's side").Or("192.168.0.1, or fd00::1")
	p.Key("remote", &a.remote, "the address of the far end").Or("192.0.2.1, or 2001:db8::1")
	p.Key("port", &a.port, "the port of the kernel's side, where the far end sends first").Or("8080")
	p.Key("mtu", &a.mtu, "the size of the largest packet on the way").Or("1500")
	p.Key("rto_min", &a.rtoMin, "the shortest time after which the kernel sends to the far end again: with a long one it does so only for a reason, also on a slow machine").Or("that of the kernel, 200ms")
	p.Key("exact", &a.exact, "whether a segment step takes each segment by itself, and not several that carry one range").Or("false")
	p.Key("on", &a.on, "in a network with hosts: HOST.INTERFACE on the kernel's side, whose first address is local; or a link of two hosts, of which the far end plays the other one")
	p.Host(&a.host, "the host on the kernel's side")
	p.Makes = "the peer"
}

// peerKinds are what the words of peer mean.
var peerKinds = map[string]struct {
	kind peer.Kind
	v6   bool
}{
	"tcp": {peer.TCP, false}, "udp": {peer.UDP, false}, "icmp": {peer.ICMP, false},
	"tcp6": {peer.TCP, true}, "udp6": {peer.UDP, true}, "icmp6": {peer.ICMP, true},
}

// The addresses of both sides: a private network, and documentation (RFC 5737,
// RFC 3849).
var (
	peerLocal  = map[bool]string{false: "192.168.0.1", true: "fd00::1"}
	peerRemote = map[bool]string{false: "192.0.2.1", true: "2001:db8::1"}
)

const (
	peerPort = 8080
	// An MTU is from that of the smallest packet (RFC 791) to the largest.
	minMTU, maxMTU = 68, 65535
	maxRTO         = 120 * time.Second // TCP_RTO_MAX of the kernel
)

func (a *peerAction) Run(t *step.Task) error {
	name, err := t.AsName(0, "a peer")
	if err != nil {
		return err
	}
	plan, err := a.plan(t)
	if err != nil {
		return err
	}
	port, err := number(t, &a.port, peerPort)
	if err != nil {
		return err
	}
	shown := []any{event.Const(a.kind.Word), event.Const("local " + plan.Local.String()), event.Const("remote " + plan.Remote.String())}
	if err := networkCall(t, "peer", &a.host, shown...); err != nil {
		return err
	}
	far, err := t.Actor.Run.Peer(plan)
	if err != nil {
		return failedCall(t, err)
	}
	p := &step.Peer{
		Name: t.Shown(name), Actor: t.Actor.Name, Place: &t.Step.Place, Host: plan.Host, Plays: plan.Plays,
		Flow: far.Open(peerKinds[a.kind.Word].kind, uint16(port)), Exact: a.exact.On,
	}
	p.ID.Store(t.Actor.Run.Sockets.NewID())
	t.Actor.Run.Plays(p)
	if a.Named(t) {
		t.Set(name, p)
	}
	t.Return(event.Name(p.Name))
	return nil
}

// Named reports whether the step gives the peer a name.
func (a *peerAction) Named(t *step.Task) bool { return t.Step.As.Len() > 0 }

// plan is which far end it is.
func (a *peerAction) plan(t *step.Task) (p step.PeerPlan, err error) {
	v6 := peerKinds[a.kind.Word].v6
	local, remote := peerLocal[v6], peerRemote[v6]
	if p.Host, err = a.host.Name(t); err != nil {
		return p, err
	}
	if a.on.Given() {
		near, far, err := a.between(t, p.Host)
		if err != nil {
			return p, err
		}
		net := t.Actor.Run.Network()
		p.Host, p.Plays, local = near.host, far.host, net.Address(near.host, near.iface)
		if far.host != "" {
			remote = net.Address(far.host, far.iface)
		}
	}
	for _, one := range []struct {
		to   *netip.Addr
		from *value.Parsed[netip.Addr]
		or   string
	}{{&p.Local, &a.local, local}, {&p.Remote, &a.remote, remote}} {
		if one.from.Given() {
			*one.to, _, err = one.from.Parse(t)
		} else if *one.to, err = netip.ParseAddr(one.or); err != nil {
			err = value.Mismatchf("an interface there has no address in the file; write local and remote")
		}
		if err != nil {
			return p, err
		}
		if one.to.Is6() != v6 {
			return p, value.Mismatchf("%s is not an address of the family of %s", one.to, a.kind.Word)
		}
	}
	if p.MTU, err = number(t, &a.mtu, 0); err != nil {
		return p, err
	}
	if a.rtoMin.Given() {
		p.RTOMin, err = a.rtoMin.Eval(t)
	}
	return p, err
}

// A linkEnd is an interface of a host.
type linkEnd struct{ host, iface string }

// between finds the kernel's side by an interface, or both sides by a link of a
// host.
func (a *peerAction) between(t *step.Task, host string) (near, far linkEnd, err error) {
	name, err := a.on.Eval(t)
	if err != nil {
		return near, far, err
	}
	ends := t.Actor.Run.Network().Ends(name)
	if ends == nil {
		_, _, err := hostOf(t, name)
		near.host, near.iface, _ = strings.Cut(name, ".")
		return near, far, err
	}
	for _, end := range ends {
		on, iface, _ := strings.Cut(end, ".")
		if on == host {
			near = linkEnd{on, iface}
		} else {
			far = linkEnd{on, iface}
		}
	}
	if near.host == "" || len(ends) != 2 {
		err = value.Mismatchf("the link %s does not join %s and one other host; name an interface as HOST.INTERFACE, and write remote", value.Quote(name), host)
	}
	return near, far, err
}

// SaysHost implements [step.HostSayer].
func (a *peerAction) SaysHost() bool {
	name, known := a.on.Static()
	return a.on.Given() && (!known || strings.Contains(name, "."))
}

// number is a whole number, or another one where it is not given.
func number(t *step.Task, v *value.Int, or int) (int, error) {
	if !v.Given() {
		return or, nil
	}
	n, err := v.Eval(t)
	return int(n), err
}

const maxPort = 65535

func (a *peerAction) Check(c *check.Check) {
	for _, one := range []*value.Parsed[netip.Addr]{&a.local, &a.remote} {
		if ip, fixed := one.Fixed(); fixed && ip.Is6() != peerKinds[a.kind.Word].v6 && c.MustSucceed() {
			c.Problem(one.Node, "%s is not an address of the family of %s", ip, a.kind.Word).Hint = "tcp, udp and icmp are over IPv4, tcp6, udp6 and icmp6 over IPv6"
		}
	}
	a.checkOn(c)
	c.MakePeer(check.PeerState{V6: peerKinds[a.kind.Word].v6})
}

func (a *peerAction) checkOn(c *check.Check) {
	name, static := a.on.Static()
	top := c.Topology()
	switch {
	case !a.on.Given() || !static || top == nil:
	case !top.HasHosts():
		c.Problem(a.on.Node, "the network of the scenario has no hosts").Hint = "leave on out, or write network: {hosts: …}"
	case strings.Contains(name, "."):
		if checkInterface(c, a.on.Node, name); a.host.Given() {
			c.Problem(a.host.Node, "on says the host already").Hint = "leave host out"
		}
	case top.Links[name] == nil:
		unknownLink(c, a.on.Node, name)
	}
}

// peerRef is the name of a peer.
type peerRef struct{ value.Text }

// Schema accepts a name.
func (r *peerRef) Schema() value.Schema { return value.Schema{"type": "string"} }

// Type names the type in the reference.
func (r *peerRef) Type() string { return "peer" }

// find is the peer itself.
func (r *peerRef) find(t *step.Task) (*step.Peer, error) {
	name, err := r.Eval(t)
	if err != nil {
		return nil, err
	}
	v, _ := t.Get(name)
	p, ok := v.(*step.Peer)
	if !ok {
		return nil, value.Mismatchf("%s is not the name of a peer", value.Quote(name))
	}
	return p, nil
}

// check reports a name that no peer step gave. It returns what is known of the
// peer, or nil.
func (r *peerRef) check(c *check.Check) *check.PeerState {
	name, known := c.Text(&r.Text)
	if !known {
		return nil
	}
	sym := c.Symbols[name]
	switch {
	case sym == nil && c.MayBeThere(name):
		return nil
	case sym != nil && (sym.Peer != nil || sym.Anything):
		sym.Used = true
		return sym.Peer
	case sym == nil && c.MadeElsewhere(name):
		c.Problem(r.Node, "%s is used before the step that makes it", name).Hint = "move this step after the one with as: " + name
		return nil
	case sym != nil && c.MisnamedPeer(sym):
		return nil
	}
	p := c.Problem(r.Node, "there is no peer %q here", name)
	if p.Hint = source.DidYouMean(name, c.Peers()); p.Hint == "" {
		p.Hint = "name a peer with as: on its peer step"
	}
	return nil
}

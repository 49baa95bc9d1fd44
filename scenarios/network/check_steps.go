package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

// CheckSteps finds steps that cannot do on the hosts of the network what they
// want to.
func (v *Plan) CheckSteps(actors []check.Actor) source.Problems {
	if len(v.Hosts) == 0 {
		return nil
	}
	c := &hostsCheck{plan: v, on: make(map[string]string), dgram: make(map[string]bool), family: make(map[string]int), wild: make(map[string]sock.Addr), seen: make(map[*source.Node]bool), actors: make(map[string]string)}
	changes := false
	for _, a := range actors {
		c.actors[a.Name] = a.Host
		step.WalkSteps(a.Body, func(x *step.Step) {
			c.note(a, x)
			changes = changes || x.Kind != nil && (x.Kind.Starts || x.Kind.Reshapes)
		})
	}
	for _, a := range actors {
		step.WalkSteps(a.Body, func(x *step.Step) {
			c.references(a, x)
			if !changes {
				c.destination(a, x)
			}
		})
	}
	return c.problems
}

// hostsCheck is what is known of the handles of all actors, by ACTOR.NAME.
type hostsCheck struct {
	plan     *Plan
	on       map[string]string    // the hosts of those that are not on their actor's
	dgram    map[string]bool      // those whose packets may be lost and no call fails
	wild     map[string]sock.Addr // addresses that stand for all of a host
	family   map[string]int       // of those that no step has bound yet
	seen     map[*source.Node]bool
	actors   map[string]string // the hosts of the actors
	problems source.Problems
}

// note keeps on which host a step makes a socket, and what it binds.
func (c *hostsCheck) note(a check.Actor, x *step.Step) {
	if x.Host() != nil && x.Host().Given() {
		name, _ := x.Host().Static()
		for i := range x.As.Len() {
			if handle, static := x.As.List[i].Static(); static {
				c.on[a.Name+"."+handle] = name
			}
		}
	}
	if m, ok := x.Action.(interface{ MakesType() int }); ok && m.MakesType() != unix.SOCK_STREAM {
		for i := range x.As.Len() {
			if handle, static := x.As.List[i].Static(); static {
				c.dgram[a.Name+"."+handle] = true
			}
		}
	}
	if m, ok := x.Action.(interface{ MakesFamily() int }); ok && x.As.Len() == 1 {
		if handle, static := x.As.List[0].Static(); static {
			c.family[a.Name+"."+handle] = m.MakesFamily()
		}
	}
	if o, ok := x.Action.(step.Opener); ok {
		c.opens(a, o)
	}
	u, ok := x.Action.(step.AddressUser)
	if !ok {
		return
	}
	socket, to, binds := u.UsesAddress()
	handle, static := socket.Static()
	if static && binds {
		delete(c.family, a.Name+"."+handle)
	}
	if addr, fixed := to.Fixed(); static && fixed && binds && addr.IP.IsUnspecified() {
		c.wild[a.Name+"."+handle] = addr
	}
}

// opens keeps that a socket listens which no step has bound: the kernel gives
// it all addresses.
func (c *hostsCheck) opens(a check.Actor, o step.Opener) {
	socket, connectionless := o.Opens()
	handle, static := socket.Static()
	if connectionless || !static {
		return
	}
	switch name := a.Name + "." + handle; c.family[name] {
	case unix.AF_INET:
		c.wild[name] = sock.Addr{Family: unix.AF_INET, IP: netip.IPv4Unspecified()}
	case unix.AF_INET6:
		c.wild[name] = sock.Addr{Family: unix.AF_INET6, IP: netip.IPv6Unspecified()}
	}
}

// hostOf is the host of an actor's handle; "" where it is not known.
func (c *hostsCheck) hostOf(a check.Actor, handle string) string {
	if host, other := c.on[a.Name+"."+handle]; other {
		return host
	}
	return a.Host
}

// references reports references to a socket of all addresses of a host of which
// none can be reached from here.
func (c *hostsCheck) references(a check.Actor, x *step.Step) {
	for _, e := range x.Exprs {
		for i := range e.Refs {
			r := &e.Refs[i]
			addr, wild := c.wild[r.Actor+"."+r.Name]
			owner := c.on[r.Actor+"."+r.Name]
			if owner == "" {
				owner = c.actors[r.Actor]
			}
			if !wild || owner == "" || a.Host == "" || owner == a.Host || !e.ReadsAddress(r) || c.seen[e.Node] {
				continue
			}
			if _, ok := c.plan.Neighboring(owner, a.Host, addr.Family == unix.AF_INET6); ok {
				continue
			}
			c.seen[e.Node] = true
			p := e.Node.Problem("%s.%s has all addresses of the host %s, and none of them is on a link that the host %s is on too", r.Actor, r.Name, owner, a.Host)
			p.MoveTo(e.Node, e.Pos())
			c.problems = append(c.problems, p.WithHint("write an address of %s with the port ${%s.%s.port}", owner, r.Actor, r.Name))
		}
	}
}

// destination warns of a connection to an address that its host cannot reach. A
// datagram that nobody gets makes no call fail, so it may be meant.
func (c *hostsCheck) destination(a check.Actor, x *step.Step) {
	u, ok := x.Action.(step.AddressUser)
	if !ok || x.Expect.Error.Given() || c.seen[x.Node] {
		return
	}
	socket, to, binds := u.UsesAddress()
	handle, static := socket.Static()
	addr, fixed := to.Fixed()
	if host := c.hostOf(a, handle); static && fixed && !binds && !c.dgram[a.Name+"."+handle] && host != "" && addr.IP.IsValid() {
		if why := c.plan.unreachable(host, addr.IP.Unmap(), mostHops); why != "" {
			c.seen[x.Node] = true
			c.problems = append(c.problems, to.Node.Warning("the host %s cannot reach %s: %s", host, addr.IP, why))
		}
	}
}

// mostHops bounds the routers on a way: two may send packets to each other.
const mostHops = 32

// unreachable says why a host cannot reach an address, as far as the file can
// tell; "" where it can, or where that is not known.
func (v *Plan) unreachable(host string, to netip.Addr, hops int) string {
	h := v.Host(host)
	if h == nil || v.answersForOthers() || to.IsLoopback() || to.IsUnspecified() || to.IsMulticast() || to.IsLinkLocalUnicast() || h.has(to) {
		return ""
	}
	if hops == 0 {
		return "the routes lead in a circle"
	}
	iface, next, why := h.way(to)
	if why != "" {
		return why
	}
	end := host + "." + iface
	i := slices.IndexFunc(v.Links, func(l *Link) bool { return l.End(end) >= 0 })
	if i < 0 {
		return "" // something else may be at the interface
	}
	for _, e := range v.Links[i].Join {
		if other := v.Host(e.Host); other != nil && e.Host != host && other.has(next) {
			switch {
			case other.has(to):
				return ""
			case !other.Forward:
				return fmt.Sprintf("the host %s has the address of the gateway %s, and does not forward", other.Name, next)
			}
			return v.unreachable(other.Name, to, hops-1)
		}
	}
	if isBroadcastOf(h, to) {
		return ""
	}
	return fmt.Sprintf("no host on the link %s has the address %s", v.Links[i].Name, next)
}

// has reports whether an address is one of the host's own.
func (h *Host) has(a netip.Addr) bool {
	return slices.ContainsFunc(h.Interfaces, func(i *Interface) bool {
		return slices.ContainsFunc(i.Addresses, func(p *Prefix) bool { return p.Addr() == a })
	})
}

// way is the interface by which the packets to an address go, and the neighbor
// that gets them.
func (h *Host) way(to netip.Addr) (iface string, next netip.Addr, why string) {
	best := -1
	for _, i := range h.Interfaces {
		for _, p := range i.Addresses {
			if p.Contains(to) && p.Bits() > best {
				best, iface, next = p.Bits(), i.Name, to
			}
		}
	}
	for _, r := range h.Routes {
		if !r.To.Contains(to) || r.To.Bits() <= best {
			continue
		}
		best, why = r.To.Bits(), ""
		switch {
		case r.Word != "":
			why = fmt.Sprintf("the route of the host %s to %s is %s", h.Name, r.To.Prefix, r.Word)
		case r.Interface != "":
			iface, next = r.Interface, to
		default:
			next = r.Via
			iface = h.toward(r.Via)
		}
	}
	if best < 0 {
		return "", next, fmt.Sprintf("the host %s has no route there", h.Name)
	}
	return iface, next, why
}

// toward is the interface behind which a gateway is.
func (h *Host) toward(gateway netip.Addr) string {
	for _, i := range h.Interfaces {
		if slices.ContainsFunc(i.Addresses, func(p *Prefix) bool { return p.Contains(gateway) }) {
			return i.Name
		}
	}
	for _, r := range h.Routes {
		if r.Interface != "" && r.To.Contains(gateway) {
			return r.Interface
		}
	}
	return ""
}

// isBroadcastOf reports the last address of a network of the host.
func isBroadcastOf(h *Host, a netip.Addr) bool {
	return slices.ContainsFunc(h.Interfaces, func(i *Interface) bool {
		return slices.ContainsFunc(i.Addresses, func(p *Prefix) bool {
			return a.Is4() && p.Contains(a) && !p.Contains(a.Next())
		})
	}) || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// answersForOthers reports whether a host may answer for addresses that it does
// not have.
func (v *Plan) answersForOthers() bool {
	return slices.ContainsFunc(v.Hosts, func(h *Host) bool {
		return slices.ContainsFunc(h.Sysctls, func(s Sysctl) bool { return strings.Contains(s.Name, "proxy") })
	})
}

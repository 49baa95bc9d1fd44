package network

import (
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// check finds what is wrong with a network whose parts are all well formed.
func (v *Plan) check(d *value.Decoder) {
	v.checkEnds(d)
	for _, h := range v.Hosts {
		h.checkRoutes(d)
		h.checkSizes(d)
	}
	for _, l := range v.Links {
		v.checkAddresses(d, l)
		v.checkFaults(d, l)
	}
}

// warn notes something that runs, but does not do what it seems to.
func warn(d *value.Decoder, n *source.Node, format string, args ...any) *source.Problem {
	p := d.Problem(n, format, args...)
	p.Severity = source.Warning
	return p
}

// checkEnds reports ends of links that are not interfaces, and interfaces on
// two links.
func (v *Plan) checkEnds(d *value.Decoder) {
	at := make(map[string]*End)
	var names []string
	for _, h := range v.Hosts {
		names = append(names, h.Name)
	}
	for _, l := range v.Links {
		for _, e := range l.Join {
			h := v.Host(e.Host)
			switch first := at[e.String()]; {
			case h == nil:
				p := d.Problem(e.Node, "the network has no host %s", value.Quote(e.Host))
				if p.Hint = source.DidYouMean(e.Host, names); p.Hint == "" {
					p.Hint = "its hosts are " + value.JoinOr(names)
				}
			case e.Interface == loName:
				d.Problem(e.Node, "a link cannot join lo, which every host has for itself").Hint = "give the host an interface, as eth0"
			case h.Interface(e.Interface) == nil:
				p := d.Problem(e.Node, "the host %s has no interface %s", h.Name, value.Quote(e.Interface))
				if p.Hint = source.DidYouMean(e.Interface, h.names()); p.Hint == "" {
					p.Hint = "add it to the host: " + e.Interface + ": ADDRESS, or {} for none"
				}
			case first != nil:
				d.Problem(e.Node, "%s is joined twice; the first time at line %d", e, first.Node.Pos.Line).Hint = "an interface is on one link; give the host a second one"
			default:
				at[e.String()] = e
			}
		}
	}
}

// checkRoutes reports gateways that the host cannot reach itself.
func (h *Host) checkRoutes(d *value.Decoder) {
	for _, r := range h.Routes {
		if !r.Via.IsValid() || h.onLink(r.Via) {
			continue
		}
		d.Problem(r.To.Node, "the gateway %s is in no network of the host %s", r.Via, h.Name).Hint = "a gateway is a neighbor: give an interface of the host an address in its network, or add a route to it with an interface"
	}
}

// onLink reports whether the host reaches an address without a gateway.
func (h *Host) onLink(a netip.Addr) bool {
	if a.IsLinkLocalUnicast() && a.Is6() {
		return true
	}
	for _, i := range h.Interfaces {
		for _, p := range i.Addresses {
			if p.Contains(a) {
				return true
			}
		}
	}
	return slices.ContainsFunc(h.Routes, func(r *Route) bool { return r.Interface != "" && r.To.Contains(a) })
}

// leastMTU6 is what IPv6 needs (RFC 8200, section 5).
const leastMTU6 = 1280

// checkSizes reports interfaces with IPv6 addresses that are too narrow for it,
// and an address that an interface has twice.
func (h *Host) checkSizes(d *value.Decoder) {
	for _, i := range h.Interfaces {
		seen := make(map[netip.Addr]bool)
		for _, p := range i.Addresses {
			if i.MTU > 0 && i.MTU < leastMTU6 && p.Addr().Is6() {
				d.Problem(p.Node, "IPv6 needs an MTU of %d, and that of %s is %d", leastMTU6, i.Name, i.MTU).Hint = "leave the address out, or the mtu"
			}
			if seen[p.Addr()] {
				d.Problem(p.Node, "the interface %s has the address %s twice", i.Name, p.Addr())
			}
			seen[p.Addr()] = true
		}
	}
}

// checkAddresses reports a link whose ends cannot reach each other, and an
// address that two of them have.
func (v *Plan) checkAddresses(d *value.Decoder, l *Link) {
	var all []*Prefix
	shared, bare := false, false
	for _, e := range l.Join {
		h := v.Host(e.Host)
		if h == nil || h.Interface(e.Interface) == nil {
			return // which is reported
		}
		own := h.Interface(e.Interface).Addresses
		bare = bare || len(own) == 0
		for _, p := range own {
			for _, q := range all {
				if p.Addr() == q.Addr() {
					warn(d, p.Node, "the address %s is on the link %s twice; the first is at line %d", p.Addr(), l.Name, q.Node.Pos.Line).
						Hint = "neighbors believe whoever answers last; give one of the hosts another address unless the scenario is about that"
				}
				shared = shared || p.Contains(q.Addr()) || q.Contains(p.Addr())
			}
		}
		all = append(all, own...)
		shared = shared || h.routesBy(e.Interface)
	}
	if !shared && !bare {
		warn(d, l.Node, "no two ends of the link %s have addresses in one network", l.Name).Hint = "addresses of one network begin alike, as 10.0.0.1/24 and 10.0.0.2/24; or add a route with the interface"
	}
}

// routesBy reports whether the host has a route by an interface of its own.
func (h *Host) routesBy(iface string) bool {
	return slices.ContainsFunc(h.Routes, func(r *Route) bool { return r.Interface == iface })
}

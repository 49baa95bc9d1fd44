package network

import (
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Route says which way the packets of a host to a network go. One of Via,
// Interface and Word is given.
type Route struct {
	To        Prefix
	Via       netip.Addr
	Interface string
	Word      string // unreachable, prohibit or blackhole
	Node      *source.Node
}

const routesHelp = "the way to each network: the address of a gateway, an interface, unreachable, prohibit or blackhole; " +
	"the network default is 0.0.0.0/0, or ::/0 where the gateway has an IPv6 address"

// routes are those of a host.
type routes struct{ host *Host }

func (v *routes) Written() {}

func (v *routes) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "routes is a mapping of networks to ways, not %s", n.Describe()).Hint = "write {default: 192.168.1.1, 10.2.0.0/16: 192.168.1.2}"
		return
	}
	for _, e := range n.Entries {
		r := &Route{Node: e.Key}
		if v.way(d, r, e.Value) && v.network(d, r, e.Key) {
			v.host.Routes = append(v.host.Routes, r)
		}
	}
}

// way reads where the packets go.
func (v *routes) way(d *value.Decoder, r *Route, n *source.Node) bool {
	if n.Kind != source.Scalar || n.Null {
		d.Problem(n, "expected a gateway, an interface or %s, got %s", value.JoinOr(value.RouteWords), n.Describe())
		return false
	}
	if withExpression(d, n) {
		return false
	}
	via, err := netip.ParseAddr(n.Text)
	switch {
	case err == nil:
		r.Via = via
	case slices.Contains(value.RouteWords, n.Text):
		r.Word = n.Text
	case slices.Contains(v.host.names(), n.Text):
		r.Interface = n.Text
	default:
		p := d.Problem(n, "%s is not an address, an interface of %s or one of %s", value.Quote(n.Text), v.host.Name, value.JoinOr(value.RouteWords))
		if p.Hint = source.DidYouMean(n.Text, slices.Concat(v.host.names(), value.RouteWords)); p.Hint == "" {
			p.Hint = "a gateway is an address without a prefix length, as 192.168.1.1"
		}
		return false
	}
	return true
}

// network reads which packets the route is for.
func (v *routes) network(d *value.Decoder, r *Route, n *source.Node) bool {
	to, err := value.ParseNetwork(n.Text, r.Via.Is6())
	if err != nil {
		d.Problem(n, "%s", err)
		return false
	}
	r.To = Prefix{to, n}
	if r.Via.IsValid() && r.Via.Is4() != to.Addr().Is4() {
		d.Problem(n, "the network %s and its gateway %s are of different families", to, r.Via).Hint = "both are IPv4, or both are IPv6"
		return false
	}
	return true
}

func (v *routes) Schema() value.Schema {
	return value.Schema{"type": "object", "additionalProperties": value.Schema{"type": "string"}}
}

func (v *routes) Type() string { return "ways by network" }

// Package network is the part of a scenario's document that says which network
// it runs in: the hosts, links and faults, read and checked, and what they let
// the steps do.
package network

import (
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Kind says which network a scenario has.
type Kind int

// The kinds of networks.
const (
	KindAny     Kind = iota // the one that the run has
	KindHost                // the host's, and no other
	KindPrivate             // one of its own, with nothing but lo
	KindHosts               // one of its own, of several hosts
)

// A Plan is what a scenario says of its network.
type Plan struct {
	Kind    Kind
	LoDown  bool     // of a private one
	Sysctls []Sysctl // of a private one, in the order of the file
	Hosts   []*Host  // in the order of the file
	Links   []*Link
	Node    *source.Node
}

// Own reports whether the scenario has a network of its own.
func (v *Plan) Own() bool { return v.Kind == KindPrivate || v.Kind == KindHosts }

// Host is a host by its name; nil where there is none.
func (v *Plan) Host(name string) *Host {
	for _, h := range v.Hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}

// Link is a link by its name; nil where there is none.
func (v *Plan) Link(name string) *Link {
	for _, l := range v.Links {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// Neighboring is the first address of a host on a link that another host is on
// too, of IPv6 or else of IPv4.
func (v *Plan) Neighboring(host, other string, six bool) (netip.Addr, bool) {
	h := v.Host(host)
	if h == nil {
		return netip.Addr{}, false
	}
	for _, i := range h.Interfaces {
		if !v.joins(host, i.Name, other) {
			continue
		}
		for _, a := range i.Addresses {
			if a.Addr().Is6() == six {
				return a.Addr(), true
			}
		}
	}
	return netip.Addr{}, false
}

// joins reports whether a link joins an interface of one host and another host.
func (v *Plan) joins(host, iface, other string) bool {
	return slices.ContainsFunc(v.Links, func(l *Link) bool {
		return l.End(host+"."+iface) >= 0 && slices.ContainsFunc(l.Join, func(e *End) bool { return e.Host == other })
	})
}

// Decode reads a word or a mapping.
func (v *Plan) Decode(d *value.Decoder, n *source.Node) {
	v.Node = n
	if n.Kind == source.Map {
		v.mapping(d, n)
		return
	}
	kind, known := map[string]Kind{hostWord: KindHost, privateWord: KindPrivate}[n.Text]
	if n.Kind != source.Scalar || !known {
		p := value.Unknown(d, n, "network")
		if p.Hint = source.DidYouMean(n.Text, []string{hostWord, privateWord}); p.Hint == "" {
			p.Hint = networkHint
		}
	}
	if v.Kind = kind; kind == KindHost {
		d.Need(value.Need{Access: value.HostNetwork, Of: n.Text, Pos: n.Pos})
	}
}

// mapping reads a private network with its settings, or hosts and links.
func (v *Plan) mapping(d *value.Decoder, n *source.Node) {
	before := d.Count()
	params := v.params()
	d.Mapping(n, params, "network")
	hosts, links := params[1].Value.(*hosts), params[2].Value.(*links)
	v.Hosts, v.Links = hosts.list, links.list
	private, withHosts := n.Get(privateWord), n.Get(hostsKey)
	switch {
	case private != nil && (withHosts != nil || n.Get(linksKey) != nil):
		d.Problem(n, "a private network has no hosts and no links").Hint = "leave private out; hosts have a network of their own too"
	case withHosts != nil:
		v.Kind = KindHosts
	case private == nil && d.Count() == before:
		d.Problem(n, "the network is empty").Hint = networkHint
	}
	if d.Count() == before {
		v.check(d)
	}
}

// params are the keys of a network that is written as a mapping.
func (v *Plan) params() []*value.Param {
	return []*value.Param{
		{Key: privateWord, Value: &privateNetwork{v}, Help: privateHelp},
		{Key: hostsKey, Value: new(hosts), Help: hostsHelp},
		{Key: linksKey, Value: new(links), Help: linksHelp},
	}
}

const (
	hostWord    = "host"
	privateWord = "private"
	hostsKey    = "hosts"
	linksKey    = "links"
	networkHint = "a network is host or private, or a mapping with the key private, or with hosts and links"
	loUp        = "up"
	loDown      = "down"
	Help        = "host: the host's network and no other; private: " + privateHelp + "; default: the network of the run"
	privateHelp = "a network namespace with nothing but lo (network_namespaces(7)): every port is free, and nothing leaks out"
)

// Schema is that of the words and of the mapping.
func (v *Plan) Schema() value.Schema {
	keys := value.Schema{}
	for _, p := range v.params() {
		keys[p.Key] = value.Described(p)
	}
	return value.Schema{"anyOf": []value.Schema{
		{"enum": []string{hostWord, privateWord}},
		value.Object(value.Schema{privateWord: keys[privateWord]}, privateWord),
		value.Object(value.Schema{hostsKey: keys[hostsKey], linksKey: keys[linksKey]}, hostsKey),
	}}
}

// Type is what documentation calls the value.
func (v *Plan) Type() string { return "host, private or a mapping" }

// privateNetwork is the value of the key private.
type privateNetwork struct{ plan *Plan }

func (v *privateNetwork) params() []*value.Param {
	return []*value.Param{
		{Key: "lo", Value: &value.Enum{Words: []string{loUp, loDown}}, Help: loUp + " (default) or " + loDown},
		{Key: "sysctls", Value: &sysctls{}, Help: "kernel parameters of the network by name, as net.ipv4.tcp_syn_retries, set before the actors start"},
	}
}

func (v *privateNetwork) Decode(d *value.Decoder, n *source.Node) {
	v.plan.Kind = KindPrivate
	params := v.params()
	d.Mapping(n, params, "a private network")
	v.plan.LoDown = params[0].Value.(*value.Enum).Word == loDown
	v.plan.Sysctls = params[1].Value.(*sysctls).list
}

func (v *privateNetwork) Written() {}

func (v *privateNetwork) Schema() value.Schema {
	settings := value.Schema{}
	for _, p := range v.params() {
		settings[p.Key] = value.Described(p)
	}
	return value.Object(settings)
}

func (v *privateNetwork) Type() string { return "settings by name" }

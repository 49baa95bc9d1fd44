package network

import (
	"net"
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Host is a host of the scenario's network: a network namespace of its own.
type Host struct {
	Name       string
	Interfaces []*Interface // lo only where it has addresses
	Routes     []*Route
	Forward    bool     // it is a router, for IPv4 and IPv6
	Sysctls    []Sysctl // by their whole names
	Node       *source.Node
}

// An Interface is one of a host.
type Interface struct {
	Name      string
	Addresses []*Prefix
	MAC       net.HardwareAddr // nil where it is not written
	MTU       int              // 0 where it is not written
	Node      *source.Node
}

// A Prefix is an address with the length of its network's prefix, or a network.
type Prefix struct {
	netip.Prefix
	Node *source.Node
}

// Interface is an interface of the host by its name; nil where it has none.
func (h *Host) Interface(name string) *Interface {
	for _, i := range h.Interfaces {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// names are the names of the host's interfaces, lo among them.
func (h *Host) names() []string {
	names := []string{loName}
	for _, i := range h.Interfaces {
		if i.Name != loName {
			names = append(names, i.Name)
		}
	}
	return names
}

// loName is the interface that every host has.
const loName = "lo"

// The keys of a host that are not interfaces.
const (
	routesKey  = "routes"
	forwardKey = "forward"
	sysctlsKey = "sysctls"
)

// hosts is the value of the key hosts.
type hosts struct{ list []*Host }

const hostsHelp = "the hosts by name: of each its interfaces with their addresses, and routes, forward and sysctls; {} is a host with nothing but lo"

func (v *hosts) Written() {}

func (v *hosts) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "hosts is a mapping of names to hosts, not %s", n.Describe()).Hint = "write {alpha: {eth0: 192.168.1.1/24}}"
		return
	}
	if len(n.Entries) == 0 {
		d.Problem(n, "there are no hosts").Hint = "write a name and its interfaces below hosts, or network: private"
	}
	for _, e := range n.Entries {
		if !value.IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name for a host", value.Quote(e.Key.Text)).Hint = value.NameHint
		}
		h := &Host{Name: e.Key.Text, Node: e.Key}
		h.decode(d, e.Value)
		v.list = append(v.list, h)
	}
}

// params are the keys of a host that are not interfaces.
func (h *Host) params() []*value.Param {
	return []*value.Param{
		{Key: loName, Value: &ports{host: h, name: loName}, Help: "addresses of lo beside 127.0.0.1 and ::1"},
		{Key: routesKey, Value: &routes{host: h}, Help: routesHelp},
		{Key: forwardKey, Value: &flag{on: &h.Forward}, Help: "true: the host is a router, for IPv4 and IPv6; default: false"},
		{Key: sysctlsKey, Value: &hostSysctls{host: h}, Help: hostSysctlsHelp},
	}
}

// decode reads a host. Its interfaces come first, because the other keys name
// them.
func (h *Host) decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "a host is a mapping of its interfaces, not %s", n.Describe()).Hint = "write {eth0: 192.168.1.1/24}, or {} for a host with nothing but lo"
		return
	}
	params := h.params()
	own := *n
	own.Entries = nil
	for _, e := range n.Entries {
		switch p := value.FindParam(params, e.Key.Text); {
		case p != nil && e.Key.Text != loName:
			own.Entries = append(own.Entries, e)
		case p == nil && h.misspelt(d, e.Key):
		default:
			h.port(d, e)
		}
	}
	d.Mapping(&own, params, "a host")
}

// misspelt reports the key of a host that is nearly one of those which are not
// interfaces.
func (h *Host) misspelt(d *value.Decoder, n *source.Node) bool {
	hint := source.DidYouMean(n.Text, []string{routesKey, forwardKey, sysctlsKey})
	if hint == "" {
		return false
	}
	d.Problem(n, "unknown key %q in a host", n.Text).Hint = hint
	return true
}

// port reads an interface of the host.
func (h *Host) port(d *value.Decoder, e source.Entry) {
	name := e.Key.Text
	switch {
	case !value.IsName(name) || len(name) > mostInterfaceName:
		d.Problem(e.Key, "%s is not a name for an interface", value.Quote(name)).Hint = value.NameHint + "; it has at most 15 characters"
	case slices.Contains(reservedInterfaces, name):
		d.Problem(e.Key, "an interface cannot have the name %s, which means something else", name).Hint = "name it eth0 or the like"
	}
	p := &ports{host: h, name: name, key: e.Key}
	p.Decode(d, e.Value)
}

// mostInterfaceName is IFNAMSIZ without the zero at the end, netdevice(7).
const mostInterfaceName = 15

// reservedInterfaces have a meaning in routes, in the names of kernel
// parameters or in links.
var reservedInterfaces = []string{"all", "default", "unreachable", "prohibit", "blackhole", "none"}

// ports is the value of an interface: an address, a list of addresses or a
// mapping.
type ports struct {
	host *Host
	name string
	key  *source.Node
}

func (v *ports) Written() {}

func (v *ports) Decode(d *value.Decoder, n *source.Node) {
	i := &Interface{Name: v.name, Node: v.key}
	v.host.Interfaces = append(v.host.Interfaces, i)
	if n.Kind != source.Map {
		a := ownAddresses{to: i}
		a.Decode(d, n)
		return
	}
	params := i.params()
	d.Mapping(n, params, "an interface")
	i.MAC = params[1].Value.(*Literal[net.HardwareAddr]).T
	i.MTU = params[2].Value.(*Literal[int]).T
	if mac := params[1].Value.(*Literal[net.HardwareAddr]); mac.Given() && i.Name == loName {
		d.Problem(mac.Node, "lo has no MAC address").Hint = "leave mac out"
	}
}

func (i *Interface) params() []*value.Param {
	return []*value.Param{
		{Key: "addresses", Value: &ownAddresses{to: i}, Help: "an address with the length of its network's prefix, or a list of them"},
		{Key: "mac", Value: newMAC(), Help: "the MAC address; default: 02:00:00:00:HH:II by the numbers of the host and of the interface, from 1"},
		{Key: "mtu", Value: newMTU(), Help: "the size of the largest packet in bytes; default: 1500"},
	}
}

// Schema accepts an address, a list or a mapping.
func (v *ports) Schema() value.Schema {
	long := value.Schema{}
	for _, p := range new(Interface).params() {
		long[p.Key] = value.Described(p)
	}
	return value.Schema{"anyOf": []value.Schema{new(ownAddresses).Schema(), value.Object(long)}}
}

func (v *ports) Type() string { return "address, list of addresses, or {addresses, mac, mtu}" }

// ownAddresses are those of an interface.
type ownAddresses struct{ to *Interface }

func (v *ownAddresses) Written() {}

func (v *ownAddresses) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.List && len(n.Items) == 0 {
		d.Problem(n, "the list of addresses is empty").Hint = "write {} for an interface without addresses"
	}
	for _, item := range n.OneOrMore() {
		a := Literal[netip.Prefix]{what: "an address such as 192.168.1.10/24", parse: value.ParsePrefix}
		before := d.Count()
		a.Decode(d, item)
		if d.Count() == before {
			v.to.Addresses = append(v.to.Addresses, &Prefix{a.T, item})
		}
	}
}

func (v *ownAddresses) Schema() value.Schema {
	one := value.Schema{"type": "string"}
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

func (v *ownAddresses) Type() string { return "address or list of addresses" }

// flag is true or false.
type flag struct{ on *bool }

func (v *flag) Written() {}

func (v *flag) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.Scalar && withExpression(d, n) {
		return
	}
	var b value.Bool
	b.Decode(d, n)
	*v.on = b.On
}

func (v *flag) Schema() value.Schema { return new(value.Bool).Schema() }
func (v *flag) Type() string         { return new(value.Bool).Type() }

// Schema accepts hosts by name.
func (v *hosts) Schema() value.Schema {
	settings := value.Schema{}
	for _, p := range new(Host).params() {
		settings[p.Key] = value.Described(p)
	}
	host := value.Object(settings)
	host["additionalProperties"] = new(ports).Schema()
	host["propertyNames"] = value.Schema{"pattern": value.NamePattern}
	return value.Schema{
		"type": "object", "minProperties": 1, "additionalProperties": host,
		"propertyNames": value.Schema{"pattern": value.NamePattern},
	}
}

func (v *hosts) Type() string { return "hosts by name" }

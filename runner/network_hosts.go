package runner

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/lab/wire"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

// hostsNetwork is a network of several hosts.
type hostsNetwork struct {
	*lab.Lab
	recording
	plan      *network.Plan
	names     []string // in the order of the file
	hosts     map[string]*host
	low, high uint16 // the ports that the kernel chooses on one of the hosts
}

// buildHosts makes a network of hosts.
func buildHosts(plan *network.Plan, frames recording) (runNetwork, error) {
	p := planOf(plan)
	p.Record = frames.of
	l, err := lab.Build(p)
	if err != nil {
		return nil, err
	}
	n := &hostsNetwork{Lab: l, recording: frames, plan: plan, hosts: make(map[string]*host), low: 65535}
	for _, h := range plan.Hosts {
		n.names = append(n.names, h.Name)
		inside, _ := l.Host(h.Name)
		n.hosts[h.Name] = &host{Network: inside, addresses: addressesOf(h)}
		inside.Within(func() {
			low, high := event.ReadDynamicPorts()
			n.low, n.high = min(n.low, low), max(n.high, high)
		})
	}
	return n, nil
}

// Host implements [step.Network].
func (n *hostsNetwork) Host(name string) (step.Host, bool) {
	h, ok := n.hosts[name]
	return h, ok
}

// A host is one of a lab. It keeps the addresses that it has had.
type host struct {
	*lab.Network
	mu        sync.Mutex
	addresses []netip.Addr
}

func addressesOf(h *network.Host) []netip.Addr {
	var list []netip.Addr
	for _, i := range h.Interfaces {
		for _, a := range i.Addresses {
			list = append(list, a.Addr())
		}
	}
	return list
}

// AddAddress implements [step.Host].
func (h *host) AddAddress(iface string, a netip.Prefix, dad bool) error {
	h.mu.Lock()
	h.addresses = append(h.addresses, a.Addr()) // before a packet can come for it
	h.mu.Unlock()
	return h.Network.AddAddress(iface, a, dad)
}

// Cable makes a cable to a host that the script plays.
func (h *host) Cable(p lab.CablePlan) (*lab.Cable, error) {
	h.mu.Lock()
	if !slices.Contains(h.addresses, p.Local) {
		h.addresses = append(h.addresses, p.Local)
	}
	h.mu.Unlock()
	return h.Network.Cable(p)
}

// Addresses implements [runNetwork].
func (n *hostsNetwork) Addresses() []record.Host {
	var list []record.Host
	for _, name := range n.names {
		h := n.hosts[name]
		h.mu.Lock()
		list = append(list, record.Host{Name: name, Addresses: slices.Clone(h.addresses)})
		h.mu.Unlock()
	}
	return list
}

// Having implements [runNetwork]. An address that nobody gave, as one that IPv6
// makes of a MAC address, may be on each host.
func (n *hostsNetwork) Having(host string, a sock.Addr) []string {
	if a.IsHostOwn() {
		return []string{host}
	}
	ip := a.IP.Unmap().WithZone("")
	var list []string
	for _, h := range n.Addresses() {
		if slices.Contains(h.Addresses, ip) {
			list = append(list, h.Name)
		}
	}
	if list == nil {
		return n.names
	}
	return list
}

// Link implements [step.Network].
func (n *hostsNetwork) Link(name string) (step.Link, bool) {
	l, ok := n.Lab.Link(name)
	return link{l}, ok
}

// A link is one of a lab, as steps see it.
type link struct{ *lab.Link }

// Impair implements [step.Link].
func (l link) Impair(c step.Impairment) error { return l.Link.Impair(lab.Change(c)) }

// Address implements [step.Network].
func (n *hostsNetwork) Address(host, iface string) string {
	h := n.plan.Host(host)
	if h == nil || h.Interface(iface) == nil || len(h.Interface(iface).Addresses) == 0 {
		return ""
	}
	return h.Interface(iface).Addresses[0].Addr().String()
}

// Ends implements [step.Network].
func (n *hostsNetwork) Ends(link string) []string {
	var list []string
	for _, l := range n.plan.Links {
		for _, e := range l.Join {
			if l.Name == link {
				list = append(list, e.Host+"."+e.Interface)
			}
		}
	}
	return list
}

// Neighboring implements [step.Network].
func (n *hostsNetwork) Neighboring(host, other string, six bool) (netip.Addr, bool) {
	return n.plan.Neighboring(host, other, six)
}

// Within implements [scenarios.Network]: what all hosts have in common is asked
// of the first.
func (n *hostsNetwork) Within(f func()) {
	h, _ := n.Lab.Host(n.names[0])
	h.Within(f)
}

// Hosts implements [runNetwork].
func (n *hostsNetwork) Hosts() []string { return n.names }

// Own implements [runNetwork].
func (n *hostsNetwork) Own() bool { return true }

// DynamicPorts implements [runNetwork].
func (n *hostsNetwork) DynamicPorts() (low, high uint16) { return n.low, n.high }

// planOf is the plan of a network as the lab takes it.
func planOf(plan *network.Plan) lab.Plan {
	var p lab.Plan
	for _, h := range plan.Hosts {
		p.Hosts = append(p.Hosts, hostPlan(h))
	}
	for _, l := range plan.Links {
		p.Links = append(p.Links, linkPlan(l))
	}
	return p
}

func hostPlan(h *network.Host) lab.HostPlan {
	p := lab.HostPlan{Name: h.Name, Forward: h.Forward}
	for _, i := range h.Interfaces {
		var addresses []netip.Prefix
		for _, a := range i.Addresses {
			addresses = append(addresses, a.Prefix)
		}
		p.Interfaces = append(p.Interfaces, lab.InterfacePlan{Name: i.Name, Addresses: addresses, MAC: i.MAC, MTU: i.MTU})
	}
	kinds := map[string]lab.RouteKind{"unreachable": lab.Unreachable, "prohibit": lab.Prohibit, "blackhole": lab.Blackhole}
	for _, r := range h.Routes {
		p.Routes = append(p.Routes, lab.Route{To: r.To.Prefix, Kind: kinds[r.Word], Via: r.Via, Interface: r.Interface})
	}
	// A gateway may be reached by a route of its own, wherever that is.
	slices.SortStableFunc(p.Routes, func(a, b lab.Route) int { return cmp.Compare(gateways(a), gateways(b)) })
	for _, s := range h.Sysctls {
		p.Sysctls = append(p.Sysctls, lab.Sysctl{Name: s.Name, Value: s.Value})
	}
	return p
}

// gateways is how many gateways a route names.
func gateways(r lab.Route) int {
	if r.Via.IsValid() {
		return 1
	}
	return 0
}

func linkPlan(l *network.Link) lab.LinkPlan {
	p := lab.LinkPlan{Name: l.Name, Snooping: l.Snooping, Querier: l.Querier, Wire: l.Impaired() || l.Named}
	for _, e := range l.Join {
		p.Join = append(p.Join, lab.End{Host: e.Host, Interface: e.Interface})
	}
	for _, i := range l.Impairments {
		p.Impairments = append(p.Impairments, wire.Impairment{
			Delay: i.Delay, Jitter: i.Jitter, Rate: i.Rate, Loss: i.Loss, MTU: l.MTU,
			JitterSeed: i.JitterSeed, LossSeed: i.LossSeed,
		})
	}
	for _, f := range l.Faults {
		p.Faults = append(p.Faults, wire.Fault{
			Name: f.Name, Act: acts[f.Act], Match: matchOf(&f.Match), Nth: f.Nth, By: f.By, Behind: f.Behind, Byte: f.Byte, Off: f.Off,
		})
	}
	return p
}

// The words of faults, as the wire has them.
var (
	acts = map[string]wire.Act{
		"drop": wire.Drop, "duplicate": wire.Duplicate, "delay": wire.Delay, "reorder": wire.Reorder, "corrupt": wire.Corrupt,
	}
	protocols = map[string]wire.Protocol{
		"": wire.Any, "arp": wire.ARP, "icmp": wire.ICMP, "igmp": wire.IGMP, "udp": wire.UDP, "tcp": wire.TCP,
	}
	segments = map[string]wire.TCPMatch{
		"": wire.AnySegment, "any": wire.AnySegment, "syn": wire.SYN, "syn+ack": wire.SYNACK, "fin": wire.FIN, "rst": wire.RST,
		"ack": wire.Ack, "data": wire.Data,
	}
	arps = map[string]wire.ARPMatch{"": wire.AnyARP, "any": wire.AnyARP, "request": wire.ARPRequest, "reply": wire.ARPReply}
)

func matchOf(m *network.Match) wire.Match {
	w := wire.Match{
		From: m.From, To: m.To, Protocol: protocols[m.Protocol], ICMP: m.ICMP, Port: m.Port,
		First: m.First, Last: m.Last, Contains: m.Contains, Matches: m.Matches,
	}
	switch w.Protocol {
	case wire.TCP:
		w.TCP = segments[m.Kind]
	case wire.ARP:
		w.ARP = arps[m.Kind]
	}
	return w
}

// hostNode is where the file says what of a host the kernel has refused.
func hostNode(h *network.Host, at *lab.PlanError) *source.Node {
	for _, r := range h.Routes {
		if at.Route.IsValid() && r.To.Prefix == at.Route {
			return r.Node
		}
	}
	i := h.Interface(at.Interface)
	if i == nil {
		return h.Node
	}
	for _, a := range i.Addresses {
		if at.Address.IsValid() && a.Prefix == at.Address {
			return a.Node
		}
	}
	return i.Node
}

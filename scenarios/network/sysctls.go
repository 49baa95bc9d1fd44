package network

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Sysctl is a kernel parameter that is set before the actors start.
type Sysctl struct {
	Name, Value string
	Node        *source.Node
}

// sysctls is a mapping of kernel parameters to their values.
type sysctls struct{ list []Sysctl }

func (v *sysctls) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "sysctls is a mapping of names to values, not %s", n.Describe())
		return
	}
	for _, e := range n.Entries {
		checkSysctl(d, e)
		checkPlace(d, e.Key, "a private network", []string{loName})
		v.list = append(v.list, Sysctl{Name: e.Key.Text, Value: e.Value.Text, Node: e.Key})
	}
}

// checkSysctl reports what is wrong with a parameter by its whole name.
func checkSysctl(d *value.Decoder, e source.Entry) {
	if _, err := value.ParseSysctl(e.Key.Text); err != nil {
		d.Problem(e.Key, "%s", err)
		return
	}
	switch {
	case e.Value.Kind != source.Scalar:
		d.Problem(e.Value, "expected a text or a number, got %s", e.Value.Describe())
	case strings.Contains(e.Value.Text, "${"):
		d.Problem(e.Value, "a kernel parameter of the network cannot hold an expression").Hint = "it is set before anything has a value; write it out"
	}
}

func (v *sysctls) Schema() value.Schema {
	return value.Schema{
		"type":                 "object",
		"propertyNames":        value.Schema{"pattern": value.SysctlPattern},
		"additionalProperties": value.Schema{"type": []string{"string", "number", "boolean"}},
	}
}
func (v *sysctls) Type() string { return "values by name" }

// hostSysctls are the kernel parameters of a host.
type hostSysctls struct{ host *Host }

const hostSysctlsHelp = "kernel parameters by name, set before the actors start; one of interfaces may be written short, as arp_ignore: " +
	"then it is set for all (net.ipv4.conf.all) and for each interface of the host, for IPv6 where only IPv6 has it"

func (v *hostSysctls) Written() {}

func (v *hostSysctls) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "sysctls is a mapping of names to values, not %s", n.Describe())
		return
	}
	for _, e := range n.Entries {
		name := e.Key.Text
		names := []string{name}
		if !strings.ContainsAny(name, "./") {
			if names = v.long(d, e.Key); names == nil {
				continue
			}
			e.Key = renamed(e.Key, names[0])
		}
		checkSysctl(d, e)
		checkPlace(d, e.Key, "the host "+v.host.Name, v.host.names())
		for _, long := range names {
			v.host.Sysctls = append(v.host.Sysctls, Sysctl{Name: long, Value: e.Value.Text, Node: e.Key})
		}
	}
}

// renamed is a node at the same place with another text.
func renamed(n *source.Node, text string) *source.Node {
	other := *n
	other.Text = text
	return &other
}

// long are the whole names that a short one stands for; nil where it is not a
// short one.
func (v *hostSysctls) long(d *value.Decoder, n *source.Node) []string {
	family := "ipv4"
	if !slices.Contains(ipv4Conf, n.Text) {
		family = "ipv6"
		if !slices.Contains(ipv6Conf, n.Text) {
			p := d.Problem(n, "%s is not a kernel parameter of interfaces", value.Quote(n.Text))
			if p.Hint = source.DidYouMean(n.Text, slices.Concat(ipv4Conf, ipv6Conf)); p.Hint == "" {
				p.Hint = "write the whole name, as net.ipv4." + n.Text
			}
			return nil
		}
	}
	list := []string{"net." + family + ".conf.all." + n.Text}
	for _, i := range v.host.Interfaces {
		list = append(list, "net."+family+".conf."+i.Name+"."+n.Text)
	}
	return list
}

// checkPlace reports a parameter of an interface that is not there.
func checkPlace(d *value.Decoder, n *source.Node, where string, names []string) {
	iface, ok := value.SysctlInterface(n.Text)
	if !ok || slices.Contains(names, iface) || iface == "all" || iface == "default" {
		return
	}
	p := d.Problem(n, "%s has no interface %s, so it does not have this kernel parameter", where, value.Quote(iface))
	if p.Hint = source.DidYouMean(iface, names); p.Hint == "" {
		p.Hint = "the places are " + value.JoinOr(append(slices.Clone(names), "all", "default"))
	}
}

// Schema accepts names that are whole, and those of interfaces.
func (v *hostSysctls) Schema() value.Schema {
	s := new(sysctls).Schema()
	s["propertyNames"] = value.Schema{"anyOf": []value.Schema{
		{"pattern": value.SysctlPattern}, {"enum": slices.Compact(slices.Sorted(slices.Values(slices.Concat(ipv4Conf, ipv6Conf))))},
	}}
	return s
}

func (v *hostSysctls) Type() string { return "values by name" }

// ipv4Conf are the parameters of an interface for IPv4, and ipv6Conf those for
// IPv6 (Documentation/networking/ip-sysctl.rst of Linux).
var (
	ipv4Conf = []string{
		"accept_local", "accept_redirects", "accept_source_route", "arp_accept", "arp_announce", "arp_evict_nocarrier",
		"arp_filter", "arp_ignore", "arp_notify", "bc_forwarding", "bootp_relay", "disable_policy", "disable_xfrm",
		"drop_gratuitous_arp", "drop_unicast_in_l2_multicast", "force_igmp_version", "forwarding",
		"igmpv2_unsolicited_report_interval", "igmpv3_unsolicited_report_interval", "ignore_routes_with_linkdown",
		"log_martians", "mc_forwarding", "medium_id", "promote_secondaries", "proxy_arp", "proxy_arp_pvlan",
		"route_localnet", "rp_filter", "secure_redirects", "send_redirects", "shared_media", "src_valid_mark", "tag",
	}
	ipv6Conf = []string{
		"accept_dad", "accept_ra", "accept_ra_defrtr", "accept_ra_from_local", "accept_ra_min_hop_limit", "accept_ra_min_lft",
		"accept_ra_mtu", "accept_ra_pinfo", "accept_ra_rt_info_max_plen", "accept_ra_rt_info_min_plen", "accept_ra_rtr_pref",
		"accept_untracked_na", "addr_gen_mode", "autoconf", "dad_transmits", "disable_ipv6", "drop_unsolicited_na", "enhanced_dad",
		"force_forwarding", "force_mld_version", "force_tllao", "hop_limit", "keep_addr_on_down", "max_addresses",
		"max_desync_factor", "mldv1_unsolicited_report_interval", "mldv2_unsolicited_report_interval", "mtu",
		"ndisc_evict_nocarrier", "ndisc_notify", "ndisc_tclass", "optimistic_dad", "proxy_ndp", "router_probe_interval",
		"router_solicitation_delay", "router_solicitation_interval", "router_solicitation_max_interval", "router_solicitations",
		"seg6_enabled", "stable_secret", "suppress_frag_ndisc", "temp_prefered_lft", "temp_valid_lft", "use_oif_addrs_only",
		"use_optimistic", "use_tempaddr",
	}
)

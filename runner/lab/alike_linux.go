package lab

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// alike sets what a new network takes over from the first network of the
// machine or from the kernel, so that a scenario finds the same everywhere.
func alike() error {
	gid := os.Getegid()
	// Ping sockets for our own group (icmp(7)). In a user namespace without
	// that group the kernel refuses it; then there are none, as in any new
	// network.
	_ = setSysctl(Sysctl{"net.ipv4.ping_group_range", fmt.Sprintf("%d %d", gid, gid)})
	if err := setThoseThatExist(inherited()); err != nil {
		return err
	}
	return setSysctl(Sysctl{"net.ipv4.tcp_congestion_control", "reno"})
}

// inherited are the kernel parameters that the administrator of this machine
// has changed and that new networks take over, with their usual values. They
// are looked for in the first network that is made.
var inherited = sync.OnceValue(changed)

// changed are the parameters of the network of the calling thread that do not
// have their usual values, but those values.
func changed() (list []Sysctl) {
	for _, u := range usual() {
		if now, err := getSysctl(u.Name); err == nil && now != u.Value {
			list = append(list, u)
		}
	}
	return list
}

// usual are the parameters that a new network takes over from the first one of
// the machine, with the values that the kernel itself begins with. What it
// takes from the memory of the machine is that of one with 1 GiB or more.
func usual() []Sysctl {
	list := []Sysctl{{"net.ipv4.tcp_rmem", "4096 131072 6291456"}, {"net.ipv4.tcp_wmem", "4096 16384 4194304"}}
	// Forwarding comes first: it changes whether redirects are accepted.
	for _, s := range []Sysctl{
		{"forwarding", "0"},
		{"accept_redirects", "1"},
		{"accept_local", "0"},
		{"arp_accept", "0"},
		{"arp_announce", "0"},
		{"arp_evict_nocarrier", "1"},
		{"arp_filter", "0"},
		{"arp_ignore", "0"},
		{"arp_notify", "0"},
		{"drop_gratuitous_arp", "0"},
		{"drop_unicast_in_l2_multicast", "0"},
		{"force_igmp_version", "0"},
		{"ignore_routes_with_linkdown", "0"},
		{"log_martians", "0"},
		{"promote_secondaries", "0"},
		{"proxy_arp", "0"},
		{"proxy_arp_pvlan", "0"},
		{"route_localnet", "0"},
		{"rp_filter", "0"},
		{"secure_redirects", "1"},
		{"send_redirects", "1"},
		{"shared_media", "1"},
		{"src_valid_mark", "0"},
	} {
		for _, of := range []string{"all", "default", "lo"} {
			list = append(list, Sysctl{"net.ipv4.conf." + of + "." + s.Name, s.Value})
		}
	}
	return append(list, Sysctl{"net.ipv4.conf.all.accept_source_route", "0"},
		Sysctl{"net.ipv4.conf.default.accept_source_route", "1"}, Sysctl{"net.ipv4.conf.lo.accept_source_route", "1"})
}

// Inherited are the parameters that sockscript itself reads once, in the
// network of the process: they must be the same in the others.
var Inherited = sync.OnceValue(func() []Sysctl {
	var list []Sysctl
	for _, name := range []string{"net.ipv4.ip_local_port_range", "net.unix.max_dgram_qlen"} {
		if text, err := os.ReadFile(sysctlPath(name)); err == nil {
			list = append(list, Sysctl{name, strings.TrimSpace(string(text))})
		}
	}
	return list
})

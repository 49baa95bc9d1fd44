package scenarios_test

import (
	_ "embed"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

//go:embed testdata/hosts.yaml
var severalHosts string

func TestNetworkOfHosts(t *testing.T) {
	t.Parallel()
	s := parsetest.Parse(t, severalHosts)[0]
	plan := s.Network
	if plan.Kind != network.KindHosts || !plan.Own() || len(plan.Hosts) != 4 || len(plan.Links) != 2 {
		t.Fatalf("%+v", plan)
	}
	beta := plan.Host("beta")
	eth0 := beta.Interface("eth0")
	if eth0.MAC.String() != "02:00:00:00:00:0b" || eth0.MTU != 1500 || eth0.Addresses[1].Prefix != netip.MustParsePrefix("fd00::10/64") {
		t.Errorf("%+v", eth0)
	}
	if lo := plan.Host("alpha").Interface("lo"); lo == nil || lo.Addresses[0].String() != "192.168.1.150/32" {
		t.Errorf("lo is %+v", lo)
	}
	var ways []string
	for _, r := range beta.Routes {
		way := r.Word + r.Interface
		if r.Via.IsValid() {
			way = r.Via.String()
		}
		ways = append(ways, r.To.String()+" "+way)
	}
	parsetest.WantLines(t, ways, "0.0.0.0/0 192.168.1.1", "10.2.0.0/16 192.168.1.2", "10.9.0.0/16 unreachable", "10.8.0.0/16 eth1")
	var set []string
	for _, p := range beta.Sysctls {
		set = append(set, p.Name+"="+p.Value)
	}
	parsetest.WantLines(t, set, "net.ipv4.tcp_syn_retries=2",
		"net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.eth0.arp_ignore=1", "net.ipv4.conf.eth1.arp_ignore=1",
		"net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.eth0.accept_dad=0", "net.ipv6.conf.eth1.accept_dad=0")
	for k, want := range []string{"alpha", "beta", ""} {
		if got := s.Actors[k].Host; got != want {
			t.Errorf("the actor %s is on %q, not on %q", s.Actors[k].Name, got, want)
		}
	}
}

func TestLinksOfNetwork(t *testing.T) {
	t.Parallel()
	plan := parsetest.Parse(t, severalHosts)[0].Network
	lan, wan := plan.Link("lan"), plan.Link("wan")
	if !lan.Snooping || !lan.Querier || lan.Impaired() || !beforeFaults(wan) {
		t.Errorf("%+v, %+v", lan, wan)
	}
	byName := make(map[string]*network.Fault)
	for _, f := range wan.Faults {
		byName[f.Name] = f
	}
	if f := byName["lost"]; f.Act != "drop" || f.Match.From != 0 || f.Match.To != -1 || f.Match.Protocol != "tcp" || f.Match.Kind != "syn" || len(f.Nth) != 1 {
		t.Errorf("lost is %+v", f)
	}
	if f := byName["twice"]; f.Match.Port != 5000 || f.Nth[0] != 2 || f.Nth[1] != 4 {
		t.Errorf("twice is %+v", f)
	}
	if f := byName["late"]; !f.Off || f.By != 30*time.Millisecond || f.Match.First != 1 || f.Match.Last != 1448 {
		t.Errorf("late is %+v", f)
	}
	if f := byName["swapped"]; f.Behind != 1 || f.Match.Port != 0 || len(f.Nth) != 0 {
		t.Errorf("swapped is %+v", f)
	}
	if f := byName["bad"]; f.Byte != -1 || string(f.Match.Contains) != "hello" || f.Match.Protocol != "" {
		t.Errorf("bad is %+v", f)
	}
	if f := byName["framed"]; string(f.Match.Contains) != "\xff\x00" || f.Match.Matches.String() != "^a+" {
		t.Errorf("framed is %+v", f)
	}
	if f := byName["asked"]; f.Match.To != 1 || f.Match.Kind != "request" {
		t.Errorf("asked is %+v", f)
	}
	if f := byName["echo"]; f.Match.Protocol != "icmp" || f.Match.ICMP != 8 {
		t.Errorf("echo is %+v", f)
	}
}

func beforeFaults(l *network.Link) bool {
	want := network.Impairment{
		Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond, JitterSeed: 3,
		Rate: 10_000_000, Loss: 0.01, LossSeed: 7,
	}
	return l.Impaired() && l.MTU == 1400 && slices.Equal(l.Impairments, []network.Impairment{want, want})
}

// Each impairment has its own direction, or one value for each direction.
func TestImpairmentsOfEnds(t *testing.T) {
	t.Parallel()
	text := hostsText(two, "lan: {join: [a.eth0, b.eth0], delay: {by: 5ms, from: b.eth0}, loss: {part: 5%, seed: 3, from: a.eth0}, "+
		"jitter: 1ms, rate: [{limit: 1Mbit, from: a.eth0}, {limit: 8Mbit, from: b.eth0}]}")
	want := []network.Impairment{
		{Jitter: time.Millisecond, Rate: 1_000_000, Loss: 0.05, LossSeed: 3, JitterSeed: 1},
		{Delay: 5 * time.Millisecond, Jitter: time.Millisecond, Rate: 8_000_000, LossSeed: 1, JitterSeed: 1},
	}
	if l := parsetest.Parse(t, text)[0].Network.Links[0]; !l.Impaired() || !slices.Equal(l.Impairments, want) {
		t.Errorf("%+v", l.Impairments)
	}
}

// hostsText is a scenario with a network of these hosts and links.
func hostsText(hosts, links string) string {
	return "network:\n  hosts: {" + hosts + "}\n  links: {" + links + "}\nactors: {one: [{print: hello}]}\n"
}

// two is a pair of hosts on a link.
const two = "a: {eth0: 10.0.0.1/24}, b: {eth0: 10.0.0.2/24}"

func TestBadHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, hosts, want string }{
		{"no host", "", "2:10: there are no hosts; write a name and its interfaces below hosts, or network: private"},
		{"not a mapping", "a: 10.0.0.1/24", "2:14: a host is a mapping of its interfaces, not the text \"10.0.0.1/24\"; write {eth0: 192.168.1.1/24}, or {} for a host with nothing but lo"},
		{"no prefix", "a: {eth0: 10.0.0.1}", "2:21: 10.0.0.1 has no prefix length; write 10.0.0.1/32 for this address alone, or the length of its network, as in 192.168.1.10/24"},
		{"not an address", "a: {eth0: here}", "2:21: \"here\" is not an address with a prefix length; write it as 192.168.1.10/24 or fd00::10/64"},
		{"expression", "a: {eth0: '${x}'}", "2:21: a value of the network cannot hold an expression; the network is made before anything has a value; write it out"},
		{"misspelt key", "a: {eth0: 10.0.0.1/24, route: {default: 10.0.0.2}}", "2:34: unknown key \"route\" in a host; did you mean \"routes\"?"},
		{"reserved", "a: {all: 10.0.0.1/24}", "2:15: an interface cannot have the name all, which means something else; name it eth0 or the like"},
		{"long name", "a: {abcdefghijklmnop: {}}", "2:15: \"abcdefghijklmnop\" is not a name for an interface; a name is letters, digits and _, and starts with a letter; it has at most 15 characters"},
		{"group", "a: {eth0: {mac: '01:00:00:00:00:01'}}", "2:27: 01:00:00:00:00:01 is an address of a group; the first number of an interface's own is even"},
		{"mac of lo", "a: {lo: {mac: '02:00:00:00:00:01'}}", "2:25: lo has no MAC address; leave mac out"},
		{"mtu", "a: {eth0: {mtu: 10}}", "2:27: the MTU is a number of bytes from 68 to 65535, not \"10\""},
		{"narrow", "a: {eth0: {addresses: 'fd00::1/64', mtu: 600}}", "2:33: IPv6 needs an MTU of 1280, and that of eth0 is 600; leave the address out, or the mtu"},
		{"twice", "a: {eth0: [10.0.0.1/24, 10.0.0.1/24]}", "2:35: the interface eth0 has the address 10.0.0.1 twice"},
		{"host bits", "a: {eth0: 10.0.0.1/24, routes: {10.2.0.1/16: 10.0.0.2}}", "2:43: 10.2.0.1/16 is an address in the network 10.2.0.0/16; a route is to the network"},
		{"families", "a: {eth0: 10.0.0.1/24, routes: {'fd00::/64': 10.0.0.2}}", "2:43: the network fd00::/64 and its gateway 10.0.0.2 are of different families; both are IPv4, or both are IPv6"},
		{"far gateway", "a: {eth0: 10.0.0.1/24, routes: {default: 10.0.1.2}}", "2:43: the gateway 10.0.1.2 is in no network of the host a; a gateway is a neighbor: give an interface of the host an address in its network, or add a route to it with an interface"},
		{"unknown way", "a: {eth0: 10.0.0.1/24, routes: {default: unreachabel}}", "2:52: \"unreachabel\" is not an address, an interface of a or one of unreachable, prohibit or blackhole; did you mean \"unreachable\"?"},
		{"short sysctl", "a: {eth0: 10.0.0.1/24, sysctls: {arp_ignor: 1}}", "2:44: \"arp_ignor\" is not a kernel parameter of interfaces; did you mean \"arp_ignore\"?"},
		{"place of sysctl", "a: {eth0: 10.0.0.1/24, sysctls: {net.ipv4.conf.eth1.arp_ignore: 1}}", "2:44: the host a has no interface \"eth1\", so it does not have this kernel parameter; did you mean \"eth0\"?"},
		{"sysctl of the kernel", "a: {eth0: 10.0.0.1/24, sysctls: {kernel.hostname: x}}", "2:44: \"kernel.hostname\" is not a kernel parameter of a network; its name begins with net, as in net.ipv4.tcp_syn_retries"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(hostsText(tt.hosts, ""), "\n  links: {}", "", 1)
			_, problems := scenarios.Parse("test.yaml", []byte(text))
			parsetest.WantLines(t, parsetest.Findings(problems), tt.want)
		})
	}
}

func TestBadLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, hosts, links, want string }{
		{"one end", two, "lan: {join: [a.eth0]}", "3:23: a link joins two interfaces or more; write a list: [alpha.eth0, beta.eth0]"},
		{"no end", two, "lan: {delay: 5ms}", "3:16: a link needs join; its ends: interfaces as HOST.INTERFACE"},
		{"not an end", two, "lan: {join: [a, b.eth0]}", "3:24: expected an interface as HOST.INTERFACE, got \"a\"; write alpha.eth0"},
		{"no such host", two, "lan: {join: [a.eth0, c.eth0]}", "3:32: the network has no host \"c\"; its hosts are a or b"},
		{"no such interface", two, "lan: {join: [a.eth0, b.eth1]}", "3:32: the host b has no interface \"eth1\"; did you mean \"eth0\"?"},
		{"lo", two, "lan: {join: [a.lo, b.eth0]}", "3:24: a link cannot join lo, which every host has for itself; give the host an interface, as eth0"},
		{"two links", two + ", c: {eth0: 10.0.0.3/24}", "lan: {join: [a.eth0, b.eth0]}, wan: {join: [a.eth0, c.eth0]}", "3:55: a.eth0 is joined twice; the first time at line 3; an interface is on one link; give the host a second one"},
		{"useless", "a: {eth0: 10.0.0.1/24}, b: {eth0: 10.0.1.2/24}", "lan: {join: [a.eth0, b.eth0]}", "3:11: warning: no two ends of the link lan have addresses in one network; addresses of one network begin alike, as 10.0.0.1/24 and 10.0.0.2/24; or add a route with the interface"},
		{"one address twice", "a: {eth0: 10.0.0.1/24}, b: {eth0: 10.0.0.1/24}", "lan: {join: [a.eth0, b.eth0]}", "2:45: warning: the address 10.0.0.1 is on the link lan twice; the first is at line 2; neighbors believe whoever answers last; give one of the hosts another address unless the scenario is about that"},
		{"unit", two, "lan: {join: [a.eth0, b.eth0], rate: 10}", "3:47: \"10\" is not a rate; write bits a second as 64kbit, 10Mbit or 1Gbit"},
		{"part", two, "lan: {join: [a.eth0, b.eth0], loss: 0.01}", "3:47: \"0.01\" is not a part of the frames; write it as 1% or 0.5%"},
		{"snooping with a delay", two, "lan: {join: [a.eth0, b.eth0], snooping: true, delay: 1ms}", "3:11: warning: the link lan neither snoops nor asks for members: sockscript carries its frames, because of what it does to them; leave snooping and querier out, or join a router between this link and one that does nothing to frames"},
		{"other end", two, "lan: {join: [a.eth0, b.eth0], delay: {by: 5ms, from: c.eth0}}", "3:64: c.eth0 is not an end of the link lan; did you mean \"a.eth0\"?"},
		{"all ends and one", two, "lan: {join: [a.eth0, b.eth0], delay: [{by: 5ms, from: a.eth0}, 1ms]}", "3:74: this delay is for the frames of all ends, and another one is beside it; name an end in each, as {by: …, from: alpha.eth0}"},
		{"one end twice", two, "lan: {join: [a.eth0, b.eth0], rate: [{limit: 1kbit, from: a.eth0}, {limit: 2kbit, from: a.eth0}]}", "3:78: the link lan has two values of rate for the frames of a.eth0; leave one of them out"},
		{"empty list", two, "lan: {join: [a.eth0, b.eth0], jitter: []}", "3:49: the list is empty; write at least one item"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := scenarios.Parse("test.yaml", []byte(hostsText(tt.hosts, tt.links)))
			parsetest.WantLines(t, parsetest.Findings(problems), tt.want)
		})
	}
}

// A link that a step names is carried by sockscript, which does not snoop.
func TestSnoopingOfNamedLinks(t *testing.T) {
	t.Parallel()
	text := hostsText(two, "lan: {join: [a.eth0, b.eth0], querier: true}")
	for steps, want := range map[string][]string{
		"[{print: hello}]": nil,
		"[{fault: lan, expect: {hits: 0}}]": {"3:11: warning: the link lan neither snoops nor asks for members: sockscript carries its frames, " +
			"because a step names it or may name it; leave snooping and querier out, or name another link in the steps link and fault"},
	} {
		_, problems := scenarios.Parse("test.yaml", []byte(strings.Replace(text, "[{print: hello}]", steps, 1)))
		parsetest.WantLines(t, parsetest.Findings(problems), want...)
	}
}

func TestBadFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, fault, want string }{
		{"nothing", "x: {}", "the fault does nothing; write one of drop, duplicate, delay, reorder or corrupt"},
		{"two acts", "x: {drop: {tcp: syn}, duplicate: {tcp: syn}}", "the fault does two things: drop and duplicate; write two faults; the first that matches acts"},
		{"cut", "cut: {drop: {tcp: syn}}", "a fault cannot have the name cut, which is the cut of the link by a step; give the fault another name"},
		{"two protocols", "x: {drop: {tcp: syn, udp: 5000}}", "a frame is not of two protocols: tcp and udp; write two faults"},
		{"kind", "x: {drop: {tcp: dta}}", "expected syn, syn+ack, fin, rst, ack, data or any, got \"dta\"; did you mean \"data\"?"},
		{"nth", "x: {drop: {tcp: syn, nth: 0}}", "nth is a number from 1, not \"0\""},
		{"nth twice", "x: {drop: {tcp: syn, nth: [1, 1]}}", "nth has 1 twice"},
		{"no time", "x: {delay: {tcp: syn}}", "delay needs by; how much later"},
		{"range", "x: {drop: {tcp: data, bytes: 0..5}}", "\"0..5\" is not a range of bytes; the first byte is 1, as in 1..1448"},
		{"end", "x: {drop: {from: c.eth0}}", "c.eth0 is not an end of the link lan; did you mean \"a.eth0\"?"},
		{"no bytes", "x: {drop: {contains: ''}}", "there are no bytes here, so that each payload has them; leave contains out"},
		{"bad bytes", "x: {drop: {contains: {hex: f}}}", "\"f\" is not hexadecimal: odd length hex string"},
		{"bytes of the run", "x: {drop: {contains: {hex: '${y}'}}}", "these bytes are not known before the run; the network is made before anything has a value; write them out, as a text or as {hex: ff00}"},
		{"bytes of a file", "x: {drop: {contains: {file: x.bin}}}", "these bytes are not known before the run; the network is made before anything has a value; write them out, as a text or as {hex: ff00}"},
		{"bad expression", "x: {drop: {matches: '[a'}}", "regular expression: missing closing ]: `[a`; the syntax is RE2's"},
		{"pattern of the run", "x: {drop: {matches: 'a${y}'}}", "a value of the network cannot hold an expression; the network is made before anything has a value; write it out"},
		{"pattern of a SYN", "x: {drop: {tcp: syn, matches: a}}", "warning: the fault x can never act: a segment of this kind has no payload"},
		{"same pattern", "y: {drop: {matches: a}}, x: {drop: {tcp: data, matches: a}}", "warning: the fault x can never act: the fault y before it acts on each of these frames"},
		{"to itself", "x: {drop: {from: a.eth0, to: a.eth0}}", "warning: the fault x can never act: a frame that an end sends does not come back to it"},
		{"ports of ARP", "x: {drop: {arp: any, port: 5}}", "warning: the fault x can never act: arp has no ports"},
		{"bytes of a SYN", "x: {drop: {tcp: syn, bytes: 1..5}}", "warning: the fault x can never act: a segment of this kind has no bytes of the stream"},
		{"payload of an ACK", "x: {drop: {tcp: ack, contains: x}}", "warning: the fault x can never act: a segment of this kind has no payload"},
		{"corrupt SYN", "x: {corrupt: {tcp: syn}}", "warning: the fault x can never act: these segments have no payload of which a byte could be inverted"},
		{"hidden", "y: {drop: {tcp: any}}, x: {drop: {tcp: syn, nth: 1}}", "warning: the fault x can never act: the fault y before it acts on each of these frames"},
		{"same", "y: {drop: {tcp: syn, nth: [1, 2]}}, x: {duplicate: {tcp: syn, nth: 2}}", "warning: the fault x can never act: the fault y before it acts on each of these frames"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := scenarios.Parse("test.yaml", []byte(hostsText(two, "lan: {join: [a.eth0, b.eth0], faults: {"+tt.fault+"}}")))
			got := parsetest.Findings(problems)
			if len(got) != 1 || !strings.HasSuffix(got[0], ": "+tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestActorsOnHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"no hosts", "actors: {one: {host: a, steps: [{print: x}]}}", "1:22: the network of the scenario has no hosts; leave host out, or write network: {hosts: …}"},
		{"unknown", "network: {hosts: {alpha: {}}}\nactors: {one: {host: alhpa, steps: [{print: x}]}}", "2:22: the network has no host \"alhpa\"; did you mean \"alpha\"?"},
		{"name of another", "network: {hosts: {a: {}, b: {}}}\nactors: {a: {host: b, steps: [{print: x}]}}", "2:20: the actor a is on the host b, and another host has the actor's name; rename one of them: expressions name hosts and actors"},
		{"name of a variable", "vars: {a: 1}\nnetwork: {hosts: {a: {}}}\nactors: {one: [{print: '${a}'}]}", "2:19: the name a is taken by the variable a; give the host another name"},
		{"place in a private network", "network: {private: {sysctls: {net.ipv4.conf.eth0.arp_ignore: 1}}}\nactors: {a: [{print: x}]}", "1:31: a private network has no interface \"eth0\", so it does not have this kernel parameter; the places are lo, all or default"},
		{"private with hosts", "network: {private: {}, hosts: {a: {}}}\nactors: {a: [{print: x}]}", "1:10: a private network has no hosts and no links; leave private out; hosts have a network of their own too"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := scenarios.Parse("test.yaml", []byte(tt.text))
			parsetest.WantLines(t, parsetest.Findings(problems), tt.want)
		})
	}
}

package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

// build makes a lab for a test, or skips where none can be made.
func build(t testing.TB, p Plan) *Lab {
	t.Helper()
	l, err := Build(p)
	if refused := new(RefusedError); errors.As(err, &refused) {
		ci.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// hostPlan is a host with eth0.
func hostPlan(name string, addresses ...string) HostPlan {
	eth0 := InterfacePlan{Name: "eth0"}
	for _, a := range addresses {
		eth0.Addresses = append(eth0.Addresses, netip.MustParsePrefix(a))
	}
	return HostPlan{Name: name, Interfaces: []InterfacePlan{eth0}}
}

// eth0s joins eth0 of some hosts.
func eth0s(name string, hosts ...string) LinkPlan {
	p := LinkPlan{Name: name}
	for _, h := range hosts {
		p.Join = append(p.Join, End{h, "eth0"})
	}
	return p
}

// pair is a plan of two hosts with one link.
func pair() Plan {
	return Plan{
		Hosts: []HostPlan{hostPlan("a", "10.0.0.1/24", "fd00::1/64"), hostPlan("b", "10.0.0.2/24", "fd00::2/64")},
		Links: []LinkPlan{eth0s("lan", "a", "b")},
	}
}

func host(t testing.TB, l *Lab, name string) *Network {
	t.Helper()
	n, ok := l.Host(name)
	if !ok {
		t.Fatalf("the lab has no host %s", name)
	}
	return n
}

// listen receives datagrams on a host.
func listen(t testing.TB, n *Network, address string) *net.UDPConn {
	t.Helper()
	var c net.PacketConn
	var err error
	n.Within(func() { c, err = net.ListenPacket("udp", address) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c.(*net.UDPConn)
}

// dial connects from a host.
func dial(t testing.TB, n *Network, network, address string) net.Conn {
	t.Helper()
	c, err := tryDial(n, network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// tryDial connects to an address; one that is numeric needs no other goroutine.
func tryDial(n *Network, network, address string) (c net.Conn, err error) {
	n.Within(func() { c, err = net.DialTimeout(network, address, time.Minute) })
	return c, err
}

// exchange sends a datagram from one host to another one, and an answer back.
func exchange(t testing.TB, from, to *Network, address string) {
	t.Helper()
	server := listen(t, to, address)
	client := dial(t, from, "udp", address)
	if _, err := client.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, peer, err := server.ReadFrom(b)
	if err != nil || string(b[:n]) != "question" {
		t.Fatalf("received %q, %v", b[:n], err)
	}
	if _, err := server.WriteTo([]byte("answer"), peer); err != nil {
		t.Fatal(err)
	}
	if n, err = client.Read(b); err != nil || string(b[:n]) != "answer" {
		t.Fatalf("received %q, %v", b[:n], err)
	}
	server.Close()
	client.Close()
}

func TestTwoHosts(t *testing.T) {
	l := build(t, pair())
	exchange(t, host(t, l, "a"), host(t, l, "b"), "10.0.0.2:8080")
	exchange(t, host(t, l, "b"), host(t, l, "a"), "[fd00::1]:8080")
	exchange(t, host(t, l, "a"), host(t, l, "a"), "127.0.0.1:8080")
}

func TestManyHostsOnOneLink(t *testing.T) {
	var p Plan
	names := []string{"a", "b", "c", "d"}
	for i, name := range names {
		p.Hosts = append(p.Hosts, hostPlan(name, fmt.Sprintf("10.0.0.%d/24", i+1), fmt.Sprintf("fd00::%d/64", i+1)))
	}
	p.Links = []LinkPlan{eth0s("lan", names...)}
	l := build(t, p)
	for i, name := range names {
		for _, other := range names {
			exchange(t, host(t, l, other), host(t, l, name), fmt.Sprintf("10.0.0.%d:80", i+1))
			exchange(t, host(t, l, other), host(t, l, name), fmt.Sprintf("[fd00::%d]:80", i+1))
		}
	}
}

// The interfaces are as the plan says, or as everywhere.
func TestInterfaces(t *testing.T) {
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 0x99}
	p := Plan{Hosts: []HostPlan{
		{Name: "a", Interfaces: []InterfacePlan{
			{Name: "lo", Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.1.150/32")}, MTU: 1400},
			{Name: "eth0"},
			{Name: "wan.5", MTU: 9000, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.0.1/24")}},
		}},
		{Name: "b", Interfaces: []InterfacePlan{{Name: "eth0", MTU: 600, MAC: mac}}},
		{Name: "empty"},
	}, Links: []LinkPlan{eth0s("lan", "a", "b")}}
	l := build(t, p)
	for _, want := range []struct {
		host string
		i    net.Interface
	}{
		{"a", net.Interface{Name: "lo", MTU: 1400, Flags: net.FlagLoopback}},
		{"a", net.Interface{Name: "eth0", MTU: 1500, HardwareAddr: []byte{2, 0, 0, 0, 1, 1}}},
		{"a", net.Interface{Name: "wan.5", MTU: 9000, HardwareAddr: []byte{2, 0, 0, 0, 1, 2}}},
		{"b", net.Interface{Name: "eth0", MTU: 600, HardwareAddr: mac}},
		{"empty", net.Interface{Name: "lo", MTU: 65536, Flags: net.FlagLoopback}},
	} {
		got, err := host(t, l, want.host).Interface(want.i.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		up := net.FlagUp | net.FlagRunning
		if got.Name != want.i.Name || got.MTU != want.i.MTU || got.HardwareAddr.String() != want.i.HardwareAddr.String() ||
			got.Flags&(up|net.FlagLoopback) != want.i.Flags|up || got.Index == 0 {
			t.Errorf("%s has %+v, not %+v", want.host, got, want.i)
		}
	}
	exchange(t, host(t, l, "a"), host(t, l, "a"), "192.168.1.150:80")
	exchange(t, host(t, l, "a"), host(t, l, "a"), "10.9.0.1:80")
	_, err := host(t, l, "empty").Interface("eth0")
	if !errors.Is(err, unix.ENODEV) || !strings.Contains(err.Error(), "eth0") {
		t.Errorf("an interface that is not there: %v", err)
	}
}

// A packet as large as the hosts' MTU passes each kind of link.
func TestLargePackets(t *testing.T) {
	for name, p := range map[string]Plan{"two": pair(), "many": segment(), "wire": wired()} {
		t.Run(name, func(t *testing.T) {
			for i := range p.Hosts {
				p.Hosts[i].Interfaces[0].MTU = 9000
			}
			l := build(t, p)
			server := listen(t, host(t, l, "b"), "10.0.0.2:80")
			client := dial(t, host(t, l, "a"), "udp", "10.0.0.2:80")
			data := make([]byte, 9000-20-8)
			if _, err := client.Write(data); err != nil {
				t.Fatal(err)
			}
			if n, err := server.Read(make([]byte, 10000)); n != len(data) || err != nil {
				t.Errorf("received %d bytes, %v", n, err)
			}
		})
	}
}

// Every host begins the same, whatever the network of this process is like.
func TestKernelParameters(t *testing.T) {
	p := pair()
	p.Hosts[0].Forward = true
	p.Hosts[0].Sysctls = []Sysctl{{"arp_ignore", "1"}, {"net.ipv4.tcp_syn_retries", "2"}, {"accept_ra", "0"}}
	l := build(t, p)
	for _, want := range []struct{ host, name, value string }{
		{"a", "net.ipv4.ip_forward", "1"},
		{"a", "net.ipv6.conf.eth0.forwarding", "1"},
		{"a", "net.ipv4.conf.all.arp_ignore", "1"},
		{"a", "net.ipv4.conf.eth0.arp_ignore", "1"},
		{"a", "net.ipv4.conf.lo.arp_ignore", "1"},
		{"a", "arp_ignore", "1"},
		{"a", "net.ipv6.conf.eth0.accept_ra", "0"},
		{"a", "net.ipv4.tcp_syn_retries", "2"},
		{"b", "net.ipv4.ip_forward", "0"},
		{"b", "net.ipv4.conf.eth0.arp_ignore", "0"},
		{"b", "net.ipv4.tcp_orphan_retries", "1"},
		{"b", "net.ipv4.tcp_congestion_control", "reno"},
		{"b", "net.ipv4.ping_group_range", fmt.Sprintf("%d %[1]d", os.Getegid())},
	} {
		if got, err := host(t, l, want.host).Sysctl(want.name); got != want.value || err != nil {
			t.Errorf("%s: %s is %q, %v, not %s", want.host, want.name, got, err, want.value)
		}
	}
}

func TestRoutes(t *testing.T) {
	router := HostPlan{Name: "r", Forward: true, Interfaces: []InterfacePlan{
		{Name: "eth0", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.254/24"), netip.MustParsePrefix("fd00::254/64")}},
		{Name: "eth1", Addresses: []netip.Prefix{netip.MustParsePrefix("10.1.0.254/24"), netip.MustParsePrefix("fd01::254/64")}},
	}}
	a, b := hostPlan("a", "10.0.0.1/24", "fd00::1/64"), hostPlan("b", "10.1.0.1/24", "fd01::1/64")
	prefix := netip.MustParsePrefix
	a.Routes = []Route{
		{To: prefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.0.0.254")},
		{To: prefix("::/0"), Via: netip.MustParseAddr("fd00::254")},
		{To: prefix("10.9.0.0/24"), Kind: Unreachable},
		{To: prefix("10.9.1.0/24"), Kind: Prohibit},
		{To: prefix("10.9.2.0/24"), Kind: Blackhole},
		{To: prefix("fd09::/64"), Kind: Prohibit},
		{To: prefix("10.9.3.0/24"), Interface: "eth0"},
	}
	b.Routes = []Route{{To: prefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.1.0.254")}, {To: prefix("::/0"), Via: netip.MustParseAddr("fd01::254"), Interface: "eth0"}}
	l := build(t, Plan{Hosts: []HostPlan{a, b, router}, Links: []LinkPlan{
		eth0s("left", "a", "r"), {Name: "right", Join: []End{{"r", "eth1"}, {"b", "eth0"}}},
	}})
	ha, hb := host(t, l, "a"), host(t, l, "b")
	exchange(t, ha, hb, "10.1.0.1:80")
	exchange(t, hb, ha, "[fd00::1]:80")
	for address, want := range map[string]error{
		"10.9.0.1:80": unix.EHOSTUNREACH, "10.9.1.1:80": unix.EACCES, "10.9.2.1:80": unix.EINVAL, "[fd09::1]:80": unix.EACCES,
	} {
		if _, err := tryDial(ha, "udp", address); !errors.Is(err, want) {
			t.Errorf("a connect to %s: %v, not %v", address, err, want)
		}
	}
	dial(t, ha, "udp", "10.9.3.1:80")
}

// An error says which part of the plan it is about.
func TestPlanThatIsRefused(t *testing.T) {
	build(t, pair()) // or skip
	prefix := netip.MustParsePrefix
	for _, test := range []struct {
		change func(*Plan)
		want   PlanError
		errno  unix.Errno
		text   string
	}{
		{
			func(p *Plan) {
				p.Hosts[1].Interfaces[0].Addresses = []netip.Prefix{prefix("10.0.0.1/24"), prefix("10.0.0.1/24")}
			},
			PlanError{Host: "b", Interface: "eth0", Address: prefix("10.0.0.1/24")},
			unix.EEXIST,
			"the host b, the interface eth0, the address 10.0.0.1/24: cannot be added: file exists",
		},
		{
			func(p *Plan) {
				p.Hosts[0].Routes = []Route{{To: prefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.7.0.1")}}
			},
			PlanError{Host: "a", Route: prefix("0.0.0.0/0")},
			unix.ENETUNREACH,
			"the host a, the route to 0.0.0.0/0: cannot be added: network is unreachable",
		},
		{
			func(p *Plan) { p.Hosts[0].Routes = []Route{{To: prefix("192.0.2.1/24"), Interface: "eth0"}} },
			PlanError{Host: "a", Route: prefix("192.0.2.1/24")},
			unix.EINVAL, "the host a, the route to 192.0.2.1/24",
		},
		{
			func(p *Plan) { p.Hosts[0].Interfaces[0].MTU = 20 },
			PlanError{Host: "a", Interface: "eth0", Link: "lan"},
			unix.EINVAL, "the link lan, the host a, the interface eth0",
		},
		{
			func(p *Plan) { p.Hosts[0].Sysctls = []Sysctl{{"no_such", "1"}} },
			PlanError{Host: "a"},
			unix.ENOENT, `the host a: cannot set the kernel parameter no_such to "1": no such file`,
		},
		{
			func(p *Plan) { p.Hosts[0].Interfaces[0].MAC = net.HardwareAddr{1, 0, 0, 0, 0, 1} },
			PlanError{Host: "a", Interface: "eth0", Link: "lan"},
			unix.EADDRNOTAVAIL, "the link lan, the host a, the interface eth0",
		},
	} {
		p := pair()
		test.change(&p)
		l, err := Build(p)
		if err == nil {
			l.Close()
		}
		got := new(PlanError)
		if !errors.As(err, &got) || !errors.Is(err, test.errno) || !strings.HasPrefix(err.Error(), test.text) {
			t.Errorf("the error is %v, not %q", err, test.text)
			continue
		}
		if test.want.Err = got.Err; *got != test.want {
			t.Errorf("the error is about %+v, not %+v", *got, test.want)
		}
	}
}

package lab

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// A packet that is too large for a link in the middle comes back as an error
// that says so.
func TestPathMTU(t *testing.T) {
	router := func(name, left, right string) HostPlan {
		return HostPlan{Name: name, Forward: true, Interfaces: []InterfacePlan{
			{Name: "left", Addresses: []netip.Prefix{netip.MustParsePrefix(left)}},
			{Name: "right", Addresses: []netip.Prefix{netip.MustParsePrefix(right)}},
		}}
	}
	via := func(p HostPlan, gateway string) HostPlan {
		p.Routes = []Route{{To: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr(gateway)}}
		return p
	}
	p := Plan{Hosts: []HostPlan{
		via(hostPlan("a", "10.0.0.1/24"), "10.0.0.254"),
		via(router("r1", "10.0.0.254/24", "10.0.1.1/24"), "10.0.1.2"),
		via(router("r2", "10.0.1.2/24", "10.0.2.254/24"), "10.0.1.1"),
		via(hostPlan("b", "10.0.2.1/24"), "10.0.2.254"),
	}, Links: []LinkPlan{
		{Name: "one", Join: []End{{"a", "eth0"}, {"r1", "left"}}},
		{Name: "narrow", Join: []End{{"r1", "right"}, {"r2", "left"}}},
		{Name: "two", Join: []End{{"r2", "right"}, {"b", "eth0"}}},
	}}
	p.Hosts[1].Interfaces[1].MTU, p.Hosts[2].Interfaces[0].MTU = 600, 600
	l := build(t, p)
	a, b := host(t, l, "a"), host(t, l, "b")
	exchange(t, a, b, "10.0.2.1:80")
	c := dial(t, a, "udp", "10.0.2.1:80").(*net.UDPConn)
	large := make([]byte, 1000)
	raw, err := c.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO)
	}))
	must(t, err)
	if _, err := c.Write(large); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(large); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("a packet of 1028 bytes: %v", err)
	}
	var mtu int
	must(t, raw.Control(func(fd uintptr) { mtu, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU) }))
	if mtu != 600 || err != nil {
		t.Errorf("the path has an MTU of %d, %v", mtu, err)
	}
	if _, err := c.Write(large); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("another one: %v", err)
	}
}

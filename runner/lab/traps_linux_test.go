package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// patient makes a plan in which no host asks for a neighbor twice: a frame that
// the kernel drops is noticed, on a slow machine as well.
func patient(p Plan) Plan {
	for i := range p.Hosts {
		for _, family := range []string{"ipv4", "ipv6"} {
			p.Hosts[i].Sysctls = append(p.Hosts[i].Sysctls, Sysctl{"net." + family + ".neigh.eth0.retrans_time_ms", "600000"})
		}
	}
	return p
}

// An interface that has come up drops frames until the kernel has looked at its
// carrier, a second later at most, and an IPv6 address hears nothing until it
// is in its group.
func TestFirstFrameArrives(t *testing.T) {
	t.Parallel()
	plans := []Plan{patient(pair()), patient(segment()), patient(wired())}
	four := make(chan bool, 4)
	var all sync.WaitGroup
	for i := range ci.Runs(6, 200) {
		four <- true
		all.Go(func() {
			defer func() { <-four }()
			l := build(t, plans[i%len(plans)])
			a, b := host(t, l, "a"), host(t, l, "b")
			exchange(t, a, b, "10.0.0.2:80")
			exchange(t, a, b, "[fd00::2]:80")
			must(t, a.SetInterface("eth0", false))
			must(t, a.SetInterface("eth0", true))
			must(t, b.FlushNeighbors(netip.Addr{}))
			exchange(t, b, a, "10.0.0.1:80")
			exchange(t, b, a, "[fd00::1]:80")
			must(t, l.Close())
		})
	}
	all.Wait()
}

// A bridge that snoops and asks for members sends multicast only to them.
func TestSnooping(t *testing.T) {
	t.Parallel()
	group := "239.1.2.3:5000"
	for _, snooping := range []bool{false, true} {
		t.Run(fmt.Sprint(snooping), func(t *testing.T) {
			p := segment()
			p.Links[0].Snooping, p.Links[0].Querier = snooping, snooping
			for i := range p.Hosts {
				p.Hosts[i].Routes = []Route{{To: netip.MustParsePrefix("239.0.0.0/8"), Interface: "eth0"}}
			}
			l := build(t, p)
			a, b, c := host(t, l, "a"), host(t, l, "b"), host(t, l, "c")
			member := join(t, b, group)
			watched := packets(t, c)
			sender := dial(t, a, "udp", group)
			// The bridge learns of the member on a way of its own.
			got := make(chan error, 1)
			go func() {
				_, err := member.Read(make([]byte, 10))
				got <- err
			}()
			for arrived := false; !arrived; {
				sender.Write([]byte("to all"))
				select {
				case err := <-got:
					must(t, err)
					arrived = true
				case <-time.After(10 * time.Millisecond):
				}
			}
			exchange(t, a, c, "10.0.0.3:80") // after what c may have got
			if got := watched(netip.MustParseAddrPort(group).Addr()); got == snooping {
				t.Errorf("with snooping %v: who is not a member got multicast: %v", snooping, got)
			}
		})
	}
}

// join receives what is sent to a group.
func join(t testing.TB, n *Network, group string) *net.UDPConn {
	t.Helper()
	address := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(group))
	var c *net.UDPConn
	var err error
	n.Within(func() {
		eth0, e := net.InterfaceByName("eth0")
		if err = e; err == nil {
			c, err = net.ListenMulticastUDP("udp4", eth0, address)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// packets keeps what a host gets. The function reports whether a packet was to
// an address.
func packets(t testing.TB, n *Network) func(netip.Addr) bool {
	t.Helper()
	var fd int
	must(t, n.try(func() (err error) {
		ip := binary.NativeEndian.Uint16([]byte{8, 0})
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(ip))
		return err
	}))
	t.Cleanup(func() { unix.Close(fd) })
	return func(to netip.Addr) (found bool) {
		b := make([]byte, 2000)
		for {
			n, err := unix.Read(fd, b)
			if err != nil {
				if err != unix.EAGAIN {
					t.Error(err)
				}
				return found
			}
			found = found || n >= 20 && addr(b[16:20]) == to
		}
	}
}

// With arp_ignore 0 a host answers for its addresses of any interface, with 1
// only for those of the one that is asked.
func TestARPIgnore(t *testing.T) {
	for value, want := range map[string]bool{"0": true, "1": false} {
		p := pair()
		p.Hosts[0].Interfaces = append(p.Hosts[0].Interfaces, InterfacePlan{Name: "lo", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.150/32")}})
		p.Hosts[0].Sysctls = []Sysctl{{"arp_ignore", value}}
		p.Hosts[1].Sysctls = []Sysctl{{"net.ipv4.neigh.eth0.retrans_time_ms", "20"}}
		l := build(t, p)
		a, b := host(t, l, "a"), host(t, l, "b")
		_, err := tryDial(b, "tcp", "10.0.0.150:80")
		if want && !errors.Is(err, unix.ECONNREFUSED) || !want && !errors.Is(err, unix.EHOSTUNREACH) {
			t.Errorf("with arp_ignore %s: %v", value, err)
		}
		if got := neighbor(t, b, "10.0.0.150"); (got == mac(t, a)) != want {
			t.Errorf("with arp_ignore %s b knows it at %s", value, got)
		}
		if _, err := tryDial(a, "tcp", "10.0.0.150:80"); !errors.Is(err, unix.ECONNREFUSED) {
			t.Errorf("the host itself: %v", err)
		}
		exchange(t, b, a, "10.0.0.1:80")
	}
}

// A host answers each packet with the ICMP error that it deserves; the kernel
// would stop after six.
func TestManyErrors(t *testing.T) {
	l := build(t, pair())
	for _, address := range []string{"10.0.0.2:9", "[fd00::2]:9"} {
		c := dial(t, host(t, l, "a"), "udp", address)
		for i := range 100 {
			c.Write([]byte("to nobody"))
			if _, err := c.Read(make([]byte, 10)); !errors.Is(err, unix.ECONNREFUSED) {
				t.Fatalf("%s: after %d errors: %v", address, i, err)
			}
		}
	}
}

// watch puts an interface into a network whose other end is in another one: it
// vanishes with the network.
func watch(n *Network, monitor int, name string) error {
	a := netlink.NewLinkAttrs()
	a.Name = "watched"
	return n.try(func() error {
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: a, PeerName: name, PeerTxQLen: -1, PeerNamespace: netlink.NsFd(monitor)})
	})
}

// interfaces counts those of a network beside lo.
func interfaces(t testing.TB, n *Network) (count int) {
	t.Helper()
	must(t, n.try(func() error {
		list, err := net.Interfaces()
		count = len(list) - 1
		return err
	}))
	return count
}

// networks are all that a lab has.
func (l *Lab) networks() []*Network {
	var list []*Network
	for _, n := range l.hosts {
		list = append(list, n)
	}
	for _, n := range []*Network{l.bridges, l.wires} {
		if n != nil {
			list = append(list, n)
		}
	}
	return list
}

// everything is a plan with all kinds of links.
func everything() Plan {
	p := wired()
	p.Hosts[0].Interfaces = append(p.Hosts[0].Interfaces, InterfacePlan{Name: "eth1"}, InterfacePlan{Name: "eth2"}, InterfacePlan{Name: "loose"})
	p.Hosts[1].Interfaces = append(p.Hosts[1].Interfaces, InterfacePlan{Name: "eth1"}, InterfacePlan{Name: "eth2"})
	p.Hosts = append(p.Hosts, HostPlan{Name: "c", Interfaces: []InterfacePlan{{Name: "eth1"}}})
	p.Links = append(p.Links, LinkPlan{Name: "direct", Join: []End{{"a", "eth2"}, {"b", "eth2"}}},
		LinkPlan{Name: "many", Join: []End{{"a", "eth1"}, {"b", "eth1"}, {"c", "eth1"}}, Snooping: true, Querier: true})
	return p
}

// Closing a lab frees its namespaces, with a connection that is under way too.
func TestCloseFreesNetworks(t *testing.T) {
	t.Parallel()
	monitor := private(t, Settings{LoDown: true})
	l := build(t, everything())
	networks := l.networks()
	must(t, monitor.withNamespace(func(fd int) error {
		for i, n := range networks {
			if err := watch(n, fd, fmt.Sprintf("watch%d", i)); err != nil {
				return err
			}
		}
		return nil
	}))
	if got := interfaces(t, monitor); got != 5 || len(networks) != 5 {
		t.Fatalf("%d interfaces watch %d networks", got, len(networks))
	}
	client, server := stream(t, host(t, l, "a"), host(t, l, "b"), "10.0.0.2:80")
	must(t, link(t, l, "lan").Cut(true))
	client.Write([]byte("never acknowledged"))
	must(t, l.Close())
	must(t, l.Close())
	client.Close()
	server.Close()
	eventually(t, "a namespace is left", func() bool { return interfaces(t, monitor) == 0 })
}

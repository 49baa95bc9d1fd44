package lab

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// segment is a plan of hosts a, b and c on one link, joined by a bridge.
func segment() Plan {
	return Plan{
		Hosts: []HostPlan{hostPlan("a", "10.0.0.1/24", "fd00::1/64"), hostPlan("b", "10.0.0.2/24", "fd00::2/64"), hostPlan("c", "10.0.0.3/24", "fd00::3/64")},
		Links: []LinkPlan{eth0s("lan", "a", "b", "c")},
	}
}

// eventually waits until something is as it should be; the kernel does not say
// when.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func neighbor(t testing.TB, n *Network, ip string) string {
	t.Helper()
	mac, err := n.Neighbor(netip.MustParseAddr(ip))
	if err != nil {
		t.Error(err)
	}
	if mac == nil {
		return "none"
	}
	return mac.String()
}

func mac(t testing.TB, n *Network) string {
	t.Helper()
	i, err := n.Interface("eth0")
	if err != nil {
		t.Fatal(err)
	}
	return i.HardwareAddr.String()
}

func TestNeighbors(t *testing.T) {
	t.Parallel()
	l := build(t, segment())
	a, b, c := host(t, l, "a"), host(t, l, "b"), host(t, l, "c")
	fast := netip.MustParseAddr("10.0.0.77")
	for _, ip := range []string{"10.0.0.2", "fd00::2"} {
		if got := neighbor(t, a, ip); got != "none" {
			t.Errorf("a knows %s before it has asked: %s", ip, got)
		}
		exchange(t, a, b, netip.AddrPortFrom(netip.MustParseAddr(ip), 80).String())
		if got := neighbor(t, a, ip); got != mac(t, b) {
			t.Errorf("a knows %s at %s, not %s", ip, got, mac(t, b))
		}
	}
	// One that does not answer is none, whatever the kernel writes of it.
	must(t, c.SetSysctl("net.ipv4.neigh.eth0.retrans_time_ms", "10"))
	if _, err := tryDial(c, "tcp", "10.0.0.77:80"); !errors.Is(err, unix.EHOSTUNREACH) {
		t.Errorf("a connect to nobody: %v", err)
	}
	if got := neighbor(t, c, "10.0.0.77"); got != "none" {
		t.Errorf("c knows nobody at %s", got)
	}

	other := net.HardwareAddr{2, 0, 0, 0, 0, 0x77}
	must(t, a.SetNeighbor(fast, other))
	all, err := a.Neighbors()
	if err != nil || len(all) != 3 || all[fast].String() != other.String() {
		t.Errorf("a knows %v, %v", all, err)
	}
	must(t, a.FlushNeighbors(netip.MustParseAddr("fd00::2")))
	if got := neighbor(t, a, "fd00::2"); got != "none" {
		t.Errorf("a has not forgotten: %s", got)
	}
	must(t, a.FlushNeighbors(netip.Addr{}))
	if all, err = a.Neighbors(); err != nil || len(all) != 1 || all[fast] == nil {
		t.Errorf("a knows %v, %v, not only the permanent one", all, err)
	}
	must(t, a.SetNeighbor(fast, nil))
	must(t, a.SetNeighbor(fast, nil)) // there is none
	if got := neighbor(t, a, fast.String()); got != "none" {
		t.Errorf("a knows it at %s", got)
	}
	if err := a.SetNeighbor(netip.MustParseAddr("10.99.0.1"), other); !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("a neighbor behind no interface: %v", err)
	}
}

// An announced address is found at the new place, by those that knew the old
// one; who did not know it learns nothing.
func TestAnnounce(t *testing.T) {
	l := build(t, segment())
	a, b, c := host(t, l, "a"), host(t, l, "b"), host(t, l, "c")
	for _, p := range []string{"10.0.0.50/24", "fd00::50/64"} {
		shared := netip.MustParsePrefix(p)
		ip := shared.Addr()
		must(t, a.AddAddress("eth0", shared, false))
		exchange(t, c, a, netip.AddrPortFrom(ip, 80).String())
		must(t, a.RemoveAddress("eth0", shared))
		must(t, b.AddAddress("eth0", shared, false))
		must(t, b.Announce(ip, "eth0"))
		eventually(t, "the announcement has changed nothing", func() bool { return neighbor(t, c, ip.String()) == mac(t, b) })
		exchange(t, c, b, netip.AddrPortFrom(ip, 80).String())
		if got := neighbor(t, a, ip.String()); got != "none" {
			t.Errorf("a has learned %s", got)
		}
	}
	if err := a.Announce(netip.MustParseAddr("10.0.0.1"), "lo"); !errors.Is(err, unix.EOPNOTSUPP) {
		t.Errorf("an announcement on lo: %v", err)
	}
	if err := a.Announce(netip.MustParseAddr("10.0.0.1"), "eth7"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("an announcement on no interface: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	l := build(t, pair())
	a, b := host(t, l, "a"), host(t, l, "b")
	for _, p := range []string{"10.0.0.9/24", "fd00::9/64"} {
		address := netip.MustParsePrefix(p)
		must(t, a.AddAddress("eth0", address, false))
		exchange(t, b, a, netip.AddrPortFrom(address.Addr(), 80).String())
		if err := a.AddAddress("eth0", address, false); !errors.Is(err, unix.EEXIST) {
			t.Errorf("the address %s twice: %v", p, err)
		}
		must(t, a.RemoveAddress("eth0", address))
		if err := a.RemoveAddress("eth0", address); !errors.Is(err, unix.EADDRNOTAVAIL) {
			t.Errorf("the address %s is removed twice: %v", p, err)
		}
	}
	loopback := netip.MustParsePrefix("10.5.5.5/32")
	must(t, a.AddAddress("lo", loopback, false))
	exchange(t, a, a, "10.5.5.5:80")
}

// With duplicate address detection an address that another host has cannot be
// used.
func TestDuplicateAddress(t *testing.T) {
	t.Parallel()
	l := build(t, pair())
	a := host(t, l, "a")
	must(t, a.SetSysctl("net.ipv6.neigh.eth0.retrans_time_ms", "50"))
	taken, free := netip.MustParsePrefix("fd00::2/64"), netip.MustParsePrefix("fd00::8/64")
	must(t, a.AddAddress("eth0", taken, true))
	must(t, a.AddAddress("eth0", free, true))
	usable := func(p netip.Prefix) (err error) {
		a.Within(func() {
			var c net.PacketConn
			if c, err = net.ListenPacket("udp", netip.AddrPortFrom(p.Addr(), 80).String()); err == nil {
				c.Close()
			}
		})
		return err
	}
	eventually(t, "a free address cannot be used", func() bool { return usable(free) == nil })
	if err := usable(taken); !errors.Is(err, unix.EADDRNOTAVAIL) {
		t.Errorf("an address that another host has: %v", err)
	}
}

func TestRoutesAddedAndRemoved(t *testing.T) {
	l := build(t, pair())
	a, b := host(t, l, "a"), host(t, l, "b")
	for _, test := range []struct {
		to, way, address string
		want             error
	}{
		{"10.1.0.0/16", "unreachable", "10.1.2.3", unix.EHOSTUNREACH},
		{"10.1.0.0/16", "prohibit", "10.1.2.3", unix.EACCES},
		{"10.1.0.0/16", "blackhole", "10.1.2.3", unix.EINVAL},
		{"fd01::/64", "unreachable", "fd01::3", unix.EHOSTUNREACH},
		{"fd01::/64", "prohibit", "fd01::3", unix.EACCES},
		{"fd01::/64", "blackhole", "fd01::3", unix.EINVAL},
		{"0.0.0.0/0", "10.0.0.2", "192.0.2.1", nil},
		{"::/0", "fd00::2", "2001:db8::1", nil},
		{"10.1.0.0/16", "eth0", "10.1.2.3", nil},
		{"fd01::/64", "eth0", "fd01::3", nil},
	} {
		to, address := netip.MustParsePrefix(test.to), netip.AddrPortFrom(netip.MustParseAddr(test.address), 80).String()
		must(t, a.AddRoute(to, test.way))
		if err := a.AddRoute(to, test.way); !errors.Is(err, unix.EEXIST) {
			t.Errorf("the route to %s twice: %v", to, err)
		}
		if c, err := tryDial(a, "udp", address); err == nil {
			c.Close()
		} else if !errors.Is(err, test.want) || test.want == nil {
			t.Errorf("%s via %s: %v, not %v", to, test.way, err, test.want)
		}
		must(t, a.RemoveRoute(to))
		if _, err := tryDial(a, "udp", address); !errors.Is(err, unix.ENETUNREACH) {
			t.Errorf("without the route to %s: %v", to, err)
		}
		// The kernel says ENOENT of an IPv6 default route.
		if err := a.RemoveRoute(to); !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.ENOENT) {
			t.Errorf("the route to %s is removed twice: %v", to, err)
		}
	}
	must(t, b.AddAddress("lo", netip.MustParsePrefix("10.7.0.1/32"), false))
	must(t, a.AddRoute(netip.MustParsePrefix("10.7.0.0/24"), "fd00::2")) // IPv4 via IPv6 (RFC 5549)
	exchange(t, a, b, "10.7.0.1:80")
	for _, test := range []struct {
		way  string
		want error
	}{{"eth7", unix.ENODEV}, {"10.0.9.9", unix.ENETUNREACH}} {
		if err := a.AddRoute(netip.MustParsePrefix("10.8.0.0/16"), test.way); !errors.Is(err, test.want) {
			t.Errorf("a route via %s: %v", test.way, err)
		}
	}
	if err := a.AddRoute(netip.MustParsePrefix("fd08::/64"), "10.0.0.2"); !errors.Is(err, unix.EINVAL) {
		t.Errorf("an IPv6 route via an IPv4 gateway: %v", err)
	}
}

// The host's own network stays as it is.
func TestOutside(t *testing.T) {
	o := Outside()
	defer o.Close()
	for _, err := range []error{
		o.SetInterface("lo", false), o.SetMTU("lo", 1000), o.AddAddress("lo", netip.MustParsePrefix("10.9.9.9/32"), false),
		o.RemoveAddress("lo", netip.MustParsePrefix("10.9.9.9/32")), o.SetNeighbor(netip.MustParseAddr("10.9.9.9"), nil),
		o.FlushNeighbors(netip.Addr{}), o.Announce(netip.MustParseAddr("10.9.9.9"), "lo"),
		o.AddRoute(netip.MustParsePrefix("10.9.9.0/24"), "lo"), o.RemoveRoute(netip.MustParsePrefix("10.9.9.0/24")),
	} {
		if !errors.Is(err, errOutside) {
			t.Error(err)
		}
	}
	want, err := os.Readlink("/proc/self/ns/net")
	must(t, err)
	o.Within(func() {
		if got := namespace(t); got != want {
			t.Errorf("outside is %s, not %s", got, want)
		}
	})
	if i, err := o.Interface("lo"); err != nil || i.Flags&net.FlagLoopback == 0 {
		t.Errorf("lo is %+v, %v", i, err)
	}
	if _, err := o.Neighbors(); err != nil {
		t.Error(err)
	}
	if _, err := o.Sysctl("net.ipv4.ip_forward"); err != nil {
		t.Error(err)
	}
}

// Kernel parameters that outlive a scenario are put back by the last one who
// has changed them. The test runs again in a network of its own, which is then
// the network of the process.
func TestParametersArePutBack(t *testing.T) {
	const inside = "SOCKSCRIPT_TEST_INSIDE"
	if os.Getenv(inside) == "" {
		private(t, Settings{}) // or skip
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestParametersArePutBack$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	const name, several = "net.ipv4.tcp_syn_retries", "net.ipv4.tcp_rmem"
	one, two := Outside(), Outside()
	expect := func(name, want string) {
		t.Helper()
		if got, err := one.Sysctl(name); got != want || err != nil {
			t.Errorf("%s is %q, %v, not %q", name, got, err, want)
		}
	}
	before, err := one.Sysctl(name)
	must(t, err)
	memory, err := one.Sysctl(several)
	must(t, err)
	must(t, one.SetSysctl(name, "2"))
	must(t, one.SetSysctl(name, "3"))
	must(t, one.SetSysctl(several, "4096 5000 6000"))
	must(t, one.SetSysctl("arp_ignore", "1"))
	expect(several, "4096 5000 6000")
	must(t, two.SetSysctl(name, "4"))
	must(t, one.Close())
	must(t, one.Close())
	expect(name, "4")
	expect(several, memory)
	expect("net.ipv4.conf.lo.arp_ignore", "0")
	must(t, two.Close())
	expect(name, before)
	var refused *SysctlError
	if err := two.SetSysctl(name, "many"); !errors.As(err, &refused) || refused.Name != name {
		t.Errorf("a value that is not one: %v", err)
	}
	for _, name := range []string{"../../../etc/passwd", "net/../../../etc/passwd", "no_such", "net.no.such"} {
		if _, err := two.Sysctl(name); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "cannot read the kernel parameter "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

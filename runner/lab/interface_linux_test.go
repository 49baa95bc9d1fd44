package lab

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel forgets IPv6 addresses and routes of an interface that goes down.
func TestInterfaceDownAndUp(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Plan{"two": pair(), "many": segment(), "wire": wired()} {
		t.Run(name, func(t *testing.T) {
			l := build(t, p)
			a, b := host(t, l, "a"), host(t, l, "b")
			must(t, a.AddRoute(netip.MustParsePrefix("0.0.0.0/0"), "10.0.0.2"))
			must(t, a.AddRoute(netip.MustParsePrefix("::/0"), "fd00::2"))
			must(t, a.AddRoute(netip.MustParsePrefix("fd00:2::/64"), "eth0"))
			must(t, b.AddAddress("lo", netip.MustParsePrefix("192.0.2.1/32"), false))
			must(t, b.AddAddress("lo", netip.MustParsePrefix("2001:db8::1/128"), false))
			for range 3 {
				must(t, a.SetInterface("eth0", false))
				must(t, a.SetInterface("eth0", false))
				if _, err := tryDial(a, "udp", "10.0.0.2:80"); !errors.Is(err, unix.ENETUNREACH) {
					t.Errorf("with eth0 down: %v", err)
				}
				must(t, a.SetInterface("eth0", true))
				must(t, a.SetInterface("eth0", true))
				for _, address := range []string{"192.0.2.1:80", "[2001:db8::1]:80", "10.0.0.2:80", "[fd00::2]:80"} {
					exchange(t, a, b, address)
				}
				exchange(t, b, a, "10.0.0.1:80")
				exchange(t, b, a, "[fd00::1]:80")
				c, err := tryDial(a, "udp", "[fd00:2::1]:80")
				if err != nil {
					t.Errorf("the route by an interface: %v", err)
				} else {
					c.Close()
				}
			}
		})
	}
}

// Coming up again, lo has what it had; 127.0.0.1 and ::1 come by themselves.
func TestLoDownAndUp(t *testing.T) {
	a := host(t, build(t, pair()), "a")
	must(t, a.AddAddress("lo", netip.MustParsePrefix("192.0.2.1/32"), false))
	must(t, a.AddAddress("lo", netip.MustParsePrefix("2001:db8::1/128"), false))
	must(t, a.AddRoute(netip.MustParsePrefix("2001:db8:1::/64"), "prohibit"))
	must(t, a.SetInterface("lo", false))
	must(t, a.SetInterface("lo", true))
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "192.0.2.1:80", "[2001:db8::1]:80"} {
		exchange(t, a, a, address)
	}
	if _, err := tryDial(a, "udp", "[2001:db8:1::1]:80"); !errors.Is(err, unix.EACCES) {
		t.Errorf("a connect by a prohibiting route: %v", err)
	}
}

// Without a carrier a write succeeds and vanishes; nothing is forgotten.
func TestCarrier(t *testing.T) {
	for name, p := range map[string]Plan{"many": segment(), "wire": wired()} {
		t.Run(name, func(t *testing.T) {
			p.Hosts[0].Routes = []Route{{To: netip.MustParsePrefix("::/0"), Via: netip.MustParseAddr("fd00::2")}}
			l := build(t, p)
			a, b := host(t, l, "a"), host(t, l, "b")
			running := func(n *Network) bool {
				i, err := n.Interface("eth0")
				must(t, err)
				return i.Flags&net.FlagRunning != 0
			}
			must(t, link(t, l, "lan").Carrier(false))
			if running(a) || running(b) {
				t.Error("an interface has a carrier")
			}
			must(t, link(t, l, "lan").Carrier(true))
			if !running(a) || !running(b) {
				t.Error("an interface lacks its carrier")
			}
			exchange(t, a, b, "10.0.0.2:80")
			exchange(t, a, b, "[fd00::2]:80")
			must(t, b.AddAddress("lo", netip.MustParsePrefix("2001:db8::1/128"), false))
			exchange(t, a, b, "[2001:db8::1]:80")
		})
	}
}

func TestMTU(t *testing.T) {
	a := host(t, build(t, pair()), "a")
	must(t, a.SetMTU("eth0", 600))
	if i, err := a.Interface("eth0"); err != nil || i.MTU != 600 {
		t.Errorf("eth0 is %+v, %v", i, err)
	}
	if err := a.SetMTU("eth0", 10); !errors.Is(err, unix.EINVAL) {
		t.Errorf("an MTU of 10: %v", err)
	}
	if err := a.SetMTU("eth7", 600); !errors.Is(err, unix.ENODEV) {
		t.Errorf("an MTU of no interface: %v", err)
	}
}

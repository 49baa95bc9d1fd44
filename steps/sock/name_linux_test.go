package sock

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// A socket of any family is known by the address that the kernel has chosen for
// it, as long as it is among the latest.
func TestNameOfChosenAddress(t *testing.T) {
	for _, test := range []struct {
		name               string
		family, typ, proto int
		to                 string
	}{
		{"AF_INET", unix.AF_INET, unix.SOCK_DGRAM, 0, "127.0.0.1:0"},
		{"AF_UNIX", unix.AF_UNIX, unix.SOCK_DGRAM, 0, "unix:"},
		{"AF_NETLINK", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_USERSOCK, "netlink:0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, _ := newGroup(t)
			g.KeepNames()
			to, err := ParseAddr(test.to)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a.x", "b.y"} {
				s, err := g.Open(test.family, test.typ, test.proto, false)
				if err != nil {
					t.Fatal(err)
				}
				s.SetName(func() string { return name })
				if err := s.Bind(to); err != nil {
					t.Fatal(err)
				}
				at := s.Desc().Local()
				if got := g.NameOf([]string{""}, at, s.Space()); got != name {
					t.Errorf("%s is called %q; want %q", at, got, name)
				}
				if got := g.NameOf([]string{"other"}, at, s.Space()); got != "" {
					t.Errorf("%s of another host is called %q", at, got)
				}
			}
		})
	}
}

// Each protocol of netlink has ports of its own: a message from one is not of
// the socket that has its number in another.
func TestNameOfNetlinkProtocol(t *testing.T) {
	g, _ := newGroup(t)
	g.KeepNames()
	open := func(name string, protocol int, to Addr) *Socket {
		s, err := g.Open(unix.AF_NETLINK, unix.SOCK_RAW, protocol, false)
		if err != nil {
			t.Fatal(err)
		}
		s.SetName(func() string { return name })
		if err := s.Bind(to); err != nil {
			t.Fatal(err)
		}
		return s
	}
	any, err := ParseAddr("netlink:0")
	if err != nil {
		t.Fatal(err)
	}
	user := open("a.user", unix.NETLINK_USERSOCK, any)
	route := open("a.route", unix.NETLINK_ROUTE, user.Desc().Local())
	for _, s := range []*Socket{user, route} {
		want := map[*Socket]string{user: "a.user", route: "a.route"}[s]
		if got := g.NameOf([]string{""}, s.Desc().Local(), s.Space()); got != want {
			t.Errorf("%s of protocol %d is called %q, want %q", s.Desc().Local(), s.Proto(), got, want)
		}
	}
}

// However many names the kernel chooses, the latest are known and no more are
// kept than twice as many.
func TestNamesAreBounded(t *testing.T) {
	n := names{index: make(map[string]uint16)}
	at := func(i int) otherName { return otherName{text: fmt.Sprintf("unix:@%05x", i)} }
	for i := range 5 * mostOthers {
		n.bindOther(at(i), "a.x")
		if i%1000 == 0 && n.other(at(max(0, i-mostOthers+1))) != "a.x" {
			t.Fatalf("name %d is lost at %d", i-mostOthers+1, i)
		}
	}
	if kept := len(n.others[0]) + len(n.others[1]); kept > 2*mostOthers {
		t.Errorf("%d names are kept", kept)
	}
}

package sock

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseAddr(t *testing.T) {
	ip := netip.MustParseAddr
	tests := map[string]Addr{
		"127.0.0.1:8080":      {Family: unix.AF_INET, IP: ip("127.0.0.1"), Port: 8080},
		"0.0.0.0:0":           {Family: unix.AF_INET, IP: ip("0.0.0.0")},
		"[::1]:8080":          {Family: unix.AF_INET6, IP: ip("::1"), Port: 8080},
		"[fe80::1%lo]:80":     {Family: unix.AF_INET6, IP: ip("fe80::1%lo"), Port: 80},
		"[::ffff:1.2.3.4]:80": {Family: unix.AF_INET6, IP: ip("::ffff:1.2.3.4"), Port: 80},
		":8080":               {Any: true, Port: 8080},
		":0":                  {Any: true},
		"unix:/tmp/s":         {Family: unix.AF_UNIX, Path: "/tmp/s"},
		"unix:a:b":            {Family: unix.AF_UNIX, Path: "a:b"},
		"unix:@abstract\x00x": {Family: unix.AF_UNIX, Path: "@abstract\x00x"},
		"unix:":               {Family: unix.AF_UNIX},
		"icmp:127.0.0.1":      {Family: unix.AF_INET, IP: ip("127.0.0.1"), NoPort: true},
		"icmp:::1":            {Family: unix.AF_INET6, IP: ip("::1"), NoPort: true},
		"unspec:":             {Unspec: true},
		"packet:":             {Family: FamilyPacket},
		"packet:eth0":         {Family: FamilyPacket, Interface: "eth0"},
		"packet:/all":         {Family: FamilyPacket, Protocol: 3},
		"packet:eth0/arp":     {Family: FamilyPacket, Interface: "eth0", Protocol: 0x806},
		"packet:eth0/0x88cc/02:00:00:00:00:0a": {
			Family: FamilyPacket, Interface: "eth0", Protocol: 0x88cc, Other: "\x02\x00\x00\x00\x00\x0a",
		},
		"AF_APPLETALK:0001ff": {Family: unix.AF_APPLETALK, Other: "\x00\x01\xff"},
	}
	for text, want := range tests {
		got, err := ParseAddr(text)
		if err != nil || got != want {
			t.Errorf("ParseAddr(%q) = %+v, %v, want %+v", text, got, err, want)
			continue
		}
		if got.String() != text {
			t.Errorf("%+v prints as %q, want %q", got, got, text)
		}
		if got.IsZero() {
			t.Errorf("%q is not an address", text)
		}
	}
}

func TestParseAddrErrors(t *testing.T) {
	tests := map[string]string{
		"":                              "empty",
		"127.0.0.1":                     "missing port: write 127.0.0.1:PORT",
		"127.0.0.1:":                    "missing port",
		"127.0.0.1:65536":               "port 65536 is above 65535",
		"127.0.0.1:99999999":            "above 65535",
		"127.0.0.1:-1":                  `"-1" is not a number`,
		"127.0.0.1:http":                `"http" is not a number`,
		"127.0.0.256:80":                "octet 256 is above 255",
		"127.0.0.99999:80":              "octet 99999 is above 255",
		"127.0.1:80":                    "has 3",
		"127.0.0.1.1:80":                "has 5",
		"127.0..1:80":                   "empty",
		"127.0.0.010:80":                "leading zero: write 10",
		"localhost:80":                  "write the address, 127.0.0.1:80",
		"example.com:80":                "host names are not looked up",
		"localhost":                     "host names are not looked up",
		"*:80":                          "written :80",
		"8080":                          "write :8080",
		"/tmp/s":                        "unix:/tmp/s",
		"@s":                            "unix:@s",
		"::1":                           "write [::1]:PORT",
		"::1:8080":                      "write [::1]:8080",
		"fe80::1%lo":                    "write [fe80::1%lo]:PORT",
		"[::1]":                         "missing port: write [::1]:PORT",
		"[::1":                          `missing "]"`,
		"[::g]:80":                      "not an IPv6 address",
		"[127.0.0.1]:80":                "write 127.0.0.1:80",
		"[::1]:70000":                   "above 65535",
		"tcp:127.0.0.1:80":              "too many colons",
		"icmp:127.0.0.1:80":             "no port: write icmp:127.0.0.1",
		"icmp:[::1]":                    "no brackets",
		"icmp:":                         "missing",
		"icmp:localhost":                "not looked up",
		"packet:eth 0/arp":              "not the name of an interface",
		"packet:eth0/arpp":              "not a protocol of Ethernet",
		"packet:eth0/65536":             "not a protocol of Ethernet",
		"packet:eth0/arp/02":            "not a hardware address",
		"packet:/arp/02:00:00:00:00:01": "reached through an interface",
		"AF_NOSUCH:00":                  "no address family AF_NOSUCH",
		"AF_INET:0":                     "in hex",
		"sockaddr:020":                  "in hex",
		"netlink:":                      "write netlink:PORT",
		"vsock:2":                       "write vsock:CID:PORT",
		"AF_APPLETALK:0":                "in hex",
	}
	for text, want := range tests {
		a, err := ParseAddr(text)
		if err == nil {
			t.Errorf("ParseAddr(%q) = %+v, want an error", text, a)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("ParseAddr(%q): %v, want it to say %q", text, err, want)
		}
	}
}

func TestAddrMethods(t *testing.T) {
	tests := []struct {
		addr, loopback string
		wildcard       bool
	}{
		{"0.0.0.0:80", "127.0.0.1:80", true},
		{"[::]:80", "[::1]:80", true},
		{":80", ":80", true},
		{"127.0.0.2:80", "127.0.0.2:80", false},
		{"unix:/s", "unix:/s", false},
		{"icmp:127.0.0.1", "icmp:127.0.0.1", false},
		{"unspec:", "unspec:", false},
	}
	for _, tt := range tests {
		a := parse(t, tt.addr)
		if got := a.Loopback().String(); got != tt.loopback {
			t.Errorf("the loopback of %s is %s, want %s", a, got, tt.loopback)
		}
		if a.IsWildcard() != tt.wildcard {
			t.Errorf("%s: IsWildcard is %v", a, !tt.wildcard)
		}
	}
	var none Addr
	if !none.IsZero() || none.String() != "" || none.IsWildcard() {
		t.Errorf("the zero Addr is %q", none)
	}
	family := Addr{Family: unix.AF_INET6, Port: 80}
	if family.String() != "[::]:80" || !family.IsWildcard() {
		t.Errorf("an AF_INET6 address without IP is %q", family)
	}
}

func TestErrnoNames(t *testing.T) {
	e, ok := ErrnoByName("ECONNREFUSED")
	if !ok || ErrnoName(e) != "ECONNREFUSED" || ErrnoMessage(e) != "Connection refused" {
		t.Errorf("ECONNREFUSED is %d, %q, %q", e, ErrnoName(e), ErrnoMessage(e))
	}
	for alias, name := range map[string]string{"EWOULDBLOCK": "EAGAIN", "EOPNOTSUPP": "EOPNOTSUPP"} {
		if e, ok := ErrnoByName(alias); !ok || ErrnoName(e) != name {
			t.Errorf("%s is %d, %s", alias, e, ErrnoName(e))
		}
	}
	if _, ok := ErrnoByName("ENOTSUP"); !ok {
		t.Error("ENOTSUP is unknown")
	}
	if _, ok := ErrnoByName("ENOSUCH"); ok {
		t.Error("ENOSUCH is known")
	}
	if got := ErrnoName(4242); got != "errno 4242" {
		t.Errorf("errno 4242 is %q", got)
	}
	if n := len(ErrnoNames()); n < 80 {
		t.Errorf("only %d names", n)
	}
	err := &Error{Call: "connect", Addr: parse(t, "127.0.0.1:1"), Err: e}
	if want := "connect 127.0.0.1:1: ECONNREFUSED (connection refused)"; err.Error() != want {
		t.Errorf("error prints %q, want %q", err, want)
	}
	if got, ok := ErrnoOf(err); !ok || got != e {
		t.Errorf("ErrnoOf is %v, %v", got, ok)
	}
	if _, ok := ErrnoOf(&Error{Call: "recv", Err: ErrTimeout}); ok {
		t.Error("a timeout has an errno")
	}
}

func TestConstants(t *testing.T) {
	lookup := func(by func(string) (int, bool), names ...string) int {
		t.Helper()
		first, ok := by(names[0])
		for _, name := range names {
			if n, found := by(name); !found || !ok || n != first {
				t.Errorf("%s is %d, %v, want %d", name, n, found, first)
			}
		}
		return first
	}
	equal := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	equal(FamilyName(lookup(FamilyByName, "AF_INET6", "inet6", "INET6", "PF_INET6")), "AF_INET6")
	equal(FamilyName(lookup(FamilyByName, "AF_UNIX", "unix", "local")), "AF_UNIX")
	equal(TypeName(lookup(TypeWithFlags, "SOCK_SEQPACKET", "seqpacket")), "SOCK_SEQPACKET")
	equal(ProtoName(unix.AF_INET, lookup(ProtoByName, "IPPROTO_TCP", "tcp")), "IPPROTO_TCP")
	equal(ProtoName(unix.AF_INET, 0), "IPPROTO_IP")
	equal(ProtoName(unix.AF_UNIX, 0), "0")
	equal(FlagNames(lookup(MessageFlags.ByName, "MSG_PEEK", "peek")), "MSG_PEEK")
	equal(FlagNames(unix.MSG_PEEK|unix.MSG_DONTWAIT), "MSG_PEEK|MSG_DONTWAIT")
	equal(FlagNames(unix.MSG_PEEK | 1<<30 | 1<<27)[:8], "MSG_PEEK")
	equal(FlagNames(0), "0")
	equal(HowName(unix.SHUT_WR), "SHUT_WR")
	equal(FamilyName(4711), "0x1267")
	lookup(RequestByName, "FIONREAD", "fionread")
	for _, names := range [][]string{FamilyNames(), TypeNames(), ProtoNames(), MessageFlags.All()} {
		if len(names) < 3 {
			t.Errorf("only %v", names)
		}
	}
	if _, ok := TypeWithFlags("nosuch"); ok {
		t.Error("nosuch is a type")
	}
}

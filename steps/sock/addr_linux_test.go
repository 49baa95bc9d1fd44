package sock

import "testing"

// TestBytesOfAddr compares addresses that are given by their bytes with those
// in words: where both mean one sockaddr, they are the same. The layouts are
// those of Linux.
func TestBytesOfAddr(t *testing.T) {
	for text, want := range map[string]string{
		"AF_INET:1f90 7f000001 0000000000000000":   "127.0.0.1:8080",
		"AF_INET:1f90 7f000001 0000000000000001":   "AF_INET:1f907f0000010000000000000001",
		"AF_INET:1f907f000001":                     "AF_INET:1f907f000001",
		"AF_INET:":                                 "AF_INET:",
		"AF_UNIX:":                                 "unix:",
		"AF_UNIX:00 61":                            "unix:@a",
		"AF_UNIX:2f6100":                           "unix:/a",
		"AF_UNIX:2f61":                             "AF_UNIX:2f61",
		"AF_NETLINK:0000 00000000 00000000":        "netlink:0",
		"netlink:5/3":                              "netlink:5/0x3",
		"AF_NETLINK:0000":                          "AF_NETLINK:0000",
		"vsock:any:5000":                           "vsock:any:5000",
		"AF_VSOCK:0000 88130000 01000000 00000000": "vsock:1:5000",
		"AF_999:00":                                "AF_999:00",
		"sockaddr:":                                "sockaddr:",
		"sockaddr:02":                              "sockaddr:02",
		"sockaddr:0000":                            "unspec:",
		"sockaddr:0200 1f90 7f000001 0000 0000 00000000": "127.0.0.1:8080",
	} {
		a, err := ParseAddr(text)
		if err != nil || a.String() != want {
			t.Errorf("ParseAddr(%q) = %s, %v, want %s", text, a, err, want)
		}
		if again, err := ParseAddr(want); err != nil || again != a {
			t.Errorf("%s and %s are %+v and %+v, %v", text, want, a, again, err)
		}
	}
}

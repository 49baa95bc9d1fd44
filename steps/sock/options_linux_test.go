package sock

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOptionTable(t *testing.T) {
	seen := make(map[string]bool)
	options := Options()
	for _, o := range options {
		if seen[o.Name] {
			t.Errorf("%s is there twice", o.Name)
		}
		seen[o.Name] = true
		if found, ok := OptionByName(o.Name); !ok || found != o {
			t.Errorf("%s is found as %+v", o.Name, found)
		}
		if o.Help == "" || o.LevelName == "" || o.ReadOnly && o.WriteOnly {
			t.Errorf("%+v is incomplete", o)
		}
	}
	if !slices.IsSortedFunc(options, func(a, b Option) int { return a.Level - b.Level }) {
		t.Error("not sorted by level")
	}
	if _, ok := OptionByName("SO_NOSUCH"); ok {
		t.Error("SO_NOSUCH is known")
	}
}

// fitting are the kinds of sockets that have the options of a level.
var fitting = map[string][]kind{
	"SOL_SOCKET":      {{family: unix.AF_INET, typ: unix.SOCK_STREAM}, {family: unix.AF_UNIX, typ: unix.SOCK_STREAM}},
	"IPPROTO_IP":      {{family: unix.AF_INET, typ: unix.SOCK_DGRAM}},
	"IPPROTO_IPV6":    {{family: unix.AF_INET6, typ: unix.SOCK_DGRAM}},
	"IPPROTO_TCP":     {{family: unix.AF_INET, typ: unix.SOCK_STREAM}},
	"IPPROTO_UDP":     {{family: unix.AF_INET, typ: unix.SOCK_DGRAM}},
	"IPPROTO_UDPLITE": {{family: unix.AF_INET, typ: unix.SOCK_DGRAM, proto: unix.IPPROTO_UDPLITE}},
	"IPPROTO_RAW":     {{family: unix.AF_INET, typ: unix.SOCK_RAW, proto: unix.IPPROTO_ICMP}},
	"SOL_PACKET":      {{family: unix.AF_PACKET, typ: unix.SOCK_RAW}},
	"SOL_NETLINK":     {{family: unix.AF_NETLINK, typ: unix.SOCK_RAW}},
}

// TestOneWayOptions asks the kernel for the call that an option is said not to
// have: one that it makes must not be refused. SO_ATTACH_FILTER is read as
// SO_GET_FILTER, which has the same number.
func TestOneWayOptions(t *testing.T) {
	g, _ := newGroup(t)
	for _, o := range Options() {
		if !o.ReadOnly && !o.WriteOnly || o.Name == "SO_ATTACH_FILTER" || o.Name == "SO_GET_FILTER" {
			continue
		}
		for _, k := range fitting[o.LevelName] {
			s, err := g.Open(k.family, k.typ, k.proto, false)
			if err != nil {
				continue
			}
			for _, size := range []int{0, 4, 8, 16, 64} {
				if o.ReadOnly {
					err = s.SetBytes(o.Level, o.Number, make([]byte, size))
				} else {
					_, err = s.GetBytes(o.Level, o.Number, size)
				}
				if err == nil {
					t.Errorf("%s of %d bytes on %s: the kernel makes the call", o.Name, size, FamilyName(k.family))
				}
			}
			must(t, s.Close())
		}
	}
}

// TestIntOptions reads every option that is a number. It may be unknown to this
// kernel, or ask for a state that a fresh socket is not in, but the size of an
// int must do.
func TestIntOptions(t *testing.T) {
	g, _ := newGroup(t)
	read := 0
	for _, o := range Options() {
		if o.WriteOnly || o.Kind != OptInt && o.Kind != OptBool && o.Kind != OptErrno {
			continue
		}
		for _, k := range fitting[o.LevelName] {
			s, err := g.Open(k.family, k.typ, k.proto, false)
			if err != nil {
				continue
			}
			switch _, err := s.GetInt(o.Level, o.Number); {
			case err == nil:
				read++
			case o.Name == "PACKET_HDRLEN": // the value goes in, and 0 is a version
			case o.Name == "TCP_REPAIR_QUEUE" || o.Name == "TCP_QUEUE_SEQ": // need TCP_REPAIR
			default:
				errno, _ := ErrnoOf(err)
				if !slices.Contains([]syscall.Errno{unix.ENOPROTOOPT, unix.EOPNOTSUPP, unix.ENOTCONN, unix.EPERM, unix.ENODATA}, errno) {
					t.Errorf("%s on %s: %v", o.Name, FamilyName(k.family), err)
				}
			}
			must(t, s.Close())
		}
	}
	if read < 100 {
		t.Errorf("only %d options could be read", read)
	}
}

func TestOptionValues(t *testing.T) {
	g, _ := newGroup(t)
	s := open(t, g, unix.AF_INET, unix.SOCK_DGRAM, 0, false)
	must(t, s.SetBytes(unix.SOL_SOCKET, unix.SO_LINGER, EncodeLinger(1, 7)))
	b, err := s.GetBytes(unix.SOL_SOCKET, unix.SO_LINGER, 64)
	must(t, err)
	if on, seconds, ok := DecodeLinger(b); on != 1 || seconds != 7 || !ok {
		t.Errorf("SO_LINGER is %v, %d, %v", on, seconds, ok)
	}
	must(t, s.SetBytes(unix.SOL_SOCKET, unix.SO_LINGER, EncodeLinger(0, 0)))
	must(t, s.SetBytes(unix.SOL_SOCKET, unix.SO_RCVTIMEO, EncodeTimeval(1500*time.Millisecond)))
	b, err = s.GetBytes(unix.SOL_SOCKET, unix.SO_RCVTIMEO, 64)
	must(t, err)
	if d, ok := DecodeTimeval(b); d < 1500*time.Millisecond || d > 1600*time.Millisecond || !ok {
		t.Errorf("SO_RCVTIMEO is %v, %v", d, ok)
	}
	if d, _ := DecodeTimeval(EncodeTimeval(time.Nanosecond)); d != time.Microsecond {
		t.Errorf("a nanosecond becomes %v", d)
	}
	must(t, s.SetBytes(unix.SOL_SOCKET, unix.SO_BINDTODEVICE, []byte("lo\x00")))
	b, err = s.GetBytes(unix.SOL_SOCKET, unix.SO_BINDTODEVICE, 16)
	if err != nil || string(b) != "lo\x00" {
		t.Errorf("SO_BINDTODEVICE is %q, %v", b, err)
	}
	group, local := netip.MustParseAddr("239.1.2.3"), netip.MustParseAddr("127.0.0.1")
	must(t, s.SetBytes(unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, EncodeMembership(group, netip.Addr{}, 1)))
	must(t, s.SetBytes(unix.IPPROTO_IP, unix.IP_DROP_MEMBERSHIP, EncodeMembership(group, local, 0)))
	must(t, s.SetBytes(unix.IPPROTO_IP, unix.IP_ADD_SOURCE_MEMBERSHIP, EncodeSourceMembership(group, local, local)))
	six := open(t, g, unix.AF_INET6, unix.SOCK_DGRAM, 0, false)
	must(t, six.SetBytes(unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, EncodeMembership6(netip.MustParseAddr("ff01::1:2"), 1)))
	a, _, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	must(t, err)
	b, err = a.GetBytes(unix.SOL_SOCKET, unix.SO_PEERCRED, 12)
	must(t, err)
	if cred, ok := DecodeUcred(b); !ok || int(cred.PID) != unix.Getpid() || int(cred.UID) != unix.Getuid() {
		t.Errorf("SO_PEERCRED is %+v, %v", cred, ok)
	}
}

// A descriptor that an option gives is closed, whatever room its number is
// given: newGroup sees one that is left.
func TestGetDescriptor(t *testing.T) {
	g, _ := newGroup(t)
	a, _, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	must(t, err)
	for _, size := range []int{0, 1, 4, 64} {
		b, err := a.GetBytes(unix.SOL_SOCKET, unix.SO_PEERPIDFD, size)
		if errors.Is(err, syscall.ENOPROTOOPT) {
			t.Skip("the kernel has no SO_PEERPIDFD")
		}
		if must(t, err); len(b) != min(size, 4) {
			t.Errorf("%d bytes came into room for %d", len(b), size)
		}
	}
}

// TestGetFilter reads a program into a buffer that has room for it, and into
// one that has not: the kernel takes the length for a number of instructions.
func TestGetFilter(t *testing.T) {
	g, _ := newGroup(t)
	s := open(t, g, unix.AF_INET, unix.SOCK_DGRAM, 0, false)
	program := slices.Repeat([]byte{6, 0, 0, 0, 0xff, 0xff, 0, 0}, 3)
	must(t, s.AttachFilter(unix.SO_ATTACH_FILTER, program))
	got, err := s.GetBytes(unix.SOL_SOCKET, unix.SO_GET_FILTER, 1024)
	if must(t, err); !slices.Equal(got, program) {
		t.Errorf("the filter reads as % x", got)
	}
	for _, size := range []int{0, 4, 16} {
		_, err = s.GetBytes(unix.SOL_SOCKET, unix.SO_GET_FILTER, size)
		wantErrno(t, err, syscall.EINVAL)
	}
}

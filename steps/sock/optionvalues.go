package sock

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// EncodeLinger makes the value of SO_LINGER: struct linger (socket(7)).
func EncodeLinger(onoff, seconds int32) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(onoff))
	return binary.NativeEndian.AppendUint32(b, uint32(seconds))
}

// DecodeLinger reads the value of SO_LINGER; ok is false if b is too short.
func DecodeLinger(b []byte) (onoff, seconds int32, ok bool) {
	if len(b) < 8 {
		return 0, 0, false
	}
	return int32(binary.NativeEndian.Uint32(b)), int32(binary.NativeEndian.Uint32(b[4:])), true
}

// MaxTimeval is the longest time that a struct timeval holds.
var MaxTimeval = func() time.Duration {
	if unsafe.Sizeof(unix.Timeval{}.Sec) == 4 {
		return math.MaxInt32 * time.Second
	}
	return math.MaxInt64
}()

// EncodeTimeval makes the value of SO_RCVTIMEO and SO_SNDTIMEO: struct timeval,
// with parts of a microsecond rounded up, so that a short bound does not become
// 0, which means none.
func EncodeTimeval(d time.Duration) []byte {
	tv := unix.NsecToTimeval(int64(d)) // which rounds up
	b, _ := binary.Append(nil, binary.NativeEndian, tv)
	return b
}

// DecodeTimeval reads a struct timeval; ok is false if b is too short.
func DecodeTimeval(b []byte) (d time.Duration, ok bool) {
	var tv unix.Timeval
	if _, err := binary.Decode(b, binary.NativeEndian, &tv); err != nil {
		return 0, false
	}
	return time.Duration(tv.Nano()), true
}

// EncodeMembership makes the value of IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP:
// struct ip_mreqn (ip(7)). The interface is chosen by its index, or where that
// is 0 by its address, which may be invalid for "any".
func EncodeMembership(group, local netip.Addr, index int) []byte {
	b := append(bytes4(group), bytes4(local)...)
	return binary.NativeEndian.AppendUint32(b, uint32(index))
}

// EncodeSourceMembership makes the value of IP_ADD_SOURCE_MEMBERSHIP and its
// like: struct ip_mreq_source (ip(7)).
func EncodeSourceMembership(group, local, source netip.Addr) []byte {
	return mreqSource(bytes4(group), bytes4(local), bytes4(source))
}

// EncodeMembership6 makes the value of IPV6_ADD_MEMBERSHIP and
// IPV6_DROP_MEMBERSHIP: struct ipv6_mreq (ipv6(7)). Index 0 is any interface.
func EncodeMembership6(group netip.Addr, index int) []byte {
	b := group.As16()
	return binary.NativeEndian.AppendUint32(b[:], uint32(index))
}

// EncodeGroup makes the value of MCAST_JOIN_GROUP and its like: struct
// group_req, or with the address of a source behind it struct group_source_req
// (RFC 3678 section 5.1). Index 0 is any interface.
func EncodeGroup(index int, addresses ...netip.Addr) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(index))
	b = append(b, make([]byte, unsafe.Sizeof(uintptr(0))-4)...) // struct sockaddr_storage is aligned as a pointer
	for _, ip := range addresses {
		storage := make([]byte, 128)
		if ip.Is4() {
			putFamily(storage, unix.AF_INET)
			copy(storage[4:], ip.AsSlice())
		} else {
			putFamily(storage, unix.AF_INET6)
			copy(storage[8:], ip.AsSlice())
		}
		b = append(b, storage...)
	}
	return b
}

// bytes4 is an in_addr; an address that is not IPv4 counts as 0.0.0.0.
func bytes4(ip netip.Addr) []byte {
	if !ip.Is4() {
		return make([]byte, 4)
	}
	return ip.AsSlice()
}

// Ucred is the value of SO_PEERCRED and of SCM_CREDENTIALS: struct ucred of
// Linux (unix(7)).
type Ucred struct {
	PID      int32
	UID, GID uint32
}

// DecodeUcred reads a struct ucred; ok is false if b is too short.
func DecodeUcred(b []byte) (cred Ucred, ok bool) {
	_, err := binary.Decode(b, binary.NativeEndian, &cred)
	return cred, err == nil
}

package sock

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// familyWord is how the text of an address begins that gives its bytes: the C
// name of the family, or AF_ and its number.
func familyWord(family int) string {
	if name, ok := families.name(family); ok {
		return name
	}
	return "AF_" + strconv.Itoa(family)
}

// familyByWord is the reverse of familyWord.
func familyByWord(word string) (int, bool) {
	if n, ok := FamilyByName(word); ok {
		return n, true
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(word, "AF_"), 0, 16)
	return int(n), err == nil
}

// rawText is the text of an address by its bytes.
func rawText(all string) string {
	if len(all) < 2 {
		return "sockaddr:" + hex.EncodeToString([]byte(all))
	}
	family := binary.NativeEndian.Uint16([]byte(all))
	return familyWord(int(family)) + ":" + hex.EncodeToString([]byte(all[2:]))
}

// rawOpen reports whether the bytes of an address leave it to the kernel to
// choose a port, or the name of AF_UNIX.
func rawOpen(all string) bool {
	if len(all) < 2 {
		return false
	}
	switch family := int(binary.NativeEndian.Uint16([]byte(all))); family {
	case unix.AF_UNIX:
		return len(all) == 2
	case unix.AF_INET, unix.AF_INET6:
		return len(all) >= 4 && all[2:4] == "\x00\x00"
	}
	return false
}

// parseBytes reads the bytes of a sockaddr in hex, in which blanks are passed
// over.
func parseBytes(digits string) (string, error) {
	raw, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	return string(raw), err
}

// parseFamily reads AF_INET:HEX, the bytes that follow the family.
func parseFamily(word, digits string) (Addr, error) {
	family, ok := familyByWord(word)
	if !ok {
		return Addr{}, fmt.Errorf("there is no address family %s", word)
	}
	rest, err := parseBytes(digits)
	if err != nil {
		return Addr{}, fmt.Errorf("after %s: come the bytes of the address in hex, two digits each", word)
	}
	return rawAddr(string(binary.NativeEndian.AppendUint16(nil, uint16(family))) + rest), nil
}

// parseSockaddr reads what follows sockaddr: all bytes, the family among them.
func parseSockaddr(digits string) (Addr, error) {
	all, err := parseBytes(digits)
	if err != nil {
		return Addr{}, errors.New("after sockaddr: come all bytes of the address in hex, two digits each")
	}
	return rawAddr(all), nil
}

// anyNumber stands for the port or the CID that has all bits set.
const anyNumber = "any"

// words are the parts of an address of AF_NETLINK or AF_VSOCK that has a form
// in words: what is before the port, the port, and what is behind it.
func (a Addr) words() (before, port, after string, ok bool) {
	b := []byte(a.Other)
	e := binary.NativeEndian
	switch {
	case a.Raw:
	case a.Family == afNetlink && len(b) == sizeNetlink && e.Uint16(b) == 0:
		if groups := e.Uint32(b[6:]); groups != 0 {
			after = fmt.Sprintf("/0x%x", groups)
		}
		return "netlink:", strconv.FormatUint(uint64(e.Uint32(b[2:])), 10), after, true
	case a.Family == afVsock && len(b) == sizeVsock && e.Uint16(b) == 0 && e.Uint32(b[10:]) == 0:
		return "vsock:" + vsockNumber(e.Uint32(b[6:])) + ":", vsockNumber(e.Uint32(b[2:])), "", true
	}
	return "", "", "", false
}

// The sizes of struct sockaddr_nl and sockaddr_vm without their family
// (netlink(7), vsock(7)).
const (
	sizeNetlink = 10
	sizeVsock   = 14
)

// Netlink is the port of an address of netlink(7) and the group to which a
// message for it goes, a single bit: the kernel takes the first of several.
// Both are 0 of other addresses.
func (a Addr) Netlink() (port, group uint32) {
	b := []byte(a.Other)
	if a.Raw || a.Family != afNetlink || len(b) != sizeNetlink {
		return 0, 0
	}
	groups := binary.NativeEndian.Uint32(b[6:])
	return binary.NativeEndian.Uint32(b[2:]), groups & -groups
}

// netlinkGroups are the groups in the address of a socket of netlink(7).
func (a Addr) netlinkGroups() uint32 {
	if !a.IsNetlink() || len(a.Other) != sizeNetlink {
		return 0
	}
	return binary.NativeEndian.Uint32([]byte(a.Other)[6:])
}

func vsockNumber(n uint32) string {
	if n == 1<<32-1 {
		return anyNumber
	}
	return strconv.FormatUint(uint64(n), 10)
}

// parseNetlink reads PORT or PORT/GROUPS.
func parseNetlink(s string) (Addr, error) {
	port, groups, _ := strings.Cut(s, "/")
	p, err1 := strconv.ParseUint(port, 0, 32)
	g, err2 := uint64(0), error(nil)
	if groups != "" {
		g, err2 = strconv.ParseUint(groups, 0, 32)
	}
	if err1 != nil || err2 != nil {
		return Addr{}, errors.New("write netlink:PORT, or netlink:PORT/GROUPS with a set of bits: netlink:0/0x1")
	}
	b := binary.NativeEndian.AppendUint32([]byte{0, 0}, uint32(p))
	return Addr{Family: afNetlink, Other: string(binary.NativeEndian.AppendUint32(b, uint32(g)))}, nil
}

// parseVsock reads CID:PORT.
func parseVsock(s string) (Addr, error) {
	cid, port, ok := strings.Cut(s, ":")
	c, err1 := parseVsockNumber(cid)
	p, err2 := parseVsockNumber(port)
	if !ok || err1 != nil || err2 != nil {
		return Addr{}, errors.New("write vsock:CID:PORT, numbers or any: vsock:any:5000")
	}
	b := binary.NativeEndian.AppendUint32([]byte{0, 0}, p)
	b = binary.NativeEndian.AppendUint32(b, c)
	return Addr{Family: afVsock, Other: string(append(b, 0, 0, 0, 0))}, nil
}

func parseVsockNumber(s string) (uint32, error) {
	if s == anyNumber {
		return 1<<32 - 1, nil
	}
	n, err := strconv.ParseUint(s, 0, 32)
	return uint32(n), err
}

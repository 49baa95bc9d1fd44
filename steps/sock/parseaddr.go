package sock

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ParseAddr reads an address:
//
//	127.0.0.1:8080      [::1]:8080      [fe80::1%lo]:80
//	:8080               every address of the host, in the socket's family
//	unix:PATH           unix:@abstract  unix: (unnamed)
//	icmp:127.0.0.1      icmp:::1        an address without a port
//	packet:eth0/arp     an interface, a protocol of Ethernet, perhaps /MAC
//	unspec:             connect(2) to it dissolves an association
//	netlink:PORT/GROUPS vsock:CID:PORT
//	AF_INET:1f90…       the bytes after the family in hex; AF_47: for a number
//	sockaddr:0200…      all bytes
//
// Nothing is looked up: a host name is an error. An error says what to write
// instead.
func ParseAddr(s string) (Addr, error) {
	a, err := parseAddr(s)
	if err != nil {
		return Addr{}, fmt.Errorf("address %q: %w", s, err)
	}
	return a, nil
}

func parseAddr(s string) (Addr, error) {
	scheme, rest, _ := strings.Cut(s, ":")
	switch {
	case s == "":
		return Addr{}, errors.New("it is empty: write one such as 127.0.0.1:8080, [::1]:8080, :8080 or unix:PATH")
	case strings.HasPrefix(s, "["):
		return parseBracketed(s)
	case strings.HasPrefix(s, "unix:"):
		return Addr{Family: unix.AF_UNIX, Path: rest}, nil
	case strings.HasPrefix(s, "icmp:"):
		return parseICMP(rest)
	case strings.HasPrefix(s, "packet:"):
		return packetAddr(rest)
	case s == "unspec:":
		return Addr{Unspec: true}, nil
	case strings.HasPrefix(s, "AF_"):
		return parseFamily(scheme, rest)
	case scheme == "sockaddr":
		return parseSockaddr(rest)
	case scheme == "netlink":
		return parseNetlink(rest)
	case scheme == "vsock":
		return parseVsock(rest)
	}
	switch strings.Count(s, ":") {
	case 0:
		return Addr{}, noPort(s)
	case 1:
		return parseHostPort(scheme, rest)
	}
	return Addr{}, manyColons(s)
}

func noPort(s string) error {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return fmt.Errorf("a port alone: write :%s for every address, or 127.0.0.1:%s", s, s)
	}
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, "@") {
		return fmt.Errorf("no port: a Unix socket is written unix:%s", s)
	}
	if _, err := parseIPv4(s); err != nil {
		return err
	}
	return fmt.Errorf("missing port: write %s:PORT", s)
}

func manyColons(s string) error {
	if ip, err := netip.ParseAddr(s); err == nil && !endsInPort(s) {
		return fmt.Errorf("an IPv6 address needs brackets and a port: write [%s]:PORT", ip)
	}
	at := strings.LastIndexByte(s, ':')
	if ip, err := netip.ParseAddr(s[:at]); err == nil {
		return fmt.Errorf("an IPv6 address needs brackets: write [%s]:%s", ip, s[at+1:])
	}
	if ip, err := netip.ParseAddr(s); err == nil {
		return fmt.Errorf("an IPv6 address needs brackets and a port: write [%s]:PORT", ip)
	}
	return errors.New("too many colons: write IPV4:PORT, [IPV6]:PORT, unix:PATH or icmp:IP")
}

// endsInPort guesses whether the last group of an IPv6 address that came
// without brackets is meant as a port: "::1:8080".
func endsInPort(s string) bool {
	at := strings.LastIndexByte(s, ':')
	_, err := netip.ParseAddr(s[:at])
	return err == nil && len(s)-at > 3
}

func parseBracketed(s string) (Addr, error) {
	host, port, ok := strings.Cut(s[1:], "]")
	if !ok {
		return Addr{}, errors.New(`missing "]": write [IPV6]:PORT`)
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return Addr{}, fmt.Errorf("%q in brackets is not an IPv6 address", host)
	}
	if !ip.Is6() {
		return Addr{}, fmt.Errorf("an IPv4 address has no brackets: write %s%s", ip, port)
	}
	if !strings.HasPrefix(port, ":") {
		return Addr{}, fmt.Errorf("missing port: write [%s]:PORT", host)
	}
	n, err := parsePort(port[1:])
	return ipAddr(ip, n), err
}

func parseHostPort(host, port string) (Addr, error) {
	if host == "" {
		n, err := parsePort(port)
		return Addr{Any: true, Port: n}, err
	}
	if host == "*" {
		return Addr{}, fmt.Errorf("every address is written :%s", port)
	}
	ip, err := parseIPv4(host)
	if err != nil {
		if host == "localhost" {
			return Addr{}, fmt.Errorf("host names are not looked up: write the address, 127.0.0.1:%s", port)
		}
		return Addr{}, err
	}
	n, err := parsePort(port)
	return ipAddr(ip, n), err
}

func parseIPv4(host string) (netip.Addr, error) {
	if strings.Trim(host, "0123456789.") != "" {
		return netip.Addr{}, fmt.Errorf("%q is not an IP address, and host names are not looked up: write the address", host)
	}
	octets := strings.Split(host, ".")
	if len(octets) != 4 {
		return netip.Addr{}, fmt.Errorf("an IPv4 address has 4 octets, %q has %d: write one such as 127.0.0.1", host, len(octets))
	}
	for _, octet := range octets {
		n, err := strconv.ParseUint(octet, 10, 64)
		switch {
		case octet == "":
			return netip.Addr{}, fmt.Errorf("an octet of %q is empty", host)
		case err != nil || n > 255:
			return netip.Addr{}, fmt.Errorf("octet %s is above 255", octet)
		case octet[0] == '0' && len(octet) > 1:
			return netip.Addr{}, fmt.Errorf("octet %s has a leading zero: write %d", octet, n)
		}
	}
	return netip.ParseAddr(host)
}

func parsePort(s string) (uint16, error) {
	if s == "" {
		return 0, errors.New(`missing port after ":"`)
	}
	if strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("port %q is not a number from 0 to 65535", s)
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("port %s is above 65535", s)
	}
	return uint16(n), nil
}

func parseICMP(host string) (Addr, error) {
	if strings.HasPrefix(host, "[") {
		return Addr{}, errors.New("an icmp address has no port and no brackets: write icmp:::1")
	}
	ip, err := netip.ParseAddr(host)
	if err == nil {
		a := ipAddr(ip, 0)
		a.NoPort = true
		return a, nil
	}
	if v4, _, ok := strings.Cut(host, ":"); ok {
		if _, err := netip.ParseAddr(v4); err == nil {
			return Addr{}, fmt.Errorf("an icmp address has no port: write icmp:%s", v4)
		}
		return Addr{}, fmt.Errorf("%q is not an IP address", host)
	}
	if host == "" {
		return Addr{}, errors.New("the IP address is missing: write icmp:127.0.0.1")
	}
	_, err = parseIPv4(host)
	return Addr{}, err
}

package value

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A Parsed is a text of a certain form. The form is checked before the run
// where the text holds no expression.
type Parsed[T any] struct {
	Text
	parse func(string) (T, error)
	kind  string
}

// NewParsed returns a value whose texts parse reads. The kind is its name in
// the reference.
func NewParsed[T any](kind string, parse func(string) (T, error)) Parsed[T] {
	return Parsed[T]{parse: parse, kind: kind}
}

// Decode reads the text.
func (v *Parsed[T]) Decode(d *Decoder, n *source.Node) {
	v.Text.Decode(d, n)
	s, static := v.Static()
	if !v.Given() || !static {
		return
	}
	_, err := v.parse(s)
	if err == nil {
		return
	}
	p := d.Problem(n, "%s", err)
	if at := Placed(nil); errors.As(err, &at) {
		offset, msg, hint := at.Place()
		p.MoveTo(n, n.At(offset)).Msg = msg
		p.Hint = hint
	}
}

// Placed is an error that knows its place in a text, in bytes.
type Placed interface {
	error
	Place() (offset int, msg, hint string)
}

// Type names the type in the reference.
func (v *Parsed[T]) Type() string { return v.kind }

// Fixed is the value where it holds no expression.
func (v *Parsed[T]) Fixed() (x T, fixed bool) {
	s, static := v.Static()
	if !v.Given() || !static {
		return x, false
	}
	x, err := v.parse(s)
	return x, err == nil
}

// Parse is the value, and its text.
func (v *Parsed[T]) Parse(env Env) (x T, shown event.Marked, err error) {
	shown, err = v.Marked(env)
	if err != nil {
		return x, shown, err
	}
	x, err = v.parse(shown.Text)
	return x, shown, err
}

// ParseIP reads an IP address without a port.
func ParseIP(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Is4In6() {
		return a, fmt.Errorf("%s is not an IP address; write it as 192.168.1.10 or fd00::10", Quote(s))
	}
	return a, nil
}

// ParsePrefix reads an address with the length of its network's prefix.
func ParsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err == nil && !p.Addr().Is4In6() {
		return p, nil
	}
	if a, e := netip.ParseAddr(s); e == nil {
		return p, fmt.Errorf("%s has no prefix length; write %s/%d for this address alone, or the length of its network, as in 192.168.1.10/24", s, a, a.BitLen())
	}
	return p, fmt.Errorf("%s is not an address with a prefix length; write it as 192.168.1.10/24 or fd00::10/64", Quote(s))
}

// defaultRoute stands for all networks that no other route is for.
const defaultRoute = "default"

// ParseNetwork reads a network as routes name it. The word default is one of
// IPv4 unless six says otherwise.
func ParseNetwork(s string, six bool) (netip.Prefix, error) {
	if s == defaultRoute {
		if six {
			return netip.PrefixFrom(netip.IPv6Unspecified(), 0), nil
		}
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		if a, e := netip.ParseAddr(s); e == nil {
			return p, fmt.Errorf("%s is an address, not a network; write %s/%d for a route to it alone", s, a, a.BitLen())
		}
		return p, fmt.Errorf("%s is not a network; write it as 10.2.0.0/16, fd00:2::/64 or default", Quote(s))
	}
	if p != p.Masked() {
		return p, fmt.Errorf("%s is an address in the network %s; a route is to the network", s, p.Masked())
	}
	return p, nil
}

// RouteWords are the ways of routes that lead nowhere (ip-route(8)).
var RouteWords = []string{"unreachable", "prohibit", "blackhole"}

// ParseMAC reads the hardware address of an Ethernet interface.
func ParseMAC(s string) (net.HardwareAddr, error) {
	mac, err := net.ParseMAC(s)
	switch {
	case err != nil || len(mac) != 6:
		return nil, fmt.Errorf("%s is not a MAC address; write it as '02:00:00:00:00:01', in quotes", Quote(s))
	case mac[0]&1 != 0:
		return nil, fmt.Errorf("%s is an address of a group; the first number of an interface's own is even", s)
	case mac.String() == "00:00:00:00:00:00":
		return nil, fmt.Errorf("%s is not the address of an interface; write 02:00:00:00:00:01 or the like", s)
	}
	return mac, nil
}

// rateUnits are the units of a rate, in bits a second, the longest first.
var rateUnits = []struct {
	word string
	bits int64
}{{"Gbit", 1e9}, {"Mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}}

// ParseRate reads bits a second: 64kbit, 10Mbit, 1Gbit.
func ParseRate(s string) (int64, error) {
	for _, u := range rateUnits {
		digits, ok := strings.CutSuffix(s, u.word)
		if !ok {
			continue
		}
		x, err := strconv.ParseFloat(digits, 64)
		if bits := x * float64(u.bits); err == nil && bits >= 1 && bits <= 1e12 {
			return int64(bits), nil
		}
		break
	}
	return 0, fmt.Errorf("%s is not a rate; write bits a second as 64kbit, 10Mbit or 1Gbit", Quote(s))
}

// ParsePart reads a part of all: 1%, 0.5%.
func ParsePart(s string) (float64, error) {
	digits, ok := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(x >= 0 && x <= 100) {
		return 0, fmt.Errorf("%s is not a part of the frames; write it as 1%% or 0.5%%", Quote(s))
	}
	return x / 100, nil
}

// The sizes of packets that an interface can have: what IPv4 needs (RFC 791),
// and what fits into the length of its header.
const (
	LeastMTU = 68
	MostMTU  = 65535
)

// ParseMTU reads the size of the largest packet.
func ParseMTU(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < LeastMTU || n > MostMTU {
		return 0, fmt.Errorf("the MTU is a number of bytes from %d to %d, not %s", LeastMTU, MostMTU, Quote(s))
	}
	return n, nil
}

// SysctlPattern is the name of a kernel parameter of a network: with dots, or
// with slashes for an interface that has a dot in its name (sysctl(8)).
const SysctlPattern = `^net(\.[\w-]+)+$|^net(/[\w.@:-]+)+$`

var sysctlName = source.Pattern(SysctlPattern)

// ParseSysctl reads the name of a kernel parameter of a network.
func ParseSysctl(s string) (string, error) {
	if !sysctlName().MatchString(s) || strings.Contains(s, "/..") {
		return "", fmt.Errorf("%q is not a kernel parameter of a network; its name begins with net, as in net.ipv4.tcp_syn_retries", s)
	}
	return s, nil
}

// SysctlInterface is the interface that a kernel parameter is of.
func SysctlInterface(name string) (iface string, ok bool) {
	separator := "."
	if strings.Contains(name, "/") {
		separator = "/"
	}
	parts := strings.Split(name, separator)
	if len(parts) != 5 || parts[1] != "ipv4" && parts[1] != "ipv6" || parts[2] != "conf" && parts[2] != "neigh" {
		return "", false
	}
	return parts[3], true
}

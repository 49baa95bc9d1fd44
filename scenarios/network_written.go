package scenarios

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A written is a value of the network. It holds no expression, because the
// network is made before anything has a value.
type written[T any] struct {
	T    T
	Node *source.Node // nil where it is not written

	what   string // for messages: "a MAC address such as 02:00:00:00:00:01"
	kind   string // for the reference: "MAC address"
	parse  func(s string) (T, error)
	schema value.Schema
}

// Written implements [value.Written].
func (v *written[T]) Written() {}

func (v *written[T]) Given() bool { return v.Node != nil }

func (v *written[T]) Decode(d *value.Decoder, n *source.Node) {
	v.Node = n
	if n.Kind != source.Scalar {
		d.Problem(n, "expected %s, got %s", v.what, n.Describe())
		return
	}
	if withExpression(d, n) {
		return
	}
	x, err := v.parse(n.Text)
	if err != nil {
		d.Problem(n, "%s", err)
		return
	}
	v.T = x
}

func (v *written[T]) Schema() value.Schema { return v.schema }
func (v *written[T]) Type() string         { return v.kind }

// withExpression reports a value of the network that holds an expression.
func withExpression(d *value.Decoder, n *source.Node) bool {
	if !strings.Contains(n.Text, "${") {
		return false
	}
	d.Problem(n, "a value of the network cannot hold an expression").Hint = "the network is made before anything has a value; write it out"
	return true
}

// text is a schema for a text of a form.
func textOf(pattern string) value.Schema {
	return value.Schema{"type": "string", "pattern": pattern}
}

func newMAC() *written[net.HardwareAddr] {
	return &written[net.HardwareAddr]{
		what: "a MAC address such as 02:00:00:00:00:01", kind: "MAC address", parse: parseMAC,
		schema: textOf("^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$"),
	}
}

func parseMAC(s string) (net.HardwareAddr, error) {
	mac, err := net.ParseMAC(s)
	switch {
	case err != nil || len(mac) != 6:
		return nil, fmt.Errorf("%s is not a MAC address; write it as '02:00:00:00:00:01', in quotes", value.Quote(s))
	case mac[0]&1 != 0:
		return nil, fmt.Errorf("%s is an address of a group; the first number of an interface's own is even", s)
	case mac.String() == "00:00:00:00:00:00":
		return nil, fmt.Errorf("%s is not the address of an interface; write 02:00:00:00:00:01 or the like", s)
	}
	return mac, nil
}

// The sizes of packets that an interface can have: what IPv4 needs (RFC 791),
// and what fits into the length of its header.
const (
	leastMTU = 68
	mostMTU  = 65535
)

func newMTU() *written[int] {
	return &written[int]{
		what: "a number of bytes", kind: "number", parse: parseMTU,
		schema: value.Schema{"type": "integer", "minimum": leastMTU, "maximum": mostMTU},
	}
}

func parseMTU(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < leastMTU || n > mostMTU {
		return 0, fmt.Errorf("the MTU is a number of bytes from %d to %d, not %s", leastMTU, mostMTU, value.Quote(s))
	}
	return n, nil
}

func newDuration() *written[time.Duration] {
	return &written[time.Duration]{
		what: "a duration such as 20ms", kind: "duration", parse: value.ParseDuration,
		schema: value.Schema{"anyOf": []value.Schema{textOf(`^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`), {"const": 0}}},
	}
}

func newSeed() *written[uint64] {
	return &written[uint64]{
		what: "a whole number", kind: "number", parse: func(s string) (uint64, error) {
			n, err := strconv.ParseUint(s, 0, 64)
			if err != nil {
				return 0, fmt.Errorf("a seed is a whole number from 0, not %s", value.Quote(s))
			}
			return n, nil
		},
		schema: value.Schema{"type": "integer", "minimum": 0},
	}
}

// defaultSeed is that of links that do not say one: a scenario is the same on
// every run.
const defaultSeed = 1

// prefix reads an address with the length of its network's prefix.
func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err == nil && !p.Addr().Is4In6() {
		return p, nil
	}
	if a, e := netip.ParseAddr(s); e == nil {
		return p, fmt.Errorf("%s has no prefix length; write %s/%d for this address alone, or the length of its network, as in 192.168.1.10/24", s, a, a.BitLen())
	}
	return p, fmt.Errorf("%s is not an address with a prefix length; write it as 192.168.1.10/24 or fd00::10/64", value.Quote(s))
}

// rateUnits are the units of a rate, in bits a second, the longest first.
var rateUnits = []struct {
	word string
	bits int64
}{{"Gbit", 1e9}, {"Mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}}

func newRate() *written[int64] {
	return &written[int64]{
		what: "a rate such as 10Mbit", kind: "rate", parse: ParseRate,
		schema: textOf(`^[0-9]+(\.[0-9]+)?(bit|kbit|Mbit|Gbit)$`),
	}
}

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
	return 0, fmt.Errorf("%s is not a rate; write bits a second as 64kbit, 10Mbit or 1Gbit", value.Quote(s))
}

func newPart() *written[float64] {
	return &written[float64]{
		what: "a part such as 1%", kind: "part", parse: ParsePart,
		schema: textOf(`^[0-9]+(\.[0-9]+)?%$`),
	}
}

// ParsePart reads a part of all: 1%, 0.5%.
func ParsePart(s string) (float64, error) {
	digits, ok := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || x < 0 || x > 100 {
		return 0, fmt.Errorf("%s is not a part of the frames; write it as 1%% or 0.5%%", value.Quote(s))
	}
	return x / 100, nil
}

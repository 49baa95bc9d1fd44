package network

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Literal is a value of the network. It holds no expression, because the
// network is made before anything has a value.
type Literal[T any] struct {
	T    T
	Node *source.Node // nil where it is not written

	what   string // for messages: "a MAC address such as 02:00:00:00:00:01"
	kind   string // for the reference: "MAC address"
	parse  func(s string) (T, error)
	schema value.Schema
}

// Written implements [value.Written].
func (v *Literal[T]) Written() {}

func (v *Literal[T]) Given() bool { return v.Node != nil }

func (v *Literal[T]) Decode(d *value.Decoder, n *source.Node) {
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

func (v *Literal[T]) Schema() value.Schema { return v.schema }
func (v *Literal[T]) Type() string         { return v.kind }

// withExpression reports a value of the network that holds an expression.
func withExpression(d *value.Decoder, n *source.Node) bool {
	if !strings.Contains(n.Text, "${") {
		return false
	}
	noExpression(d, n)
	return true
}

// text is a schema for a text of a form.
func textOf(pattern string) value.Schema {
	return value.Schema{"type": "string", "pattern": pattern}
}

// NewHostName is the value that says which host an actor is on.
func NewHostName() *Literal[string] {
	return &Literal[string]{
		what: "the name of a host", kind: "host", schema: textOf(value.NamePattern),
		parse: func(s string) (string, error) { return s, nil },
	}
}

func newMAC() *Literal[net.HardwareAddr] {
	return &Literal[net.HardwareAddr]{
		what: "a MAC address such as 02:00:00:00:00:01", kind: "MAC address", parse: value.ParseMAC,
		schema: textOf("^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$"),
	}
}

func newMTU() *Literal[int] {
	return &Literal[int]{
		what: "a number of bytes", kind: "number", parse: value.ParseMTU,
		schema: value.Schema{"type": "integer", "minimum": value.LeastMTU, "maximum": value.MostMTU},
	}
}

func newDuration() *Literal[time.Duration] {
	return &Literal[time.Duration]{
		what: "a duration such as 20ms", kind: "duration", parse: value.ParseDuration,
		schema: value.Schema{"anyOf": []value.Schema{textOf(`^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`), {"const": 0}}},
	}
}

func newSeed() *Literal[uint64] {
	return &Literal[uint64]{
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

func newRate() *Literal[int64] {
	return &Literal[int64]{
		what: "a rate such as 10Mbit", kind: "rate", parse: value.ParseRate,
		schema: textOf(`^[0-9]+(\.[0-9]+)?(bit|kbit|Mbit|Gbit)$`),
	}
}

func newPart() *Literal[float64] {
	return &Literal[float64]{
		what: "a part such as 1%", kind: "part", parse: value.ParsePart,
		schema: textOf(`^[0-9]+(\.[0-9]+)?%$`),
	}
}

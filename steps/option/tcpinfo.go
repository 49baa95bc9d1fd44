package option

import (
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// decodeTCPInfo reads struct tcp_info. The state is by name; all else varies.
func decodeTCPInfo(b []byte) (any, error) {
	var f Fields
	for _, x := range sock.DecodeTCPInfo(b) {
		field := Field{Name: x.Name, Value: value.Unsigned(x.Value), Varies: true}
		if x.Name == "state" {
			field.Value, field.Varies = sock.TCPStateName(uint8(x.Value)), false
		}
		f = append(f, field)
	}
	return f, nil
}

// tcpInfoFields are the fields that decodeTCPInfo returns.
func tcpInfoFields() []field {
	f, _ := decodeTCPInfo(make([]byte, 8))
	fields := numbers(f.(Fields).names()...)
	for i := range fields {
		if fields[i].name == "state" {
			fields[i].words = sock.TCPStates
		}
	}
	return fields
}

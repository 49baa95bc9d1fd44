package packet

import (
	"fmt"
	"net/netip"
	"strconv"
)

// A Number is one of a text: a number, a range, or any. The zero value was left
// out.
type Number struct {
	form        numberForm
	first, last uint32
	at          int // its place in the text
}

type numberForm byte

const (
	noNumber numberForm = iota
	oneNumber
	numberRange
	anyNumber
)

// One is a single number.
func One(n uint32) Number { return Number{form: oneNumber, first: n, last: n} }

// Given reports whether it was not left out.
func (n Number) Given() bool { return n.form != noNumber }

// Value is the number, where it is a single one.
func (n Number) Value() (v uint32, ok bool) { return n.first, n.form == oneNumber }

// or is the number, or another one where it was left out.
func (n Number) or(v uint32) uint32 {
	if n.form == oneNumber {
		return n.first
	}
	return v
}

func (n Number) String() string {
	switch n.form {
	case oneNumber:
		return strconv.FormatUint(uint64(n.first), 10)
	case numberRange:
		return fmt.Sprintf("%d..%d", n.first, n.last)
	case anyNumber:
		return "any"
	}
	return ""
}

// fits reports whether a number of a packet is one of those that n describes.
func (n Number) fits(got Number) bool {
	switch {
	case n.form == noNumber || n.form == anyNumber:
		return true
	case got.form != oneNumber:
		return false // the packet does not have it
	}
	return n.first <= got.first && got.first <= n.last
}

// An Address is an IP address of a text, or any. The zero value was left out.
type Address struct {
	IP  netip.Addr
	any bool
	at  int // its place in the text
}

// sendable is an error where it is not a single address.
func (a Address) sendable() error {
	if a.any {
		return &SyntaxError{a.at, "the address is any", "a packet to be sent needs a single address"}
	}
	return nil
}

func (a Address) given() bool { return a.any || a.IP.IsValid() }

func (a Address) fits(got Address) bool { return !a.given() || a.any || a.IP == got.IP }

func (a Address) String() string {
	if a.any {
		return "any"
	}
	return a.IP.String()
}

package step

import (
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// fitting says which step uses an address with a socket: not all of them look
// at it.
type fitting int

const (
	FitBind    fitting = iota // bind
	FitConnect                // connect
	FitSend                   // a send with a destination
)

// Fits reports an address of a family that the kernel certainly refuses. A
// datagram socket of AF_INET6 reaches IPv4 too (ipv6(7)), and a stream that is
// connected does not look at the destination of sendto.
func (c *Check) Fits(sym *Symbol, a *value.Address, use fitting) {
	addr, fixed := a.Fixed()
	if sym == nil || sym.Sock.Family == 0 || !fixed || addr.Unspec || !c.MustSucceed() {
		return
	}
	s := sym.Sock
	switch {
	case addr.Any && s.inet(), addr.Family == s.Family:
		return
	case s.Family == unix.AF_INET6 && addr.Family == unix.AF_INET && s.Typ != unix.SOCK_STREAM && use != FitBind:
		return
	case use == FitBind && s.Family == unix.AF_INET && s.Typ == unix.SOCK_RAW: // which does not look at the family
		return
	case use == FitSend && s.Typ != unix.SOCK_DGRAM && s.Typ != unix.SOCK_RAW:
		return
	}
	family := sock.FamilyName(addr.Family)
	if addr.Any {
		family = "AF_INET or AF_INET6"
	}
	c.Problem(a.Node, "%s is an address of %s, but %s is a socket of %s", value.Quote(a.Node.Text), family, sym.Name, sock.FamilyName(s.Family)).
		Hint = "give it " + value.FamilyForms[s.Family] + "; expect the error to show what the kernel says"
}

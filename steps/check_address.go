package steps

import (
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// fitting says which step uses an address with a socket: not all of them look
// at it.
type fitting int

const (
	fitBind fitting = iota
	fitConnect
	fitSend
)

// fits reports an address of a family that the kernel certainly refuses. A
// datagram socket of AF_INET6 reaches IPv4 too (ipv6(7)), and a stream that is
// connected does not look at the destination of sendto.
func (c *Check) fits(sym *Symbol, a *Address, use fitting) {
	addr, fixed := a.Fixed()
	if sym == nil || sym.sock.family == 0 || !fixed || addr.Unspec || !c.mustSucceed() {
		return
	}
	s := sym.sock
	switch {
	case addr.Any && s.inet(), addr.Family == s.family:
		return
	case s.family == unix.AF_INET6 && addr.Family == unix.AF_INET && s.typ != unix.SOCK_STREAM && use != fitBind:
		return
	case use == fitBind && s.family == unix.AF_INET && s.typ == unix.SOCK_RAW: // which does not look at the family
		return
	case use == fitSend && s.typ != unix.SOCK_DGRAM && s.typ != unix.SOCK_RAW:
		return
	}
	family := sock.FamilyName(addr.Family)
	if addr.Any {
		family = "AF_INET or AF_INET6"
	}
	c.problem(a.node, "%s is an address of %s, but %s is a socket of %s", quoteShort(a.node.Text), family, sym.Name, sock.FamilyName(s.family)).
		Hint = "give it " + familyForms[s.family] + "; expect the error to show what the kernel says"
}

package steps

import (
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// fits reports an address that is of another family than the socket it is used
// with. A datagram socket of AF_INET6 reaches IPv4 too (ipv6(7)).
func (c *Check) fits(sym *Symbol, a *Address) {
	addr, fixed := a.Fixed()
	if sym == nil || sym.Family == 0 || !fixed || addr.Unspec || !c.mustSucceed() {
		return
	}
	inet := sym.Family == unix.AF_INET || sym.Family == unix.AF_INET6
	switch {
	case addr.Any && inet, addr.Family == sym.Family:
		return
	case sym.Family == unix.AF_INET6 && addr.Family == unix.AF_INET && sym.Type != unix.SOCK_STREAM:
		return
	}
	family := sock.FamilyName(addr.Family)
	if addr.Any {
		family = "AF_INET or AF_INET6"
	}
	c.problem(a.node, "%s is an address of %s, but %s is a socket of %s", quoteShort(a.node.Text), family, sym.Name, sock.FamilyName(sym.Family)).
		Hint = "give it " + familyForms[sym.Family] + "; expect the error to show what the kernel says"
}

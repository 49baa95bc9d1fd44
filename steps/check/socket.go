package check

import (
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// A Fact is what the check knows of a property of a socket.
type Fact int

const (
	Unknown Fact = iota // the check cannot know
	No                  // certainly not
	Yes                 // certainly
)

// A SocketState is what is known of a socket before anything runs. All
// descriptors of one open socket have the same. It holds only what is certain:
// the check refuses a step only where the kernel must refuse it too.
type SocketState struct {
	Family, Typ int // 0 where not known
	Pair        bool
	Bound       int // the line of the bind that gave it its address; 0 where nothing is certain
	Listens     Fact
	Connected   Fact

	branch int  // in which it was made
	shared bool // with another branch, a program or another process
}

// NewSocket is the state of a fresh socket. Of the families beside Internet and
// UNIX sockets, and of SCTP, the check knows no rules.
func NewSocket(family, typ, protocol int) *SocketState {
	typ &= 0xf // without SOCK_NONBLOCK and SOCK_CLOEXEC, socket(2)
	s := &SocketState{Family: family, Typ: typ, Listens: No, Connected: No}
	switch family {
	case unix.AF_UNIX:
	case unix.AF_INET, unix.AF_INET6:
		if protocol == unix.IPPROTO_SCTP {
			s.uncertain()
		}
	default:
		s.uncertain()
	}
	return s
}

// AnySocket is the state of a descriptor of which nothing is known.
func AnySocket() *SocketState {
	s := &SocketState{shared: true}
	s.Forget()
	return s
}

// uncertain marks a socket whose kind the check has no rules for.
func (s *SocketState) uncertain() {
	s.Family, s.shared = 0, true
	s.Forget()
}

// share marks a socket that others may act on from now on, at any time.
func (s *SocketState) share() {
	s.shared = true
	if s.Family == unix.AF_INET6 {
		s.Family = 0 // IPV6_ADDRFORM makes it an AF_INET socket
	}
	s.Forget()
}

// Forget drops what a call may have changed: a listener that shutdown or
// AF_UNSPEC ends listens no more, and a connection that ends may lose its port.
func (s *SocketState) Forget() { s.Bound, s.Listens, s.Connected = 0, Unknown, Unknown }

// inet reports whether it is an Internet socket.
func (s *SocketState) inet() bool { return s.Family == unix.AF_INET || s.Family == unix.AF_INET6 }

// Datagrams reports whether it is certainly a socket without connections.
func (s *SocketState) Datagrams() bool {
	return s.Family != 0 && (s.Typ == unix.SOCK_DGRAM || s.Typ == unix.SOCK_RAW)
}

// Stream reports whether it is certainly a socket that receives a stream.
func (s *SocketState) Stream() bool { return s.Family != 0 && s.Typ == unix.SOCK_STREAM }

// OneAddress reports whether a second bind certainly fails: raw sockets may be
// bound again, raw(7).
func (s *SocketState) OneAddress() bool {
	return s.Family == unix.AF_UNIX || s.inet() && s.Typ != unix.SOCK_RAW
}

// Bind notes a bind at a line.
func (c *Check) Bind(s *SocketState) {
	if c.sure(s) {
		s.Bound = c.Step.Node.Pos.Line
	}
}

// Listen notes a listen.
func (c *Check) Listen(s *SocketState) {
	switch {
	case c.sure(s):
		s.Listens = Yes
	case c.maySucceed():
		s.Listens = Unknown
	}
}

// Connect notes a connect, however it ends, or a send that may connect
// (tcp(7), MSG_FASTOPEN).
func (c *Check) Connect(s *SocketState) {
	listened := s.Listens
	s.Forget()
	if s.Connected = Unknown; listened == No {
		s.Listens = No // connect makes no listener
	}
}

// sure reports whether the step certainly does what it says to a socket.
func (c *Check) sure(s *SocketState) bool { return c.Certain() && c.MustSucceed() && !s.shared }

// touch notes that the step uses a socket: one that another branch made may be
// in any state.
func (c *Check) touch(s *SocketState) {
	if s.branch != c.branch {
		s.share()
	}
}

// Fitting says which step uses an address with a socket: not all of them look
// at it.
type Fitting int

const (
	FitBind    Fitting = iota // bind
	FitConnect                // connect
	FitSend                   // a send with a destination
)

// Fits reports an address of a family that the kernel certainly refuses. A
// datagram socket of AF_INET6 reaches IPv4 too (ipv6(7)), and a stream that is
// connected does not look at the destination of sendto.
func (c *Check) Fits(sym *Symbol, a *value.Address, use Fitting) {
	addr, fixed := a.Fixed()
	if sym == nil || sym.Sock.Family == 0 || !fixed || addr.Unspec || addr.Raw || !c.MustSucceed() {
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

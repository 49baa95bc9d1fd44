package steps

import (
	"golang.org/x/sys/unix"
)

// A fact is what the check knows of a property of a socket.
type fact int

const (
	unknown fact = iota
	no
	yes
)

// A socketState is what is known of a socket before anything runs. All
// descriptors of one open socket have the same. It holds only what is certain:
// the check refuses a step only where the kernel must refuse it too.
type socketState struct {
	family, typ int // 0 where not known
	pair        bool
	bound       int // the line of the bind that gave it its address; 0 where nothing is certain
	listens     fact
	connected   fact

	branch int  // in which it was made
	shared bool // with another branch, a program or another process
}

// newSocket is the state of a fresh socket. Of the families beside Internet and
// UNIX sockets, and of SCTP, the check knows no rules.
func newSocket(family, typ, protocol int) *socketState {
	typ &= 0xf // without SOCK_NONBLOCK and SOCK_CLOEXEC, socket(2)
	s := &socketState{family: family, typ: typ, listens: no, connected: no}
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

// anySocket is the state of a descriptor of which nothing is known.
func anySocket() *socketState {
	s := &socketState{shared: true}
	s.forget()
	return s
}

// uncertain marks a socket whose kind the check has no rules for.
func (s *socketState) uncertain() {
	s.family, s.shared = 0, true
	s.forget()
}

// share marks a socket that others may act on from now on, at any time.
func (s *socketState) share() {
	s.shared = true
	if s.family == unix.AF_INET6 {
		s.family = 0 // IPV6_ADDRFORM makes it an AF_INET socket
	}
	s.forget()
}

// forget drops what a call may have changed: a listener that shutdown or
// AF_UNSPEC ends listens no more, and a connection that ends may lose its port.
func (s *socketState) forget() { s.bound, s.listens, s.connected = 0, unknown, unknown }

// inet reports whether it is an Internet socket.
func (s *socketState) inet() bool { return s.family == unix.AF_INET || s.family == unix.AF_INET6 }

// datagrams reports whether it is certainly a socket without connections.
func (s *socketState) datagrams() bool {
	return s.family != 0 && (s.typ == unix.SOCK_DGRAM || s.typ == unix.SOCK_RAW)
}

// oneAddress reports whether a second bind certainly fails: raw sockets may be
// bound again, raw(7).
func (s *socketState) oneAddress() bool {
	return s.family == unix.AF_UNIX || s.inet() && s.typ != unix.SOCK_RAW
}

// bind notes a bind at a line.
func (c *Check) bind(s *socketState) {
	if c.sure(s) {
		s.bound = c.step.Node.Pos.Line
	}
}

// listen notes a listen.
func (c *Check) listen(s *socketState) {
	switch {
	case c.sure(s):
		s.listens = yes
	case c.maySucceed():
		s.listens = unknown
	}
}

// connect notes a connect, however it ends, or a send that may connect
// (tcp(7), MSG_FASTOPEN).
func (c *Check) connect(s *socketState) {
	listened := s.listens
	s.forget()
	if s.connected = unknown; listened == no {
		s.listens = no // connect makes no listener
	}
}

// sure reports whether the step certainly does what it says to a socket.
func (c *Check) sure(s *socketState) bool { return c.certain() && c.mustSucceed() && !s.shared }

// touch notes that the step uses a socket: one that another branch made may be
// in any state.
func (c *Check) touch(s *socketState) {
	if s.branch != c.branch {
		s.share()
	}
}

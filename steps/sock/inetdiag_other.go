//go:build !linux

package sock

import (
	"fmt"
	"runtime"
)

// TCPStates lists the names of all TCP states, as Linux has them.
func TCPStates() []string {
	return []string{
		"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
		"CLOSING",
	}
}

// TCPState is not supported on this system: it rests on TCP_INFO and
// sock_diag(7).
func (s *Socket) TCPState() (string, error) {
	return "", errNoStates
}

// TCPStateOf is not supported on this system either.
func (g *Group) TCPStateOf(Addr, Addr) (string, error) { return "", errNoStates }

var errNoStates = fmt.Errorf("the states of TCP sockets are not supported on %s", runtime.GOOS)

// TCPStateName is the name of a state by Linux's number.
func TCPStateName(state uint8) string {
	if i := int(state) - 1; i >= 0 && i < len(TCPStates()) {
		return TCPStates()[i]
	}
	return hexadecimal(int(state))
}

// peerSends is not known on this system.
func (s *Socket) peerSends() bool { return false }

// tcpGone is not known on this system either.
func (n *network) tcpGone(Addr, Addr) bool { return false }

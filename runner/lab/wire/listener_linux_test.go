package wire

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A listener has more room than a wire: it cannot make those wait who send.
// Without the capability to force it, net.core.rmem_max is the bound of both.
func TestListenerHasRoom(t *testing.T) {
	s := newSpace(t)
	l, err := Listen(s.do, Which{}, func(Heard) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	size, err := unix.GetsockoptInt(l.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	forced := unix.SetsockoptInt(l.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, wantBuffer) == nil
	if err != nil || forced && size != 2*4*wantBuffer {
		t.Errorf("the kernel keeps %d bytes, %v", size, err)
	}
}

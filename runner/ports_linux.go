package runner

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// claimPort claims a port of this network for a run, by an abstract name
// (unix(7)): of the processes in a network only one can have it, and the kernel
// takes it back also where the process is killed.
func claimPort(port int) (release func(), err error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@sockscript-port-%d", port)}); err != nil {
		sock.CloseFD(fd)
		return nil, err
	}
	return func() { sock.CloseFD(fd) }, nil
}

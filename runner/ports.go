package runner

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// freePorts finds ports that nobody uses, for programs that must be told one.
// Each is claimed until the run ends, so that runs beside this one, also those
// of other processes, do not get it.
type freePorts struct {
	mu     sync.Mutex
	claims map[int]func() // by port: each gives the claim up
}

// next finds a port that is free for TCP and UDP on all addresses. It is none
// of those that the kernel gives to whoever asks for any, for it would be gone
// before the program has it.
func (p *freePorts) next() (int, error) {
	const tries = 5000
	p.mu.Lock()
	defer p.mu.Unlock()
	var last error
	for range tries {
		port, err := anyPort()
		if err != nil {
			return 0, fmt.Errorf("no free port: %w", err)
		}
		if p.claims[port] != nil {
			continue // that of another host of this run
		}
		release, err := claimPort(port)
		if err != nil {
			last = err
			continue
		}
		if last = probePort(port); last != nil {
			release()
			continue
		}
		if p.claims == nil {
			p.claims = make(map[int]func())
		}
		p.claims[port] = release
		return port, nil
	}
	return 0, fmt.Errorf("no free port after %d tries, the last: %w", tries, last)
}

// release lets other runs have the ports. The record still names them.
func (p *freePorts) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, release := range p.claims {
		release()
	}
}

// The ports that programs are given: above those that well-known services use.
const (
	lowestPort  = 10_000
	highestPort = 65_535
	fewPorts    = 1000
)

// anyPort is a random port that may be free. Where the kernel's own range
// leaves too few, it is one of that.
func anyPort() (int, error) {
	low, high := event.DynamicPorts()
	below, above := max(0, int(low)-lowestPort), highestPort-int(high)
	if below+above < fewPorts {
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			return 0, err
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port, nil
	}
	n := rand.IntN(below + above)
	if n < below {
		return lowestPort + n, nil
	}
	return int(high) + 1 + n - below, nil
}

// probePort says why a port is not free. Without SO_REUSEADDR a port is taken
// by old connections in TIME_WAIT too.
func probePort(port int) error {
	for _, typ := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM} {
		err := tryBind(unix.AF_INET6, typ, &unix.SockaddrInet6{Port: port})
		if err == unix.EAFNOSUPPORT || err == unix.EADDRNOTAVAIL {
			err = tryBind(unix.AF_INET, typ, &unix.SockaddrInet4{Port: port})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func tryBind(family, typ int, a unix.Sockaddr) error {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, typ, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return err
	}
	defer sock.CloseFD(fd)
	if family == unix.AF_INET6 {
		// Both families; the system's own default may be otherwise.
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
			return err
		}
	}
	return unix.Bind(fd, a)
}

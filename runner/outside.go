package runner

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
)

// freePorts finds ports that nobody uses, for programs that must be told one. A
// port is given to one run of this process at a time, so that scenarios that
// run beside each other do not meet.
type freePorts struct {
	mu    sync.Mutex
	given map[int]bool // to this run
}

// takenPorts are those that were given to the runs under way.
var takenPorts struct {
	mu    sync.Mutex
	ports map[int]bool
}

// next finds a port that is free for TCP and UDP on all addresses. It is none
// of those that the kernel gives to whoever asks for any, for it would be gone
// before the program has it.
func (p *freePorts) next() (int, error) {
	const tries = 5000
	var last error
	for range tries {
		port, err := anyPort()
		if err != nil {
			return 0, fmt.Errorf("no free port: %w", err)
		}
		if !takePort(port) {
			continue
		}
		if last = probePort(port); last != nil {
			returnPort(port)
			continue
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.given == nil {
			p.given = make(map[int]bool)
		}
		p.given[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("no free port after %d tries, the last: %w", tries, last)
}

// release lets other runs have the ports.
func (p *freePorts) release() {
	for port := range p.given {
		returnPort(port)
	}
}

func returnPort(port int) {
	takenPorts.mu.Lock()
	defer takenPorts.mu.Unlock()
	delete(takenPorts.ports, port)
}

func takePort(port int) bool {
	takenPorts.mu.Lock()
	defer takenPorts.mu.Unlock()
	if takenPorts.ports == nil {
		takenPorts.ports = make(map[int]bool)
	}
	taken := takenPorts.ports[port]
	takenPorts.ports[port] = true
	return !taken
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

// ownStreams are the handles of sockscript's own standard input and output.
type ownStreams struct {
	mu      sync.Mutex
	handles map[string]*handle.Handle
}

// Stdio implements [step.Services]. The file is shared with whoever started
// sockscript, so its O_NONBLOCK is left alone.
func (r *run) Stdio(name string) (*handle.Handle, error) {
	r.streams.mu.Lock()
	defer r.streams.mu.Unlock()
	if h := r.streams.handles[name]; h != nil {
		return h, nil
	}
	if ask := r.options.Stdio; ask != nil {
		if err := ask(name); err != nil {
			return nil, err
		}
	}
	file := map[string]*os.File{"stdin": os.Stdin, "stdout": os.Stdout}[name]
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s, err := r.shared.Sockets.Adopt(fd)
	if err != nil {
		return nil, err
	}
	if r.streams.handles == nil {
		r.streams.handles = make(map[string]*handle.Handle)
	}
	r.streams.handles[name] = &handle.Handle{Name: name, Sock: s}
	return r.streams.handles[name], nil
}

package runner

import (
	"fmt"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps"
)

// freePorts gives ports that nobody uses, for programs that must be told one. A
// port is not given twice in this process, so that scenarios that run beside
// each other do not meet.
type freePorts struct {
	mu    sync.Mutex
	given map[int]bool // to this run
}

var allPorts struct {
	mu    sync.Mutex
	given map[int]bool
}

// next finds a port that is free for TCP and UDP on all addresses.
func (p *freePorts) next() (int, error) {
	const tries = 1000
	for range tries {
		port, err := probePort()
		if err != nil {
			return 0, fmt.Errorf("no free port: %w", err)
		}
		if port == 0 || !takePort(port) {
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
	return 0, fmt.Errorf("no free port after %d tries", tries)
}

func takePort(port int) bool {
	allPorts.mu.Lock()
	defer allPorts.mu.Unlock()
	if allPorts.given == nil || len(allPorts.given) > 10_000 {
		allPorts.given = make(map[int]bool)
	}
	taken := allPorts.given[port]
	allPorts.given[port] = true
	return !taken
}

// probePort asks the kernel for a port; 0 where UDP has it already.
func probePort() (int, error) {
	l, err := net.ListenTCP("tcp4", nil)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	u, err := net.ListenUDP("udp4", &net.UDPAddr{Port: port})
	if err != nil {
		return 0, nil
	}
	return port, u.Close()
}

// stdio makes a handle of sockscript's own standard input or output. The file is
// shared with whoever started sockscript, so its O_NONBLOCK is left alone.
func (r *run) stdio(name string) (*steps.Handle, error) {
	file := map[string]*os.File{"stdin": os.Stdin, "stdout": os.Stdout}[name]
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s, err := r.shared.Sockets.Adopt(fd)
	if err != nil {
		return nil, err
	}
	return &steps.Handle{Name: name, Sock: s}, nil
}

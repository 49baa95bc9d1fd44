//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A child is a process that was started.
type child struct {
	pid int

	mu    sync.Mutex
	ended bool // the id may be another one's
}

// wait waits for the end of the process.
func (c *child) wait() (how unix.WaitStatus, err error) {
	for {
		if err = unix.Waitid(unix.P_PID, c.pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if err != nil {
		return how, os.NewSyscallError("waitid", err)
	}
	_, err = unix.Wait4(c.pid, &how, 0, nil)
	return how, os.NewSyscallError("wait4", err)
}

func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		unix.Kill(c.pid, unix.SIGKILL)
	}
}

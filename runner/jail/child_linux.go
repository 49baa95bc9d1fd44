//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// A child is a copy of this binary that was started. Package os would first
// start another process, to see what the kernel can do.
type child struct {
	pid int

	mu    sync.Mutex
	ended bool // the id may be another one's
}

// startChild starts this binary under a name, with these descriptors alone.
func startChild(name string, env []string, attr *syscall.SysProcAttr, files ...*os.File) (*child, error) {
	var fds []uintptr
	for _, f := range files {
		fds = append(fds, f.Fd())
	}
	sock.Forks.Lock()
	defer sock.Forks.Unlock()
	pid, err := syscall.ForkExec(self, []string{name}, &syscall.ProcAttr{Env: env, Files: fds, Sys: attr})
	if err != nil {
		return nil, &os.PathError{Op: "fork/exec", Path: self, Err: err}
	}
	return &child{pid: pid}, nil
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

//go:build !linux

package steps

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// awaitExit waits for the process's end. Without a waitid(2) that leaves the
// zombie it is reaped at once.
func awaitExit(p *os.Process) ExitStatus {
	state, err := p.Wait()
	if err != nil {
		return ExitStatus{Exit: -1}
	}
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return ExitStatus{Exit: -1, Signal: w.Signal()}
	}
	return ExitStatus{Exit: state.ExitCode()}
}

func reap(*os.Process) {}

func groupAttr(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// livingGroups are the groups of the programs in which a process is left.
func livingGroups(list []*Program) map[int]bool {
	found := make(map[int]bool)
	for _, p := range list {
		if syscall.Kill(-p.process.Pid, 0) == nil {
			found[p.process.Pid] = true
		}
	}
	return found
}

func openPTY() (master, slave *os.File, err error) {
	return nil, nil, fmt.Errorf("pty is not supported on %s", runtime.GOOS)
}

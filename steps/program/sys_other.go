//go:build !linux

package program

import (
	"syscall"
)

func newOffice(how *starting) office { return newHere(how) }

// exec starts the program with these descriptors. No process of a scenario
// starts any here, from which it could have something.
func (s *Spec) exec(files []uintptr) (pid, pidfd int, err error) {
	attr := &syscall.ProcAttr{Dir: s.Dir, Env: s.Env, Files: files, Sys: groupAttr(s.Terminal)}
	pid, err = syscall.ForkExec(s.Path, s.Argv, attr)
	return pid, -1, err
}

// awaitExit waits for the end of a child. Without a waitid(2) that leaves the
// zombie it is reaped at once.
func awaitExit(pid, _ int) Status {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return Status{Exit: -1}
		case status.Signaled():
			return Status{Exit: -1, Signal: status.Signal()}
		}
		return Status{Exit: status.ExitStatus()}
	}
}

func reap(int) {}

// livingGroups are the groups of the programs in which a process is left.
func livingGroups(list []*child) map[int]bool {
	found := make(map[int]bool)
	for _, c := range list {
		if syscall.Kill(-c.pid, 0) == nil {
			found[c.pid] = true
		}
	}
	return found
}

// ending cannot be known here.
func (t *table) ending(int) bool { return false }

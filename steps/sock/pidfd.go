package sock

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
)

// fdinfoPid is the line of proc_pid_fdinfo(5) that a pidfd has.
var fdinfoPid = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^Pid:\s*(\d+)$`) })

// PidOf is the process that the descriptor reports the end of (pidfd_open(2));
// 0 where it is not a pidfd, or that process has ended and was reaped.
func (s *Socket) PidOf() int {
	if s.enter() != nil {
		return 0
	}
	defer s.leave()
	owner := os.Getpid()
	if p := s.group.process; p != nil {
		owner = p.Pid()
	}
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", owner, s.fd))
	if err != nil {
		return 0
	}
	m := fdinfoPid().FindSubmatch(info)
	if m == nil {
		return 0
	}
	pid, _ := strconv.Atoi(string(m[1]))
	return pid
}

// ProcessID is the [Process.ID] of the forked process with a process id that
// has not ended; 0 for none.
func (g *Group) ProcessID(pid int) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	for p := range g.processes {
		if p.Pid() == pid {
			return p.id
		}
	}
	return 0
}

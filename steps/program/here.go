package program

import (
	"sync"
	"syscall"
)

// here is an office in this process, for systems where no other can be had.
type here struct {
	*table
	how *starting

	mu   sync.Mutex
	list map[int]*Process
}

func newHere(how *starting) *here {
	h := &here{how: how, list: make(map[int]*Process)}
	h.table = newTable(0, h.hasEnded)
	return h
}

func (h *here) start(set *Set, s Spec) (*Process, error) {
	files := make([]uintptr, len(s.Files))
	for i, f := range s.Files {
		files[i] = f.Fd() // of nil, that it gets none
	}
	var c *child
	var err error
	h.how.do(func() { c, err = h.launch(s, files) })
	if err != nil {
		return nil, err
	}
	p := &Process{Pid: c.pid, set: set, done: make(chan struct{})}
	h.mu.Lock()
	h.list[c.pid] = p
	h.mu.Unlock()
	go h.watch(c)
	return p, nil
}

func (h *here) hasEnded(pid int, s Status) {
	h.mu.Lock()
	p := h.list[pid]
	delete(h.list, pid)
	h.mu.Unlock()
	p.status = s
	close(p.done)
}

// left knows of no process but those in the program's own group.
func (h *here) left(pid int) bool {
	pids := []int{pid}
	if pid == 0 {
		pids = h.all()
	}
	return len(livingGroups(h.table.list(pids))) > 0
}

func (h *here) inside(pid int) int { return pid }

func (h *here) outside(pid int) int { return pid }

func (h *here) close() { h.end(h.all()) }

// groupAttr puts the child into a process group of its own, with a terminal
// into a session of its own.
func groupAttr(terminal bool) *syscall.SysProcAttr {
	if terminal {
		return &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	}
	return &syscall.SysProcAttr{Setpgid: true}
}

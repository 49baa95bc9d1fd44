package program

import (
	"sync"
	"syscall"
	"time"
)

// killGrace is how long programs have between SIGTERM and SIGKILL, and killWait
// how long the kernel has after that.
const (
	killGrace = 500 * time.Millisecond
	killWait  = 10 * time.Second
)

// leaveGrace is how long a child has to leave the group of a program that has
// ended: as long as that may take on a busy machine, and nobody minds to wait.
const leaveGrace = 50 * time.Millisecond

// A table is the programs that are children of this process.
type table struct {
	// root is the process below which all is looked for that the programs have
	// started; 0 where nothing gathers that.
	root  int
	ended func(pid int, s Status)

	mu       sync.Mutex
	children map[int]*child
	hurried  chan struct{}
	hurries  sync.Once
}

// A child is one program.
type child struct {
	pid     int
	pidfd   int  // until its end has been seen; -1 where the system has none
	session bool // it leads a session
	done    chan struct{}

	mu     sync.Mutex
	reaped bool
}

func newTable(root int, ended func(int, Status)) *table {
	return &table{root: root, ended: ended, children: make(map[int]*child), hurried: make(chan struct{})}
}

// launch starts a program with these descriptors.
func (t *table) launch(s Spec, files []uintptr) (*child, error) {
	pid, pidfd, err := s.exec(files)
	if err != nil {
		return nil, err
	}
	c := &child{pid: pid, pidfd: pidfd, session: s.Terminal, done: make(chan struct{})}
	t.mu.Lock()
	t.children[pid] = c
	t.mu.Unlock()
	return c, nil
}

// watch reports the end of a program that was launched.
func (t *table) watch(c *child) {
	status := awaitExit(c.pid, c.pidfd)
	close(c.done)
	t.ended(c.pid, status)
}

func (t *table) child(pid int) *child {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.children[pid]
}

func (c *child) hasEnded() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (t *table) signal(pid int, sig syscall.Signal) error {
	c := t.child(pid)
	if c == nil {
		return syscall.ESRCH
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return syscall.ESRCH
	}
	return syscall.Kill(-pid, sig)
}

// reap waits for a program that has ended, which gives its id back.
func (t *table) reap(pid int) {
	if c := t.child(pid); c != nil {
		c.reap()
		t.forget(pid)
	}
}

func (c *child) reap() {
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		reap(c.pid)
		c.reaped = true
	}
}

func (t *table) forget(pid int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.children, pid)
}

func (t *table) finish(pid int) {
	c := t.child(pid)
	if c == nil {
		return
	}
	c.reap()
	// Mostly nothing is left. Where something is, the group keeps its number. A
	// daemon ends before its child has left the group for a session of its own.
	empty := func() bool { return syscall.Kill(-pid, 0) == syscall.ESRCH }
	if late := time.After(leaveGrace); !until(empty, late, t.hurried) {
		t.end([]int{pid})
	}
	t.forget(pid)
}

// end ends programs with all that is in their groups and sessions. Nothing of
// them is left when it returns.
func (t *table) end(pids []int) {
	list := t.list(pids)
	for _, group := range t.groups(list) {
		syscall.Kill(-group, syscall.SIGTERM)
		syscall.Kill(-group, syscall.SIGCONT) // one that is stopped would not notice
	}
	if !t.gone(list, killGrace, t.hurried) {
		for _, group := range t.groups(list) {
			syscall.Kill(-group, syscall.SIGKILL)
		}
		t.gone(list, killWait, nil)
	}
	for _, c := range list {
		// Where nothing says who lives, this still ends them all.
		t.signal(c.pid, syscall.SIGKILL)
		if c.hasEnded() {
			t.reap(c.pid)
		}
	}
}

func (t *table) list(pids []int) []*child {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*child
	for _, pid := range pids {
		if c := t.children[pid]; c != nil {
			list = append(list, c)
		}
	}
	return list
}

// groups are the process groups of the programs that have not ended, and those
// that live on without them.
func (t *table) groups(list []*child) []int {
	found := livingGroups(list)
	for _, c := range list {
		if !c.hasEnded() {
			found[c.pid] = true
		}
	}
	var ids []int
	for id := range found {
		ids = append(ids, id)
	}
	return ids
}

// gone waits until nothing of the programs is left, and reports whether that
// came in time. The end of what they have started can only be looked for.
func (t *table) gone(list []*child, within time.Duration, hurried <-chan struct{}) bool {
	late := time.NewTimer(within)
	defer late.Stop()
	for _, c := range list {
		select {
		case <-c.done:
		case <-late.C:
			return false
		case <-hurried:
			return false
		}
	}
	return until(func() bool { return len(livingGroups(list)) == 0 }, late.C, hurried)
}

// until looks again and again whether something is so.
func until(so func() bool, late <-chan time.Time, hurried <-chan struct{}) bool {
	for pause := time.Millisecond; !so(); pause = min(2*pause, 20*time.Millisecond) {
		select {
		case <-late:
			return false
		case <-hurried:
			return false
		case <-time.After(pause):
		}
	}
	return true
}

func (t *table) lives(pid int) bool { return len(livingGroups(t.list([]int{pid}))) > 0 }

func (t *table) hurry() { t.hurries.Do(func() { close(t.hurried) }) }

// all are the ids of all programs.
func (t *table) all() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	var pids []int
	for pid := range t.children {
		pids = append(pids, pid)
	}
	return pids
}

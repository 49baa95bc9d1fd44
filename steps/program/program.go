package program

import (
	"os"
	"sync"
	"syscall"

	"github.com/sockscript/sockscript/steps/sock"
)

// Spec is what a program is started with.
type Spec struct {
	Path string
	Argv []string
	Env  []string
	Dir  string
	// Files are its descriptors from 0 on, nil for one that it does not get.
	// Each blocks from then on.
	Files []*os.File
	// Terminal says that descriptor 0 is a terminal. It becomes the one of a
	// session that the program leads.
	Terminal bool
	// Identity is what the program has of the process that starts it.
	Identity sock.Identity
}

// Status is how a program ended.
type Status struct {
	Exit   int            // -1 when a signal ended it
	Signal syscall.Signal // 0 when it exited
}

// A Process is a program that was started. It leads a process group of its own,
// with a terminal a session.
type Process struct {
	Pid    int // as the program itself sees it
	set    *Set
	done   chan struct{}
	status Status
}

// Done is closed once the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status is how the program ended. It is valid once Done is closed.
func (p *Process) Status() Status { return p.status }

// Signal sends a signal to the program's process group (kill(2)). A program
// that has ended takes it until it is reaped; then the error is ESRCH.
func (p *Process) Signal(sig syscall.Signal) error { return p.set.office.signal(p.Pid, sig) }

// Reap lets go of a program that has ended. From then on its process id and its
// group may become another's.
func (p *Process) Reap() { p.set.office.reap(p.Pid) }

// Finish reaps a program that has ended, and ends what it has left behind in
// its group and session.
func (p *Process) Finish() { p.set.office.finish(p.Pid) }

// Lives reports whether a process of the program's group or session lives.
func (p *Process) Lives() bool { return p.set.office.lives(p.Pid) }

// Left reports whether a process of the program may be left anywhere: itself, a
// descendant, or one that has lost its parent and may have been one.
func (p *Process) Left() bool { return p.set.office.left(p.Pid) }

// Ending reports whether the program has begun to end: its descriptors may be
// closed already.
func (p *Process) Ending() bool { return p.set.office.ending(p.Pid) }

// A Set is the programs of one scenario. The zero Set is empty and costs
// nothing until a program is started. Its methods may be called from any
// goroutine.
type Set struct {
	// Forks is held while a copy of this process is made, which has copies of
	// all its descriptors until it runs something else.
	Forks sync.Locker
	// Within calls a function on a thread of the network that the programs are
	// in; nil stands for the network of this process.
	Within func(f func())

	mu     sync.Mutex
	office office
	closed bool
}

// An office does the work for a Set: in this process or in another.
type office interface {
	start(set *Set, s Spec) (*Process, error)
	signal(pid int, sig syscall.Signal) error
	reap(pid int)
	finish(pid int)
	end(pids []int)
	lives(pid int) bool
	left(pid int) bool // 0: of any program
	ending(pid int) bool
	inside(pid int) int
	outside(pid int) int
	close()
	hurry()
}

// Start starts a program. An error of execve(2) or chdir(2) is a syscall.Errno.
func (s *Set) Start(spec Spec) (*Process, error) {
	o, err := s.open()
	if err != nil {
		return nil, err
	}
	return o.start(s, spec)
}

func (s *Set) open() (office, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	if s.office == nil {
		s.office = newOffice(&starting{s.Forks, s.Within})
	}
	return s.office, nil
}

// starting is how a process is made for a Set.
type starting struct {
	forks  sync.Locker
	within func(f func())
}

// do calls a function that makes a process, inside the network of the set,
// while no other descriptor is closed.
func (s *starting) do(start func()) {
	s.forks.Lock()
	defer s.forks.Unlock()
	if s.within == nil {
		start()
		return
	}
	s.within(start)
}

// opened is what works for the set; nil where no program was started.
func (s *Set) opened() office {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.office
}

// End ends programs with all that is in their groups and sessions: SIGTERM, and
// SIGKILL after a grace of half a second.
func (s *Set) End(list ...*Process) {
	if len(list) == 0 {
		return
	}
	pids := make([]int, len(list))
	for i, p := range list {
		pids[i] = p.Pid
	}
	s.opened().end(pids)
}

// Left reports whether a process lives that a program of the set is, or has
// started.
func (s *Set) Left() bool {
	o := s.opened()
	return o != nil && o.left(0)
}

// Inside is the id of a process as the programs see it, where they have ids of
// their own; a process that is none of theirs keeps its id.
func (s *Set) Inside(pid int) int {
	if o := s.opened(); o != nil {
		return o.inside(pid)
	}
	return pid
}

// Outside is the reverse of Inside.
func (s *Set) Outside(pid int) int {
	if o := s.opened(); o != nil {
		return o.outside(pid)
	}
	return pid
}

// Close ends all that is left: SIGTERM, and SIGKILL after a grace of half a
// second.
func (s *Set) Close() {
	s.mu.Lock()
	s.closed = true
	o := s.office
	s.mu.Unlock()
	if o != nil {
		o.close()
	}
}

// Hurry ends all programs at once, also while Close waits for their end. No
// further one is started.
func (s *Set) Hurry() {
	s.mu.Lock()
	s.closed = true
	o := s.office
	s.mu.Unlock()
	if o != nil {
		o.hurry()
	}
}

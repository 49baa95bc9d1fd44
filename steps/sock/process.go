package sock

import (
	"slices"
	"sync"
	"syscall"

	"github.com/sockscript/sockscript/steps/forked"
)

// A Process is a forked process, which has copies of descriptors of its own and
// makes all calls on them itself (fork(2)).
type Process struct {
	group  *Group // whose calls it makes
	forked *forked.Process
	id     uint64
	done   chan struct{}
	ends   []*Description
	leaves []*Description
	ours   bool // this process has forked it, and is to wait for it

	mu       sync.Mutex
	identity Identity // as its calls have changed it
	moved    bool     // it has changed its folder
}

// Unlimited is RLIM_INFINITY of prlimit(2): no limit.
const Unlimited = ^uint64(0)

// ProcessesSupported reports why no process can be forked on this machine.
func ProcessesSupported() error { return forked.Supported() }

// firstCopy is the number of the first copy that a forked process has: those
// before it are the standard streams of a program.
const firstCopy = 3

// mostNumbered is how many copies get numbers that the scenario can know: the
// descriptors from 1000 on are those by which the process is asked.
const mostNumbered = 900

// Fork forks a process that has copies of some of the group's sockets, in their
// order, and no other descriptors. Their numbers are those that they have in a
// forked process; from this one, whose numbers are by chance, they become 3, 4
// and so on. A socket that is closed has no copy; in its place is another
// closed one. The files lose O_NONBLOCK for good, where [Group.Blocking] has
// not made them: a call of the process blocks.
func (g *Group) Fork(sockets []*Socket) (*Process, []*Socket, error) {
	if err := g.cause(); err != nil {
		return nil, nil, err
	}
	p := &Process{done: make(chan struct{}), id: g.lastID.Add(1)}
	p.group = &Group{registry: g.registry, process: p, network: g.network, blocks: true}
	p.ours = g.process == nil
	if g.process != nil {
		p.identity, p.moved = g.process.Identity(), g.process.moved
	}
	parts := forked.Parts{Forks: &forks, Within: g.network.within}
	number := make(map[*Socket]int) // of those that have a copy
	chance := g.process == nil && len(sockets) < mostNumbered
	for _, s := range sockets {
		if _, twice := number[s]; twice || s.group.process != g.process || s.enter() != nil {
			continue
		}
		defer s.leave()
		s.desc.mode.lose(s.caller(), s.fd)
		s.learnFile()
		number[s] = s.fd
		parts.Keep = append(parts.Keep, s.fd)
		if chance {
			number[s] = firstCopy + len(parts.As)
			parts.As = append(parts.As, number[s])
		}
	}
	var err error
	if g.process == nil {
		p.forked, err = g.space.Start(parts)
	} else {
		p.forked, err = g.process.forked.Fork(parts)
	}
	if err != nil {
		return nil, nil, failed("fork", err)
	}
	copies := make([]*Socket, len(sockets))
	for i, s := range sockets {
		copies[i] = p.copyOf(s, number)
	}
	g.mu.Lock()
	if g.processes == nil {
		g.processes = make(map[*Process]struct{})
	}
	g.processes[p] = struct{}{}
	g.mu.Unlock()
	if g.watch(p) != nil {
		p.wake() // the group has ended
	}
	go p.settle()
	return p, copies, nil
}

// copyOf is the process's copy of a socket, with its number where it is open.
func (p *Process) copyOf(s *Socket, number map[*Socket]int) *Socket {
	fd, open := number[s]
	if !open {
		fd = -1
	}
	c := &Socket{kind: s.kind, group: p.group, desc: s.desc, fd: fd}
	c.blocking = true
	c.cloexec.Store(s.cloexec.Load())
	c.rd.socket, c.wr.socket = c, c
	if !open {
		c.life.Store(lifeClosed | lifeGone)
		return c
	}
	s.desc.copied.Store(true)
	s.desc.opens.Add(1)
	p.group.mu.Lock()
	defer p.group.mu.Unlock()
	p.group.open[c] = struct{}{}
	return c
}

// wake ends the process, when its group ends.
func (p *Process) wake() { p.forked.Signal(syscall.SIGKILL) }

// settle waits for the end of the process, with which all its descriptors are
// closed.
func (p *Process) settle() {
	<-p.forked.Done()
	g := p.group
	g.unwatch(p)
	g.mu.Lock()
	for s := range g.open {
		if s.group.process == p {
			p.lose(s)
		}
	}
	delete(g.processes, p)
	g.settling++
	if p.ours {
		g.unwaited = append(g.unwaited, p)
	}
	g.drained.Broadcast()
	g.mu.Unlock()
	p.forked.Release()
	g.mu.Lock()
	g.settling--
	g.drained.Broadcast()
	g.mu.Unlock()
	g.reapBut(mostEnded)
	close(p.done)
}

// mostEnded is how many processes that have ended may wait for a join: each
// keeps its process id.
const mostEnded = 1000

// reapBut forgets processes that have ended and that nobody has waited for, the
// oldest first. It keeps n of them.
func (g *Group) reapBut(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.unwaited) > n {
		g.unwaited[0].forked.Reap()
		g.unwaited = g.unwaited[1:]
	}
}

// lose notes that a descriptor of the process was closed with it. The lock of
// the group is held.
func (p *Process) lose(s *Socket) {
	delete(p.group.open, s)
	delete(p.group.names.waiting, s)
	for {
		life := s.life.Load()
		if !s.life.CompareAndSwap(life, life|lifeClosed|lifeGone) {
			continue
		}
		switch {
		case life&lifeClosed != 0:
		case s.desc.opens.Add(-1) == 0:
			p.ends = append(p.ends, s.desc)
		default:
			p.leaves = append(p.leaves, s.desc)
		}
		return
	}
}

// Descriptor is the open socket of the process that has a number; nil without
// one.
func (p *Process) Descriptor(fd int) *Socket {
	g := p.group
	g.mu.Lock()
	defer g.mu.Unlock()
	for s := range g.open {
		if s.group.process == p && s.FD() == fd {
			return s
		}
	}
	return nil
}

// Inherited are the descriptors that a program gets which the process lets
// start: those without FD_CLOEXEC (execve(2)).
func (p *Process) Inherited() []*Socket {
	g := p.group
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []*Socket
	for s := range g.open {
		if s.group.process == p && s.FD() >= 0 && !s.cloexec.Load() {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *Socket) int { return a.fd - b.fd })
	return list
}

// Number stands for a descriptor that a process does not have open, by its
// number. Those by which the process is asked are not there for a scenario.
func (p *Process) Number(fd int) *Socket {
	if p.forked.Reserved(fd) {
		fd = -1
	}
	return p.group.Number(fd)
}

// DupOnto makes a descriptor with a number, of the same open file (dup3(2)).
// What had the number is closed: it is returned.
func (p *Process) DupOnto(s *Socket, fd, flags int) (now, before *Socket, err error) {
	if p.forked.Reserved(fd) {
		return nil, nil, failed("dup3", syscall.EBADF)
	}
	if err := s.enter(); err != nil {
		return nil, nil, failed("dup3", err)
	}
	defer s.leave()
	before = p.Descriptor(fd)
	if before == s {
		return s, nil, nil
	}
	if _, errno := p.forked.Call(forked.Wait{}, trapDup3, forked.Num(s.fd), forked.Num(fd), forked.Num(flags)); errno != 0 {
		return nil, nil, failed("dup3", p.group.outcome(errno))
	}
	if before != nil {
		before.replaced()
	}
	now, err = p.group.newSocket(fd, s.kind, s.desc)
	if err == nil {
		now.cloexec.Store(flags != 0)
	}
	return now, before, err
}

// Group makes the sockets of the process.
func (p *Process) Group() *Group { return p.group }

// Pid is the process's id.
func (p *Process) Pid() int { return p.forked.Pid() }

// ID separates the process from all others of the run, and from descriptions.
func (p *Process) ID() uint64 { return p.id }

// Kill sends a signal to a process from this one (kill(2)).
func (p *Process) Kill(pid int, sig syscall.Signal) error {
	_, errno := p.forked.Call(forked.Wait{}, trapKill, forked.Num(pid), forked.Num(int(sig)))
	return failed("kill", asError(errno))
}

// Done is closed once the process has ended and its descriptors are closed.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status is how the process has ended, which it must have done.
func (p *Process) Status() (exit int, sig syscall.Signal) {
	s := p.forked.Status()
	return s.Exit, s.Signal
}

// Ends are the descriptions whose last descriptor was closed with the end of
// the process, which must have come.
func (p *Process) Ends() []*Description { return p.ends }

// Leaves are the other descriptions of which the process had a descriptor then.
func (p *Process) Leaves() []*Description { return p.leaves }

// Signal sends the process a signal (kill(2)).
func (p *Process) Signal(sig syscall.Signal) error {
	return failed("kill", p.forked.Signal(sig))
}

// Exit ends the process (exit_group(2)).
func (p *Process) Exit(status int) {
	p.forked.Call(forked.Wait{}, trapExit, forked.Num(status))
	<-p.done
}

// Grow adds a thread to the process, so that one more call can be made at the
// same time.
func (p *Process) Grow() error { return failed("clone", p.forked.Grow()) }

// Reap lets the process that has forked this one wait for it (wait4(2)).
func (p *Process) Reap() {
	g := p.group
	if !p.ours {
		p.forked.Reap() // a call of another process
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p.forked.Reap()
	g.unwaited = slices.DeleteFunc(g.unwaited, func(other *Process) bool { return other == p })
}

// outcome is what a call of a forked process gave, where that is not the end of
// the group.
func (g *Group) outcome(errno syscall.Errno) error {
	if errno == forked.Died {
		if err := g.cause(); err != nil {
			return err
		}
	}
	return asError(errno)
}

// awaitProcesses waits until all processes have ended, which the end of the
// group has killed, and nothing of them is left.
func (g *Group) awaitProcesses() {
	g.mu.Lock()
	for len(g.processes)+g.settling > 0 {
		g.drained.Wait()
	}
	g.mu.Unlock()
	g.reapBut(0)
}

// What a process does when a signal comes.
const (
	DefaultAction = forked.Default
	Ignore        = forked.Ignore
	Count         = forked.Count
)

// Action sets what the process does when a signal comes (sigaction(2)). Restart
// is SA_RESTART: a call that the signal interrupts goes on.
func (p *Process) Action(sig syscall.Signal, h forked.Handler, restart bool) error {
	errno := p.forked.Action(sig, h, restart)
	return p.change("sigaction", errno, func() { p.identity.act(int(sig), h == Ignore) })
}

// Caught is how often the process's handler has counted a signal.
func (p *Process) Caught(sig syscall.Signal) (int, error) {
	n, errno := p.forked.Caught(sig)
	return n, asError(errno)
}

// Handled are the signals that the process's handler counts: bit 0 is signal 1.
func (p *Process) Handled() uint64 { return p.forked.Handled() }

// Block sets which signals the process blocks (sigprocmask(2)): bit 0 is signal
// 1. Those that have waited come before its next call.
func (p *Process) Block(mask uint64) error {
	return failed("sigprocmask", asError(p.forked.Block(mask)))
}

// Blocked are the signals that the process blocks.
func (p *Process) Blocked() uint64 { return p.forked.Blocked() }

// Identity is what programs have of the process that it lets start.
func (p *Process) Identity() Identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.identity.clone()
	i.Blocked = p.forked.Blocked()
	return i
}

// Folder is the current folder of the process, where it has changed that.
func (p *Process) Folder() (path string, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.absolute("."), p.moved
}

// change notes what a call has changed, unless that has failed.
func (p *Process) change(call string, errno syscall.Errno, f func()) error {
	if errno == 0 {
		p.mu.Lock()
		f()
		p.mu.Unlock()
	}
	return failed(call, asError(errno))
}

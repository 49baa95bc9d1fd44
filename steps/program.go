package steps

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// killGrace is how long a program has between SIGTERM and SIGKILL, and killWait
// how long the kernel has after that.
const (
	killGrace = 500 * time.Millisecond
	killWait  = 10 * time.Second
)

// A Program is a process that a scenario started, with all its children: they
// are a process group of their own.
type Program struct {
	Actor string
	Index int // of the actor among its replicas
	Name  string

	process  *os.Process
	session  bool    // it has a terminal, and so leads a session
	in       *Handle // our ends of its streams, those that steps use
	out      *Handle
	errs     *Handle
	idle     *os.File      // its standard input where no step uses that
	feed     *feed         // its standard input where it is a payload
	drains   [2]*drain     // of standard output and error where no step uses them
	tails    [2]tail       // their last parts
	killed   atomic.Int32  // the signal that a kill step has sent
	done     chan struct{} // closed once it has ended
	flooded  chan struct{} // closed once it has written more than exec keeps; nil for start
	status   ExitStatus
	unjoined bool // it had not ended before the scenario did

	mu     sync.Mutex
	reaped bool
}

// ExitStatus is how a program ended.
type ExitStatus struct {
	Exit   int            // -1 when a signal ended it
	Signal syscall.Signal // 0 when it exited
}

// String is the status as the transcript shows it.
func (s ExitStatus) String() string {
	if s.Signal != 0 {
		return "killed by " + signalName(s.Signal)
	}
	return fmt.Sprintf("exit %d", s.Exit)
}

// String is the program's name.
func (p *Program) String() string { return p.Name }

// launch is what a program is started with.
type launch struct {
	argv  []string
	env   []string
	dir   string
	files []*os.File // standard input, output and error, then further descriptors
	pty   bool
}

// start starts the program in a process group of its own.
func (p *Program) start(l launch) error {
	if err := checkFolder(l.dir); err != nil {
		return err
	}
	path, err := lookPath(l.argv[0], l.env, l.dir)
	if err != nil {
		return err
	}
	attr := &os.ProcAttr{Dir: l.dir, Env: l.env, Files: l.files, Sys: groupAttr(l.pty)}
	process, err := os.StartProcess(path, l.argv, attr)
	if err != nil {
		return execError(path, l.dir, err)
	}
	p.process, p.session, p.done = process, l.pty, make(chan struct{})
	go func() {
		p.status = awaitExit(process)
		if p.idle != nil {
			p.idle.Close()
		}
		close(p.done)
	}()
	return nil
}

// execError is a failed fork(2) or execve(2), with what helps.
func execError(path, dir string, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	return &curedError{error: &sock.Error{Call: "execve", Err: errno}, cure: execCure(path, dir, errno)}
}

// wait waits for the program's end.
func (p *Program) wait(t *Task) error {
	late, stop := alarm(t.deadline)
	defer stop()
	select {
	case <-p.done:
		return nil
	case <-p.flooded:
		return errFlooded
	case <-t.Ctx.Done():
		return ErrCancelled
	case <-late:
		t.missing = p.Name + " is still running" + p.waitsFor()
		return sock.ErrTimeout
	}
}

func (p *Program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// signal sends a signal to the program and its children. A program that has
// ended takes it as long as nobody has waited for it (kill(2), wait(2)).
func (p *Program) signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return syscall.ESRCH
	}
	return syscall.Kill(-p.process.Pid, sig)
}

// reap lets go of a program that has ended. From then on its process id and its
// group may become another's.
func (p *Program) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		reap(p.process)
		p.reaped = true
	}
}

func (p *Program) isReaped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reaped
}

// finish ends what a program that has ended itself has left behind in its
// group, and takes the rest of its output.
func (p *Program) finish() {
	p.reap()
	// Mostly nothing is left. Where something is, the group keeps its number.
	if syscall.Kill(-p.process.Pid, 0) != syscall.ESRCH {
		endAll([]*Program{p})
	}
	p.settle()
}

// endAll ends programs with all that is in their groups and sessions: SIGTERM,
// then SIGKILL after a grace. Nothing of them is left when it returns.
func endAll(list []*Program) {
	for _, group := range groups(list) {
		syscall.Kill(-group, syscall.SIGTERM)
		syscall.Kill(-group, syscall.SIGCONT) // one that is stopped would not notice
	}
	if !gone(list, time.Now().Add(killGrace)) {
		for _, group := range groups(list) {
			syscall.Kill(-group, syscall.SIGKILL)
		}
		gone(list, time.Now().Add(killWait))
	}
	for _, p := range list {
		// Where /proc does not tell who lives, this still ends them all.
		p.signal(syscall.SIGKILL)
		if p.ended() {
			p.reap()
		}
	}
}

// groups are the process groups of the programs that have not ended, and those
// that live on without them.
func groups(list []*Program) []int {
	found := livingGroups(list)
	for _, p := range list {
		if !p.ended() {
			found[p.process.Pid] = true
		}
	}
	var ids []int
	for id := range found {
		ids = append(ids, id)
	}
	return ids
}

// gone waits until nothing of the programs is left, and reports whether that
// came in time. The end of children that are not ours can only be looked for.
func gone(list []*Program, late time.Time) bool {
	over, stop := alarm(late)
	defer stop()
	for _, p := range list {
		select {
		case <-p.done:
		case <-over:
			return false
		}
	}
	for pause := time.Millisecond; len(livingGroups(list)) > 0; pause = min(2*pause, 20*time.Millisecond) {
		if time.Now().After(late) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}

// Programs are those that one run has started.
type Programs struct {
	mu   sync.Mutex
	list []*Program
}

// keptEnded is how many programs that have ended are kept for a report.
const keptEnded = 32

func (ps *Programs) add(p *Program) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.list = append(ps.list, p)
}

// forget drops a program of which nothing is left and that did all it should.
func (ps *Programs) forget(p *Program) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for i, q := range ps.list {
		if q == p {
			ps.list = append(ps.list[:i], ps.list[i+1:]...)
			return
		}
	}
}

// joined lets go of a program that a step has waited for, unless children of it
// live on. Of those that are let go only the latest are kept.
func (ps *Programs) joined(p *Program) {
	if p.isReaped() || len(livingGroups([]*Program{p})) > 0 {
		return
	}
	p.reap()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	over := -keptEnded
	for _, q := range ps.list {
		if q.isReaped() {
			over++
		}
	}
	if over <= 0 {
		return
	}
	kept := ps.list[:0:0]
	for _, q := range ps.list {
		if over > 0 && q.isReaped() {
			over--
			q.settle()
			continue
		}
		kept = append(kept, q)
	}
	ps.list = kept
}

// AwaitEnding waits, for half a second at most, for the end of those programs
// that are ending, so that a report can tell how. It is called when no step runs
// any more, before Close.
func (ps *Programs) AwaitEnding() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	late := time.Now().Add(killGrace)
	for _, p := range ps.list {
		if !p.isReaped() {
			p.awaitEnd(late)
		}
	}
}

// Close ends all programs with their children and waits until they are gone.
// It is called when no step runs any more, before the run's descriptors are
// closed.
func (ps *Programs) Close() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var left []*Program
	for _, p := range ps.list {
		if !p.isReaped() {
			p.unjoined = !p.ended()
			left = append(left, p)
		}
	}
	if len(left) > 0 {
		endAll(left)
	}
	for _, p := range ps.list {
		p.settle()
	}
}

// A ProgramOutput is what a program wrote and how it ended, for a report.
type ProgramOutput struct {
	Actor          string
	Index          int // of the actor among its replicas
	Name           string
	Status         string // "exit 1", "killed by SIGSEGV", "still running"
	Stdout, Stderr string // the last part of each, as far as no step has read it
	// How many bytes came before that part.
	StdoutBefore, StderrBefore int64
}

// Outputs tells what the programs wrote, in the order they were started. It is called after Close.
func (ps *Programs) Outputs() []ProgramOutput {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var list []ProgramOutput
	for _, p := range ps.list {
		o := ProgramOutput{Actor: p.Actor, Index: p.Index, Name: p.Name, Status: "still running"}
		if !p.unjoined {
			o.Status = p.status.String()
		}
		o.Stdout, o.StdoutBefore = p.tails[0].text()
		o.Stderr, o.StderrBefore = p.tails[1].text()
		list = append(list, o)
	}
	return list
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}

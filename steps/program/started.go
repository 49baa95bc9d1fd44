package program

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// endGrace is how long a report waits for the end of a program that has begun
// to end, and endNear for one that may be about to.
const (
	endGrace = 500 * time.Millisecond
	endNear  = 50 * time.Millisecond
)

// A Program is a process that a scenario started, with all its children: they
// are a process group of their own.
type Program struct {
	Actor string
	Index int // of the actor among its replicas
	Name  string
	Host  string // on which it runs; "" in a network without hosts

	Id       uint64 // counts the programs of the scenario
	Process  *Process
	session  bool           // it has a terminal, and so leads a session
	In       *handle.Handle // our ends of its streams, those that steps use
	Out      *handle.Handle
	Errs     *handle.Handle
	Watch    *Watch        // waits for a line; nil where nothing does
	Idle     *os.File      // its standard input where no step uses that
	stdin    *stdinWriter  // its standard input where it is a payload
	drains   [2]*drain     // of standard output and error where no step uses them
	tails    [2]tail       // their last parts
	Killed   atomic.Int32  // the signal that a kill step has sent
	done     chan struct{} // closed once it has ended
	Flooded  chan struct{} // closed once it has written more than exec keeps; nil for start
	Status   ExitStatus
	unjoined bool        // it had not ended before the scenario did
	reaped   atomic.Bool // nothing of it is left
}

// ExitStatus is how a program ended.
type ExitStatus Status

// String is the status as the transcript shows it.
func (s ExitStatus) String() string {
	if s.Signal != 0 {
		return "killed by " + SignalName(s.Signal)
	}
	return fmt.Sprintf("exit %d", s.Exit)
}

// String is the program's name.
func (p *Program) String() string { return p.Name }

// Launch is what a program is started with.
type Launch struct {
	Argv  []string
	Shown []any // the arguments as the transcript shows them
	Env   []string
	Dir   string
	Files []*os.File // standard input, output and error, then further descriptors
	Pty   bool
	Host  string // on which it runs
	// Identity is what the program has of the process that starts it.
	Identity sock.Identity
	// Inherited are the descriptors that it has besides, by their numbers: not
	// where Files has another one.
	Inherited []*sock.Socket
}

// inherit adds what the program has of the process that starts it.
func (l *Launch) inherit() (shared []*os.File, err error) {
	files := slices.Clone(l.Files)
	given := len(files)
	for _, s := range l.Inherited {
		n := s.Number()
		if n < given {
			continue
		}
		f, err := s.Share()
		if err != nil {
			CloseFiles(shared)
			return nil, err
		}
		shared = append(shared, f)
		for len(files) <= n {
			files = append(files, nil)
		}
		files[n] = f
	}
	l.Files = files
	return shared, nil
}

// Start starts the program in a process group of its own.
func (p *Program) Start(ps *Programs, l Launch) error {
	if err := CheckFolder(l.Dir); err != nil {
		return err
	}
	path, err := LookPath(l.Argv[0], l.Env, l.Dir)
	if err != nil {
		return err
	}
	shared, err := l.inherit()
	if err != nil {
		return err
	}
	defer CloseFiles(shared)
	p.Process, err = ps.on(l.Host).Start(Spec{
		Path: path, Argv: l.Argv, Env: l.Env, Dir: l.Dir, Files: l.Files, Terminal: l.Pty, Identity: l.Identity,
	})
	if err != nil {
		return execError(path, l.Dir, err)
	}
	p.session, p.done = l.Pty, make(chan struct{})
	go func() {
		<-p.Process.Done()
		p.Status = ExitStatus(p.Process.Status())
		if p.Idle != nil {
			p.Idle.Close()
		}
		close(p.done)
	}()
	ps.add(p)
	return nil
}

// execError is a failed fork(2) or execve(2), with what helps.
func execError(path, dir string, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	return &value.HintedError{Err: &sock.Error{Call: "execve", Err: errno}, Hint: execRemedy(path, dir, errno)}
}

// ErrFlooded is the error of a wait for a program that has written more than is
// kept of its output.
var ErrFlooded = fmt.Errorf("the program wrote more than %s", value.FormatSize(maxOutput))

// Wait waits for the program's end. The error is [sock.ErrTimeout] where the
// deadline passes before, that of the context where it is cancelled, or
// [ErrFlooded].
func (p *Program) Wait(ctx context.Context, deadline time.Time) error {
	late, stop := sock.Alarm(deadline)
	defer stop()
	select {
	case <-p.done:
		return nil
	case <-p.Flooded:
		return ErrFlooded
	case <-ctx.Done():
		return ctx.Err()
	case <-late:
		return sock.ErrTimeout
	}
}

// Ended reports whether the program has ended.
func (p *Program) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Signal sends a signal to the program and its children. A program that has
// ended takes it as long as nobody has waited for it (kill(2), wait(2)).
func (p *Program) Signal(sig syscall.Signal) error { return p.Process.Signal(sig) }

// reap lets go of a program that has ended. From then on its process id and its
// group may become another's.
func (p *Program) reap() {
	if !p.reaped.Swap(true) {
		p.Process.Reap()
	}
}

// Finish ends what a program that has ended itself has left behind in its
// group, and takes the rest of its output.
func (p *Program) Finish() {
	p.reaped.Store(true)
	p.Process.Finish()
	p.settle()
}

// Programs are those that one run has started.
type Programs struct {
	set   Set             // of those that are on no host
	hosts map[string]*Set // of those on hosts, each with a pid namespace of its own

	mu   sync.Mutex
	list []*Program
	all  int // how many there were
}

// NewPrograms returns an empty list, which costs nothing until a program is
// started. within calls a function on a thread of the network that the programs
// are in; nil stands for the network of this process.
func NewPrograms(within func(f func())) *Programs {
	return &Programs{set: Set{Forks: sock.Forks, Within: within}}
}

// keptEnded is how many programs that have ended are kept for a report.
const keptEnded = 32

func (ps *Programs) add(p *Program) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.list = append(ps.list, p)
	ps.all++
	p.Id = uint64(ps.all)
}

// End ends a program that still runs, with all that is in its group.
func (ps *Programs) End(p *Program) {
	p.Process.set.End(p.Process)
	p.reaped.Store(true)
	p.unjoined = true
	p.settle()
}

// Forget drops a program of which nothing is left and that did all it should.
func (ps *Programs) Forget(p *Program) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for i, q := range ps.list {
		if q == p {
			ps.list = append(ps.list[:i], ps.list[i+1:]...)
			return
		}
	}
}

// Joined lets go of a program that a step has waited for, unless children of it
// live on. Of those that are let go only the latest are kept.
func (ps *Programs) Joined(p *Program) {
	if p.reaped.Load() || p.Process.Lives() {
		return
	}
	p.reap()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	over := -keptEnded
	for _, q := range ps.list {
		if q.reaped.Load() {
			over++
		}
	}
	if over <= 0 {
		return
	}
	kept := ps.list[:0:0]
	for _, q := range ps.list {
		if over > 0 && q.reaped.Load() {
			over--
			q.settle()
			continue
		}
		kept = append(kept, q)
	}
	ps.list = kept
}

// AwaitEnding waits, for half a second at most, for the end of those programs
// that are ending, so that a report can say how. It is called when no step
// runs any more, before Close.
func (ps *Programs) AwaitEnding() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	now := time.Now()
	for _, p := range ps.list {
		if !p.reaped.Load() {
			p.awaitEnd(now.Add(endNear), now.Add(endGrace))
		}
	}
}

// Ended says how the latest program has ended; "" where one runs, or there was
// none.
func (ps *Programs) Ended() string {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.list {
		if !p.Ended() {
			return ""
		}
	}
	switch last := len(ps.list) - 1; {
	case ps.all == 0:
		return ""
	case last < 0:
		return "all have ended"
	default:
		return ps.list[last].Name + " has ended: " + ps.list[last].Status.String()
	}
}

// Translate makes the process id of a struct ucred the one that the programs
// know: they may be in a pid namespace of their own.
func (ps *Programs) Translate(ucred []byte) {
	if c, ok := sock.DecodeUcred(ucred); ok {
		binary.NativeEndian.PutUint32(ucred, uint32(ps.Inside(int(c.PID))))
	}
}

// ID is the [Program.Id] of the program that has a process id here; 0 for none.
func (ps *Programs) ID(pid int) uint64 {
	inside := ps.Inside(pid)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.list {
		if p.Process.Pid == inside {
			return p.Id
		}
	}
	return 0
}

// Has reports whether a program, running or not, has this process id, as the
// programs see it.
func (ps *Programs) Has(pid int) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return slices.ContainsFunc(ps.list, func(p *Program) bool { return p.Process.Pid == pid })
}

// Hurry ends all programs at once, also while Close waits for their end.
func (ps *Programs) Hurry() {
	for _, s := range ps.sets() {
		s.Hurry()
	}
}

// Close ends all programs, with all that they have started, and waits until
// that is gone. It is called when no step runs any more, before the run's
// descriptors are closed.
func (ps *Programs) Close() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.list {
		if !p.reaped.Load() {
			p.unjoined = !p.Ended()
		}
	}
	ps.closeSets()
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

// Outputs says what the programs wrote, in the order they were started. It is
// called after Close.
func (ps *Programs) Outputs() []ProgramOutput {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var list []ProgramOutput
	for _, p := range ps.list {
		o := ProgramOutput{Actor: p.Actor, Index: p.Index, Name: p.Name, Status: "still running"}
		if !p.unjoined {
			o.Status = p.Status.String()
		}
		o.Stdout, o.StdoutBefore = p.tails[0].text()
		o.Stderr, o.StderrBefore = p.tails[1].text()
		list = append(list, o)
	}
	return list
}

package steps

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// killGrace is how long a program has between SIGTERM and SIGKILL.
const killGrace = 500 * time.Millisecond

// maxOutput bounds the output of a program that exec keeps, and tailKept what is
// kept of any program's for a failure report.
const (
	maxOutput = 16 << 20
	tailKept  = 8 << 10
)

// A Program is a process that a scenario started, with all its children: they
// are a process group of their own.
type Program struct {
	Actor, Name string

	process *os.Process
	in      *Handle
	out     *Handle
	errs    *Handle
	tails   [2]tail // of standard output and standard error
	drained sync.WaitGroup
	pipes   []*os.File     // that sockscript itself reads or writes
	killed  syscall.Signal // sent by a kill step

	done   chan struct{} // closed once it has ended
	status ExitStatus
}

// ExitStatus is how a program ended.
type ExitStatus struct {
	Exit   int            `expr:"exit"`   // -1 when a signal ended it
	Signal syscall.Signal `expr:"signal"` // 0 when it exited
}

// String is the status as the transcript shows it.
func (s ExitStatus) String() string {
	if s.Signal != 0 {
		return "killed by " + unix.SignalName(s.Signal)
	}
	return fmt.Sprintf("exit %d", s.Exit)
}

// String is the program's name.
func (p *Program) String() string { return p.Name }

// Programs are those that one run has started.
type Programs struct {
	mu   sync.Mutex
	list []*Program
}

func (ps *Programs) add(p *Program) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.list = append(ps.list, p)
}

// Close ends all programs with their children and waits until they are gone.
// It is called before the run's descriptors are closed.
func (ps *Programs) Close() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var all sync.WaitGroup
	for _, p := range ps.list {
		all.Go(p.end)
	}
	all.Wait()
}

// A ProgramOutput is what a program wrote and how it ended, for a report.
type ProgramOutput struct {
	Actor, Name    string
	Status         string
	Stdout, Stderr string // the last part of each, as far as no step has read it
}

// Outputs tells what the programs wrote. It is called after Close.
func (ps *Programs) Outputs() []ProgramOutput {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var list []ProgramOutput
	for _, p := range ps.list {
		list = append(list, ProgramOutput{
			Actor: p.Actor, Name: p.Name, Status: p.status.String(), Stdout: p.tails[0].String(), Stderr: p.tails[1].String(),
		})
	}
	return list
}

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
	path, err := lookPath(l.argv[0], l.env)
	if err != nil {
		return &sock.Error{Call: "execve", Err: err}
	}
	attr := &os.ProcAttr{Dir: l.dir, Env: l.env, Files: l.files, Sys: groupAttr(l.pty)}
	p.process, err = os.StartProcess(path, l.argv, attr)
	if err != nil {
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return &sock.Error{Call: "execve", Err: errno}
		}
		return err
	}
	p.done = make(chan struct{})
	go func() {
		p.status = awaitExit(p.process)
		close(p.done)
	}()
	return nil
}

// lookPath finds a program in the PATH that it will have itself.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path := os.Getenv("PATH")
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			path = v
		}
	}
	for _, dir := range strings.Split(path, ":") {
		if dir == "" {
			dir = "."
		}
		full := dir + "/" + name
		if info, err := os.Stat(full); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return full, nil
		}
	}
	if full, err := exec.LookPath(name); err == nil {
		return full, nil
	}
	return "", syscall.ENOENT
}

// end kills the program's group and waits until the program is reaped.
func (p *Program) end() {
	if p.process == nil {
		return
	}
	group := -p.process.Pid
	if !p.ended() {
		syscall.Kill(group, syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(killGrace):
		}
	}
	// What is left of the group, the program or children that it left behind.
	syscall.Kill(group, syscall.SIGKILL)
	<-p.done
	reap(p.process)
	p.finishOutput()
}

func (p *Program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// finishOutput takes what nobody has read, for the report.
func (p *Program) finishOutput() {
	for i, h := range []*Handle{p.out, p.errs} {
		if h == nil {
			continue
		}
		buf := make([]byte, tailKept)
		for {
			n, err := h.read(sock.Wait{NoWait: true}, buf)
			if err != nil || n == 0 {
				break
			}
			p.tails[i].Write(buf[:n])
		}
	}
	// A child that has left the group may hold a pipe open for ever.
	for _, f := range p.pipes {
		f.SetDeadline(time.Now().Add(killGrace / 10))
	}
	p.drained.Wait()
}

// tail keeps the last bytes that were written to it.
type tail struct {
	mu    sync.Mutex
	bytes []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, b...)
	if extra := len(t.bytes) - tailKept; extra > 0 {
		t.bytes = append(t.bytes[:0], t.bytes[extra:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.bytes)
}

// drain reads a pipe that no step reads, so that the program never waits for a
// reader.
func (p *Program) drain(r *os.File, to io.Writer) {
	p.pipes = append(p.pipes, r)
	p.drained.Go(func() {
		io.Copy(to, r)
		r.Close()
	})
}

// wait waits for the program's end.
func (p *Program) wait(t *Task) error {
	var late <-chan time.Time
	if !t.deadline.IsZero() {
		timer := time.NewTimer(time.Until(t.deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-p.done:
		return nil
	case <-t.Ctx.Done():
		return ErrCancelled
	case <-late:
		t.missing = p.Name + " is still running"
		return sock.ErrTimeout
	}
}

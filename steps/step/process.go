package step

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// A Process is a forked process that makes the calls of a branch, and of those
// that the branch starts.
type Process struct {
	*sock.Process
	Name   string
	parent *Process     // that has forked it; nil for sockscript's own
	sent   atomic.Int32 // the signal that a kill step has sent it last
	joined atomic.Bool
	exits  atomic.Bool // a step lets it exit

	mu      sync.Mutex
	threads int // beside the first
	live    int // branches that run in it, beside the first
}

// ErrEnded ends the steps of a process that has ended. It is not a failure.
var ErrEnded = errors.New("the process of these steps has ended")

// Sockets makes the sockets of the task: in its process, where it has one.
// Those of an actor that forks block from its start, as they do in the fork.
func (t *Task) Sockets() *sock.Group {
	if t.Process != nil {
		return t.Process.Group()
	}
	if t.Actor.Blocks {
		return t.Actor.Run.Sockets.Blocking()
	}
	return t.Actor.Run.Sockets
}

// Pid is the id of the process that makes the task's calls.
func (t *Task) Pid() int {
	if t.Process != nil {
		return t.Process.Pid()
	}
	return os.Getpid()
}

// Fork forks a process, with the names that the actor has now and copies of its
// descriptors.
func (t *Task) Fork(name string) (*Spawned, error) {
	actor := t.Actor.Clone()
	frame := maps.Clone(t.Frame)
	var handles []*handle.Handle
	var sockets []*sock.Socket
	actor.eachHandle(frame, func(h *handle.Handle) *handle.Handle {
		handles, sockets = append(handles, h), append(sockets, h.Sock)
		return h
	})
	byAge(handles, sockets)
	p, copies, err := t.Sockets().On(t.Actor.Host).Fork(sockets)
	if err != nil {
		return nil, err
	}
	copyOf := make(map[*handle.Handle]*handle.Handle)
	for i, h := range handles {
		if copyOf[h] == nil {
			copyOf[h] = h.Copy(copies[i])
		}
	}
	actor.eachHandle(frame, func(h *handle.Handle) *handle.Handle { return copyOf[h] })
	s := &Spawned{Name: t.Shown(name), Actor: actor, place: &t.Step.Place}
	s.Process = &Process{Process: p, Name: s.Name, parent: t.Process}
	s.Task = t.branch(actor, t.Limit)
	s.Task.Process, s.Task.Frame, s.Task.own = s.Process, frame, &Step{Place: t.Step.Place}
	return s, nil
}

// byAge sorts handles, and their sockets with them, by when their files were
// made.
func byAge(handles []*handle.Handle, sockets []*sock.Socket) {
	slices.SortFunc(handles, func(a, b *handle.Handle) int {
		return cmp.Or(cmp.Compare(a.Sock.Desc().ID, b.Sock.Desc().ID), cmp.Compare(a.Name, b.Name))
	})
	for i, h := range handles {
		sockets[i] = h.Sock
	}
}

// eachHandle replaces each handle that steps can name.
func (a *Actor) eachHandle(frame map[string]any, f func(*handle.Handle) *handle.Handle) {
	replace := func(names map[string]any) {
		for name, v := range names {
			if h, ok := v.(*handle.Handle); ok {
				names[name] = f(h)
			}
		}
	}
	replace(frame)
	for ; a != nil; a = a.call.above() {
		replace(a.names)
	}
}

// above is the actor that has called the procedure; nil without one.
func (c *call) above() *Actor {
	if c == nil {
		return nil
	}
	return c.caller
}

// Become makes the process of an actor that is one from its start, with no
// descriptors yet. Its steps are those of a block.
func (t *Task) Become(name string, b *Block) error {
	p, _, err := t.Sockets().On(t.Actor.Host).Fork(nil)
	if err != nil {
		return err
	}
	t.Process, t.own = &Process{Process: p, Name: name}, new(Step)
	if last := len(b.Steps) - 1; last >= 0 {
		t.own.Place = b.Steps[last].Place
	}
	t.World.EndsWith(p.Done())
	t.World.Becomes(t.Process)
	t.World.Give(PidName, value.Pass(value.Whole(t.Pid(), event.Origin{Word: "pid"})), t.World.Latest(nil))
	return nil
}

// PidName is the name that every process has for its id.
const PidName = "pid"

// anActor is the name of an actor, or of a replica.
var anActor = source.Pattern(`^([A-Za-z_]\w*)(?:\[(\d{1,5})\])?$`)

// SplitActor takes the name of an actor or of a replica apart. The index is -1
// without one.
func SplitActor(name string) (actor string, index int, ok bool) {
	m := anActor().FindStringSubmatch(name)
	if m == nil {
		return "", 0, false
	}
	index = -1
	if m[2] != "" {
		index, _ = strconv.Atoi(m[2])
	}
	return m[1], index, true
}

// ProcessActor is the process of another actor that is one from its start, as
// its own actor would have it from a fork; nil where the name is none of those.
func (t *Task) ProcessActor(name string) (*Spawned, error) {
	actor, index, ok := SplitActor(name)
	if !ok {
		return nil, nil
	}
	p, branch, cause, err := t.World.ProcessOf(t.Deadline, actor, index)
	if err != nil || p == nil {
		return nil, err
	}
	t.After(cause)
	return &Spawned{Name: name, Branch: branch, Process: p}, nil
}

// Beside runs the steps of a branch, and then waits for those that it has
// started where it ends as an actor does. It goes on in its own world.
func (t *Task) Beside(w World, b *Block, finish bool) error {
	t.World = w
	if p := t.Process; p != nil {
		if errors.Is(t.broken, sock.ErrDied) {
			return nil // its own steps say so
		} else if t.broken != nil {
			return t.broken
		}
		defer p.leave()
		w.EndsWith(p.Done())
	}
	err := t.Run(b)
	if err == nil && finish {
		err = t.Finish()
	}
	if errors.Is(err, ErrEnded) {
		return nil
	}
	return err
}

// Live runs the steps of a process to its end: the exit at their end, one
// before, or its death. The process of an actor that has turns in a sequence
// lives on, for its turns.
func (t *Task) Live(b *Block) error {
	err := t.Run(b)
	if err == nil && !t.Actor.Turned[t.Process.Name] {
		err = t.Conclude()
	}
	if err != nil && !errors.Is(err, ErrEnded) {
		t.Process.Signal(syscall.SIGKILL)
		return err
	}
	return nil
}

// Conclude joins the branches that the steps of a process have started and lets
// it exit, if it has not ended already.
func (t *Task) Conclude() error {
	if err := t.Finish(); err != nil {
		return err
	}
	t.Step = t.own
	t.Event = event.Event{Place: &t.own.Place}
	if err := t.alive(); err != nil {
		return err
	}
	return t.Exit(0)
}

// enter notes that one more branch runs in the process, which needs a thread.
func (p *Process) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live == p.threads {
		if err := p.Grow(); err != nil {
			return err
		}
		p.threads++
	}
	p.live++
	return nil
}

// leave notes that a branch of the process has ended.
func (p *Process) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
}

// adoptValues takes over the values that the steps of a process have set. Its
// handles are those of its own descriptors, and are gone with it.
func (a *Actor) adoptValues(b *Actor) {
	b.Mu.RLock()
	defer b.Mu.RUnlock()
	a.Mu.Lock()
	defer a.Mu.Unlock()
	for name, v := range b.names {
		switch v.(type) {
		case *handle.Handle, *Spawned, *program.Program:
		default:
			a.names[name] = v
		}
	}
}

// Interrupted notes that the event under way comes after what has sent the
// process one of the signals that it handles, or SIGCONT, which ends some calls
// of a process that was stopped (signal(7)).
func (t *Task) Interrupted() {
	if t.Process != nil {
		t.Event.Signals = t.Process.Handled() | 1<<(syscall.SIGCONT-1)
	}
}

// Signalled notes that the event under way comes after what has sent the
// process a signal: the nth time, where that is known.
func (t *Task) Signalled(sig syscall.Signal, nth int) {
	t.Event.Signals, t.Event.Nth = 1<<(sig-1), nth
}

// Own is the process that makes the task's calls, for what only a forked one
// does.
func (t *Task) Own() (*sock.Process, error) {
	if t.Process == nil {
		return nil, fmt.Errorf("%s is for a process of its own; put the step into a fork, or write process: true at the actor", t.Step.Kind.Name)
	}
	return t.Process.Process, nil
}

// Caught is how often the task's process has caught a signal, which is a name
// or a number.
func (t *Task) Caught(signal any) (int, error) {
	name := value.Format(signal)
	sig, ok := program.SignalByName(name)
	switch {
	case !ok:
		return 0, fmt.Errorf("caught: unknown signal %s", value.Quote(name))
	case t.Process == nil:
		return 0, fmt.Errorf("caught is for a process of its own; put the step into a fork, or write process: true at the actor")
	}
	if err := program.Lacking(sig); err != nil {
		return 0, fmt.Errorf("caught: %w", err)
	}
	n, err := t.Process.Caught(sig)
	if n > 0 {
		t.Signalled(sig, n)
	}
	return n, err
}

// Watches notes whose end a descriptor reports that a call has made or
// received, where that is a pidfd of a process or program of the scenario.
func (t *Task) Watches(s *sock.Socket) {
	if s.Type() != 0 {
		return
	}
	pid := s.PidOf()
	if pid <= 0 {
		return
	}
	id := t.Sockets().ProcessID(pid)
	if id == 0 {
		id = t.Actor.Run.Programs().ID(pid)
	}
	s.Desc().Watch(id)
}

// Keep gives a handle the name that it has: fd:7, which no as can give.
func (t *Task) Keep(h *handle.Handle) { t.Set(h.Name, h) }

// HandleOf is the handle that has a descriptor, the first by its name; nil for
// none.
func (t *Task) HandleOf(fd int) *handle.Handle {
	if fd < 0 {
		return nil
	}
	t.Actor.Mu.RLock()
	defer t.Actor.Mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(t.Actor.names)) {
		if h, ok := settledHandle(t.Actor.names[name]).(*handle.Handle); ok && h.Sock.FD() == fd {
			return h
		}
	}
	return nil
}

package step

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
)

// Exit lets the process end.
func (t *Task) Exit(status int) error {
	t.Call("exit", status)
	tells := t.Process.exits.CompareAndSwap(false, true)
	t.Process.Exit(status)
	return t.ended(tells)
}

// alive reports whether the process can still make calls.
func (t *Task) alive() error {
	if t.Process == nil {
		return nil
	}
	select {
	case <-t.Process.Done():
		return t.died()
	default:
		return nil
	}
}

// gone is closed once the process of the task has ended; nil without one.
func (t *Task) gone() <-chan struct{} {
	if t.Process == nil {
		return nil
	}
	return t.Process.Done()
}

// died records that the step under way has not come to its end, because its
// process has ended. Where no exit step has done that, the process's own steps
// say what was closed with it, and those of its branches do not.
func (t *Task) died() error { return t.ended(t.own != nil && !t.Process.exits.Load()) }

func (t *Task) ended(tells bool) error {
	p := t.Process
	<-p.Done()
	if t.Ctx.Err() != nil {
		return ErrCancelled
	}
	exit, sig := p.Status()
	shown := "?"
	if sig != 0 {
		shown = "? " + program.ExitStatus{Exit: exit, Signal: sig}.String()
	}
	e := &t.Event
	if e.Call == "" {
		if !tells {
			return ErrEnded
		}
		t.Call("killed", event.Bare{Text: shown[min(2, len(shown)):]})
	} else {
		t.Return(event.Const(shown))
	}
	e.Op, e.Errno, e.Endpoints, e.Sums, e.Also, e.Whole, e.Ready = event.OpExit, 0, nil, nil, nil, nil, nil
	e.Proc = &event.Proc{ID: p.ID(), Signal: sig}
	if tells {
		for _, d := range p.Ends() {
			e.Ends = append(e.Ends, d.ID)
			t.Lose(d)
		}
		for _, d := range p.Leaves() {
			e.Leaves = append(e.Leaves, d.ID)
		}
	}
	t.Record()
	return ErrEnded
}

// Closed notes for the order of events that a descriptor of a description was
// closed, which may have been the last one.
func (t *Task) Closed(d *sock.Description) {
	if d.Open() > 0 {
		t.Event.Leaves = []uint64{d.ID}
		return
	}
	t.Event.Op, t.Event.Sock = event.OpClose, d.ID
	t.Event.Alone = !d.Passed() && !d.Copied()
	t.Lose(d)
}

// ClosedAlso notes that a step which does something else has closed a
// descriptor of a description.
func (t *Task) ClosedAlso(d *sock.Description) {
	if d.Open() > 0 {
		t.Event.Leaves = append(t.Event.Leaves, d.ID)
		return
	}
	t.Event.Ends = append(t.Event.Ends, d.ID)
	t.Lose(d)
}

// Lose notes the descriptions that have ended with messages to one which the
// step has closed, or received from without room for descriptors: see
// [sock.Group.Lost].
func (t *Task) Lose(to *sock.Description) {
	lost := t.Sockets().Lost(to)
	slices.SortFunc(lost, func(a, b *sock.Description) int { return cmp.Compare(a.ID, b.ID) })
	for _, d := range lost {
		t.Event.Ends, t.Event.Lost = append(t.Event.Ends, d.ID), append(t.Event.Lost, d.ID)
	}
}

// awaitEnd waits for the end of a process whose steps have been joined.
func (t *Task) awaitEnd(p *Process) error {
	late := make(<-chan time.Time)
	if !t.Deadline.IsZero() {
		timer := time.NewTimer(time.Until(t.Deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-p.Done():
		return nil
	case <-late:
		return &WaitTimeout{What: "the end of the process " + p.Name}
	case <-t.gone():
		return sock.ErrDied
	case <-t.Ctx.Done():
		return ErrCancelled
	}
}

// JoinProcess waits for the end of a forked process and says how it has ended.
func (t *Task) JoinProcess(s *Spawned) (status program.ExitStatus, sent syscall.Signal, err error) {
	p := s.Process
	if err := t.joinSteps(s); err != nil {
		return status, 0, err
	}
	if err := t.awaitEnd(p); err != nil {
		return status, 0, err
	}
	if p.parent == t.Process {
		p.Reap()
	}
	p.joined.Store(true)
	status.Exit, status.Signal = p.Status()
	if s.Actor != nil {
		t.Actor.adoptValues(s.Actor)
	}
	return status, syscall.Signal(p.sent.Load()), nil
}

// joinSteps waits for the end of the steps of a process. Those of another actor
// that are turns end with the sequence.
func (t *Task) joinSteps(s *Spawned) error {
	switch {
	case s.Task != nil:
		return t.Join(s.Branch, s.Task, t.Deadline)
	case s.Branch != nil:
		return t.World.Join(s.Branch, t.Deadline)
	}
	return nil
}

// ItsEnd is among the names of an actor for the end of its process, which
// another actor's step joins.
const ItsEnd = "its end"

// Kill sends a signal to a process. One that has ended takes it until it is
// joined.
func (t *Task) Kill(p *Process, sig syscall.Signal) error {
	before := p.sent.Swap(int32(sig))
	var err error = &sock.Error{Call: "kill", Err: syscall.ESRCH}
	select {
	case <-p.Done():
	default:
		if t.Process != nil {
			err = t.Process.Kill(p.Pid(), sig)
		} else {
			err = p.Signal(sig)
		}
	}
	if errors.Is(err, syscall.ESRCH) && !p.joined.Load() {
		return nil // it has ended before, or now
	}
	if err != nil {
		p.sent.Store(before)
	}
	return err
}

// unjoined is an error where a process has died and nothing has joined it. A
// death by the signal that a kill step has sent is as it should be.
func (p *Process) unjoined() error {
	if p == nil || p.joined.Load() {
		return nil
	}
	select {
	case <-p.Done():
	default:
		return nil
	}
	exit, sig := p.Status()
	if sig == 0 || sig == syscall.Signal(p.sent.Load()) {
		return nil
	}
	return fmt.Errorf("the process %s was %s, and no step joins it", p.Name, program.ExitStatus{Exit: exit, Signal: sig})
}

// Survived is an error where the task's own process has died.
func (t *Task) Survived() error {
	if err := t.Process.unjoined(); err != nil {
		return &Error{Place: &t.own.Place, Err: err}
	}
	return nil
}

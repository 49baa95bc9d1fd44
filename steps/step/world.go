package step

import (
	"errors"
	"fmt"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/value"
)

// World is all that an actor needs from outside itself: other actors' names,
// signals, barriers, branches and a place for its events. Nothing that passes
// through it is a pointer into another actor, so that a pipe could be in its
// place. Each branch has its own; an actor's own steps are a branch too.
type World interface {
	// Await waits until another actor's name has its value. The index picks a
	// replica; -1 stands for an actor that has none.
	Await(deadline time.Time, actor string, index int, name string) (value.Passed, event.Cause, error)
	// Give tells the other actors a name's value.
	Give(name string, v value.Passed, by event.Cause)
	// Signal raises a signal; it stays up.
	Signal(name string, by event.Cause)
	// Wait waits for a signal.
	Wait(deadline time.Time, name string) (event.Cause, error)
	// Barrier waits until so many have come to the barrier, or every actor that
	// names it where the size is 0.
	Barrier(deadline time.Time, name string, size int, after []event.Cause) (event.Cause, error)
	// BranchOf is the latest branch of that name of another actor.
	BranchOf(actor string, index int, name string) (Branch, error)
	// Becomes notes the process that makes the calls of this actor.
	Becomes(p *Process)
	// ProcessOf waits until another actor, one that is a process from its
	// start, has its process. The branch is that of its steps; nil where it has
	// turns. For any other actor the process is nil.
	ProcessOf(deadline time.Time, actor string, index int) (*Process, Branch, event.Cause, error)
	// Record keeps a copy of an event, its lists included, and returns its
	// place.
	Record(e *event.Event) event.Cause
	// Latest is what whatever the branch does next comes after, others among
	// it, as one cause.
	Latest(others []event.Cause) event.Cause
	// Loop opens a repetition, whose rounds fold where they print alike.
	Loop() Loop
	// Fork starts a branch that runs beside this one.
	//
	// Alike says that the branches of one place do the same, so that a
	// transcript numbers them and folds those that print alike.
	Fork(name string, by *event.Place, alike bool, run func(World) error) Branch
	// Join waits until a branch of the same actor has ended. The error is
	// ErrCancelled when the branch failed: its own failure is reported where it
	// happened.
	Join(b Branch, deadline time.Time) error
	// EndsWith makes the waits of this branch end with [sock.ErrDied] once its
	// process has ended.
	EndsWith(gone <-chan struct{})
	// At says what the branch does now, for the reports of other branches. A
	// nil step says that its steps are done, and that it waits for its
	// branches.
	At(p *event.Place, since time.Time)
	// MayStart reports whether another branch may still start a program.
	MayStart() bool
	// Stalls says that the call of the step under way waits, for the kernel or
	// for a time to pass, or that it goes on.
	Stalls(waits bool)
	// Rests says that the step under way sleeps, which it does for nobody, or
	// that it goes on.
	Rests(sleeps bool)
}

// Services are what a run offers its steps beside the world.
type Services interface {
	// Tmp is the scenario's own temporary folder, which is made when it is
	// first asked for.
	Tmp() (string, error)
	// Folder is that folder where it is made already; "" before.
	Folder() string
	// FreePort is a port that nobody uses on a host and that is not given
	// again.
	FreePort(host string) (int, error)
	// Stdio is a standard stream of sockscript itself: "stdin" or "stdout".
	Stdio(name string) (*handle.Handle, error)
	// Programs are those that the scenario has started.
	Programs() *program.Programs
	// Network is what the scenario's steps on the network act on.
	Network() Network
	// Peer is a far end of a host that a script plays; there is one for two
	// addresses.
	Peer(p PeerPlan) (*peer.Host, error)
	// Plays notes a flow of one: what the kernel sends to it is to be taken.
	Plays(p *Peer)
}

// A Branch runs beside the branch that started it.
type Branch interface {
	// Blocked waits until the branch has stayed inside one step for a time, and
	// says which. Of the cause only the branch counts: it is this one.
	Blocked(stays time.Duration, deadline time.Time) (string, event.Cause, error)
}

// Loop folds the rounds of a repetition.
type Loop interface {
	Round() // ends a round
}

// TimeoutError is a step that did not end in its time.
type TimeoutError struct {
	After time.Duration
	Whose string // whose time it was: "the step timeout"
	What  string // what never came; "" where the step itself says it
}

// Error says what never came.
func (e *TimeoutError) Error() string {
	s := fmt.Sprintf("timed out after %s (%s)", e.After, e.Whose)
	if e.What != "" {
		s += ": " + e.What
	}
	return s
}

// A WaitTimeout is what a world answers when the deadline of a wait has
// passed.
type WaitTimeout struct{ What string }

// Error says what was waited for.
func (e *WaitTimeout) Error() string { return "still waiting for " + e.What }

// A DeadlockError is a wait that nobody can end any more.
type DeadlockError struct {
	Msg   string
	Waits []string // who waits for what, a line each
}

// Error says that nobody can go on.
func (e *DeadlockError) Error() string { return e.Msg }

// ErrCancelled ends a step whose scenario has already failed elsewhere. It is
// never a failure of its own.
var ErrCancelled = errors.New("cancelled")

// A Spawned is a branch that runs beside its actor.
type Spawned struct {
	Name   string
	Branch Branch
	Actor  *Actor
	Task   *Task // that runs its steps
	// Process makes the calls of a forked branch; nil for one that was spawned.
	Process *Process
	place   *event.Place // of the step that has forked it
}

func (s *Spawned) String() string { return s.Name }

// Finish waits for the branches that the actor has spawned. An actor ends with
// it.
func (t *Task) Finish() error {
	if len(t.Actor.Spawned) > 0 {
		t.World.At(nil, time.Now())
	}
	for _, s := range t.Actor.Spawned {
		if err := t.Join(s.Branch, s.Task, time.Time{}); err != nil {
			return err
		}
		if err := s.Process.unjoined(); err != nil {
			return &Error{Place: s.place, Err: err}
		}
	}
	return nil
}

// Join waits for the end of a branch, whose steps another task has run. What
// comes next comes after all that the branch came after, also what none of its
// events has shown yet.
func (t *Task) Join(b Branch, of *Task, deadline time.Time) error {
	if err := t.World.Join(b, deadline); err != nil {
		return err
	}
	for _, c := range of.Causes {
		t.After(c)
	}
	return nil
}

package runner

import (
	"sync/atomic"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A member is one actor, or one replica of it.
type member struct {
	actor *scenarios.Actor
	place int // of the actor in the file
	index int
	count int
	roles step.Roles
	main  *branch

	// Guarded by the hub.
	live    int // branches that have not ended
	waiting int // of these, those that wait for a name, signal, barrier or branch
	started bool
}

func (m *member) ended() bool { return m.started && m.live == 0 }

// label is how the transcript calls the member.
func (m *member) label() string { return history.MemberName(m.actor.Name, m.index, m.count) }

// A branch is a member's own line of steps, or one forked from it. It is the
// step's world: what happens outside the actor passes through it. Only its own
// goroutine writes to its record.
type branch struct {
	run    *run
	member *member
	parent *branch
	record *history.Branch
	joined []event.Cause // what the next event comes after: a fork, joined branches

	// Guarded by the hub.
	joiners []*branch // that wait for its end
	ended   bool

	// Of one that was forked.
	done chan struct{}
	err  error // set when done is closed

	step  atomic.Pointer[event.Place]
	since atomic.Int64 // start of the step, in nanoseconds since the run's start
	waits atomic.Pointer[string]
	stall atomic.Bool // the step's call waits
	over  atomic.Bool
}

func (s *branch) label() string { return s.record.Name() }

// Record implements steps.World.
func (s *branch) Record(e *event.Event) event.Cause {
	cause := s.record.Record(e, s.joined)
	s.joined = s.joined[:0]
	if s.run.recorder.Kept() > value.MaxEvents.Most {
		s.run.exceed(s, &value.MaxEvents, "run it with -q, or let rounds print alike: see mask, and repeat")
	}
	return cause
}

// Loop implements steps.World.
func (s *branch) Loop() step.Loop { return s.record.Loop(s.step.Load()) }

// At implements steps.World.
func (s *branch) At(step *event.Place, since time.Time) {
	if step == nil {
		s.waits.Store(&itsBranches)
		return
	}
	s.step.Store(step)
	s.since.Store(int64(since.Sub(s.run.shared.Epoch)))
	s.stall.Store(false)
}

// itsBranches is what a branch waits for whose steps are done.
var itsBranches = "its branches"

// Stalls implements steps.World.
func (s *branch) Stalls(waits bool) { s.stall.Store(waits) }

// MayStart implements steps.World.
func (s *branch) MayStart() bool {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	for _, other := range s.run.branches {
		if other != s && !other.over.Load() && step.StartsAhead(other.member.actor.Body, other.step.Load()) {
			return true
		}
	}
	return false
}

// Await implements steps.World.
func (s *branch) Await(deadline time.Time, actor string, index int, name string) (value.Passed, event.Cause, error) {
	return s.run.hub.await(s, deadline, actor, index, name)
}

// Give implements steps.World.
func (s *branch) Give(name string, v value.Passed, by event.Cause) {
	s.run.hub.give(s.member, name, v, by)
}

// Signal implements steps.World.
func (s *branch) Signal(name string, by event.Cause) { s.run.hub.signal(name, by) }

// Wait implements steps.World.
func (s *branch) Wait(deadline time.Time, name string) (event.Cause, error) {
	return s.run.hub.wait(s, deadline, name)
}

// Barrier implements steps.World.
func (s *branch) Barrier(deadline time.Time, name string) (event.Cause, error) {
	return s.run.hub.barrier(s, deadline, name)
}

func (s *branch) doing() history.Doing {
	d := history.Doing{Actor: s.label(), Place: s.step.Load(), Ended: s.over.Load()}
	if d.Place != nil {
		d.For = time.Since(s.run.shared.Epoch) - time.Duration(s.since.Load())
	}
	if w := s.waits.Load(); w != nil {
		d.Waits, d.Done = *w, w == &itsBranches
	}
	return d
}

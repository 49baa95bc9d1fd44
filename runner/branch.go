package runner

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
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
	forks bool // a step of it makes a process
	main  *branch
	life  *life // its own, or that of the sequence in which it has turns

	process atomic.Pointer[step.Process] // of an actor that is one from its start
}

// A life says whether anybody of a member, or of all members of a sequence,
// still does something. The hub guards it.
type life struct {
	live    int // branches that have not ended; a sequence itself is one
	waiting int // of these, those that wait for a name, signal, barrier or branch
	started bool
}

// runs reports whether there is a branch that does not wait.
func (l *life) runs() bool { return !l.started || l.live > l.waiting }

func (m *member) ended() bool { return m.life.started && m.life.live == 0 }

// label is how the transcript calls the member.
func (m *member) label() string { return record.MemberName(m.actor.Name, m.index, m.count) }

// A branch is a member's own line of steps, or one forked from it. It is the
// step's world: what happens outside the actor passes through it. Only its own
// goroutine writes to its record.
type branch struct {
	run     *run
	member  *member
	parent  *branch
	record  *record.Branch
	joined  []event.Cause // what the next event comes after: a fork, joined branches
	forked  []event.Cause // what was in joined of the parent when it forked this one
	met     []event.Cause // what the meeting stands for
	meeting event.Cause

	turned []event.Cause // what the turn under way comes after, and so its branches

	// Guarded by the hub.
	joiners []*branch // that wait for its end
	ended   bool

	gone <-chan struct{} // closed once its process has ended; nil without one

	// Of one that was forked.
	done chan struct{}
	err  error // set when done is closed

	step  atomic.Pointer[event.Place]
	since atomic.Int64 // start of the step, in nanoseconds since the run's start
	waits atomic.Pointer[string]
	stall atomic.Bool // the step's call waits
	rest  atomic.Bool // the step sleeps
	over  atomic.Bool
	turn  atomic.Pointer[event.Place] // of a sequence; nil between turns
}

func (b *branch) label() string { return b.record.Name() }

// Record implements [step.World].
func (b *branch) Record(e *event.Event) event.Cause {
	cause := b.record.Record(e, b.joined)
	b.joined = b.joined[:0]
	if b.run.recorder.Kept() > value.MaxEvents.Most {
		b.run.exceed(b, &value.MaxEvents, "run it with -q, or let rounds print alike: see mask, quiet, and repeat")
	}
	return cause
}

// Loop implements [step.World].
func (b *branch) Loop() step.Loop { return b.record.Loop(b.step.Load()) }

// At implements [step.World].
func (b *branch) At(step *event.Place, since time.Time) {
	if step == nil {
		b.waits.Store(&itsBranches)
		return
	}
	b.step.Store(step)
	b.since.Store(int64(since.Sub(b.run.shared.Epoch)))
	b.stall.Store(false)
}

// itsBranches is what a branch waits for whose steps are done.
var itsBranches = "its branches"

// EndsWith implements [step.World].
func (b *branch) EndsWith(gone <-chan struct{}) { b.gone = gone }

// Becomes implements [step.World].
func (b *branch) Becomes(p *step.Process) { b.member.process.Store(p) }

// ProcessOf implements [step.World].
func (b *branch) ProcessOf(deadline time.Time, actor string, index int) (*step.Process, step.Branch, event.Cause, error) {
	list := b.run.hub.actors[actor]
	if len(list) == 0 || !list[0].actor.Process {
		return nil, nil, event.Cause{}, nil
	}
	_, cause, err := b.run.hub.await(b, deadline, actor, index, step.PidName)
	if err != nil {
		return nil, nil, cause, err
	}
	m, err := b.run.hub.giver(b, actor, index)
	if err != nil {
		return nil, nil, cause, err
	}
	if m.actor.Turns {
		return m.process.Load(), nil, cause, nil
	}
	return m.process.Load(), m.main, cause, nil
}

// Stalls implements [step.World].
func (b *branch) Stalls(waits bool) { b.stall.Store(waits) }

// Rests implements [step.World].
func (b *branch) Rests(sleeps bool) { b.rest.Store(sleeps) }

// MayStart implements [step.World].
func (b *branch) MayStart() bool {
	b.run.mu.Lock()
	defer b.run.mu.Unlock()
	if q := b.run.sequence; q != nil && b.turn.Load() == nil && !q.over.Load() && step.StartsAhead(b.run.scenario.Sequence, q.step.Load()) {
		return true
	}
	for _, other := range b.run.branches {
		if other.inSequence() {
			continue // it does only what the sequence does
		}
		if other != b && !other.over.Load() && step.StartsAhead(other.member.actor.Body, other.step.Load()) {
			return true
		}
	}
	return false
}

// Await implements [step.World].
func (b *branch) Await(deadline time.Time, actor string, index int, name string) (value.Passed, event.Cause, error) {
	return b.run.hub.await(b, deadline, actor, index, name)
}

// Give implements [step.World].
func (b *branch) Give(name string, v value.Passed, by event.Cause) {
	b.run.hub.give(b.member, name, v, by)
}

// Signal implements [step.World].
func (b *branch) Signal(name string, by event.Cause) { b.run.hub.signal(name, by) }

// Wait implements [step.World].
func (b *branch) Wait(deadline time.Time, name string) (event.Cause, error) {
	b.Stalls(true)
	defer b.Stalls(false)
	return b.run.hub.wait(b, deadline, name)
}

// Barrier implements [step.World].
func (b *branch) Barrier(deadline time.Time, name string, size int, after []event.Cause) (event.Cause, error) {
	b.Stalls(true)
	defer b.Stalls(false)
	return b.run.hub.barrier(b, deadline, name, size, b.latest(after))
}

// Latest implements [step.World]. Rounds without an event come after the same
// again and again: a meeting that stands for it is made once.
func (b *branch) Latest(others []event.Cause) event.Cause {
	all := slices.DeleteFunc(b.latest(others), func(c event.Cause) bool { return c.Seq < 0 })
	switch {
	case len(all) == 0:
		return b.record.Last()
	case len(all) == 1:
		return all[0]
	case !slices.Equal(all, b.met):
		b.meeting, b.met = b.run.hub.meet(all), all
	}
	return b.meeting
}

// latest is what comes before whatever the branch does next: its last event,
// what no event of it has shown yet, and more.
func (b *branch) latest(more []event.Cause) []event.Cause {
	return slices.Concat([]event.Cause{b.record.Last()}, b.joined, more)
}

// BranchOf implements [step.World].
func (b *branch) BranchOf(actor string, index int, name string) (step.Branch, error) {
	return b.run.hub.branchOf(b, actor, index, name)
}

// inSequence reports whether the branch is an actor's own line of steps in a
// sequence.
func (b *branch) inSequence() bool { return b.member.actor.Turns && b.parent == nil }

func (b *branch) doing() history.Doing {
	d := history.Doing{Actor: b.label(), Place: b.step.Load(), Ended: b.over.Load(), Turn: b.turn.Load()}
	if d.Place != nil {
		d.For = time.Since(b.run.shared.Epoch) - time.Duration(b.since.Load())
	}
	if w := b.waits.Load(); w != nil {
		d.Waits, d.Done = *w, w == &itsBranches
	}
	d.Between = b.inSequence() && d.Turn == nil && !d.Done && !d.Ended
	return d
}

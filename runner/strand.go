package runner

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
)

// A member is one actor, or one replica of it.
type member struct {
	actor *scenarios.Actor
	place int // of the actor in the file
	index int
	count int
	roles step.Roles
	main  *strand

	// Guarded by the hub.
	live    int // strands that have not ended
	waiting int // of these, those that wait for a name, signal, barrier or branch
	started bool
}

func (m *member) ended() bool { return m.started && m.live == 0 }

// label is how the transcript calls the member.
func (m *member) label() string {
	if m.count > 1 {
		return fmt.Sprintf("%s[%d]", m.actor.Name, m.index)
	}
	return m.actor.Name
}

// A strand is a member's own line of steps, or that of a branch. It is the
// step's world: what happens outside the actor passes through it. Only its own
// goroutine writes to its entries.
type strand struct {
	run    *run
	member *member
	id     int
	parent *strand
	branch string        // its label; "" for the actor itself
	origin *event.Place  // of the step that started the branch
	twins  bool          // the branches of that step do the same
	path   []int         // the numbers of the forks that lead to it
	forks  int           // branches started so far
	joined []event.Cause // what the next event comes after: a fork, joined branches

	// Guarded by the hub.
	joiners []*strand // that wait for its end
	ended   bool

	entries []entry
	seq     int
	free    []*event.Event // of rounds that were folded

	step  atomic.Pointer[event.Place]
	since atomic.Int64 // start of the step, in nanoseconds since the run's start
	waits atomic.Pointer[string]
	stall atomic.Bool // the step's call waits
	over  atomic.Bool
}

// An entry of a strand is an event, or the fold that stands for rounds.
type entry struct {
	event *event.Event
	fold  *Fold
}

func (s *strand) label() string {
	label := s.member.label()
	if s.branch != "" {
		label += "/" + s.branch
	}
	return label
}

// compare orders strands by their place in the file.
func (s *strand) compare(t *strand) int {
	return cmp.Or(cmp.Compare(s.member.place, t.member.place), cmp.Compare(s.member.index, t.member.index),
		slices.Compare(s.path, t.path))
}

// Record implements steps.World.
func (s *strand) Record(e *event.Event) event.Cause {
	kept := s.unused()
	args, ret, after := kept.Args[:0], kept.Ret[:0], kept.After[:0]
	*kept = *e
	kept.Args, kept.Ret = append(args, e.Args...), append(ret, e.Ret...)
	kept.After = append(append(after, e.After...), s.joined...)
	s.joined = s.joined[:0]
	kept.Seq = s.seq
	s.seq++
	s.entries = append(s.entries, entry{event: kept})
	return event.Cause{Strand: s.id, Seq: kept.Seq}
}

// unused is an event to be filled: one that was folded, or a new one.
func (s *strand) unused() *event.Event {
	n := len(s.free) - 1
	if n < 0 {
		return new(event.Event)
	}
	e := s.free[n]
	s.free = s.free[:n]
	return e
}

// drop lets go of the events of a round that was folded.
func (s *strand) drop(round []entry) {
	for _, e := range round {
		if e.event != nil {
			s.free = append(s.free, e.event)
		}
	}
}

// last is the place of the strand's latest event.
func (s *strand) last() event.Cause { return event.Cause{Strand: s.id, Seq: s.seq - 1} }

// At implements steps.World.
func (s *strand) At(step *event.Place, since time.Time) {
	if step == nil {
		s.waits.Store(&itsBranches)
		return
	}
	s.step.Store(step)
	s.since.Store(int64(since.Sub(s.run.shared.Epoch)))
	s.stall.Store(false)
}

// itsBranches is what a strand waits for whose steps are done.
var itsBranches = "its branches"

// Stalls implements steps.World.
func (s *strand) Stalls(waits bool) { s.stall.Store(waits) }

// MayStart implements steps.World.
func (s *strand) MayStart() bool {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	for _, other := range s.run.strands {
		if other != s && !other.over.Load() && step.StartsAhead(other.member.actor.Body, other.step.Load()) {
			return true
		}
	}
	return false
}

// Await implements steps.World.
func (s *strand) Await(deadline time.Time, actor string, index int, name string) (any, event.Cause, error) {
	return s.run.hub.await(s, deadline, actor, index, name)
}

// Give implements steps.World.
func (s *strand) Give(name string, value any, by event.Cause) {
	s.run.hub.give(s.member, name, value, by)
}

// Signal implements steps.World.
func (s *strand) Signal(name string, by event.Cause) { s.run.hub.signal(name, by) }

// Wait implements steps.World.
func (s *strand) Wait(deadline time.Time, name string) (event.Cause, error) {
	return s.run.hub.wait(s, deadline, name)
}

// Barrier implements steps.World.
func (s *strand) Barrier(deadline time.Time, name string) (event.Cause, error) {
	return s.run.hub.barrier(s, deadline, name)
}

func (s *strand) doing() Doing {
	d := Doing{Actor: s.label(), Place: s.step.Load(), Ended: s.over.Load()}
	if d.Place != nil {
		d.For = time.Since(s.run.shared.Epoch) - time.Duration(s.since.Load())
	}
	if w := s.waits.Load(); w != nil {
		d.Waits, d.Done = *w, w == &itsBranches
	}
	return d
}

package history

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sockscript/sockscript/steps/event"
)

// A Recorder takes the record of a run under way.
type Recorder struct {
	foldAll bool
	ends    foldedEnds
	kept    atomic.Int64

	mu       sync.Mutex
	branches []*Branch
}

// NewRecorder begins a record. With foldAll, of each repetition the first and the
// last round are kept only, whatever they print.
func NewRecorder(foldAll bool) *Recorder { return &Recorder{foldAll: foldAll} }

// Kept is how many events the record holds or has held at once; each branch,
// and each KiB of a line that a step wrote, counts as one more.
func (r *Recorder) Kept() int64 { return r.kept.Load() }

// Actor begins the line of an actor, or of a replica of it. The place is that of
// the actor in the file.
func (r *Recorder) Actor(name string, place, index, count int) *Branch {
	return r.add(&Branch{Actor: name, Place: place, Index: index, Count: count})
}

// Fork begins a branch that a step of s starts; alike says that all branches of
// that step do the same.
func (s *Branch) Fork(label string, by *event.Place, alike bool) *Branch {
	b := &Branch{
		Actor: s.Actor, Place: s.Place, Index: s.Index, Count: s.Count,
		Parent: s, Label: label, Path: append(slices.Clone(s.Path), s.forks), Origin: by, Alike: alike,
	}
	s.forks++
	if s.Label != "" {
		b.Label = s.Label + "/" + label
	}
	return s.recorder.add(b)
}

func (r *Recorder) add(b *Branch) *Branch {
	r.mu.Lock()
	defer r.mu.Unlock()
	b.ID, b.recorder = len(r.branches), r
	r.kept.Add(1)
	r.branches = append(r.branches, b)
	return b
}

// Record is what was recorded. The run must have ended.
func (r *Recorder) Record() *Record {
	r.ends.giveBack()
	return &Record{Branches: r.branches, folds: r.ends.orders()}
}

// Record keeps a copy of an event, which comes after its own causes and after
// others, and says how later events can name it as their cause.
func (s *Branch) Record(e *event.Event, after []event.Cause) event.Cause {
	kept := s.unused(e)
	args, ret, causes := s.room(kept.Args, len(e.Args)), s.room(kept.Ret, len(e.Ret)), kept.After[:0]
	*kept = *e
	kept.Args, kept.Ret = append(args, e.Args...), append(ret, e.Ret...)
	kept.After = append(append(causes, e.After...), after...)
	kept.Seq = s.seq
	s.seq++
	s.Entries = append(s.Entries, Entry{Event: kept})
	return s.Last()
}

// partsAtOnce is for how many parts of events room is made at once.
const partsAtOnce = 16

// room is an empty list for n parts: the one that an event had, if that is
// enough.
func (s *Branch) room(list []any, n int) []any {
	if n <= cap(list) {
		return list[:0]
	}
	if n > len(s.parts) {
		s.parts = make([]any, max(n, partsAtOnce))
	}
	list, s.parts = s.parts[:0:n], s.parts[n:]
	return list
}

// Last is the branch's latest event, as a cause of others.
func (s *Branch) Last() event.Cause { return event.Cause{Branch: s.ID, Seq: s.seq - 1} }

// unused is an event to be filled: one that was folded, or a new one.
func (s *Branch) unused(like *event.Event) *event.Event {
	n := len(s.free) - 1
	if n < 0 {
		s.recorder.kept.Add(weight(like))
		return new(event.Event)
	}
	e := s.free[n]
	s.free = s.free[:n]
	return e
}

// weight is how much an event counts against the bound of what a run keeps.
func weight(e *event.Event) int64 {
	const unit = 1 << 10
	n := int64(1)
	for _, part := range e.Args {
		if line, ok := part.(event.Bare); ok {
			n += int64(len(line.Text)) / unit
		}
	}
	return n
}

// drop lets go of the events of a round that was folded.
func (s *Branch) drop(round []Entry) {
	for _, e := range round {
		if e.Event != nil {
			s.free = append(s.free, e.Event)
		}
	}
}

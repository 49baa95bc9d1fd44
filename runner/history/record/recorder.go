package record

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A Recorder takes the record of a run under way.
type Recorder struct {
	// NameOf is the name of the scenario's socket of a type that has an address
	// which a socket on a host sees as its peer's; "" where none has it. Rounds
	// fold only where the same socket, or one of that name, is in them.
	NameOf func(host string, a sock.Addr, space int) string

	foldAll bool
	same    SameText
	ends    foldedEnds
	kept    atomic.Int64

	mu       sync.Mutex
	branches []*Branch
}

// SameText says how to compare texts that came in two rounds of a branch: what
// the kernel chose in each does not count.
type SameText func(b *Branch, before, after []Entry) func(x, y string) bool

// NewRecorder begins a record. With foldAll, of each repetition the first and
// the last round are kept only, whatever they print.
func NewRecorder(foldAll bool, same SameText) *Recorder {
	return &Recorder{foldAll: foldAll, same: same}
}

// Kept is how many events the record holds or has held at once; each branch,
// and each KiB of a line that a step wrote, counts as one more.
func (r *Recorder) Kept() int64 { return r.kept.Load() }

// Actor begins the line of an actor, or of a replica of it. The place is that
// of the actor in the file.
func (r *Recorder) Actor(name string, place, index, count int) *Branch {
	return r.add(&Branch{Actor: name, Place: place, Index: index, Count: count})
}

// Fork begins a branch that a step of b starts; alike says that all branches of
// that step do the same.
func (b *Branch) Fork(label string, by *event.Place, alike bool) *Branch {
	forked := &Branch{
		Actor: b.Actor, Host: b.Host, Place: b.Place, Index: b.Index, Count: b.Count,
		Parent: b, Label: label, Path: append(slices.Clone(b.Path), b.forks), Origin: by, Alike: alike,
	}
	b.forks++
	if b.Label != "" {
		forked.Label = b.Label + "/" + label
	}
	return b.recorder.add(forked)
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
func (r *Recorder) Record() Record {
	r.ends.giveBack()
	return Record{Branches: r.branches, FoldOrder: r.ends.orders()}
}

// Record keeps a copy of an event, which comes after its own causes and after
// others, and says how later events can name it as their cause.
func (b *Branch) Record(e *event.Event, after []event.Cause) event.Cause {
	kept := b.unused(e)
	args, ret, causes := b.space(kept.Args, len(e.Args)), b.space(kept.Ret, len(e.Ret)), kept.After[:0]
	*kept = *e
	kept.Args, kept.Ret = append(args, e.Args...), append(ret, e.Ret...)
	kept.After = append(append(causes, e.After...), after...)
	kept.Seq = b.seq
	b.seq++
	if b.Entries == nil {
		b.Entries = make([]Entry, 0, eventsAtOnce)
	}
	b.Entries = append(b.Entries, Entry{Event: kept})
	return b.Last()
}

// eventsAtOnce and partsAtOnce are for how many events, and parts of events,
// space is made at once.
const (
	eventsAtOnce = 8
	partsAtOnce  = 32
)

// space is an empty list for n parts: the one that an event had, if that is
// enough.
func (b *Branch) space(list []any, n int) []any {
	if n <= cap(list) {
		return list[:0]
	}
	if n > len(b.parts) {
		b.parts = make([]any, max(n, partsAtOnce))
	}
	list, b.parts = b.parts[:0:n], b.parts[n:]
	return list
}

// Last is the branch's latest event, as a cause of others.
func (b *Branch) Last() event.Cause { return event.Cause{Branch: b.ID, Seq: b.seq - 1} }

// unused is an event to be filled: one that was folded, or a new one.
func (b *Branch) unused(like *event.Event) *event.Event {
	n := len(b.free) - 1
	if n < 0 {
		b.recorder.kept.Add(weight(like))
		if len(b.events) == 0 {
			b.events = make([]event.Event, eventsAtOnce)
		}
		e := &b.events[0]
		b.events = b.events[1:]
		return e
	}
	e := b.free[n]
	b.free = b.free[:n]
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
func (b *Branch) drop(round []Entry) {
	for _, e := range round {
		if e.Event != nil {
			b.free = append(b.free, e.Event)
		}
	}
}

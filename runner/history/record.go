// Package history is what a run has recorded, as a value, and what can be found
// out of it: in which order things had to happen, which events print alike and
// are folded, what is masked, and which orders nothing fixes. It knows neither
// the runner nor the kinds of steps.
package history

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A Record is all that a run has recorded. It is not changed any more: what is
// found out of it is computed when it is first asked for, and kept.
type Record struct {
	Branches []*Branch // by id
	Meetings [][]event.Cause
	Values   [][]event.Cause // what gave one name several values
	Raised   [][]event.Cause // what raised one signal several times
	Tmp      string          // the temporary folder; "" where there was none
	Ports    []int           // those that free_port gave
	Dynamic  PortRange       // the ports that the kernel might choose by itself
	Hosts    []Host          // of the scenario's network; nil where it has none
	Epoch    Epoch
	Unasked  []Unasked // packets for far ends that the script played
	Slow     bool      // a link of the network delays or loses frames, or steps change what it does
	// Frames are those that crossed the scenario's network; nil where they were
	// not recorded.
	Frames *event.Frames
	// Shows is the quiet step in which the run failed: its lines are shown. It
	// counts as [event.Event.Quiet] does; 0 stands for none.
	Shows int
	// DatagramQueue is how many datagrams the queue of a local socket took
	// (net.unix.max_dgram_qlen, unix(7)); 0 where it is that of this system.
	DatagramQueue int

	folds [][2]int // ids: the first comes after the second, by connections of which no more is kept

	once   sync.Once
	graph  *graph
	masks  *masks
	racing sync.Once
	races  []Race
}

// An Epoch is the moment of a run from which its events count their time.
type Epoch struct {
	Real      time.Time     // on the clock of the day
	Monotonic time.Duration // on the system's monotonic clock (CLOCK_MONOTONIC of clock_gettime(2)); 0 where there is none
}

// A PortRange is a range of ports, both ends included.
type PortRange struct{ Low, High uint16 }

// Holds reports whether a port is in the range.
func (r PortRange) Holds(port uint16) bool { return r.Low <= port && port <= r.High }

// datagramQueue is how many datagrams wait for a local socket at most; 0 where
// it is not known.
func (r *Record) datagramQueue() int {
	if r.DatagramQueue == 0 {
		return sock.DatagramBacklog()
	}
	return r.DatagramQueue
}

func (r *Record) freePorts() map[int]bool {
	free := make(map[int]bool)
	for _, port := range r.Ports {
		free[port] = true
	}
	return free
}

// A Branch is an actor's own line of steps, or a branch that one of its steps
// has started. While a run is under way, only the branch's own goroutine
// records on it.
type Branch struct {
	ID      int          // its index in the record
	Actor   string       // its name, without the number of a replica
	Place   int          // of the actor in the file
	Index   int          // of the replica
	Count   int          // of replicas
	Host    string       // of the network, that the actor is on; "" where there is none
	Parent  *Branch      // nil for an actor's own line
	Label   string       // of the branch: "left"; "" for an actor's own line
	Path    []int        // the numbers of the branches that lead to it, each among those of its parent
	Origin  *event.Place // of the step that has started the branch
	Alike   bool         // the branches of that step do the same
	Entries []Entry

	recorder *Recorder
	forks    int // branches that it has started so far
	seq      int
	free     []*event.Event // of rounds that were folded
	events   []event.Event  // room for the next events
	parts    []any          // and for their parts
}

// An Entry of a branch is an event, or the fold that stands for rounds.
type Entry struct {
	Event *event.Event
	Fold  *Fold
}

// quiet is the quiet step that an entry belongs to, as in [event.Event].
func (e Entry) quiet() int {
	if e.Fold != nil {
		return e.Fold.Quiet
	}
	return e.Event.Quiet
}

// prints reports whether a transcript shows an entry.
func (r *Record) prints(e Entry) bool {
	quiet := e.quiet()
	return quiet == 0 || quiet == r.Shows
}

// Member is the actor's name as a transcript writes it, with the number of a
// replica.
func (b *Branch) Member() string { return MemberName(b.Actor, b.Index, b.Count) }

// MemberName is how a transcript calls an actor, or a replica of one.
func MemberName(actor string, index, count int) string {
	if count > 1 {
		return fmt.Sprintf("%s[%d]", actor, index)
	}
	return actor
}

// Name is how a transcript calls the branch.
func (b *Branch) Name() string {
	if b.Label != "" {
		return b.Member() + "/" + b.Label
	}
	return b.Member()
}

// Compare orders branches by their place in the file.
func (b *Branch) Compare(t *Branch) int {
	return cmp.Or(cmp.Compare(b.Place, t.Place), cmp.Compare(b.Index, t.Index), slices.Compare(b.Path, t.Path))
}

// sameActor reports whether two branches are of one actor, or of one replica.
func (b *Branch) sameActor(t *Branch) bool { return b.Place == t.Place && b.Index == t.Index }

// A Recorder takes the record of a run under way.
type Recorder struct {
	// NameOf is the name of the scenario's socket of a type that has an
	// address; "" where none has it. Rounds fold only where the same socket, or
	// one of that name, is in them.
	NameOf func(a sock.Addr, typ int) string

	foldAll bool
	ends    foldedEnds
	kept    atomic.Int64

	mu       sync.Mutex
	branches []*Branch
}

// NewRecorder begins a record. With foldAll, of each repetition the first and
// the last round are kept only, whatever they print.
func NewRecorder(foldAll bool) *Recorder { return &Recorder{foldAll: foldAll} }

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
func (r *Recorder) Record() *Record {
	r.ends.giveBack()
	return &Record{Branches: r.branches, folds: r.ends.orders()}
}

// Record keeps a copy of an event, which comes after its own causes and after
// others, and says how later events can name it as their cause.
func (b *Branch) Record(e *event.Event, after []event.Cause) event.Cause {
	kept := b.unused(e)
	args, ret, causes := b.room(kept.Args, len(e.Args)), b.room(kept.Ret, len(e.Ret)), kept.After[:0]
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
// room is made at once.
const (
	eventsAtOnce = 8
	partsAtOnce  = 32
)

// room is an empty list for n parts: the one that an event had, if that is
// enough.
func (b *Branch) room(list []any, n int) []any {
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

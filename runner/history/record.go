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
	Epoch    Epoch
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

// datagramQueue is how many datagrams wait for a local socket at most; 0 where it
// is not known.
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
// has started. While a run is under way, only the branch's own goroutine records
// on it.
type Branch struct {
	ID      int          // its index in the record
	Actor   string       // its name, without the number of a replica
	Place   int          // of the actor in the file
	Index   int          // of the replica
	Count   int          // of replicas
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
	parts    []any          // room for those of the next events
}

// An Entry of a branch is an event, or the fold that stands for rounds.
type Entry struct {
	Event *event.Event
	Fold  *Fold
}

// Member is the actor's name as a transcript writes it, with the number of a
// replica.
func (s *Branch) Member() string { return MemberName(s.Actor, s.Index, s.Count) }

// MemberName is how a transcript calls an actor, or a replica of one.
func MemberName(actor string, index, count int) string {
	if count > 1 {
		return fmt.Sprintf("%s[%d]", actor, index)
	}
	return actor
}

// Name is how a transcript calls the branch.
func (s *Branch) Name() string {
	if s.Label != "" {
		return s.Member() + "/" + s.Label
	}
	return s.Member()
}

// Compare orders branches by their place in the file.
func (s *Branch) Compare(t *Branch) int {
	return cmp.Or(cmp.Compare(s.Place, t.Place), cmp.Compare(s.Index, t.Index), slices.Compare(s.Path, t.Path))
}

// sameActor reports whether two branches are of one actor, or of one replica.
func (s *Branch) sameActor(t *Branch) bool { return s.Place == t.Place && s.Index == t.Index }

package record

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/steps/event"
)

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

// First is the place in its branch of an entry's event, or of the first of its
// fold.
func (e Entry) First() int {
	if e.Fold != nil {
		return e.Fold.First
	}
	return e.Event.Seq
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

// SameActor reports whether two branches are of one actor, or of one replica.
func (b *Branch) SameActor(t *Branch) bool { return b.Place == t.Place && b.Index == t.Index }

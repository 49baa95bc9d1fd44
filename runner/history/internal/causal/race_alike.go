package causal

import (
	"hash/maphash"

	"github.com/sockscript/sockscript/runner/history/record"
)

// A Kinship says which branches are interchangeable: those of one group, which
// print alike, that belong to different performers.
type Kinship struct {
	Group, Performer int
	Part             int    // the branch's number among those of the performer
	Name             string // of the branch, without the number of a replica or branch
}

// A part is a branch of a performer.
type part struct{ performer, number int }

// interchangeable reports whether two events are of replicas that print alike,
// and nothing distinguishes these before the events: all their lines are at
// the same depths. Then it does not matter who came first. When a race of
// replicas is over, an answer shows who has won it; if they meet again, their
// order shows, for the winner may be the same or another.
func (f *finder) interchangeable(x, y int) bool {
	if !f.prepare() {
		return false
	}
	a, b := f.kin[f.branch(x).ID], f.kin[f.branch(y).ID]
	return a.Group == b.Group && a.Performer != b.Performer && f.level(x, a, b) && f.level(y, b, a)
}

// level reports whether the lines up to an event of one performer are at the
// same depths as those of another.
func (f *finder) level(x int, own, other Kinship) bool {
	with := f.parts[part{other.Performer, own.Part}]
	if with == nil {
		return false
	}
	mine, theirs := f.trace(f.branch(x)), f.trace(with)
	n := mine.lines[f.g.Nodes[x].At]
	if n >= len(theirs.sums) || mine.sums[n] != theirs.sums[n] {
		return false
	}
	// Where a branch began decides at which depth its first line is, unless
	// that line comes after something deeper.
	latest := max(mine.start, theirs.start)
	if n == 0 && mine.start != theirs.start && f.g.Nodes[x].Depth <= latest+1 {
		return false
	}
	return n >= len(theirs.at) || f.levelAfter(x, f.g.base[with.ID]+theirs.at[n])
}

// levelAfter reports whether two lines come after what is at the same depth,
// quiet steps among it, but for what the kernel has waited for.
func (f *finder) levelAfter(x, y int) bool {
	a, b := f.ownDepth(x), f.ownDepth(y)
	return a == b || f.g.Nodes[x].Depth > max(a, b)+1
}

func (f *finder) ownDepth(i int) int {
	depth := 0
	n := &f.g.Nodes[i]
	for _, p := range n.Preds[:n.Own] {
		depth = max(depth, f.g.Nodes[p].Depth)
	}
	return depth
}

// A trace is the depths of the lines of a branch.
type trace struct {
	start int      // the depth at which the branch began
	lines []int    // by entry: how many lines come before it
	at    []int    // by line: its entry
	sums  []uint64 // by n: the hash of the depths of the first n lines
}

var traceSeed = maphash.MakeSeed()

func (f *finder) trace(b *record.Branch) *trace {
	if t := f.traces[b.ID]; t != nil {
		return t
	}
	t := &trace{lines: make([]int, len(b.Entries)), sums: make([]uint64, 1, len(b.Entries)+1)}
	if len(b.Entries) > 0 {
		t.start = f.ownDepth(f.g.base[b.ID])
	}
	for i, en := range b.Entries {
		n := len(t.sums) - 1
		t.lines[i] = n
		if f.g.Record.Prints(en) {
			t.at = append(t.at, i)
			t.sums = append(t.sums, maphash.Comparable(traceSeed, [2]uint64{t.sums[n], uint64(f.g.Depth(b, i))}))
		}
	}
	put(&f.traces, b.ID, t)
	return t
}

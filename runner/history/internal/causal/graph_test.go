package causal

import (
	"slices"
	"testing"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// Where causes form a cycle, an entry whose causes are only a guess goes on
// without them: a fold that lacks only folds, else a fold or a receive, else
// the first of the file; in each case one whose own branch has come that far.
func TestCausesInCycle(t *testing.T) {
	plain := record.Entry{Event: &event.Event{}}
	receive := record.Entry{Event: &event.Event{Op: event.OpRecv, Endpoints: &event.Endpoints{}}}
	fold := record.Entry{Fold: &record.Fold{}}
	for _, test := range []struct {
		name     string
		branches [][]record.Entry
		causes   [][]int // of each entry, beside the one before it in its branch
		order    []int
		loose    int // the entry that was given its place before its causes
	}{
		{"nothing is a guess", [][]record.Entry{{plain}, {plain}}, [][]int{{1}, {0}}, []int{0, 1}, 0},
		{"a receive", [][]record.Entry{{plain}, {receive}}, [][]int{{1}, {0}}, []int{1, 0}, 1},
		{"a fold", [][]record.Entry{{plain}, {fold}}, [][]int{{1}, {0}}, []int{1, 0}, 1},
		{"the first of two receives", [][]record.Entry{{plain}, {receive}, {receive}}, [][]int{{2}, {0}, {1}}, []int{1, 2, 0}, 1},
		{"a receive that is not reached yet", [][]record.Entry{{plain, receive}, {receive, plain}}, [][]int{{3}, {}, {1}, {}}, []int{2, 3, 0, 1}, 2},
		{"folds of both sides", [][]record.Entry{{receive}, {fold}, {fold}}, [][]int{{1}, {2}, {1}}, []int{1, 2, 0}, 1},
		{"a fold that lacks more than folds", [][]record.Entry{{receive}, {fold}}, [][]int{{1}, {0}}, []int{0, 1}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := &Graph{}
			for _, entries := range test.branches {
				branch := &record.Branch{Entries: entries}
				for i := range entries {
					at := len(g.Nodes)
					n := Node{Branch: branch, At: i, Preds: test.causes[at]}
					if i > 0 {
						n.Preds = append(n.Preds, at-1)
					}
					g.Nodes = append(g.Nodes, n)
				}
			}
			g.deepen()
			if !slices.Equal(g.Order, test.order) {
				t.Errorf("the order is %v; want %v", g.Order, test.order)
			}
			for i, n := range g.Nodes {
				if n.loose != (i == test.loose) {
					t.Errorf("entry %d: placed before its causes: %v", i, n.loose)
				}
			}
		})
	}
}

// The nodes are in the order of the file, whichever branch happened to start
// first.
func TestNodesInOrderOfFile(t *testing.T) {
	entries := []record.Entry{{Event: &event.Event{}}}
	r := &record.Record{Branches: []*record.Branch{
		{ID: 0, Actor: "c", Place: 2, Entries: entries},
		{ID: 1, Actor: "a", Place: 0, Entries: entries},
		{ID: 2, Actor: "b", Place: 1, Entries: entries},
	}}
	g := newGraph(r)
	for i, want := range []string{"a", "b", "c"} {
		if got := g.Nodes[i].Branch; got.Actor != want || g.Find(event.Cause{Branch: got.ID}) != i {
			t.Errorf("node %d is of %s, found at %d; want %s", i, got.Actor, g.Find(event.Cause{Branch: got.ID}), want)
		}
	}
}

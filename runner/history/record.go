// Package history is what a run has recorded, as a value, and what can be found
// out of it: in which order things had to happen, which events print alike and
// are folded, what is masked, and which orders nothing fixes. It knows neither
// the runner nor the kinds of steps.
package history

import (
	"sync"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/runner/history/record"
)

// A Record is what a run has recorded, with what can be found out of it: that
// is computed when it is first asked for, and kept. The record is not changed
// any more.
type Record struct {
	record.Record

	once   sync.Once
	graph  *causal.Graph
	masks  *masks
	racing sync.Once
	races  []Race
}

// NewRecorder begins a record. With foldAll, of each repetition the first and
// the last round are kept only, whatever they print.
func NewRecorder(foldAll bool) *record.Recorder { return record.NewRecorder(foldAll, sameText) }

// prepare computes the order and the masks, once.
func (r *Record) prepare() {
	r.once.Do(func() {
		r.graph = causal.New(&r.Record)
		r.masks = newMasks(r.graph)
	})
}

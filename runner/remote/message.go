package remote

import (
	"encoding/gob"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
)

// What a request wants.
const (
	wantsRun    = "run"
	wantsCancel = "cancel" // a run under way
	wantsHurry  = "hurry"  // the end of all runs
)

// A request is what the other process is asked. Only a run needs more than the
// first two fields.
type request struct {
	ID   uint64 // of the run
	Want string

	File     string // as messages name it
	Data     []byte
	Included map[string][]byte
	Command  []string
	Scenario string // its name

	Vars    map[string]any
	Timeout time.Duration
	Full    bool
	FoldAll bool
	Private bool
	Frames  bool
	Keep    bool
}

// A reply is how a run has ended.
type reply struct {
	ID     uint64
	Result []byte
	Err    string // why there is no result
}

// null stands for nil in values, which gob does not know.
type null struct{}

func init() {
	gob.RegisterName("null", null{})
	gob.RegisterName("list", []any{})
	gob.RegisterName("map", map[string]any{})
}

func newRequest(id uint64, s *scenarios.Scenario, how scenarios.Options, o runner.Options) request {
	vars := make(map[string]any)
	for name, v := range o.Vars {
		vars[name] = replaceNull(v, nil, null{})
	}
	return request{
		ID: id, Want: wantsRun, File: s.Node.File.Name, Data: s.Node.File.Data, Included: s.IncludedData(), Command: how.Command, Scenario: s.Name,
		Vars: vars, Timeout: o.Timeout, Full: o.Full, FoldAll: o.FoldAll, Private: o.Private, Frames: o.Frames, Keep: o.Keep,
	}
}

func (r *request) options(hurry <-chan struct{}) runner.Options {
	vars := make(map[string]any)
	for name, v := range r.Vars {
		vars[name] = replaceNull(v, null{}, nil)
	}
	return runner.Options{Vars: vars, Timeout: r.Timeout, Full: r.Full, FoldAll: r.FoldAll, Private: r.Private, Frames: r.Frames, Keep: r.Keep, Hurry: hurry}
}

// replaceNull copies a value with another word for nil.
func replaceNull(v, null, other any) any {
	switch x := v.(type) {
	case []any:
		list := make([]any, len(x))
		for i := range x {
			list[i] = replaceNull(x[i], null, other)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(x))
		for key := range x {
			m[key] = replaceNull(x[key], null, other)
		}
		return m
	}
	if v == null {
		return other
	}
	return v
}

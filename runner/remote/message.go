package remote

import (
	"maps"
	"slices"
	"strings"
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
// first two fields. The body of its message is the text of the file.
type request struct {
	ID   uint64 // of the run
	Want string

	File     string // as messages name it
	Included []includedFile
	Command  []string
	Scenario string // its name

	Vars    []variable
	Timeout time.Duration
	Full    bool
	FoldAll bool
	Private bool
	Frames  bool
	Keep    bool
}

// An includedFile is a file that the scenario's file includes.
type includedFile struct{ Path, Data string }

// A variable is a name with its value.
type variable struct {
	Name  string
	Value any
}

// A reply is how a run has ended. The body of its message is the result.
type reply struct {
	ID  uint64
	Err string // why there is no result
}

func newRequest(id uint64, s *scenarios.Scenario, how scenarios.Options, o runner.Options) request {
	r := request{
		ID: id, Want: wantsRun, File: s.Node.File.Name, Command: how.Command, Scenario: s.Name, Vars: variables(o.Vars),
		Timeout: o.Timeout, Full: o.Full, FoldAll: o.FoldAll, Private: o.Private, Frames: o.Frames, Keep: o.Keep,
	}
	for path, data := range s.IncludedData() {
		r.Included = append(r.Included, includedFile{path, string(data)})
	}
	slices.SortFunc(r.Included, func(a, b includedFile) int { return strings.Compare(a.Path, b.Path) })
	return r
}

// included are the files that the scenario's file includes, by their paths.
func (r *request) included() map[string][]byte {
	files := make(map[string][]byte, len(r.Included))
	for _, f := range r.Included {
		files[f.Path] = []byte(f.Data)
	}
	return files
}

func (r *request) options(hurry <-chan struct{}) runner.Options {
	return runner.Options{
		Vars: mapping(r.Vars), Timeout: r.Timeout, Full: r.Full, FoldAll: r.FoldAll, Private: r.Private, Frames: r.Frames, Keep: r.Keep, Hurry: hurry,
	}
}

// variables are the entries of a mapping, by their names.
func variables(m map[string]any) []variable {
	list := make([]variable, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, variable{name, m[name]})
	}
	return list
}

// mapping is the mapping that has these entries.
func mapping(list []variable) map[string]any {
	m := make(map[string]any, len(list))
	for _, v := range list {
		m[v.Name] = v.Value
	}
	return m
}

// Package scenarios reads scenarios from YAML, checks all that can be known of
// them without running, and has their JSON schema. [Load] reads a file, [Parse]
// a text.
package scenarios

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// How long a scenario, and each of its steps, may take where the file does not
// say it.
const (
	DefaultTimeout     = 30 * time.Second
	DefaultStepTimeout = 5 * time.Second
)

// A Scenario is one document of a scenario file, ready to run. It is only read
// once it is loaded, so it can run many times, and several times at once.
type Scenario struct {
	Name        string // by default that of its file; with "/ROW" where it has cases
	Description string
	Tags        []string
	Requires    []Requirement
	Timeout     time.Duration // of the whole run
	StepTimeout time.Duration // of each step that does not say it itself
	// KnownFailure is why the scenario is expected to fail; "" where it is not.
	KnownFailure string
	Vars         map[string]any // nil for those in Computed
	Computed     []*Variable    // each after those that it reads
	Included     []*Included
	Files        []*File
	Network      network.Plan
	Wire         wire.Section    // what must have crossed the network
	Capture      network.Capture // which frames of it are kept in a file
	Actors       []*Actor
	// Sequence holds the turns of actors that happen in one order; nil where
	// there are none.
	Sequence *step.Block

	// Of a scenario with cases there is one for each row. RowVars are the
	// variables that the row itself sets.
	Row     string
	RowNode *source.Node
	RowVars map[string]any

	Node  *source.Node
	Steps []*step.Step // all of them, in the order of the file
	// Shared says which names of each actor the other actors read.
	Shared map[string]map[string]bool
	needs  []value.Need // as they were noted
}

// A Variable is one whose value holds expressions, which are evaluated when the
// scenario starts.
type Variable struct {
	Name  string
	Value value.Datum
	Exprs []*value.Expr
	Node  *source.Node
}

// A File is written into the scenario's temporary folder before it runs.
type File struct {
	Name  string // a path inside the folder
	Data  payload.Payload
	Exprs []*value.Expr
	Node  *source.Node
}

// An Actor runs its steps at the same time as the other actors run theirs.
type Actor struct {
	Name    string
	Body    *step.Block
	Count   value.Int      // of replicas; 1 where it is not given
	Timeout value.Duration // of all its steps together; 0: none
	Process bool           // all its calls are made by a process of its own
	Turns   bool           // it has turns in the sequence; Body holds the steps of all of them
	// Background says that it serves the others, and is ended when they have
	// ended.
	Background bool
	background value.Bool
	process    value.Bool
	// Host is the host of the network that it is on; "" where it is on none.
	Host string
	on   *network.Literal[string]
	Node *source.Node
}

// UsesOwnStream reports whether a step uses this standard stream of the process
// that runs the scenario: "stdin" or "stdout".
func (s *Scenario) UsesOwnStream(stream string) bool {
	return slices.ContainsFunc(s.Actors, func(a *Actor) bool { return a.Body.UsesOwnStream(stream) })
}

// Pos is the place of the scenario in its file, or that of its row.
func (s *Scenario) Pos() source.Pos { return s.node().Pos }

func (s *Scenario) node() *source.Node {
	if s.RowNode != nil {
		return s.RowNode
	}
	return s.Node
}

// Line is the text of the line at [Scenario.Pos].
func (s *Scenario) Line() string { return s.node().Line() }

// Title is the scenario's name, without the name of its row.
func (s *Scenario) Title() string {
	if s.Row == "" {
		return s.Name
	}
	return strings.TrimSuffix(s.Name, "/"+s.Row)
}

// Needs reports whether the scenario has this requirement, written as in its
// key requires: "netns".
func (s *Scenario) Needs(requirement string) bool {
	return slices.ContainsFunc(s.Requires, func(r Requirement) bool { return r.String() == requirement })
}

// Forks reports whether the scenario makes processes by fork(2). The programs
// that it starts do not count.
func (s *Scenario) Forks() bool {
	return slices.ContainsFunc(s.Actors, func(a *Actor) bool { return a.Process }) ||
		slices.ContainsFunc(s.Steps, func(x *step.Step) bool { return x.Kind.Forks })
}

// HasTag reports whether the scenario has at least one of the tags.
func (s *Scenario) HasTag(tags ...string) bool {
	for _, want := range tags {
		for _, tag := range s.Tags {
			if tag == want {
				return true
			}
		}
	}
	return false
}

// Load reads and checks a file of at most 16 MiB. The error says why the file
// could not be read. What is wrong with its text is in the problems. Some may
// be warnings; where there are others, no scenario is returned. A file that
// others include, with procedures or vars and without actors, is checked and
// holds no scenario.
func Load(path string) ([]*Scenario, source.Problems, error) {
	data, err := source.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the scenario: %w", err)
	}
	list, problems := Parse(path, data)
	return list, problems, nil
}

// Parse reads and checks the text of a file, as [Load] does. Messages call the
// file name. Paths in the text are relative to the folder of name.
func Parse(name string, data []byte) ([]*Scenario, source.Problems) {
	return ParseWith(name, data, Options{})
}

// Options change how the text of a file is read. The zero value is the usual
// way.
type Options struct {
	// Command is run beside each scenario, a client or a server under test, as
	// an actor of its own. Its arguments may hold ${…}, and its environment has
	// the address of each socket that an actor listens on or binds for
	// datagrams, as SOCKSCRIPT_server_listener=127.0.0.1:43211. Its exit status
	// must be 0.
	Command []string
	// Kinds are the step kinds that the file may use; nil stands for
	// [steps.Kinds].
	Kinds step.Kinds
	// Policy, unless it is nil, says what the scenarios may use of the outside.
	Policy *Policy
	// Alone refuses to include a file: the text is in no folder.
	Alone bool
	// Included, unless it is nil, are the files that may be included, by the
	// paths of [Scenario.IncludedFiles]; no other is read. Then libraries that
	// the file itself holds are not checked.
	Included map[string][]byte
	// Faulty returns scenarios with errors too, as far as they could be read,
	// for editors. They must not be run.
	Faulty bool
}

// ParseWith is Parse with options.
func ParseWith(name string, data []byte, o Options) ([]*Scenario, source.Problems) {
	if o.Kinds == nil {
		o.Kinds = steps.Kinds()
	}
	nodes, problems := source.Parse(name, data)
	base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	var list []*Scenario
	seen := make(map[string]*source.Node)
	var all value.Compiled
	for i, n := range nodes {
		if isLibrary(n) {
			if o.Included == nil {
				problems = append(problems, checkLibrary(n, o)...)
			}
			continue
		}
		s := &Scenario{Name: base, Node: n}
		if i > 0 {
			s.Name = fmt.Sprintf("%s-%d", base, i+1)
		}
		if len(o.Command) > 0 {
			problems = append(problems, addCommand(n, o)...)
		}
		doc, found := s.decode(n, o)
		if o.Policy != nil && !found.HasErrors() {
			found = append(found, o.Policy.refuse(s)...)
		}
		problems = append(problems, found...)
		if doc != nil {
			all.Add(doc.compiled)
		}
		if err := all.Check(); err != nil {
			if !found.HasErrors() {
				problems = append(problems, n.Problem("%s", err).WithHint("put the scenarios into several files"))
			}
			break
		}
		if first := seen[s.Name]; first != nil {
			p := n.Problem("the file has two scenarios named %s; the first is at line %d", s.Name, first.Pos.Line)
			problems = append(problems, p.WithHint("set the key name in one of them"))
		}
		seen[s.Name] = n
		switch {
		case !found.HasErrors():
			list = append(list, s.split(doc)...)
		case o.Faulty:
			list = append(list, s)
		}
	}
	if len(nodes) == 0 && !problems.HasErrors() {
		problems = append(problems, emptyFile(name, data))
	}
	problems.Sort()
	if problems.HasErrors() && !o.Faulty {
		return nil, problems
	}
	return list, problems
}

func emptyFile(name string, data []byte) *source.Problem {
	p := &source.Problem{Pos: source.Pos{File: name, Line: 1, Col: 1}, Msg: "the file holds no scenario"}
	p.Line, _, _ = strings.Cut(string(data), "\n")
	return p.WithHint("a scenario is a mapping with the key actors")
}

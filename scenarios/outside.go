package scenarios

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A Need is something outside that a scenario needs.
type Need struct {
	Access string     // exec, read, write, env, host-network, raw or privilege
	Of     string     // the program, path, variable, address or the like
	Path   string     // of the file, for read and write; "" where it is known only in the run
	Late   bool       // Of is an expression, whose value is known only in the run
	Pos    source.Pos // where the file says so
}

func newNeed(n value.Need) Need {
	return Need{string(n.Access), n.Of, n.Path(), n.Late, n.Pos}
}

// A Policy says what a scenario of a file may need of the outside.
type Policy struct {
	// Folder is the folder of the file, which the scenario may read; "" where
	// there is none.
	Folder string
	// Refuse returns the problem with a need, or nil where it is allowed. It is
	// asked for a file that is included before that is read.
	Refuse func(Need) *source.Problem
}

// refuse is what the policy has against a scenario.
func (p *Policy) refuse(s *Scenario) source.Problems {
	var problems source.Problems
	for _, n := range s.Outside(p.Folder) {
		if problem := p.Refuse(n); problem != nil {
			problem.Line = s.lineAt(n.Pos)
			problems = append(problems, problem)
		}
	}
	return problems
}

// lineAt is a line of the scenario's file, or of one that it includes.
func (s *Scenario) lineAt(pos source.Pos) string {
	for _, f := range append(sourcesOf(s.Included, nil), s.Node.File) {
		if f != nil && f.Name == pos.File {
			return f.Line(pos.Line)
		}
	}
	return ""
}

func sourcesOf(list []*Included, files []*source.File) []*source.File {
	for _, inc := range list {
		files = sourcesOf(inc.Included, append(files, inc.root.File))
	}
	return files
}

// Outside lists what the scenario needs of the outside. The folder of its file,
// its temporary folder and its own network do not count. The argument is the
// folder of its file; "" for a text without one. Each need comes once, in the
// order of the files.
func (s *Scenario) Outside(folder string) []Need {
	in := value.In{Folder: folder, OwnNetwork: s.Network.Own(), Binds: s.abstractNames()}
	var list []Need
	moves := slices.ContainsFunc(s.Steps, func(x *step.Step) bool { return x.Kind.Moves })
	for _, n := range s.needs {
		if moves {
			n = n.Moved()
		}
		if !n.Met(in) {
			list = append(list, newNeed(n))
		}
	}
	own := s.Node.Pos.File
	slices.SortStableFunc(list, func(a, b Need) int {
		return cmp.Or(
			after(a.Pos.File != own, b.Pos.File != own), strings.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col),
			strings.Compare(a.Access, b.Access), strings.Compare(a.Of, b.Of),
		)
	})
	return slices.Compact(list)
}

// LateNeeds are the needs of a step that are known only in the run. The step is
// named by the ID of its place.
func (s *Scenario) LateNeeds(folder string, id int) []Need {
	var list []Need
	for _, n := range s.Outside(folder) {
		if x := s.stepAt(n.Pos); n.Late && x != nil && x.Place.ID == id {
			list = append(list, n)
		}
	}
	return list
}

// stepAt is the innermost step that a place of the file is in.
func (s *Scenario) stepAt(pos source.Pos) *step.Step {
	var found *step.Step
	for _, x := range s.Steps {
		at := x.Whole.Pos
		if at.File == pos.File && !isBefore(pos, at) && (found == nil || !isBefore(at, found.Whole.Pos)) {
			found = x
		}
	}
	return found
}

func isBefore(a, b source.Pos) bool {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) < 0
}

// after orders false before true.
func after(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// abstractNames are the abstract names that the steps bind.
func (s *Scenario) abstractNames() map[string]bool {
	names := make(map[string]bool)
	for _, x := range s.Steps {
		user, ok := x.Action.(step.AddressUser)
		if !ok {
			continue
		}
		if _, a, binds := user.UsesAddress(); binds {
			if addr, fixed := a.Fixed(); fixed && addr.Family == unix.AF_UNIX {
				names[addr.Path] = true
			}
		}
	}
	return names
}

// includeNeeds are the files that are included.
func includeNeeds(list []*Included) []value.Need {
	var needs []value.Need
	for _, inc := range list {
		if inc.Path != "" {
			needs = append(needs, value.FileNeed(inc.from, inc.Path, inc.node.Pos))
		}
		needs = append(needs, includeNeeds(inc.Included)...)
	}
	return needs
}

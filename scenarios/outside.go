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
	Late   bool       // Of is as the file has it: only the run can tell what it is
	Pos    source.Pos // where the file says so
}

// Outside lists what the scenario needs of what is not its own: the folder that
// its file is in, its temporary folder, and its network. Folder is the first of
// these; "" for a text that is in none. Each need comes once, in the order of
// the files.
func (s *Scenario) Outside(folder string) []Need {
	in := value.In{Folder: folder, OwnNetwork: s.Network.Own(), Binds: s.abstractNames()}
	var list []Need
	for _, n := range s.needs {
		if !n.Met(in) {
			list = append(list, Need{string(n.Access), n.Of, n.Late, n.Pos})
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

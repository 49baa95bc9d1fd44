package reference

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/value"
)

const needIntro = "`sockscript check --needs FILE` lists what a scenario needs of the outside: one of these words and what it is about, with the place in the file. " +
	"A scenario needs nothing to read what is in the folder of its file, to use `${tmp}`, or to talk over the loopback network or a network of its own. " +
	"The list holds what the file says. Where a path, an address or a program comes from an expression, the line ends with `(only the run can tell)`; " +
	"an address that a name of an actor stands for is not listed. What a program does, or what an expression makes of data that comes in, cannot be known before the run. The list does not prevent anything; a sandbox does."

// needRows are the words of `check --needs`, each with what has the need.
func needRows() []value.DocRow {
	rows := value.Accesses()
	for i := range rows {
		a := value.Access(rows[i].Key)
		var by []string
		for _, k := range steps.Kinds() {
			if slices.Contains(k.Needs, a) {
				by = append(by, "`"+k.Name+"`")
			}
		}
		for _, f := range payload.Forms() {
			if f.Needs == a {
				by = append(by, "the payload form `"+f.Key+"`")
			}
		}
		for _, f := range value.Functions() {
			if f.Needs == a {
				by = append(by, "the function `"+f.Name+"`")
			}
		}
		for _, r := range scenarios.Requirements() {
			if r.Needs == a {
				by = append(by, "the requirement `"+r.Key+"`")
			}
		}
		rows[i].Help += "; a need of " + strings.Join(append(by, otherNeeds[a]...), ", ")
	}
	return rows
}

// otherNeeds is what no table has a row for.
var otherNeeds = map[value.Access][]string{
	value.ReadFile:    {"`include`"},
	value.WriteFile:   {"addresses"},
	value.HostNetwork: {"`network: host`", "addresses"},
}

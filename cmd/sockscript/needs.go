package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
)

// printNeeds prints what the scenarios of the files need of the outside.
func (p *program) printNeeds(files []suite.File, form string) error {
	cases, err := loadValid(files)
	if err != nil {
		return err
	}
	list := needsOf(cases)
	if form == "json" {
		return p.print(needsJSON(list))
	}
	var b strings.Builder
	for _, n := range list {
		late := ""
		if n.Late {
			late = "  (only the run can tell)"
		}
		fmt.Fprintf(&b, "%s: %s %s%s\n", n.Pos, n.Access, source.Visible(n.Of), late)
	}
	return p.page(b.String())
}

// needsOf lists what the cases need; rows of one table need the same.
func needsOf(cases []*suite.Case) []scenarios.Need {
	var list []scenarios.Need
	seen := make(map[scenarios.Need]bool)
	for _, c := range cases {
		for _, n := range c.Scenario.Outside(c.File.Folder()) {
			if !seen[n] {
				list, seen[n] = append(list, n), true
			}
		}
	}
	return list
}

// A neededThing is one need in JSON.
type neededThing struct {
	Needs  string `json:"needs"`
	Of     string `json:"of"`
	Late   bool   `json:"late"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

func needsJSON(list []scenarios.Need) string {
	things := slices.Grow([]neededThing{}, len(list))
	for _, n := range list {
		things = append(things, neededThing{n.Access, n.Of, n.Late, n.Pos.File, n.Pos.Line, n.Pos.Col})
	}
	text, _ := json.MarshalIndent(things, "", "  ") // texts, numbers and bools
	return string(text) + "\n"
}

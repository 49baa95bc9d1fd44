package scenarios_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
)

func TestEveryScenarioLoadsAndHasItsTranscript(t *testing.T) {
	t.Parallel()
	names := library.Names()
	if len(names) == 0 || !slices.IsSorted(names) {
		t.Fatalf("the names are %q", names)
	}
	for _, name := range names {
		data, ok := library.Open(name)
		if !ok {
			t.Errorf("%s cannot be opened", name)
		}
		list, problems := scenarios.Parse(library.FileName(name), data)
		if len(problems) > 0 {
			t.Errorf("%s", problems.Report())
		}
		if len(list) > 0 && list[0].Title() == list[len(list)-1].Title() && list[0].Title() != name {
			t.Errorf("the scenario %s is in %s", list[0].Name, library.FileName(name))
		}
		for _, s := range list {
			golden, ok := library.Golden(s.Title())
			if !ok || !bytes.Contains(golden, []byte("\nok  "+s.Name+"\n")) {
				t.Errorf("%s has no golden file, or not its own", s.Name)
			}
		}
	}
}

// What the scenarios of packets and of the wire show can be read up.
func TestPacketsNameTheirRFC(t *testing.T) {
	t.Parallel()
	for _, name := range library.Names() {
		if !strings.HasPrefix(name, "packet-") && !strings.HasPrefix(name, "wire-") {
			continue
		}
		data, _ := library.Open(name)
		list, _ := scenarios.Parse(library.FileName(name), data)
		text := strings.Join(strings.Fields(list[0].Description), " ")
		if !strings.Contains(text, "RFC ") || !strings.Contains(text, "section ") {
			t.Errorf("%s names no RFC with its section: %s", name, text)
		}
	}
}

func TestEveryIncludeIsALibrary(t *testing.T) {
	t.Parallel()
	for _, name := range library.Includes() {
		data, ok := library.OpenInclude(name)
		list, problems := scenarios.Parse(library.IncludeFile(name), data)
		if !ok || len(list) > 0 || len(problems) > 0 {
			t.Errorf("%s holds %d scenarios, and\n%s", name, len(list), problems.Report())
		}
		lib, ok := scenarios.DescribeLibrary(name)
		if !ok || lib.Description == "" || len(lib.Procedures) == 0 {
			t.Errorf("%s is described as %+v", name, lib)
			continue
		}
		for _, p := range lib.Procedures {
			if p.Description == "" {
				t.Errorf("%s.%s has no description", name, p.Name)
			}
		}
	}
}

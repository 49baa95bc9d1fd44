package scenarios_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
)

// FuzzParse: whatever the text, the loader does not panic, and what it finds
// wrong has a place in the text.
func FuzzParse(f *testing.F) {
	for _, name := range library.Names() {
		data, _ := library.Open(name)
		f.Add(data)
	}
	for _, k := range steps.Kinds() {
		f.Add([]byte(k.Example))
	}
	for _, text := range []string{
		"", "actors:", "actors: {a: [{close: b}]}", "actors: {a: [{repeat: 2, steps: [{do: p}]}]}\nprocedures: {p: [{do: p}]}",
		"actors:\n  a:\n    - print: |\n        ${x +\n        ${b.c[1].d}\n",
		"vars: {a: [1, {b: c}]}\nactors: {a: {count: '${a}', steps: [{spawn: [{as: x}]}]}}",
		"actors: &a {b: *a}\n---\nactors: {a: [{recv: x, expect: {matches: '(?P<y>'}}]}",
		"actors: {a: [{parallel: {x: [{let: {n: '${n}'}}]}}, {for: {a: 1}, each: [b, c], steps: 5}]}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, problems := scenarios.Parse("fuzz.yaml", data)
		if problems.HasErrors() != (list == nil) {
			t.Errorf("%d scenarios and these problems:\n%s", len(list), problems.Report())
		}
		file := &source.File{Name: "fuzz.yaml", Data: data}
		for _, p := range problems {
			if !p.Pos.IsValid() || p.Pos.File != "fuzz.yaml" || p.Pos.Line > strings.Count(string(data), "\n")+strings.Count(string(data), "\r")+1 {
				t.Errorf("%v is not a place in %q", p.Pos, data)
			}
			if p.Line != "" && p.Line != file.Line(p.Pos.Line) {
				t.Errorf("%v shows the line %q in %q", p.Pos, p.Line, data)
			}
			if p.Msg == "" || strings.TrimSpace(p.Error()) == "" {
				t.Errorf("no message at %v", p.Pos)
			}
		}
		for _, s := range list {
			if s.Name == "" || !s.Pos().IsValid() || len(s.Actors) == 0 {
				t.Errorf("scenario %q at %v with %d actors", s.Name, s.Pos(), len(s.Actors))
			}
		}
	})
}

package reference

import (
	"regexp"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/value"
)

func TestNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	overview, markdown := Overview(), Markdown()
	for _, k := range steps.Kinds() {
		if !regexp.MustCompile(`(?m)^  ` + k.Name + ` +\S`).MatchString(overview) {
			t.Errorf("the kind %s is not in the overview", k.Name)
		}
		if !strings.Contains(markdown, "\n### "+k.Name+"\n") {
			t.Errorf("the kind %s has no section", k.Name)
		}
		if !strings.Contains(markdown, k.Example) {
			t.Errorf("the example of %s is not in the reference", k.Name)
		}
	}
	var keys []string
	for _, rows := range [][]value.DocRow{
		scenarios.Keys(), scenarios.Requirements(), value.AddressForms(), payload.Forms(), payload.LayoutForms(), value.Builtins(),
	} {
		for _, p := range rows {
			keys = append(keys, p.Key)
		}
	}
	keys = append(keys, "free_port()")
	for _, f := range value.Functions() {
		keys = append(keys, f.Name+"("+f.Args+")")
	}
	for _, key := range keys {
		if !strings.Contains(overview, "  "+key+" ") || !strings.Contains(markdown, "| `"+key+"` |") {
			t.Errorf("%s is not in both forms of the reference", key)
		}
	}
}

// TestTablesAreWhole counts the cells of each table's rows.
func TestTablesAreWhole(t *testing.T) {
	t.Parallel()
	bar := regexp.MustCompile(`(^|[^\\])\|`)
	cells := 0
	for i, line := range strings.Split(Markdown(), "\n") {
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := len(bar.FindAllString(line, -1))
		if cells > 0 && n != cells {
			t.Errorf("line %d has %d bars, those before it %d: %s", i+1, n, cells, line)
		}
		cells = n
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	got := wrap("one two three four\nfive", "  ", 11)
	if want := "  one two\n  three\n  four five"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

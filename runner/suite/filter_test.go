package suite

import (
	"regexp"
	"testing"
)

// Shipped files that need not be loaded are known by their names, and what is
// taken of the others is what is taken of all.
func TestNarrow(t *testing.T) {
	all := shippedCases(t)
	of := make(map[string][]*Case)
	for _, c := range all {
		of[c.File.Path] = append(of[c.File.Path], c)
	}
	for _, f := range Shipped() {
		if name, known := f.scenario(); known && (len(of[f.Path]) != 1 || of[f.Path][0].Scenario.Name != name) {
			t.Errorf("%s seems to hold the scenario %s and no more; it holds %d", f.Path, name, len(of[f.Path]))
		}
	}
	for _, tt := range []struct {
		filter Filter
		most   int // files that are left, at the most
	}{
		{Filter{Name: regexp.MustCompile("^tcp-hello$")}, 10},
		{Filter{Name: regexp.MustCompile("^tcp-"), Skip: regexp.MustCompile("[e-z]$")}, 40},
		{Filter{Name: regexp.MustCompile("/"), Skip: regexp.MustCompile("^connect")}, len(all)},
		{Filter{Skip: regexp.MustCompile("-")}, 20},
		{Filter{Name: regexp.MustCompile("no such name")}, len(all)},
		{Filter{Name: regexp.MustCompile("^tcp-"), Tags: []string{"udp"}}, len(all)},
	} {
		left := tt.filter.Narrow(Shipped())
		if len(left) > tt.most {
			t.Errorf("%v leaves %d files", tt.filter, len(left))
		}
		var cases []*Case
		for _, f := range left {
			cases = append(cases, of[f.Path]...)
		}
		want, got := tt.filter.Choose(all), tt.filter.Choose(cases)
		if len(got) != len(want) {
			t.Errorf("%v takes %d cases of what it leaves, and %d of all", tt.filter, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("%v takes %s where it should take %s", tt.filter, got[i].Scenario.Name, want[i].Scenario.Name)
			}
		}
	}
	if own := []File{Text("a.yaml", nil), {Path: "b.yaml"}}; len((Filter{Name: regexp.MustCompile("^tcp-hello$")}).Narrow(own)) != 2 {
		t.Error("files of one's own are left out")
	}
}

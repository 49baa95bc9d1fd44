package steps_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

func TestKindsAreSorted(t *testing.T) {
	t.Parallel()
	names := steps.Kinds().Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or a name comes twice: %q", names)
	}
	for _, name := range names {
		if k, ok := steps.Kinds().Lookup(name); !ok || k.Name != name {
			t.Errorf("Lookup(%q) finds %v", name, k)
		}
	}
	for _, name := range []string{"", "a", "soc", "zzz"} {
		if k, ok := steps.Kinds().Lookup(name); ok {
			t.Errorf("Lookup(%q) finds %s", name, k.Name)
		}
	}
}

// A parameter named like a kind would make a step with two verbs of each step
// that has it.
func TestParametersAreNoKinds(t *testing.T) {
	t.Parallel()
	common := map[string]bool{}
	for _, p := range step.CommonDoc() {
		common[p.Key] = true
	}
	for _, k := range steps.Kinds() {
		d := step.DocOf(k)
		for i, p := range d.Params {
			_, isKind := steps.Kinds().Lookup(p.Key)
			switch {
			case i == 0:
			case isKind:
				t.Errorf("%s: the parameter %s bears the name of a kind", k.Name, p.Key)
			case common[p.Key]:
				t.Errorf("%s: the parameter %s is one of the common keys", k.Name, p.Key)
			}
		}
	}
}

// Every step that asks something of the kernel says what, for those who learn.
func TestKindsSayWhatIsBeneath(t *testing.T) {
	t.Parallel()
	ours := []string{"assert", "barrier", "blocked", "do", "for", "if", "let", "pack", "parallel", "print", "repeat", "signal", "sleep", "spawn", "unpack", "wait"}
	for _, k := range steps.Kinds() {
		if k.Beneath.Given() == slices.Contains(ours, k.Name) {
			t.Errorf("%s: what is beneath: %q", k.Name, k.Beneath.Call)
		}
	}
}

func TestKindsAreDescribed(t *testing.T) {
	t.Parallel()
	for _, k := range steps.Kinds() {
		if k.Summary == "" || k.Text == "" || k.Example == "" || k.New == nil {
			t.Errorf("%s: summary, text, example or constructor is missing", k.Name)
			continue
		}
		if strings.HasSuffix(k.Summary, ".") || strings.Contains(k.Summary, "\n") {
			t.Errorf("%s: the summary is one line without a full stop: %q", k.Name, k.Summary)
		}
		if !strings.Contains(k.Example, k.Name+":") {
			t.Errorf("%s: the example does not show it", k.Name)
		}
		d := step.DocOf(k)
		for _, p := range append(d.Params, d.Expect...) {
			if p.Help == "" || p.Type == "" {
				t.Errorf("%s: the key %s has no help or type", k.Name, p.Key)
			}
		}
		if text := d.Text(); !strings.Contains(text, k.Summary) || !strings.Contains(text, "Example") {
			t.Errorf("%s: its reference is\n%s", k.Name, text)
		}
	}
}

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, k := range steps.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			list, problems := scenarios.Parse(k.Name+".yaml", []byte(k.Example))
			if len(problems) > 0 || len(list) == 0 {
				t.Fatalf("\n%s", problems.Report())
			}
			for _, s := range list {
				r := runner.Run(context.Background(), s, runner.Options{})
				if r.Status != history.Passed && r.Status != history.Skipped {
					t.Errorf("%s: %s\n%s", r.Status, reason(r), strings.Join(transcript(r), "\n"))
				}
				checkOrder(t, r)
				checkStates(t, r)
			}
		})
	}
}

package scenarios

import (
	"testing"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Each row of the table is whole, and what its line in the reference shows is
// itself a requirement, or the mapping that stands for it.
func TestRequirementTable(t *testing.T) {
	t.Parallel()
	for _, f := range requirementForms {
		if f.help == "" || f.probe == nil || (f.parse == nil) != (f.word == commandWord) {
			t.Errorf("%s%s: the row is not whole", f.word, f.arg)
		}
		if ok, _ := f.parseShown(); !ok {
			t.Errorf("%s%s: the form that the reference shows is not read", f.word, f.arg)
		}
	}
}

func (f *requirementForm) parseShown() (bool, string) {
	switch f.word {
	case commandWord:
		return true, ""
	case "cap:":
		return f.parse("NET_ADMIN")
	case "socket:":
		return f.parse("tcp")
	}
	return f.parse(f.arg)
}

// The words differ, so that a misspelt one is distinguished.
func TestRequirementWords(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, word := range requirementWords() {
		if seen[word] {
			t.Errorf("%s is there twice", word)
		}
		seen[word] = true
	}
	if hint := source.DidYouMean("netnss", requirementWords()); hint != `did you mean "netns"?` {
		t.Error(hint)
	}
}

package library

import (
	"regexp"
	"testing"
)

func TestTourNamesScenariosOnce(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, c := range Tour() {
		if c.Title == "" || c.Text == "" || len(c.Scenarios) == 0 {
			t.Errorf("the chapter %q has no text or no scenarios", c.Title)
		}
		for _, name := range c.Scenarios {
			if _, ok := Open(name); !ok {
				t.Errorf("the chapter %q names %s, which is not shipped", c.Title, name)
			}
			if before := seen[name]; before != "" {
				t.Errorf("%s is in %q and in %q", name, before, c.Title)
			}
			seen[name] = c.Title
		}
	}
	for _, name := range Names() {
		if seen[name] == "" {
			t.Errorf("%s is in no chapter", name)
		}
	}
}

// Tags are words that mean something to everybody.
func TestTagsAreWords(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`(?m)^tags: \[[^]]*\b[a-z]\d+\b`)
	for _, name := range Names() {
		if text, _ := Open(name); code.Match(text) {
			t.Errorf("%s has a tag that is a code: %s", name, code.Find(text))
		}
	}
}

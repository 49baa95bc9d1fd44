package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/suite"
)

// Each scenario that a page shows is one that runs. The reference has the
// examples of the kinds, which have a test of their own, and so have the pages
// that show runs.
func TestScenariosOfPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	block := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	seen := 0
	for _, page := range pages {
		if filepath.Base(page) == "reference.md" || slices.Contains(pagesThatShowRuns, page) {
			continue
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatchIndex(string(text), -1) {
			scenario := string(text[m[2]:m[3]])
			if !strings.Contains("\n"+scenario, "\nactors:") {
				continue // a part of one
			}
			seen++
			line := strings.Count(string(text[:m[2]]), "\n")
			name := filepath.Base(page)
			t.Run(name, func(t *testing.T) {
				cases, problems, err := suite.Load([]suite.File{suite.Text(name, []byte(strings.Repeat("\n", line)+scenario))})
				if err != nil || len(problems) > 0 {
					t.Fatalf("%v\n%s", err, problems.Report())
				}
				for _, c := range cases {
					r := runner.Run(context.Background(), c.Scenario, runner.Options{})
					switch {
					case r.Status == history.Skipped && !strings.Contains(r.Reason, "netns"):
						t.Errorf("line %d: %s", line, r.Reason)
					case r.Status == history.Failed:
						t.Errorf("line %d: %s", line, r.Failure.Message)
					}
				}
			})
		}
	}
	if seen == 0 {
		t.Error("no page shows a scenario")
	}
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/suite"
)

// Each scenario that a page shows is one that runs. The reference has the
// examples of the kinds, which have a test of their own.
func TestScenariosOfPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	block := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	const readme = "README.md" // which shows parts of scenarios too
	pages = append(pages, "../../"+readme)
	seen := 0
	for _, page := range pages {
		if filepath.Base(page) == "reference.md" {
			continue
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatchIndex(string(text), -1) {
			scenario := string(text[m[2]:m[3]])
			whole := strings.Contains(scenario, "\nactors:")
			if filepath.Base(page) == readme {
				whole = whole && strings.HasPrefix(scenario, "requires:")
			}
			if !whole {
				continue
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

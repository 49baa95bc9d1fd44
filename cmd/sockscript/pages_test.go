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
	t.Parallel()
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
				t.Parallel()
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

// Each link of a page to a file of the project leads to one, and to a heading
// that this file has.
func TestLinksOfPages(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^()\s]+)\)`)
	known := make(map[string][]string) // the headings of the pages, by their paths
	seen := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		pages, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(pages) == 0 {
			t.Fatal(pattern, err)
		}
		for _, page := range pages {
			for _, m := range link.FindAllStringSubmatch(prose(t, page), -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				seen++
				file, heading, _ := strings.Cut(m[1], "#")
				target := page
				if file != "" {
					target = filepath.Join(filepath.Dir(page), file)
				}
				if _, err := os.Stat(target); err != nil {
					t.Errorf("%s links to %s, which is not there", page, m[1])
					continue
				}
				if heading == "" {
					continue
				}
				if known[target] == nil {
					known[target] = headings(t, target)
				}
				if !slices.Contains(known[target], heading) {
					t.Errorf("%s links to %s, and there is no such heading", page, m[1])
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d links were found", seen)
	}
}

// prose is a page without its blocks of code.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]*`").ReplaceAllString(string(text), "")
}

// headings are the headings of a page, as links name them.
func headings(t *testing.T, page string) []string {
	t.Helper()
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose(t, page), -1) {
		name := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		list = append(list, strings.ReplaceAll(name, " ", "-"))
	}
	return list
}

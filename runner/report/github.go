package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// GitHub annotates files on GitHub with what failed in them, by the workflow
// commands ::error and ::warning ([commands]). It says nothing about what went
// well, but for races. It is a [Reporter], to go with another.
//
// [commands]: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
type GitHub struct {
	W io.Writer
	// Root is the folder of the repository, to which the annotated paths are
	// relative (GITHUB_WORKSPACE); "" where that is the working directory.
	Root string
}

// Problems implements [Reporter].
func (g *GitHub) Problems(ps source.Problems) error {
	return g.problems(ps, "sockscript")
}

func (g *GitHub) problems(ps source.Problems, title string) error {
	for _, p := range ps {
		level := "error"
		if p.Severity == source.Warning {
			level = "warning"
		}
		message := p.Message()
		if p.Hint != "" {
			message += "; " + p.Hint
		}
		if err := g.write(level, p.Pos, title, message); err != nil {
			return err
		}
	}
	return nil
}

// Checked implements [Reporter]: all has been said.
func (g *GitHub) Checked(int, source.Problems) error { return nil }

// Outcome implements [Reporter]. A golden file that differs is annotated where
// it first does.
func (g *GitHub) Outcome(o *Outcome) error {
	if err := g.problems(o.warnings(), source.Visible(o.Scenario.Name)); err != nil {
		return err
	}
	if o.Status() != history.Failed {
		return nil
	}
	v, err := verdictOf(o, Style{})
	if err != nil {
		return err
	}
	message := v.message
	if d := o.Diff; d != nil {
		message += "\n" + source.VisibleLines(d.Text)
	}
	if o.Golden == GoldenDiffers {
		v.at = source.Pos{File: o.GoldenPath, Line: o.Diff.Line, Col: 1}
	}
	return g.write("error", v.at, v.name, message)
}

// Summary implements [Reporter].
func (g *GitHub) Summary(*Summary) error { return nil }

func (g *GitHub) write(level string, at source.Pos, title, message string) error {
	var properties []string
	if at.File != "" {
		properties = append(properties, "file="+property.Replace(source.Visible(g.path(at.File))))
	}
	if at.IsValid() {
		properties = append(properties, fmt.Sprintf("line=%d,col=%d", at.Line, max(at.Col, 1)))
	}
	properties = append(properties, "title="+property.Replace(source.Visible(title)))
	_, err := fmt.Fprintf(g.W, "::%s %s::%s\n", level, strings.Join(properties, ","), workflowData.Replace(source.VisibleLines(message)))
	return err
}

// What would end a command, or a property of it, is written as in a URL.
var (
	workflowData = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// path is a path as seen from the repository's folder.
func (g *GitHub) path(path string) string {
	abs, err := filepath.Abs(path)
	if g.Root == "" || err != nil {
		return path
	}
	rel, err := filepath.Rel(g.Root, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return filepath.ToSlash(rel)
}

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

const diagramHelp = `Draw the run of a scenario as a sequence diagram: actors as lifelines, what they
did in the order of its causes, and arrows for connections, data, ends of file,
descriptors that a message passes, signals and names. A bar on a lifeline is a
call that was waiting. Below an event are the TCP states that it has brought
about, of both ends. Where the wire was recorded, as with --wire, thin arrows are
what crossed the network. What is on one host of a network is in one lane, and
so is a process of its own or a program. The picture is the same on every run,
as the transcript is.

The scenario is a file or the name of a shipped one, and is run; or it is a file
of saved runs ("run --save FILE") that holds a single one, and nothing is run.
For many scenarios use "run --diagram DIR" or "render --diagram DIR".

With --topology the network of the scenario is drawn instead: its hosts, their
interfaces and addresses, and the links with what they do to frames. Nothing is
run.

`

func (p *program) diagramCommand() *cobra.Command {
	s := &session{jobs: 1, count: 1}
	var form choice
	var output string
	var topology bool
	c := &cobra.Command{
		Use:   "diagram FILE|NAME|RUNS",
		Short: "Draw a scenario's run as a sequence diagram",
		Long:  diagramHelp + exitHelp,
		Example: `  sockscript diagram tcp-hello >hello.svg
  sockscript diagram -o hello.svg tcp-hello
  sockscript diagram --format mermaid tcp-hello
  sockscript diagram runs.jsonl >failed.svg
  sockscript diagram --topology lost-syn.yaml >network.svg`,
		ValidArgsFunction: completeNames,
	}
	f := c.Flags()
	f.SortFlags = false
	form.words = []string{"svg", "mermaid"}
	form.bind(c, "format", "a picture, or text for Markdown")
	f.BoolVar(&topology, "topology", false, "draw the network of the scenario, and run nothing")
	f.BoolVar(&s.wire, "wire", false, "draw what crossed the network too, where the scenario has a network of its own")
	f.StringVarP(&output, "output", "o", "", "write the diagram to this `file`")
	f.StringArrayVarP(&s.define, "define", "D", nil, "set a variable of the scenario: `name=value` (repeatable)")
	f.DurationVar(&s.timeout, "timeout", 0, "the longest time that the scenario may run (default: its own timeout, or 30s)")
	f.BoolVar(&s.private, "private", false, "a network of its own, with nothing but lo, where the scenario asks for none")
	f.BoolVar(&s.unmask, "unmask", false, "write ports, temporary folders and process ids as they were")
	s.sandbox.bindRun(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("diagram takes one scenario, or one file of saved runs; for several use `sockscript run --diagram DIR`")
		}
		to := &oneDiagram{form: form.word, style: p.style(s)}
		var err error
		if topology {
			to.picture, err = p.drawTopology(args[0], form.word)
		} else {
			err = p.drawOne(c, s, args[0], to)
		}
		if to.picture == nil {
			return err
		}
		if output == "" {
			p.out.Write(to.picture) // p.out keeps the error
			return err
		}
		return errors.Join(err, writeWhole(output, to.picture))
	}
	return c
}

// drawOne runs the scenario, or reads the saved run, and draws it.
func (p *program) drawOne(c *cobra.Command, s *session, arg string, to *oneDiagram) error {
	if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
		if saved, err := drawSaved(arg, to); saved {
			return err
		}
	}
	files, err := suite.Find([]string{arg}, p.stdin)
	if err != nil {
		return err
	}
	rep := &reporting{Reporter: report.Multi(to, &report.Text{W: io.Discard, Errors: p.errors, ErrorWidth: errorWidth()})}
	all, err := p.load(s, files, rep)
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return fmt.Errorf("%s holds %d scenarios; draw them all with `sockscript run --diagram DIR %s`", source.Visible(arg), len(all), source.Visible(arg))
	}
	if err := s.setVars(all); err != nil {
		return err
	}
	return p.run(c.Context(), s, all, rep, new(report.Summary))
}

// drawTopology draws the network of a scenario.
func (p *program) drawTopology(arg, form string) ([]byte, error) {
	files, err := suite.Find([]string{arg}, p.stdin)
	if err != nil {
		return nil, err
	}
	cases, err := loadValid(files)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 || !suite.OneTable(cases) && len(cases) > 1 {
		return nil, fmt.Errorf("%s holds %d scenarios; name a file with one", source.Visible(arg), len(cases))
	}
	t := diagram.TopologyOf(cases[0].Scenario)
	if t == nil {
		return nil, fmt.Errorf("the network of %s has no hosts; write network: {hosts: …} to have some", source.Visible(cases[0].Scenario.Title()))
	}
	b := new(bytes.Buffer)
	if form == "mermaid" {
		err = t.Mermaid(b)
	} else {
		err = t.SVG(b)
	}
	return b.Bytes(), err
}

// drawSaved draws the run of a file, if that is a file of saved runs.
func drawSaved(path string, to *oneDiagram) (saved bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	in := bufio.NewReader(file)
	if !report.IsSaved(in) {
		return false, nil
	}
	sum, err := report.Load(in, func(report.How) (report.Reporter, error) { return to, nil })
	if err != nil {
		return true, fmt.Errorf("%s: %w", source.Visible(path), err)
	}
	return true, exitOf(sum.Interrupted > 0, sum)
}

// A oneDiagram is a reporter that draws the only run.
type oneDiagram struct {
	form    string
	style   report.Style
	picture []byte
}

var errSeveralRuns = errors.New("it holds several scenarios; draw them all with `sockscript render --diagram DIR FILE`")

// Problems implements [report.Reporter].
func (o *oneDiagram) Problems(source.Problems) error { return nil }

// Checked implements [report.Reporter].
func (o *oneDiagram) Checked(int, source.Problems) error { return nil }

// Outcome implements [report.Reporter].
func (o *oneDiagram) Outcome(out *report.Outcome) (err error) {
	switch {
	case o.picture != nil:
		o.picture = nil
		return errSeveralRuns
	case out.Result == nil:
		return nil
	}
	o.picture, err = drawn(out, o.style, o.form)
	return err
}

// Summary implements [report.Reporter].
func (o *oneDiagram) Summary(*report.Summary) error { return nil }

// drawn is the diagram of an outcome.
func drawn(o *report.Outcome, style report.Style, form string) ([]byte, error) {
	d := diagram.Of(o.Result, style.Form)
	b := new(bytes.Buffer)
	var err error
	if form == "mermaid" {
		err = d.Mermaid(b)
	} else {
		err = d.SVG(b)
	}
	return b.Bytes(), err
}

// writeNamed writes a file in a folder whose name a scenario has chosen. Below
// the folder it follows no symbolic link: the scenario may have made it.
func writeNamed(folder, name string, data []byte) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder: %w", err)
	}
	path := filepath.Join(folder, name)
	for part := name; part != "."; part = filepath.Dir(part) {
		at := filepath.Join(folder, part)
		if info, err := os.Lstat(at); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return fmt.Errorf("%s is a symbolic link; remove it, so that %s is where its name says", source.Visible(at), source.Visible(path))
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return writeWhole(path, data)
}

// writeWhole writes a file, all of it or nothing.
func writeWhole(path string, data []byte) error {
	f, err := suite.Replace(path)
	if err != nil {
		return writeError(path, err)
	}
	if _, err := f.Write(data); err != nil {
		f.Discard()
		return writeError(path, err)
	}
	if err := f.Commit(); err != nil {
		return writeError(path, err)
	}
	return nil
}

// A diagrams is a reporter that draws each run into a folder.
type diagrams struct {
	dir   string
	style report.Style
	names fileNames
	err   error // the first
}

// Problems implements [report.Reporter].
func (d *diagrams) Problems(source.Problems) error { return nil }

// Checked implements [report.Reporter].
func (d *diagrams) Checked(int, source.Problems) error { return nil }

// Outcome implements [report.Reporter].
func (d *diagrams) Outcome(o *report.Outcome) error {
	if o.Result == nil {
		return nil
	}
	data, err := drawn(o, d.style, "svg")
	if err == nil {
		err = writeNamed(d.dir, d.names.next(o.Scenario.Name, ".svg"), data)
	}
	if d.err == nil {
		d.err = err
	}
	return err
}

// Summary implements [report.Reporter].
func (d *diagrams) Summary(*report.Summary) error { return nil }

// fileNames are the names of files for scenarios: several scenarios of one name
// have numbers.
type fileNames struct{ given map[string]int }

// next is the name for the next scenario, with an ending.
func (f *fileNames) next(name, ending string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, name)
	name = strings.TrimLeft(name, ".")
	if f.given == nil {
		f.given = make(map[string]int)
	}
	if f.given[name]++; f.given[name] > 1 {
		name = fmt.Sprintf("%s-%d", name, f.given[name])
	}
	return name + ending
}

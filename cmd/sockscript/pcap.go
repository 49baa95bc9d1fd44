package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/capture"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

// captures is a reporter that writes the frames of each run into a folder.
type captures struct {
	dir  string    // "": only of scenarios that ask for it, into the current one
	told io.Writer // of what was captured
	// lacking is why a run has no frames.
	lacking string
	names   fileNames
	named   map[string]int // the files that scenarios name
	files   []string
	frames  int
	lacks   []string // lines about what was not captured
	err     error    // the first
}

// Problems implements [report.Reporter].
func (c *captures) Problems(source.Problems) error { return nil }

// Checked implements [report.Reporter].
func (c *captures) Checked(int, source.Problems) error { return nil }

// Outcome implements [report.Reporter].
func (c *captures) Outcome(o *report.Outcome) error {
	switch {
	case o.Result == nil || len(o.Result.Branches) == 0, c.dir == "" && o.Scenario.Capture == nil:
		return nil // nothing was run, or nobody asks
	case o.Result.Frames == nil:
		c.lacks = append(c.lacks, source.Visible(o.Scenario.Name)+" was not captured: "+c.lacking)
		return nil
	}
	name := c.fileName(o.Scenario)
	path := filepath.Join(c.dir, name)
	b := new(bytes.Buffer)
	err := capture.Write(b, o.Result, version())
	if err == nil {
		err = writeNamed(cmp.Or(c.dir, "."), name, b.Bytes())
	}
	if err != nil {
		if c.err == nil {
			c.err = fmt.Errorf("the capture: %w", err)
		}
		return err
	}
	c.files, c.frames = append(c.files, path), c.frames+len(capture.Frames(o.Result))
	if lacks := capture.Missing(o.Result); lacks != "" {
		c.lacks = append(c.lacks, source.Visible(path)+" is not complete: "+lacks)
	}
	return nil
}

// fileName is the file of a scenario. One that several scenarios name, or rows
// of one, has numbers.
func (c *captures) fileName(s history.Scenario) string {
	if s.Capture == nil || s.Capture.File == "" {
		return c.names.next(s.Name, capture.Ext)
	}
	folder, file := filepath.Split(s.Capture.File)
	if c.named[s.Capture.File]++; c.named[s.Capture.File] > 1 {
		file = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(file, capture.Ext), c.named[s.Capture.File], capture.Ext)
	}
	return folder + file
}

// ownNetwork is how a scenario comes to a network of its own.
const ownNetwork = "write network: private in it, or run with --private"

// Summary implements [report.Reporter].
func (c *captures) Summary(*report.Summary) error {
	frames := source.Count(c.frames, "frame", "frames")
	switch len(c.files) {
	case 0:
	case 1:
		fmt.Fprintf(c.told, "captured %s in %s\n", frames, source.Visible(c.files[0]))
	default:
		fmt.Fprintf(c.told, "captured %s in %s in %s\n", frames, source.Count(len(c.files), "file", "files"), source.Visible(filepath.Join(c.dir, ".")))
	}
	for _, line := range c.lacks {
		fmt.Fprintln(c.told, line)
	}
	return nil
}

// checkCapture reports that none of the scenarios has frames that can be
// captured.
func checkCapture(cases []*suite.Case, o runner.Options) error {
	if slices.ContainsFunc(cases, func(c *suite.Case) bool { return runner.OwnNetwork(c.Scenario, o) }) {
		return nil
	}
	if len(cases) == 1 {
		return fmt.Errorf("--pcap: %s uses the network of this machine, which is not captured; %s", source.Visible(cases[0].Scenario.Name), ownNetwork)
	}
	return errors.New("--pcap: all scenarios use the network of this machine, which is not captured; write network: private in one of them, or run with --private")
}

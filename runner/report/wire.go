package report

import (
	"bytes"
	"fmt"

	"github.com/sockscript/sockscript/runner/flows"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// showsWire reports whether the lines of the wire of a run are asked for.
func (s Style) showsWire(r *history.Result) bool {
	return (s.Wire || r.Scenario.Wire) && r.Status != history.Skipped && r.Record != nil
}

// sections are the lines of the wire, where they are asked for.
func (s Style) sections(r *history.Result) []flows.Section {
	if !s.showsWire(r) {
		return nil
	}
	return flows.Sections(r.Record)
}

// writeWire writes the lines of the wire, where they are asked for.
func (s Style) writeWire(b *bytes.Buffer, r *history.Result) {
	if !s.showsWire(r) {
		return
	}
	if why := flows.Unseen(r.Record); why != "" {
		fmt.Fprintln(b, s.dim("wire  # "+why))
		return
	}
	for _, sec := range s.sections(r) {
		alike := ""
		if sec.Alike > 1 {
			alike = fmt.Sprintf("  (%d connections alike)", sec.Alike)
		}
		fmt.Fprintf(b, "wire  %s%s\n", source.Visible(sec.Head), s.dim(alike))
		if s.Form.Unmask {
			fmt.Fprintln(b, s.dim("  # "+sec.Between))
		}
		for _, line := range sec.Lines {
			fmt.Fprintf(b, "  %s\n", line)
		}
		if s.Form.Unmask && sec.Untold != "" {
			fmt.Fprintln(b, s.dim("  # and "+sec.Untold))
		}
	}
}

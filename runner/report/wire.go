package report

import (
	"bytes"
	"fmt"
	"strings"

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
		s.writeAside(b, "wire  # "+why)
		return
	}
	for _, sec := range s.sections(r) {
		alike := ""
		if sec.Alike > 1 {
			alike = fmt.Sprintf("  (%d connections alike)", sec.Alike)
		}
		fmt.Fprintf(b, "wire  %s%s\n", source.Visible(sec.Head), s.dim(alike))
		if s.Form.Unmask {
			s.writeAside(b, "  # "+sec.Between)
		}
		for _, line := range sec.Lines {
			b.WriteString(s.within("  " + line + "\n"))
		}
		if s.Form.Unmask && sec.Untold != "" {
			s.writeAside(b, "  # and "+sec.Untold)
		}
	}
}

// writeAside writes a remark, within the terminal.
func (s Style) writeAside(b *bytes.Buffer, text string) {
	for line := range strings.Lines(s.within(text + "\n")) {
		fmt.Fprintln(b, s.dim(strings.TrimSuffix(line, "\n")))
	}
}

package report

import (
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/tcpstate"
	"github.com/sockscript/sockscript/scenarios/source"
)

// stateLines are the lines that say below an event in which TCP states the ends
// of its connection were; nil where no states are asked for.
type stateLines struct {
	record *history.Record
	states *tcpstate.States
	width  int // of the names of the ends that change
}

// mostStateName bounds the column of names: one long name does not move all.
const mostStateName = 16

func (s Style) states(r *history.Result, lines []history.Line) *stateLines {
	if !s.States {
		return nil
	}
	x := &stateLines{record: r.Record, states: tcpstate.Of(r.Record)}
	for _, l := range lines {
		if l.Event == nil {
			continue
		}
		if ends := x.states.At(l.At); changes(ends) {
			for _, c := range ends {
				x.width = max(x.width, min(source.Cells(x.name(l, c)), mostStateName))
			}
		}
	}
	return x
}

// of are the lines below a line: one for each end where a state has changed, or
// one for both.
func (x *stateLines) of(l history.Line) []string {
	if x == nil || l.Event == nil {
		return nil
	}
	ends := x.states.At(l.At)
	width := x.width
	for _, c := range ends {
		width = max(width, source.Cells(x.name(l, c)))
	}
	var lines, parts []string
	for _, c := range ends {
		name := x.name(l, c)
		parts = append(parts, name+" "+string(c.States[0]))
		pad := strings.Repeat(" ", width-source.Cells(name))
		lines = append(lines, "  "+name+pad+"  "+chain(c.States))
	}
	if len(ends) > 0 && !changes(ends) {
		return []string{"  " + strings.Join(parts, ", ")}
	}
	return lines
}

// name is how a line of an actor calls an end.
func (x *stateLines) name(l history.Line, c tcpstate.Change) string {
	return source.Visible(c.Name(x.record.Branches[l.At.Branch].Actor))
}

func changes(ends []tcpstate.Change) bool {
	for _, c := range ends {
		if c.Changed() {
			return true
		}
	}
	return false
}

// chain writes states one after the other.
func chain(states []tcpstate.State) string {
	var words []string
	for _, s := range states {
		words = append(words, string(s))
	}
	return strings.Join(words, " → ")
}

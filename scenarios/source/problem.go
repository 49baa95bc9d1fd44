package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Severity says whether a problem forbids going on.
type Severity int

const (
	Error Severity = iota
	Warning
)

// A Problem is something wrong at a place in a file.
type Problem struct {
	Pos      Pos
	Severity Severity
	Msg      string
	Hint     string // the remedy; may be empty
	Line     string // the source line at Pos
	Called   Pos    // what in the user's file calls the library that Pos is in
}

// Message says what is wrong, and for a place in a library, who called that.
func (p *Problem) Message() string {
	if !p.Called.IsValid() {
		return p.Msg
	}
	return p.Msg + ", called at " + p.Called.String()
}

// WithHint sets the remedy and returns p.
func (p *Problem) WithHint(format string, args ...any) *Problem {
	p.Hint = fmt.Sprintf(format, args...)
	return p
}

// MoveTo points p at another place in the file of n and returns p.
func (p *Problem) MoveTo(n *Node, pos Pos) *Problem {
	p.Pos = pos
	if n.File != nil {
		p.Line = n.File.Line(pos.Line)
	}
	return p
}

// head returns the place, and the word "warning" if p is one.
func (p *Problem) head() string {
	if p.Severity == Warning {
		return Visible(p.Pos.String()) + ": warning: "
	}
	return Visible(p.Pos.String()) + ": "
}

// oneLine keeps a message that quotes a text of several lines on one, and
// writes out what a terminal would act on.
func oneLine(s string) string { return Visible(lineEnds.Replace(s)) }

var lineEnds = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// Error returns "file:line:col: message (hint)", on one line.
func (p *Problem) Error() string {
	s := p.head() + p.Message()
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return oneLine(s)
}

// Report returns what a terminal shows: the message, and below it the source
// line with a caret under the place. It does not end with a newline.
//
//	tcp.yaml:12:7: unknown key "backlogg" in listen; did you mean "backlog"?
//	   12 |       backlogg: 3
//	      |       ^
func (p *Problem) Report() string { return p.Within(0) }

// Within is [Problem.Report] for a terminal with this number of columns. With
// 0, lines are not broken.
func (p *Problem) Within(columns int) string {
	s := p.Headline(columns)
	if shown := p.Excerpt(columns); shown != "" {
		s += "\n" + shown
	}
	return s
}

// Headline is the place and the message, broken for a terminal with this number
// of columns. With 0, it is one line.
func (p *Problem) Headline(columns int) string {
	s := p.head() + p.Message()
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	s = oneLine(s)
	if columns > 0 {
		s = strings.Join(Wrap(s, columns), "\n")
	}
	return s
}

// Excerpt is the source line with a caret under the place, cut to this number
// of columns, and to 160 cells where that is 0. It is "" where there is no
// source line.
func (p *Problem) Excerpt(columns int) string {
	if !p.Pos.IsValid() || strings.TrimSpace(p.Line) == "" {
		return ""
	}
	number := fmt.Sprintf("%5d", p.Pos.Line)
	room := 0
	if columns > 0 {
		room = columns - Cells(number+" | ")
	}
	line, pad := excerpt(p.Line, p.Pos.Col, room)
	return number + " | " + line + "\n" +
		strings.Repeat(" ", len(number)) + " | " + strings.Repeat(" ", pad) + "^"
}

// Problems is a list of problems. As a value of type error an empty list is
// not nil; Err turns a list into an error that may be.
type Problems []*Problem

// Error returns the problems' messages, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the list as an error, or nil when it holds none but warnings.
func (ps Problems) Err() error {
	if !ps.HasErrors() {
		return nil
	}
	return ps
}

// Unwrap returns the problems for errors.Is and errors.As.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// HasErrors reports whether any of the problems is more than a warning.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p *Problem) bool { return p.Severity == Error })
}

// MaxShown is how many problems a report shows.
const MaxShown = 1000

// Report joins the reports of the problems. Of more than MaxShown it shows the
// first, errors before warnings, and counts the rest.
func (ps Problems) Report() string { return ps.Within(0) }

// Within is [Problems.Report] for a terminal with this number of columns. With
// 0, lines are not broken.
func (ps Problems) Within(columns int) string {
	var reports []string
	warnings := MaxShown // for which there is space
	for _, p := range ps {
		if p.Severity == Error {
			warnings--
		}
	}
	errs := 0
	for _, p := range ps {
		switch {
		case p.Severity == Error && errs < MaxShown:
			errs++
			reports = append(reports, p.Within(columns))
		case p.Severity != Error && warnings > 0:
			warnings--
			reports = append(reports, p.Within(columns))
		}
	}
	if rest := len(ps) - len(reports); rest > 0 {
		reports = append(reports, fmt.Sprintf("... %d more are not shown", rest))
	}
	return strings.Join(reports, "\n")
}

// Sort orders the problems by file, line, column and message, and drops those
// that say the same at the same place.
func (ps *Problems) Sort() {
	order := func(a, b *Problem) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Msg, b.Msg),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Hint, b.Hint))
	}
	slices.SortStableFunc(*ps, order)
	*ps = slices.CompactFunc(*ps, func(a, b *Problem) bool { return order(a, b) == 0 })
}

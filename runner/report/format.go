package report

import (
	"errors"
	"io"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Format is a form of report that can be asked for by name.
type Format struct {
	Name string
	Help string // what it is, in a few words
	// Document says that a consumer rejects a report that is not whole: where
	// nothing is run, [Reporter.Checked] must still end it.
	Document bool

	new func(io.Writer, Style) Reporter
}

// New is a report in this form. Its methods are to be called as [Reporter]
// says; colours are for the text form only.
func (f Format) New(w io.Writer, s Style) Reporter {
	if f.Name != "text" {
		s.Color = false
	}
	return f.new(w, s)
}

// Formats lists the forms.
func Formats() []Format {
	return []Format{
		{"text", "for people", false, func(w io.Writer, s Style) Reporter {
			return &Text{W: w, Errors: w, Style: s, Several: true}
		}},
		{"json", "JSON lines: each event, how each scenario ended, a summary", false, func(w io.Writer, s Style) Reporter {
			return &JSON{W: w, Style: s}
		}},
		{"tap", "Test Anything Protocol 13, for prove", true, func(w io.Writer, s Style) Reporter {
			return &TAP{W: w, Style: s}
		}},
		{"junit", "JUnit XML, for Jenkins, GitLab and others", true, func(w io.Writer, s Style) Reporter {
			return &JUnit{W: w, Style: s}
		}},
		{"ctrf", "Common Test Report Format, a JSON document", true, func(w io.Writer, s Style) Reporter {
			return &CTRF{W: w, Style: s}
		}},
		{"html", "a page for a browser: transcripts, diagrams, times, sources", true, func(w io.Writer, s Style) Reporter {
			return &HTML{W: w, Style: s}
		}},
	}
}

// LookupFormat finds a form by its name.
func LookupFormat(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Multi reports to several reporters. One that fails does not keep the others
// from being reported.
func Multi(list ...Reporter) Reporter { return multi(list) }

type multi []Reporter

func (m multi) each(report func(Reporter) error) error {
	var errs []error
	for _, r := range m {
		errs = append(errs, report(r))
	}
	return errors.Join(errs...)
}

// Problems implements [Reporter].
func (m multi) Problems(ps source.Problems) error {
	return m.each(func(r Reporter) error { return r.Problems(ps) })
}

// Checked implements [Reporter].
func (m multi) Checked(files int, ps source.Problems) error {
	return m.each(func(r Reporter) error { return r.Checked(files, ps) })
}

// Outcome implements [Reporter].
func (m multi) Outcome(o *Outcome) error {
	return m.each(func(r Reporter) error { return r.Outcome(o) })
}

// Summary implements [Reporter].
func (m multi) Summary(s *Summary) error {
	return m.each(func(r Reporter) error { return r.Summary(s) })
}

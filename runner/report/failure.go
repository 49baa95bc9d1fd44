package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// Failure writes why a run failed: the place with its line and a caret, what
// was expected and what came, the transcript up to there, and what every other
// actor was doing.
func Failure(w io.Writer, r *history.Result, s Style) error {
	f := r.Failure
	if f == nil {
		return nil
	}
	b := new(bytes.Buffer)
	writeHead(b, r, f, s)
	for _, v := range f.Via {
		b.WriteString(s.within(source.Visible(viaText(v)) + "\n"))
	}
	s.writeDetail(b, f)
	fmt.Fprintln(b, "\ntranscript up to there:")
	lines := new(bytes.Buffer)
	inner := s
	inner.Width = max(0, s.Width-len("  "))
	writeLines(lines, r, inner)
	if lines.Len() == 0 {
		lines.WriteString("(nothing was called)\n")
	}
	b.WriteString(indent(lines.String()))
	after := new(bytes.Buffer)
	writeOthers(after, f)
	writePrograms(after, f)
	b.WriteString(s.within(after.String()))
	if r.Kept != "" {
		fmt.Fprintf(b, "\nthe temporary folder is kept: %s\n", source.Visible(r.Kept))
	}
	verdict, aside := verdictLine(r.Status, r.Scenario.Name), ""
	if r.Status == history.Known {
		aside = s.aside(r)
	}
	fmt.Fprintf(b, "\n%s\n", s.paintStatus(r.Status, s.beside(verdict, aside)))
	_, err := w.Write(b.Bytes())
	return err
}

func writeHead(b *bytes.Buffer, r *history.Result, f *history.Failure, s Style) {
	if f.Place == nil {
		who := ""
		if f.Actor != "" {
			who = f.Actor + ": "
		}
		at := r.Scenario
		if f.At != nil {
			at.At, at.Line = f.At.Pos, f.At.Line
		}
		p := at.Problem("%s: %s%s", source.Visible(r.Scenario.Name), who, firstLine(f.Message))
		s.writeProblem(b, p)
		return
	}
	p := failurePlace(f).Problem("%s: %s: %s: %s", source.Visible(r.Scenario.Name), source.Visible(f.Actor), source.Visible(f.Place.Title), firstLine(f.Message))
	s.writeProblem(b, p)
}

// failurePlace is the place of the step that failed, or of the expression in
// it.
func failurePlace(f *history.Failure) *event.Place {
	at := *f.Place
	if f.At != nil {
		at.Pos, at.Line = f.At.Pos, f.At.Line
	}
	return &at
}

// firstLine is what of a message the head of the report shows; the rest of it,
// such as the stack of a panic, is a detail.
func firstLine(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return line
}

// writeDetail shows data that differs, who waits for whom in a deadlock, and
// the further lines of the message.
func (s Style) writeDetail(b *bytes.Buffer, f *history.Failure) {
	if _, rest, more := strings.Cut(f.Message, "\n"); more {
		fmt.Fprint(b, "\n", s.within(indent(source.VisibleLines(strings.TrimRight(rest, "\n"))+"\n")))
	}
	if m := f.Mismatch; m != nil {
		fmt.Fprint(b, "\n", s.dataDiff(m.Want, m.Got))
	}
	if len(f.Waits) > 0 {
		fmt.Fprintf(b, "\nwho waits for what:\n%s", s.within(indent(strings.Join(visibleAll(f.Waits), "\n")+"\n")))
	}
}

// writeOthers says what every other actor was doing.
func writeOthers(b *bytes.Buffer, f *history.Failure) {
	if len(f.Others) == 0 {
		return
	}
	fmt.Fprintln(b, "\nat that moment:")
	const most = 20
	for i, d := range f.Others {
		if i == most {
			fmt.Fprintf(b, "  and %s\n", source.Count(len(f.Others)-most, "other actor", "other actors"))
			break
		}
		fmt.Fprintf(b, "  %s\n", source.Visible(doing(d)))
	}
}

// within breaks the lines that are longer than the terminal.
func (s Style) within(text string) string { return source.Break(text, s.Width) }

// writePrograms shows what the programs wrote that no step has read.
func writePrograms(b *bytes.Buffer, f *history.Failure) {
	for _, p := range f.Programs {
		fmt.Fprintf(b, "\n%s\n", source.Visible(fmt.Sprintf("%s of %s: %s", p.Name, p.Actor, p.Status)))
		writeOutput(b, "stdout", p.Stdout, p.StdoutBefore)
		writeOutput(b, "stderr", p.Stderr, p.StderrBefore)
	}
}

// outputLines is how many lines of a program's output a failure shows.
const outputLines = 30

// writeOutput shows the last lines of an output, of which there were some bytes
// before the text.
func writeOutput(b *bytes.Buffer, name, text string, before int64) {
	if text == "" {
		return
	}
	all := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	last := strings.Join(all[max(0, len(all)-outputLines):], "")
	if before += int64(len(strings.TrimSuffix(text, "\n")) - len(last)); before > 0 {
		name += ", after " + source.Count(int(before), "more byte", "more bytes")
	}
	fmt.Fprintf(b, "  %s:\n%s", name, indent(indent(source.VisibleLines(strings.TrimRight(last, "\n"))+"\n")))
}

func doing(d history.Doing) string {
	switch {
	case d.Ended && d.Place == nil:
		return d.Actor + " has ended"
	case d.Ended:
		return fmt.Sprintf("%s has ended, after %s", d.Actor, place(d.Place))
	case d.Place == nil:
		return d.Actor + " has not begun"
	case d.Done:
		return fmt.Sprintf("%s waits for its branches, after %s", d.Actor, place(d.Place))
	}
	if d.Between {
		return fmt.Sprintf("%s is in no turn, after %s", d.Actor, place(d.Place))
	}
	text := fmt.Sprintf("%s is in %s for %s (%s:%d)", d.Actor, d.Place.Title, lasted(d.For), d.Place.Pos.File, d.Place.Pos.Line)
	if d.Waits != "" {
		text += ", waiting for " + d.Waits
	}
	if d.Turn != nil {
		text += fmt.Sprintf(", in its turn at line %d", d.Turn.Pos.Line)
	}
	return text
}

// viaText says what a step is in.
func viaText(v event.Via) string {
	if v.Turn {
		return "in " + place(v.Place)
	}
	if v.Round != "" {
		return "in " + v.Round + " of " + place(v.Place)
	}
	return "called by " + place(v.Place)
}

func place(p *event.Place) string {
	return fmt.Sprintf("%s (%s:%d)", p.Title, p.Pos.File, p.Pos.Line)
}

func indent(s string) string {
	var out strings.Builder
	for _, l := range strings.SplitAfter(s, "\n") {
		if l != "" {
			out.WriteString("  ")
			out.WriteString(l)
		}
	}
	return out.String()
}

// lasted is how long a step has lasted. One that has just begun, or that is
// just over, has taken some time too.
func lasted(d time.Duration) string {
	const least = 100 * time.Millisecond
	if d < least {
		return "less than 0.1s"
	}
	return fmt.Sprintf("%.1fs", d.Truncate(least).Seconds())
}

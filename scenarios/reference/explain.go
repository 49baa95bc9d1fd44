package reference

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
)

// Explain describes a scenario in plain words, step by step: what each step
// asks for, and, where a kind comes for the first time, which system call it
// is, what the kernel does, what goes over the network, and which errors can
// come. Lines have at most width characters.
func Explain(s *scenarios.Scenario, width int) string {
	x := explainer{width: width, first: make(map[string]int)}
	fmt.Fprintf(&x, "%s\n\n", source.Visible(s.Title()))
	if text := source.Prose(s.Description); text != "" {
		fmt.Fprintf(&x, "%s\n\n", source.Narrow(source.VisibleLines(text), width))
	}
	x.needs(s)
	x.network(s.Node.Get("network"))
	x.crossed(s.Node.Get("wire"))
	file := s.Node.Pos.File
	actors := s.Actors
	for _, st := range s.Steps {
		at := st.Place.Pos
		if at.File != file {
			continue // the step of an included file; that of the caller says what it does
		}
		named := false
		for len(actors) > 0 && actors[0].Node.Pos.Line <= at.Line {
			if len(actors) == 1 || actors[1].Node.Pos.Line > at.Line {
				x.actor(actors[0])
				named = true
			}
			actors = actors[1:]
		}
		switch turn, ok := st.Action.(*step.Turn); {
		case !ok:
			x.step(st)
		case !named:
			fmt.Fprintln(&x, source.Visible(turn.Key.Text))
		}
	}
	return x.String()
}

type explainer struct {
	strings.Builder
	width int
	first map[string]int // by kind: the line of the step that was explained
}

// lines writes a text, broken, with a margin.
func (x *explainer) lines(margin, text string) {
	for _, line := range source.Wrap(text, max(x.width-len(margin), 20)) {
		fmt.Fprintf(x, "%s%s\n", margin, strings.TrimLeft(line, " "))
	}
}

func (x *explainer) needs(s *scenarios.Scenario) {
	var list []string
	for _, r := range s.Requires {
		list = append(list, r.String())
	}
	if len(list) > 0 {
		x.lines("", "It is skipped where these are not there: "+source.Visible(strings.Join(list, ", "))+".")
		x.WriteByte('\n')
	}
}

func (x *explainer) actor(a *scenarios.Actor) {
	how := ""
	switch {
	case a.Turns:
		how = ", in turns with others"
	case a.Background:
		how = ", in the background"
	case a.Count.Given():
		how = ", several times at once"
	}
	fmt.Fprintf(x, "%s%s\n", source.Visible(a.Name), how)
}

// step explains a step: in short where its kind was explained before.
func (x *explainer) step(s *step.Step) {
	const margin = "        "
	fmt.Fprintf(x, "  %4d  ", s.Place.Pos.Line)
	written := source.Wrap(asWritten(s), max(x.width-len(margin), 20))
	fmt.Fprintln(x, strings.Join(written, "\n"+margin))
	if note := s.Whole.Get("note"); note != nil {
		x.lines(margin, "# "+source.Visible(strings.Join(strings.Fields(note.Text), " ")))
	}
	k := s.Kind
	line, before := x.first[k.Name]
	switch {
	case before && k.Beneath.Given():
		x.lines(margin, fmt.Sprintf("%s: see line %d", k.Summary, line))
	case before:
		x.lines(margin, k.Summary)
	default:
		x.first[k.Name] = s.Place.Pos.Line
		x.lines(margin, sentence(k.Summary))
		if k.Beneath.Given() {
			text := strings.TrimSuffix(k.Beneath.Text(x.width-len(margin)), "\n")
			fmt.Fprintln(x, margin+strings.ReplaceAll(text, "\n", "\n"+margin))
		}
	}
}

// asWritten is a step on one line: its verb and its keys, without the steps
// that are in it.
func asWritten(s *step.Step) string {
	var parts []string
	for _, e := range s.Whole.Entries {
		if e.Key.Text != "note" {
			parts = append(parts, e.Key.Text+": "+inline(e.Value, mostInline))
		}
	}
	return source.Visible(strings.Join(parts, ", "))
}

// mostInline is how long a value may be to be shown on the line of its step.
const mostInline = 60

// inline is a value on one line: "..." for each part that would be longer than
// most.
func inline(n *source.Node, most int) string {
	var parts []string
	text := strings.ReplaceAll(n.Text, "\n", `\n`)
	switch n.Kind {
	case source.List:
		for _, item := range n.Items {
			parts = append(parts, inline(item, most))
		}
		text = "[" + strings.Join(parts, ", ") + "]"
	case source.Map:
		for _, e := range n.Entries {
			parts = append(parts, e.Key.Text+": "+inline(e.Value, most))
		}
		text = "{" + strings.Join(parts, ", ") + "}"
	}
	if len(text) > most {
		return "..."
	}
	return text
}

// sentence begins a summary with a capital letter.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

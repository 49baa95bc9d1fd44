package diagram

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Mermaid writes the diagram as a sequence diagram of Mermaid, which forges
// show in Markdown.
func (d *Diagram) Mermaid(w io.Writer) error {
	b := new(bytes.Buffer)
	fmt.Fprintf(b, "---\ntitle: %q\n---\nsequenceDiagram\n", d.Name)
	for i, name := range d.Lifelines {
		first, last := d.mermaidGroup(i)
		if first != "" {
			fmt.Fprintf(b, "    box transparent %s\n", mermaidText(first))
		}
		fmt.Fprintf(b, "    participant p%d as %s\n", i, mermaidText(name))
		if last {
			b.WriteString("    end\n")
		}
	}
	arrows := make(map[int][]Arrow) // by the box that they reach
	for _, a := range d.Arrows {
		arrows[a.To] = append(arrows[a.To], a)
	}
	for i, box := range d.Boxes {
		for _, a := range arrows[i] {
			d.mermaidArrow(b, a)
		}
		d.mermaidBox(b, box)
	}
	if d.Reason != "" {
		if len(d.Lifelines) == 0 { // a note must have a lifeline
			fmt.Fprintf(b, "    participant p0 as %s\n", d.Status)
		}
		fmt.Fprintf(b, "    Note over p0: %s: %s\n", d.Status, mermaidText(d.Reason))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// mermaidGroup is the name of the group that begins with a lifeline, "" where
// none does, and whether one ends with it. Mermaid has no groups in groups: on
// a host, processes have none of their own.
func (d *Diagram) mermaidGroup(lifeline int) (first string, last bool) {
	for _, g := range d.Groups {
		within := g.Inner && slices.ContainsFunc(d.Groups, func(o Group) bool { return !o.Inner && o.First <= g.First && g.First <= o.Last })
		if within {
			continue
		}
		if g.First == lifeline {
			first = g.Name
		}
		last = last || g.Last == lifeline
	}
	return first, last
}

func (d *Diagram) mermaidArrow(b *bytes.Buffer, a Arrow) {
	line := map[Bond]string{Data: "->>", Connection: "->>", End: "-x", Tie: "-->>"}[a.Bond]
	label := a.Label
	if label == "" {
		label = " " // Mermaid wants a text
	}
	fmt.Fprintf(b, "    p%d%sp%d: %s\n", d.Boxes[a.From].Lifeline, line, d.Boxes[a.To].Lifeline, mermaidText(label))
}

func (d *Diagram) mermaidBox(b *bytes.Buffer, box Box) {
	if box.Kind == Omitted {
		over := "p0"
		if len(d.Lifelines) > 1 {
			over = fmt.Sprintf("p0,p%d", len(d.Lifelines)-1)
		}
		fmt.Fprintf(b, "    Note over %s: %s\n", over, mermaidText(box.Text))
		return
	}
	if box.Kind == Wire {
		line := "-)"
		if box.lost() {
			line = "-x"
		}
		fmt.Fprintf(b, "    p%d%sp%d: %s\n", box.Lifeline, line, box.To, mermaidText(box.Text))
		return
	}
	text := box.Text
	if box.Note != "" {
		text = box.Note + "\n" + text
	}
	if box.Kind == Failed {
		text = "FAILED " + text
	}
	fmt.Fprintf(b, "    Note over p%d: %s\n", box.Lifeline, mermaidText(text))
}

// mermaidText writes a text so that nothing in it means anything to Mermaid or
// to the browser: all but letters, digits and some signs as entity codes.
func mermaidText(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n':
			b.WriteString("<br/>")
		case unicode.IsLetter(r), unicode.IsDigit(r), r == ' ' && i > 0, strings.ContainsRune("(),.=_/+*|[]'!?@-", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

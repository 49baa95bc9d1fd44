package reference

import (
	"fmt"
	"math"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// network says where the scenario runs; n is nil where it does not say it.
func (x *explainer) network(n *source.Node) {
	switch {
	case n == nil:
		return
	case n.Text == "host":
		x.lines("", "It uses the network of the machine, and is not run in another one.")
	case n.Get("hosts") == nil:
		x.lines("", "It has a network of its own, with nothing but lo"+settings(" (", n.Get("private"), ")")+".")
	default:
		x.lines("", "It has a network of its own, with these hosts and links:")
		for _, part := range []string{"hosts", "links"} {
			x.entries(n.Get(part))
		}
	}
	x.WriteByte('\n')
}

// settings is what a mapping says, between two texts; "" where it says nothing.
func settings(before string, n *source.Node, after string) string {
	if n == nil || len(n.Entries) == 0 {
		return ""
	}
	text := spelled(n)
	return before + source.Visible(text[1:len(text)-1]) + after
}

// entries writes what a mapping has, an entry on each line.
func (x *explainer) entries(n *source.Node) {
	if n == nil {
		return
	}
	for _, e := range n.Entries {
		x.hanging(e.Key.Text + settings(": ", e.Value, ""))
	}
}

// hanging writes a text of which only the first line has the smaller margin.
func (x *explainer) hanging(text string) {
	const margin = "  "
	lines := source.Wrap(source.Visible(text), max(x.width-len(margin), 20))
	fmt.Fprintln(x, margin+strings.Join(lines, "\n"+margin))
}

// crossed says what the section wire asks for; n is nil where there is none.
func (x *explainer) crossed(n *source.Node) {
	if n == nil {
		return
	}
	for _, item := range n.Items {
		where := "the network"
		if at := item.Get("at"); at != nil {
			where = at.Text
		}
		if ends := item.Get("connection"); ends != nil && len(ends.Items) == 2 {
			where += " between " + spelled(ends.Items[0]) + " and " + spelled(ends.Items[1])
		}
		segments, order := item.Get("segments"), "in this order"
		if segments == nil {
			segments, order = item.Get("exactly"), "in this order, and nothing else but acknowledgements and repetitions"
		}
		x.lines("", fmt.Sprintf("When it has ended, this must have crossed %s, %s:", source.Visible(where), order))
		if segments != nil {
			for _, s := range segments.Items {
				x.hanging(s.Text)
			}
		}
		x.WriteByte('\n')
	}
}

// spelled is a value on one line, however long.
func spelled(n *source.Node) string { return inline(n, math.MaxInt) }

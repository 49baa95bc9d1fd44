package report

import (
	"fmt"
	"html"
	"strings"

	"github.com/sockscript/sockscript/runner/flows"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/tcpstate"
	"github.com/sockscript/sockscript/scenarios/source"
)

// mostRows is how many rows a table of the page has at most.
const mostRows = 300

// states writes a table of the events that have changed a TCP state, with the
// states of both ends.
func (h *HTML) states(r *history.Result) {
	states := tcpstate.Of(r.Record)
	var rows [][]string
	for _, l := range r.Lines(history.Causal, h.Style.Form) {
		if l.Event == nil {
			continue
		}
		ends := states.At(l.At)
		if !changes(ends) {
			continue
		}
		own := r.Branches[l.At.Branch].Actor
		row := []string{cell(l.Actor), cell(lineText(r, l, h.Style.Form)), endCell(ends[0], own), ""}
		for i, c := range ends[1:] {
			if i > 0 {
				row[3] += "<br>"
			}
			row[3] += endCell(c, own)
		}
		rows = append(rows, row)
	}
	h.table("TCP states", "", []string{"actor", "event", "this end", "the other end"}, rows)
}

// endCell is an end with its states.
func endCell(c tcpstate.Change, actor string) string {
	return "<b>" + cell(c.Name(actor)) + "</b> " + cell(chain(c.States))
}

// wire writes a table for each connection of which the frames were recorded:
// what each end has sent, from above.
func (h *HTML) wire(r *history.Result) {
	if r.Frames == nil {
		return
	}
	if why := flows.Unseen(r.Record); why != "" {
		fmt.Fprintf(&h.cases, "<h2>Wire</h2>\n<p>%s</p>\n", cell(why))
		return
	}
	title := "Wire"
	for _, s := range flows.Sections(r.Record) {
		left, right, _ := strings.Cut(s.Head, " <-> ")
		var rows [][]string
		for _, line := range s.Lines {
			way, text, _ := strings.Cut(line, " ")
			if way == ">" {
				rows = append(rows, []string{cell(text + " →"), ""})
			} else {
				rows = append(rows, []string{"", cell("← " + text)})
			}
		}
		note := ""
		if s.Alike > 1 {
			note = fmt.Sprintf("%d connections alike", s.Alike)
		}
		h.table(title, note, []string{left, right}, rows)
		title = ""
	}
}

// cell is a text of a table.
func cell(text string) string { return html.EscapeString(source.Visible(text)) }

// table writes a table under a title, if it has rows. What is in the rows is
// HTML.
func (h *HTML) table(title, note string, heads []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	if len(rows) > mostRows {
		note = strings.TrimPrefix(note+", "+source.Count(len(rows)-mostRows, "more row is", "more rows are")+" left out", ", ")
		rows = rows[:mostRows]
	}
	label := title
	if title != "" {
		fmt.Fprintf(&h.cases, "<h2>%s</h2>\n", title)
	} else {
		label = strings.Join(heads, " and ")
	}
	fmt.Fprintf(&h.cases, "<div class=\"picture\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><table>\n", cell(strings.ToLower(label)))
	if note != "" {
		fmt.Fprintf(&h.cases, "<caption>%s</caption>\n", cell(note))
	}
	h.cases.WriteString("<thead><tr>")
	for _, head := range heads {
		fmt.Fprintf(&h.cases, "<th scope=\"col\">%s</th>", cell(head))
	}
	h.cases.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range rows {
		fmt.Fprintf(&h.cases, "<tr><td>%s</td></tr>\n", strings.Join(row, "</td><td>"))
	}
	h.cases.WriteString("</tbody></table></div>\n")
}

package report

import (
	"bytes"
	_ "embed" // the page's style and script
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/scenarios/source"
)

//go:embed page/page.css
var pageStyle string

//go:embed page/page.js
var pageScript string

// HTML is the report as a page for a browser: all scenarios as a list that can
// be searched, each with its transcript, its sequence diagram, the TCP states
// of both ends, what crossed the network where that was recorded, the times of
// its calls and its source. The page needs nothing from outside. It is written
// at the end. It is a [Reporter].
type HTML struct {
	W     io.Writer
	Style Style

	cases  bytes.Buffer
	counts map[string]int // by status
	words  []string       // the statuses, as they first came
	total  int
}

// Problems implements [Reporter]. Errors are reported by Checked.
func (h *HTML) Problems(source.Problems) error { return nil }

// Checked implements [Reporter]: each error is an entry of the list.
func (h *HTML) Checked(files int, problems source.Problems) error {
	for _, v := range verdictsOf(files, problems) {
		status := "fail"
		if v.ending == passed {
			status = "ok"
		}
		h.open(status, v.name, v.message, "", v.ending != passed)
		h.pre("", v.detail)
		h.close()
	}
	return h.write(CountProblems(problems))
}

// Outcome implements [Reporter].
func (h *HTML) Outcome(o *Outcome) error {
	v, err := verdictOf(o, h.Style)
	if err != nil {
		return err
	}
	status := o.Status().String()
	if v.ending == notRun {
		status = "not run"
	}
	took := ""
	if o.Result != nil {
		took = precise(o.Result.Elapsed)
	}
	h.open(status, v.name, v.message, strings.Join(v.tags, " ")+" "+v.file, status == "fail")
	if text := described(o.Scenario.Description); text != "" {
		fmt.Fprintf(&h.cases, `<p class="what">%s</p>`+"\n", text)
	}
	fmt.Fprintf(&h.cases, "<p><code>%s</code> <span class=\"took\">%s</span></p>\n", html.EscapeString(source.Visible(o.Scenario.Pos().String())), took)
	if v.detail != "" {
		h.pre("What went wrong", v.detail)
	}
	if o.Result != nil && o.Result.Status != history.Skipped {
		err = h.run(o, v)
	}
	h.close()
	return err
}

// run writes what was recorded. What a reader of a failure does not look at
// first is kept as text that the browser reads only when the scenario is
// opened.
func (h *HTML) run(o *Outcome, v *verdict) error {
	var b bytes.Buffer
	s := h.Style
	s.Color = false
	if o.Result.Status == history.Passed || o.Diff != nil {
		if err := Transcript(&b, o.Result, s); err != nil {
			return err
		}
		h.pre("Transcript", b.String())
	}
	h.cases.WriteString(`<script type="text/plain" class="late">` + "\n")
	h.picture("Diagram", func(w io.Writer) error { return diagram.Of(o.Result, s.Form).Inline(w) })
	h.states(o.Result)
	h.wire(o.Result)
	h.picture("Times", func(w io.Writer) error { return diagram.Times(w, o.Result) })
	h.source(o.Scenario, v.at)
	h.cases.WriteString("</script>\n")
	return nil
}

func (h *HTML) picture(title string, draw func(io.Writer) error) {
	var b bytes.Buffer
	if draw(&b); b.Len() == 0 { // a buffer has no errors
		return
	}
	fmt.Fprintf(&h.cases, "<h2>%s</h2>\n<div class=\"picture\" tabindex=\"0\" role=\"group\" aria-label=\"%s\">%s</div>\n", title, strings.ToLower(title), b.String())
}

// source writes the document of the scenario, with the line of the failure.
func (h *HTML) source(s history.Scenario, at source.Pos) {
	if s.Source == "" {
		return
	}
	h.cases.WriteString("<h2>Source</h2>\n<pre tabindex=\"0\">")
	n := s.SourceLine
	for line := range strings.Lines(strings.TrimRight(s.Source, "\n")) {
		text := html.EscapeString(source.Visible(strings.TrimRight(line, "\r\n")))
		if n == at.Line && at.Line != s.At.Line {
			text = `<span class="at">` + text + "</span>"
		}
		fmt.Fprintf(&h.cases, "<span class=\"no\">%4d  </span>%s\n", n, text)
		n++
	}
	h.cases.WriteString("</pre>\n")
}

// open begins an entry of the list.
func (h *HTML) open(status, name, why, find string, shown bool) {
	if h.counts == nil {
		h.counts = make(map[string]int)
	}
	if h.counts[status] == 0 {
		h.words = append(h.words, status)
	}
	h.counts[status]++
	h.total++
	class := strings.ReplaceAll(status, " ", "-")
	open := ""
	if shown {
		open = " open"
	}
	fmt.Fprintf(&h.cases, "<li id=\"s%d\" class=\"%s\" data-status=\"%s\" data-find=\"%s\"><details%s><summary>"+
		"<span class=\"status\">%s</span><span class=\"name\">%s</span><span class=\"why\">%s</span></summary>\n<div class=\"body\">\n",
		h.total, class, status, html.EscapeString(strings.ToLower(name+" "+find)), open, status, html.EscapeString(name), html.EscapeString(why))
}

func (h *HTML) close() { h.cases.WriteString("</div></details></li>\n") }

func (h *HTML) pre(title, text string) {
	if title != "" {
		fmt.Fprintf(&h.cases, "<h2>%s</h2>\n", title)
	}
	fmt.Fprintf(&h.cases, "<pre tabindex=\"0\">%s</pre>\n", html.EscapeString(source.VisibleLines(text)))
}

// Summary implements [Reporter].
func (h *HTML) Summary(s *Summary) error { return h.write(s.String()) }

func (h *HTML) write(summary string) error {
	var b bytes.Buffer
	summary = html.EscapeString(summary)
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>sockscript: %s</title>\n<style>\n%s%s</style>\n</head>\n<body>\n",
		summary, pageStyle, diagram.Style)
	fmt.Fprintf(&b, "<header>\n<h1>sockscript</h1>\n<p>%s</p>\n</header>\n<main>\n<div class=\"bar\" role=\"search\">\n"+
		"<label>Find <input type=\"search\" id=\"find\" placeholder=\"name, tag or file; press / to come here\"></label>\n", summary)
	for _, word := range h.words {
		fmt.Fprintf(&b, "<label><input type=\"checkbox\" value=\"%s\" checked> %s %s</label>\n", word, source.Thousands(h.counts[word]), word)
	}
	fmt.Fprint(&b, "<span id=\"count\" role=\"status\"></span>\n</div>\n<ol class=\"cases\">\n")
	h.cases.WriteTo(&b) // a buffer has no errors
	fmt.Fprintf(&b, "</ol>\n</main>\n<script>\n%s</script>\n</body>\n</html>\n", pageScript)
	_, err := h.W.Write(b.Bytes())
	return err
}

// described is a description as HTML; what is indented in it is code.
func described(text string) string {
	var lines []string
	for line := range strings.SplitSeq(source.VisibleLines(source.Prose(text)), "\n") {
		line = html.EscapeString(line)
		if strings.HasPrefix(line, " ") {
			line = "<code>" + line + "</code>"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

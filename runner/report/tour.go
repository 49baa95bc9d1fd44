package report

import (
	"bytes"
	"fmt"
	"html"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A TourChapter is a part of a tour through scenarios, in the order in which
// they are to be read.
type TourChapter struct {
	Title, Text string
	Stops       []TourStop
}

// A TourStop is a scenario of a tour.
type TourStop struct {
	Name        string
	Description string
	Source      string
	Transcript  string
	Result      *history.Result // what is drawn; nil where it was not run
}

// TourPages are the pages of a tour for a browser, by the names of their files:
// index.html, and one for each chapter. They need nothing from outside.
func TourPages(chapters []TourChapter) map[string][]byte {
	pages := make(map[string][]byte)
	var b bytes.Buffer
	b.WriteString("<ol class=\"cases\">\n")
	for i, c := range chapters {
		fmt.Fprintf(&b, "<li><h2><a href=\"%s\">%d. %s</a></h2>\n<p class=\"what\">%s</p>\n<p>%s</p>\n</li>\n", tourFile(i), i+1,
			html.EscapeString(c.Title), html.EscapeString(c.Text), source.Count(len(c.Stops), "scenario", "scenarios"))
	}
	b.WriteString("</ol>\n")
	pages["index.html"] = tourPage("Sockets, scenario by scenario", "", b.String())
	for i, c := range chapters {
		pages[tourFile(i)] = tourPage(fmt.Sprintf("%d. %s", i+1, c.Title), tourLinks(chapters, i), c.html())
	}
	return pages
}

func tourFile(chapter int) string { return fmt.Sprintf("chapter-%02d.html", chapter+1) }

// tourLinks lead from a chapter to its neighbours.
func tourLinks(chapters []TourChapter, i int) string {
	links := []string{`<a href="index.html">All chapters</a>`}
	if i > 0 {
		links = append(links, fmt.Sprintf(`<a href="%s" rel="prev">Before: %s</a>`, tourFile(i-1), html.EscapeString(chapters[i-1].Title)))
	}
	if i+1 < len(chapters) {
		links = append(links, fmt.Sprintf(`<a href="%s" rel="next">Next: %s</a>`, tourFile(i+1), html.EscapeString(chapters[i+1].Title)))
	}
	return "<nav class=\"bar\" aria-label=\"chapters\">" + strings.Join(links, "\n") + "</nav>\n"
}

func tourPage(title, links, body string) []byte {
	var b bytes.Buffer
	title = html.EscapeString(title)
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s</title>\n<style>\n%s%s</style>\n</head>\n<body>\n"+
		"<header>\n<h1>%s</h1>\n</header>\n%s<main>\n%s</main>\n</body>\n</html>\n", title, pageStyle, diagram.Style, title, links, body)
	return b.Bytes()
}

func (c TourChapter) html() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<p class=\"what\">%s</p>\n", html.EscapeString(c.Text))
	for _, s := range c.Stops {
		s.write(&b)
	}
	return b.String()
}

func (s TourStop) write(b *bytes.Buffer) {
	name := html.EscapeString(source.Visible(s.Name))
	fmt.Fprintf(b, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\" class=\"name\">%s</h2>\n", name, name, name, name)
	fmt.Fprintf(b, "<p class=\"what\">%s</p>\n", described(s.Description))
	if s.Result != nil {
		fmt.Fprintf(b, "<div class=\"picture\" tabindex=\"0\" role=\"group\" aria-label=\"diagram of %s\">", name)
		diagram.Of(s.Result, history.Form{}).Inline(b) // a buffer has no errors
		b.WriteString("</div>\n")
	}
	for _, part := range []struct{ title, text, open string }{{"Transcript", s.Transcript, " open"}, {"Scenario", s.Source, ""}} {
		if part.text != "" {
			fmt.Fprintf(b, "<details%s><summary>%s</summary>\n<pre tabindex=\"0\">%s</pre></details>\n", part.open, part.title,
				html.EscapeString(source.VisibleLines(part.text)))
		}
	}
	fmt.Fprintf(b, "<p><code>sockscript run %s</code></p>\n</section>\n", name)
}

package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// dataDiff shows two pieces of data, in hexadecimal where they are not text.
func (s Style) dataDiff(want, got []byte) string {
	if !event.IsText(string(want), 0) || !event.IsText(string(got), 0) {
		row := 16
		if s.Width > 0 && s.Width < len("   ")+dumpWidth {
			row = 8
		}
		return s.within(indent(unified(dump(want, row), dump(got, row))))
	}
	if !strings.Contains(strings.TrimSuffix(string(want), "\n"), "\n") && len(want) < 200 && len(got) < 200 {
		return indent(s.shortDiff(string(want), string(got)))
	}
	return s.within(indent(unified(lines(want), lines(got))))
}

// dumpWidth is the width of a dump with 16 bytes in a row.
const dumpWidth = 78

// dump shows bytes as hexdump -C does, row of them in each line.
func dump(data []byte, row int) string {
	var out strings.Builder
	for at := 0; at < len(data); at += row {
		fmt.Fprintf(&out, "%08x  ", at)
		text := ""
		for i := range row {
			if at+i >= len(data) {
				out.WriteString("   ")
			} else {
				b := data[at+i]
				fmt.Fprintf(&out, "%02x ", b)
				if b < ' ' || b > '~' {
					b = '.'
				}
				text += string(rune(b))
			}
			if i%8 == 7 {
				out.WriteByte(' ')
			}
		}
		fmt.Fprintf(&out, "|%s|\n", text)
	}
	return out.String()
}

// shortDiff sets two short texts one above the other and points at the first
// difference. On a terminal that is too narrow for them, it shows what is
// around that.
func (s Style) shortDiff(want, got string) string {
	w, g := event.Quote(want), event.Quote(got)
	wantSize, gotSize := source.Count(len(want), "byte", "bytes"), source.Count(len(got), "byte", "bytes")
	same := 0
	for same < len(w) && same < len(g) && w[same] == g[same] {
		same++
	}
	for same > 0 && same < len(w) && !utf8.RuneStart(w[same]) {
		same--
	}
	head, w, g := w[:same], w[same:], g[same:]
	if s.Width > 0 {
		width := max(s.Width-len("  expected    ()")-max(len(wantSize), len(gotSize)), 8)
		head, w, g = around(head, w, g, width)
	}
	return fmt.Sprintf("expected  %s%s  (%s)\ngot       %s%s  (%s)\n          %s^\n",
		head, w, wantSize, head, g, gotSize, strings.Repeat(" ", source.Cells(head)))
}

// around shortens two texts with the same head so that each has at most width
// cells and still shows the place where they begin to differ.
func around(head, w, g string, width int) (shownHead, shownW, shownG string) {
	if source.Cells(head)+max(source.Cells(w), source.Cells(g)) <= width {
		return head, w, g
	}
	if source.Cells(head) > width/2 {
		for source.Cells(head) >= width/2 {
			_, size := utf8.DecodeRuneInString(head)
			head = head[size:]
		}
		head = "…" + head
	}
	width -= source.Cells(head)
	return head, shortened(w, width), shortened(g, width)
}

func shortened(text string, width int) string {
	if source.Cells(text) <= width {
		return text
	}
	return source.Fit(text, width-1) + "…"
}

// lines quotes each line, so that what cannot be seen shows.
func lines(b []byte) string {
	var out strings.Builder
	for _, l := range strings.SplitAfter(string(b), "\n") {
		if l != "" {
			fmt.Fprintln(&out, event.Quote(l))
		}
	}
	return out.String()
}

// unified is a diff without the names of files.
func unified(want, got string) string {
	text := string(diff.Diff("expected", []byte(want), "got", []byte(got)))
	_, text, _ = strings.Cut(text, "\n")
	return text
}

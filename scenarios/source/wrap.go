package source

import "strings"

// Wrap breaks a text without line ends into lines that have at most this number
// of cells of a terminal, at blanks where there are some. All lines but the
// first are indented.
func Wrap(text string, most int) []string { return hang(text, most, "  ") }

// hang is [Wrap] with an indent of one's own.
func hang(text string, most int, indent string) []string {
	most = max(most, len(indent)+2)
	var lines []string
	for Cells(text) > most {
		fits := Fit(text, most)
		cut := len(fits)
		if text[cut] != ' ' {
			blank := strings.LastIndexByte(fits, ' ')
			if Cells(text[:max(blank, 0)]) > max(most/3, len(indent)) {
				cut = blank
			}
		}
		lines = append(lines, strings.TrimRight(text[:cut], " "))
		text = indent + strings.TrimLeft(text[cut:], " ")
	}
	return append(lines, text)
}

// leastRoom is what a line has beside its margin, however narrow the terminal
// is.
const leastRoom = 20

// Break breaks lines that have more than this number of cells; with 0 the text
// stays as it is. Each line is broken for itself: what goes on is indented more
// than the item of YAML, or in a transcript than what the actor did.
func Break(text string, most int) string {
	if most <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		whole, end := strings.CutSuffix(line, "\n")
		head, rest := headOf(whole)
		parts := Wrap(rest, max(most-Cells(head), leastRoom))
		b.WriteString(head + parts[0])
		for _, part := range parts[1:] {
			b.WriteString("\n" + strings.Repeat(" ", Cells(head)) + part)
		}
		if end {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// headOf cuts a line behind its margin, and behind the dash of an item or a
// first column of one word.
func headOf(line string) (head, rest string) {
	rest = strings.TrimLeft(line, " ")
	word, after, _ := strings.Cut(rest, "  ")
	if after != "" && !strings.Contains(word, " ") {
		rest = strings.TrimLeft(after, " ")
	}
	for strings.HasPrefix(rest, "- ") {
		rest = rest[len("- "):]
	}
	return line[:len(line)-len(rest)], rest
}

// Narrow breaks lines that have more than this number of cells; with 0 the text
// stays as it is. A paragraph that is too wide is filled again. Another line
// that is too wide, such as the row of a table, goes on below its last column.
func Narrow(text string, most int) string {
	if most <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	var out []string
	for len(lines) > 0 {
		n := paragraphOf(lines)
		whole := lines[:n]
		if widest(whole) > most {
			prose := strings.ReplaceAll(strings.Join(whole, "\n"), "\n"+goesOn(lines[0]), " ")
			whole = rowWithin(prose, most)
		}
		out, lines = append(out, whole...), lines[n:]
	}
	return strings.Join(out, "\n")
}

// Prose joins the lines of each paragraph, as they are read in a window that
// may be wider or narrower. Lines that are indented, such as commands, and
// blank ones stay as they are.
func Prose(text string) string {
	var lines []string
	joins := false // the line before goes on
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		words := strings.Join(strings.Fields(line), " ")
		switch prose := words != "" && marginOf(line) == ""; {
		case prose && joins:
			lines[len(lines)-1] += " " + words
		case prose:
			lines = append(lines, words)
			joins = true
		default:
			lines = append(lines, strings.TrimRight(line, " "))
			joins = false
		}
	}
	return strings.Join(lines, "\n")
}

// filled is the column up to which the lines of our paragraphs are filled: one
// that the next word would have taken beyond it was broken for its length.
const filled = 72

// paragraphOf counts the lines that make a paragraph with the first one.
func paragraphOf(lines []string) int {
	n := 1
	for margin := goesOn(lines[0]); n < len(lines); n++ {
		next := lines[n]
		word, _, _ := strings.Cut(strings.TrimLeft(next, " "), " ")
		if word == "" || marginOf(next) != margin || inColumns(next) || Cells(lines[n-1])+1+Cells(word) <= filled {
			break
		}
	}
	return n
}

// goesOn is the indent with which the paragraph of a line goes on: below its
// last column, if it has columns.
func goesOn(line string) string {
	if !inColumns(line) {
		return marginOf(line)
	}
	return strings.Repeat(" ", Cells(line[:strings.LastIndex(line, "  ")+len("  ")]))
}

func marginOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " "))] }

func inColumns(line string) bool { return strings.Contains(strings.TrimLeft(line, " "), "  ") }

// rowWithin breaks a line. It goes on below its last column, if that leaves
// enough room; if it does not, the last column has lines of its own.
func rowWithin(line string, most int) []string {
	const room = 24
	below := goesOn(line)
	if !inColumns(line) || most-len(below) >= room {
		return hang(line, most, below)
	}
	last := strings.LastIndex(line, "  ") + len("  ")
	indent := marginOf(line) + "    "
	return append(rowWithin(strings.TrimRight(line[:last], " "), most), hang(indent+line[last:], most, indent)...)
}

func widest(lines []string) int {
	most := 0
	for _, line := range lines {
		most = max(most, Cells(line))
	}
	return most
}

// Fit returns the beginning of a text that fits into this number of cells.
func Fit(text string, cells int) string {
	if len(text) <= cells {
		return text
	}
	used := 0
	for i, r := range text {
		if used += cellsOf(r); used > cells {
			return text[:i]
		}
	}
	return text
}

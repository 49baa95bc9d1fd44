package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// patternMark begins a pattern line of a golden file. What follows is a regular
// expression (RE2, as of package regexp) that matches a whole line of the
// transcript:
//
//	client  send(sock, "hello", 5) = 5
//	~ client  recv\(sock, \d+\) = \d+ ".*"
//
// No line of a transcript begins like this, since an actor's name does not.
const patternMark = "~ "

// A golden is what a golden file holds. A nil *golden is that of a case that
// has none.
type golden struct {
	text     string
	lines    []string               // each with its newline
	patterns map[int]*regexp.Regexp // by the index of the line
	before   int                    // lines of the file that are not the case's
}

// parseGolden reads a golden file; path is for the error that a pattern line
// gives, before the number of lines in the file that are before the text.
func parseGolden(path, text string, before int) (*golden, error) {
	g := &golden{text: text, before: before, lines: slices.Collect(strings.Lines(text)), patterns: make(map[int]*regexp.Regexp)}
	for i, line := range g.lines {
		pattern, marked := strings.CutPrefix(strings.TrimSuffix(line, "\n"), patternMark)
		if !marked {
			continue
		}
		if _, err := regexp.Compile(pattern); err != nil {
			return nil, fmt.Errorf("%s:%d: the pattern line: %w", path, before+i+1, err)
		}
		g.patterns[i] = regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	}
	return g, nil
}

// keep is a transcript in which each pattern line stands for the line that it
// matches. A transcript that is as it should be comes out as the golden file;
// of one that is not, the pattern lines that still match are kept.
func (g *golden) keep(transcript []byte) []byte {
	if g == nil || len(g.patterns) == 0 {
		return transcript
	}
	lines := slices.Collect(strings.Lines(string(transcript)))
	for _, p := range g.align(lines) {
		if g.patterns[p.golden] != nil {
			lines[p.line] = strings.TrimSuffix(g.lines[p.golden], "\n") + "\n"
		}
	}
	return []byte(strings.Join(lines, ""))
}

// matches reports whether the ith line of the file stands for a line.
func (g *golden) matches(i int, line string) bool {
	if re := g.patterns[i]; re != nil {
		return re.MatchString(strings.TrimSuffix(line, "\n"))
	}
	return g.lines[i] == line
}

// A pairing is a line of the golden file with the line that it stands for.
type pairing struct{ golden, line int }

// align pairs as many lines as it can, in order: those from the beginning and
// from the end that match, and between them a longest common subsequence.
func (g *golden) align(lines []string) []pairing {
	var pairs []pairing
	from, to, last := 0, len(g.lines), len(lines)
	for from < to && from < last && g.matches(from, lines[from]) {
		pairs = append(pairs, pairing{from, from})
		from++
	}
	for to > from && last > from && g.matches(to-1, lines[last-1]) {
		to, last = to-1, last-1
		pairs = append(pairs, pairing{to, last})
	}
	return append(pairs, g.common(from, to, lines[:last])...)
}

// mostPairs bounds the time and memory that two quite different transcripts
// take.
const mostPairs = 1 << 22

// common pairs the lines from one index to another of the golden file with
// those of a transcript from the same index on.
func (g *golden) common(from, to int, lines []string) []pairing {
	rows, columns := to-from, len(lines)-from
	if rows == 0 || columns == 0 || rows > mostPairs/columns {
		return nil
	}
	// length[i][j] is that of the longest common subsequence of what follows.
	length := make([][]int32, rows+1)
	for i := range length {
		length[i] = make([]int32, columns+1)
	}
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			length[i][j] = max(length[i+1][j], length[i][j+1])
			if g.matches(from+i, lines[from+j]) {
				length[i][j] = max(length[i][j], length[i+1][j+1]+1)
			}
		}
	}
	var pairs []pairing
	for i, j := 0, 0; i < rows && j < columns; {
		switch {
		case length[i][j] == length[i+1][j]:
			i++
		case length[i][j] == length[i][j+1]:
			j++
		default:
			pairs = append(pairs, pairing{from + i, from + j})
			i, j = i+1, j+1
		}
	}
	return pairs
}

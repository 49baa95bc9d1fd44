package suite

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A section is what a golden file holds for one row of a table. A line with the
// row's name is before it:
//
//	-- reset --
//	client  connect(sock, 127.0.0.1:<listener>) = 0
//
// No line of a transcript begins like this.
type section struct {
	row    string
	text   string
	before int // lines of the file before the text
}

const sectionOpen, sectionEnd = "-- ", " --"

// sectionsOf are the sections of a golden file. What is before the first is
// of no row.
func sectionsOf(text string) []section {
	var list []section
	n := 0
	for line := range strings.Lines(text) {
		n++
		if row, ok := sectionRow(line); ok {
			list = append(list, section{row: row, before: n})
		} else if len(list) > 0 {
			list[len(list)-1].text += line
		}
	}
	return list
}

func sectionRow(line string) (string, bool) {
	row, open := strings.CutPrefix(strings.TrimSuffix(line, "\n"), sectionOpen)
	row, end := strings.CutSuffix(row, sectionEnd)
	return row, open && end
}

// withSection is the golden file with the text in the place of the case's row.
// The rows are in the order of the table, and then those that it does not have
// any more.
func (c *Case) withSection(path, text string) (string, error) {
	data, err := source.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	sections := make(map[string]string)
	var gone []string
	known := make(map[string]bool)
	for _, row := range c.rows {
		known[row] = true
	}
	for _, s := range sectionsOf(string(data)) {
		sections[s.row] = s.text
		if !known[s.row] {
			gone = append(gone, s.row)
		}
	}
	sections[c.Scenario.Row] = text
	var b strings.Builder
	for _, row := range append(c.rows[:len(c.rows):len(c.rows)], gone...) {
		if text, ok := sections[row]; ok {
			b.WriteString(sectionOpen + row + sectionEnd + "\n" + text)
		}
	}
	return b.String(), nil
}

// orphanSections are the sections of a golden file that are of none of the
// rows, as [Orphans] lists them.
func orphanSections(path string, rows map[string]bool) ([]string, error) {
	data, err := source.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []string
	for _, s := range sectionsOf(string(data)) {
		if !rows[s.row] {
			list = append(list, path+inSection+s.row+sectionEnd)
		}
	}
	return list, nil
}

// inSection is between the path of a golden file and the section in it.
const inSection = ": " + sectionOpen

// RemoveOrphan removes a golden file that [Orphans] has found, or the section
// of one.
func RemoveOrphan(orphan string) error {
	path, row, ok := strings.Cut(strings.TrimSuffix(orphan, sectionEnd), inSection)
	if !ok {
		return os.Remove(orphan)
	}
	data, err := source.ReadFile(path)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, s := range sectionsOf(string(data)) {
		if s.row != row {
			b.WriteString(sectionOpen + s.row + sectionEnd + "\n" + s.text)
		}
	}
	if err := replaceFile(path, []byte(b.String())); err != nil {
		return fmt.Errorf("cannot write the golden file: %w", err)
	}
	return nil
}

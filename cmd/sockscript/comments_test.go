package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// Comments have lines of their own, of at most 80 columns. What cannot be
// wrapped may be longer: the target of a link, and a directive.
func TestWidthOfComments(t *testing.T) {
	comment := regexp.MustCompile(`^\t*//[ \t]`)
	link := regexp.MustCompile(`^\t*// \[[^\]]+\]: `)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(path)
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			line = strings.TrimSuffix(line, "\n")
			width := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    "))
			if width > 80 && comment.MatchString(line) && !link.MatchString(line) {
				t.Errorf("%s:%d: a comment of %d columns: wrap it at 80", path, n, width)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

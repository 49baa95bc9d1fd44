package steps_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a kind does for others it declares: nothing outside asks for a kind by
// its name, or for a call by its text.
func TestNobodyAsksForKinds(t *testing.T) {
	t.Parallel()
	asks := regexp.MustCompile(`\.(Kind|Kind\.Name|Call|Title) [!=]= "[^"]|switch [^{]*\.(Kind\.Name|Call|Title) \{|Has(Pre|Suf)fix\([^,]*\.(Call|Title), "`)
	for _, root := range []string{"../runner", "step", "event", "value", "handle", "program"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for i, line := range strings.Split(string(text), "\n") {
				if asks.MatchString(line) {
					t.Errorf("%s:%d asks for a kind or a call: %s", path, i+1, strings.TrimSpace(line))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

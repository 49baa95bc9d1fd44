package suite

import (
	"os"
	"strings"
	"testing"
)

func TestOrphans(t *testing.T) {
	tree(t, map[string]string{
		"a.yaml":               quiet,
		"a.golden":             "ok  a\n",
		"old.golden":           "one  | hello\nok  old\n",
		"short.golden":         "ok  short",
		"sub/varies.golden":    "one  | hello\n~ ok  .*\n",
		"sub/other.golden":     "what another tool keeps\nok then\n",
		"sub/empty.golden":     "",
		"sub/notes.txt":        "ok  notes\n",
		".hidden/x.golden":     "ok  x\n",
		"two/two.yaml":         "name: b\n" + quiet + "---\nname: c\n" + quiet,
		"two/b.golden":         "ok  b\n",
		"two/two.golden":       "ok  two\n",
		"elsewhere/gone.yaml":  quiet,
		"elsewhere/gone.other": "ok  gone\n",
	})
	files, err := Find([]string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cases, _, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ dirs, want string }{
		{".", "old.golden short.golden sub/varies.golden two/two.golden"},
		{"sub two sub", "sub/varies.golden two/two.golden"},
		{here + "/two", here + "/two/two.golden"},
		{"", ""},
	}
	for _, tt := range tests {
		got, err := Orphans(strings.Fields(tt.dirs), cases)
		if strings.Join(got, " ") != tt.want || err != nil {
			t.Errorf("in %s: %q, %v; want %s", tt.dirs, got, err, tt.want)
		}
	}
	if got := Directories([]string{"sub", "a.yaml", "*.yaml", "tcp-hello", "two"}); strings.Join(got, " ") != "sub two" {
		t.Errorf("the directories are %q", got)
	}
}

func TestOrphansOfADirectoryThatIsGone(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Orphans([]string{"gone"}, nil); err == nil || !strings.Contains(err.Error(), "orphaned golden files") {
		t.Errorf("the error is %v", err)
	}
}

package suite_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

// TestMemoryOfNoFile: what is remembered is read where it is a file; a FIFO
// would be waited for.
func TestMemoryOfNoFile(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("HOME", cache)
	t.Setenv("XDG_CACHE_HOME", cache)
	m, err := suite.Recall()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.yaml")
	if err := os.WriteFile(path, []byte("actors: {one: [{assert: 1 == 2}]}"), 0o666); err != nil {
		t.Fatal(err)
	}
	cases, _, err := suite.Load([]suite.File{{Path: path}})
	if err != nil {
		t.Fatal(err)
	}
	suite.Run(t.Context(), cases, suite.Options{Run: runner.Options{}}, func(o *report.Outcome) { m.Note(cases[0], o) })
	if err := m.Save(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(cache, "sockscript", "*"))
	if len(files) != 1 {
		t.Fatalf("the memory is %q", files)
	}
	os.Remove(files[0])
	if err := syscall.Mkfifo(files[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := suite.Recall(); err == nil || !strings.Contains(err.Error(), "is a FIFO, not a file") {
		t.Errorf("got %v", err)
	}
}

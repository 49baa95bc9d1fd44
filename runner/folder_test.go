package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

// A run removes the temporary folders of runs that were killed, and only these:
// not that of one under way, nor one that was kept or that others made.
func TestFoldersOfKilledRuns(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	locks := make(map[string]*os.File)
	for _, name := range []string{"killed", "running", "kept"} {
		if err := os.MkdirAll(filepath.Join(dir, "sockscript-"+name, "inner"), 0o700); err != nil {
			t.Fatal(err)
		}
		if name == "kept" {
			continue
		}
		lock, err := os.Create(filepath.Join(dir, "sockscript-"+name+".lock"))
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		locks[name] = lock
	}
	if err := unix.Flock(int(locks["running"].Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	// What looks like a lock and is none.
	if err := unix.Mkfifo(filepath.Join(dir, "sockscript-pipe.lock"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("sockscript-killed.lock", filepath.Join(dir, "sockscript-link.lock")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sockscript-link"), 0o700); err != nil {
		t.Fatal(err)
	}

	run := func(text string, o runner.Options, want history.Status) *history.Result {
		r := runner.Run(context.Background(), scenario(t, "files: {x: hi}\nactors:\n  one: "+text), o)
		if r.Status != want {
			t.Fatal(ending(r))
		}
		return r
	}
	run("[{exec: [cat, x]}]", runner.Options{}, history.Passed)
	kept := run("[{assert: false}]", runner.Options{Keep: true}, history.Failed).Kept
	run("[{exec: [cat, x]}]", runner.Options{}, history.Passed)

	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{
		"sockscript-kept", "sockscript-link", "sockscript-link.lock", "sockscript-pipe.lock",
		"sockscript-running", "sockscript-running.lock", filepath.Base(kept),
	}
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("there are %q, want %q", left, want)
	}
	if _, err := os.Stat(filepath.Join(kept, "x")); err != nil {
		t.Errorf("what was kept: %v", err)
	}
}

// That the temporary folder cannot be made is not an errno of the step that
// asks for it.
func TestFolderThatCannotBeMade(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	for _, step := range []string{
		"{exec: [cat], expect: {error: ENOENT}}", "{start: [cat], as: p, expect: {error: ENOENT}}", "{write: x, data: '', expect: {error: ENOENT}}",
	} {
		r := runner.Run(context.Background(), scenario(t, "actors:\n  one: ["+step+"]"), runner.Options{})
		if r.Status != history.Failed || !strings.Contains(r.Failure.Err.Error(), "cannot make the temporary folder (set TMPDIR to one that can be written): ") {
			t.Errorf("%s: %s", step, ending(r))
		}
	}
}

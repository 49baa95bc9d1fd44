package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// watching begins to watch, and ends that with the test.
func watching(t *testing.T, names ...string) *Watcher {
	t.Helper()
	w, err := Watch(names)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Quiet = 5 * time.Millisecond
	return w
}

// expect waits until changes have told all of want, in one go or in several,
// and nothing else.
func expect(t *testing.T, w *Watcher, changed, gone string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	left := make(map[string]bool)
	for _, path := range strings.Fields(changed) {
		left["changed "+path] = true
	}
	for _, path := range strings.Fields(gone) {
		left["gone "+path] = true
	}
	seen := make(map[string]bool)
	for len(seen) < len(left) {
		c, err := w.Next(ctx)
		if err != nil {
			t.Fatalf("of %v only %v came: %v", left, seen, err)
		}
		for _, path := range c.Changed {
			seen["changed "+path] = true
		}
		for _, path := range c.Gone {
			seen["gone "+path] = true
		}
		for what := range seen {
			if !left[what] {
				t.Fatalf("%s; want %v", what, left)
			}
		}
	}
}

// save writes a file at one go, so that nobody sees half of it.
func save(t *testing.T, path, text string) {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "whole")
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(whole, []byte(text), 0o644), os.Rename(whole, path))
	if err != nil {
		t.Fatal(err)
	}
}

func TestWatchDirectory(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet, "sub/b.yaml": quiet, "sub/b.golden": "old\n", ".git/x.yaml": quiet, "data.bin": "x"})
	w := watching(t, ".")
	if got := paths(w.Files()); got != "a.yaml sub/b.yaml" {
		t.Errorf("the files are %s", got)
	}
	save(t, "a.yaml", quiet+"# changed\n")
	expect(t, w, "a.yaml", "")
	save(t, "sub/b.golden", "new\n")
	expect(t, w, "sub/b.golden", "")
	save(t, "data.bin", "longer")
	expect(t, w, "data.bin", "")

	// A directory that is new is watched too, with what was in it before that.
	save(t, "new/deep/c.yaml", quiet)
	expect(t, w, "new/deep/c.yaml", "")
	save(t, "new/deep/c.yaml", quiet+"# changed\n")
	expect(t, w, "new/deep/c.yaml", "")

	// An editor that writes a new file and renames it.
	save(t, ".git/a.tmp", quiet+"# renamed\n")
	if err := os.Rename(".git/a.tmp", "a.yaml"); err != nil {
		t.Fatal(err)
	}
	expect(t, w, "a.yaml", "")

	if err := errors.Join(os.Remove("a.yaml"), os.RemoveAll("new")); err != nil {
		t.Fatal(err)
	}
	expect(t, w, "", "a.yaml new/deep/c.yaml")
	if got := paths(w.Files()); got != "sub/b.yaml" {
		t.Errorf("the files are %s", got)
	}
}

// What is written again as it was is not a change, nor is a file elsewhere.
func TestWatchTellsOnlyChanges(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet, "b.yaml": quiet, "sub/c.yaml": quiet})
	w := watching(t, "a.yaml", "./sub/../a.yaml")
	if got := paths(w.Files()); got != "a.yaml" {
		t.Errorf("the files are %s", got)
	}
	save(t, "a.yaml", quiet)
	save(t, "sub/c.yaml", "changed")
	save(t, "b.yaml", "changed")
	expect(t, w, "b.yaml", "")
}

func TestWatchPattern(t *testing.T) {
	tree(t, map[string]string{"x/a.yaml": quiet, "y/z.txt": ""})
	w := watching(t, "x/**/*-t.yaml")
	if got := paths(w.Files()); got != "" {
		t.Errorf("the files are %s", got)
	}
	save(t, "y/y-t.yaml", quiet)
	save(t, "x/sub/b-t.yaml", quiet)
	expect(t, w, "x/sub/b-t.yaml", "")
	if got := paths(w.Files()); got != "x/sub/b-t.yaml" {
		t.Errorf("the files are %s", got)
	}
}

func TestWatchSettles(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet, "old.log": "x"})
	w := watching(t, ".")
	save(t, "out.log", "written by the run")
	if err := os.Remove("old.log"); err != nil {
		t.Fatal(err)
	}
	save(t, "a.yaml", "edited meanwhile")
	w.Settle()
	expect(t, w, "a.yaml", "")
}

func TestWatchEnds(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet})
	w := watching(t, "a.yaml")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestWatchOfWhatIsNotThere(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"gone.yaml", "tcp-hello", "-"} {
		if _, err := Watch([]string{name}); err == nil || !strings.HasPrefix(err.Error(), "cannot watch: ") {
			t.Errorf("%s gives the error %v", name, err)
		}
	}
}

// A file that is written to all the time is reported nevertheless.
func TestWatchIsNotKeptFromTelling(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet})
	w := watching(t, ".")
	w.Quiet = time.Second / 20
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ctx.Err() == nil; n++ {
			os.WriteFile("busy.log", fmt.Append(nil, n), 0o644)
		}
	}()
	expect(t, w, "busy.log", "")
	cancel()
	<-done
}

func TestAffected(t *testing.T) {
	tree(t, map[string]string{
		"a.yaml": "name: a\n" + quiet, "two.yaml": "name: b\n" + quiet + "---\nname: c\n" + quiet,
		"d.yaml": "name: d\nactors:\n  one:\n    - print: data.bin\n",
		"f.yaml": "name: f\ninclude: lib/outer.yaml\n" + quiet, "lib/outer.yaml": "include: two.yaml\nvars: {x: 1}\n", "lib/two.yaml": "vars: {x: 1}\n",
	})
	files, err := Find([]string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cases, problems, err := Load(append(files, Text("e.yaml", []byte("name: e\n"+quiet))))
	if err != nil || problems.HasErrors() {
		t.Fatal(err, problems)
	}
	for changed, want := range map[string]string{
		"a.yaml": "a", "./a.yaml": "a", "a.golden": "a", "two.yaml": "b c", "c.golden": "c", "two.golden": "",
		"sub/data.bin": "d", "other.bin": "", "a.yaml data.bin": "a d", "e.yaml": "",
		"lib/outer.yaml": "f", "lib/two.yaml": "f", "outer.yaml": "",
	} {
		if got := names(Affected(cases, strings.Fields(changed))); got != want {
			t.Errorf("%s has to do with %q; want %q", changed, got, want)
		}
	}
}

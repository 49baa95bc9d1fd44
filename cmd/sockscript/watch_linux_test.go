package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is watched with a sandbox runs in one, at first and after each change,
// and what is not allowed is an error, also in a file that is new.
func TestWatchInSandbox(t *testing.T) {
	needsSandbox(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("own", 0o755); err != nil {
		t.Fatal(err)
	}
	save(t, "secret", "here")
	late := func(path string) string {
		return "vars: {path: " + path + "}\nactors:\n  one:\n    - open: ${path}\n      flags: O_RDONLY\n      expect: {error: [ENOENT, EACCES]}\n"
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(cwd, "secret")
	save(t, "own/a.yaml", late(secret))
	out, errs, end := watched(t, "--sandbox", "own")
	first := out.await(t, "Ctrl-C ends\n")
	if !strings.Contains(first, "\nok  a\n") {
		t.Errorf("at first there is\n%s", first)
	}
	save(t, "own/a.yaml", late(secret)+"# changed\n")
	out.await(t, "\nok  a\n")
	save(t, "own/a.yaml", "actors:\n  one:\n    - exec: [cat, "+secret+"]\n")
	errs.await(t, "a.yaml:3:14: not allowed: exec; run with --allow exec=cat\n")
	save(t, "own/b.yaml", late(secret))
	out.await(t, "\nok  b\n")
	end()
}

//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// Programs that are allowed see what they need to run, and of the scenario no
// more than its own steps do.
func TestAnyProgram(t *testing.T) {
	t.Parallel()
	asBoth(t)
	dir := folder(t, map[string]string{"data": "hello"})
	inJail(t, Config{Dir: dir, AnyExec: true}, `
actors:
  a:
    - {exec: [cat, "`+dir+`/data"], expect: {stdout: hello}}
    - {exec: [cat, /etc/passwd], expect: {exit: 1}}
    - {exec: [sh, -c, "echo x >`+dir+`/new"], expect: {exit: 2}}
    - {exec: [sh, -c, "echo hello >$TMPDIR/new && cat $TMPDIR/new"], expect: {stdout: "hello\n"}}
    - {exec: [sh, -c, "env | grep -v ^SOCKSCRIPT_ | cut -d= -f1 | sort | tr '\\n' ' '"], expect: {stdout: "LANG PATH PWD TMPDIR "}}
    - {exec: [unshare, --user, "true"], expect: {exit: 1}}
    - {start: [sh, -c, "tty && echo x >/dev/tty"], as: p, pty: true}
    - {recv: p.stdout, until: "x\r\n", expect: "/dev/pts/0\r\nx\r\n"}
`)
}

// Of the programs only those may be run that are named, with what they are
// interpreted by.
func TestNamedPrograms(t *testing.T) {
	t.Parallel()
	asBoth(t)
	dir := folder(t, map[string]string{"script": "#!/usr/bin/env sh\necho from the script\n", "caller": "#!/bin/sh\ncat /dev/null\n", "other": "#!/bin/cat\n"})
	for _, name := range []string{"script", "caller", "other"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	inJail(t, Config{Dir: dir, Exec: []string{filepath.Join(dir, "script"), filepath.Join(dir, "caller"), "head"}}, `
actors:
  a:
    - {exec: ["`+dir+`/script"], expect: {stdout: "from the script\n"}}
    - {exec: [head, -c, 5, "`+dir+`/script"], expect: {stdout: "#!/us"}}
    - {exec: [cat, "`+dir+`/script"], expect: {error: EACCES}}
    - {exec: ["`+dir+`/other"], expect: {error: EACCES}}
    - {exec: [sh, -c, "true"], expect: {error: EACCES}}
    - {exec: ["`+dir+`/caller"], expect: {exit: 126}}
`)
}

// The loader, which an allowed program needs, runs no other: no step may run
// it, and what it is handed by a program is not mapped from the scenario's
// folders.
func TestLoader(t *testing.T) {
	t.Parallel()
	asBoth(t)
	path, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	loaders := interpreters(real(path))
	if len(loaders) == 0 {
		ci.Lacks(t, "programs here need no loader")
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{"own": string(text)})
	if err := os.Chmod(filepath.Join(dir, "own"), 0o755); err != nil {
		t.Fatal(err)
	}
	scenario := "actors: {a: [{exec: [" + loaders[0] + ", " + path + "]}, {exec: [sh, -c, \"" + loaders[0] + " " + dir + "/own && cp " + dir + "/own own && " + loaders[0] + " ./own\"]}]}"
	inJail(t, Config{Dir: dir, AnyExec: true}, scenario)
	inJail(t, Config{Dir: dir, Exec: []string{"sh", "cp"}}, `
actors:
  a:
    - {exec: [`+loaders[0]+`, `+path+`], expect: {error: EACCES}}
    - {exec: [sh, -c, "`+loaders[0]+` `+dir+`/own"], expect: {exit: 127}}
    - {exec: [sh, -c, "cp `+dir+`/own own && `+loaders[0]+` ./own"], expect: {exit: 127}}
`)
	inJail(t, Config{Dir: dir, Exec: []string{filepath.Join(dir, "own")}}, "actors: {a: [{exec: ["+dir+"/own]}]}")
}

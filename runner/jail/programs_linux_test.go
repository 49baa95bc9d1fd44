//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"path/filepath"
	"testing"
)

// Programs that are allowed see what they need to run, and of the scenario no
// more than its own steps do.
func TestAnyProgram(t *testing.T) {
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
	asBoth(t)
	dir := folder(t, map[string]string{"script": "#!/usr/bin/env sh\necho from the script\n", "other": "#!/bin/cat\n"})
	for _, name := range []string{"script", "other"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	inJail(t, Config{Dir: dir, Exec: []string{filepath.Join(dir, "script"), "head"}}, `
actors:
  a:
    - {exec: ["`+dir+`/script"], expect: {stdout: "from the script\n"}}
    - {exec: [head, -c, 5, "`+dir+`/script"], expect: {stdout: "#!/us"}}
    - {exec: [cat, "`+dir+`/script"], expect: {error: EACCES}}
    - {exec: ["`+dir+`/other"], expect: {error: EACCES}}
    - {exec: [sh, -c, "cat /dev/null"], expect: {exit: 126}}
`)
}

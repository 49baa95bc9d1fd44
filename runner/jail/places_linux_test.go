//go:build amd64 || 386 || arm64

package jail

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/value"
)

// A place is one where a scenario names a path that only the run can tell.
type place struct {
	name  string
	to    string // of what is outside: the file, the folder, or what is not there yet
	steps string
}

// places are by kind and key, or by what else has a path.
var places = []place{
	{"open", "secret", `[{open: "${path}", flags: O_RDONLY, as: f}]`},
	{"open to write", "secret", `[{open: "${path}", flags: O_RDWR, as: f}]`},
	{"open of a folder", "other", `[{open: "${path}", flags: [O_RDONLY, O_DIRECTORY], as: f}]`},
	{"write", "new", `[{write: "${path}", data: x}]`},
	{"write over", "secret", `[{write: "${path}", data: x}]`},
	{"unlink", "secret", `[{unlink: "${path}"}]`},
	{"chdir", "other", `[{fork: [{chdir: "${path}"}], as: c}, {join: c}]`},
	{"exec", "program", `[{exec: ["${path}"]}]`},
	{"exec.dir", "other", `[{exec: ["true"], dir: "${path}"}]`},
	{"exec as argument", "secret", `[{exec: [cat, "${path}"]}]`},
	{"start", "program", `[{start: ["${path}"], as: p}, {join: p}]`},
	{"start.dir", "other", `[{start: ["true"], dir: "${path}", as: p}, {join: p}]`},
	{"payload", "secret", `[{write: here, data: {file: "${path}"}}]`},
	{"payload that is expected", "secret", `[{socketpair: unix, as: [r, w]}, {send: w, data: secret}, {recv: r, max: 6, expect: {data: {file: "${path}"}}}]`},
	{"payload of an expression", "secret", `[{write: here, data: '${{"file": path}}'}]`},
	{"tls.key", "secret", `[{socketpair: unix, as: [a, b]}, {tls: a, role: server, cert: {file: "${path}"}, key: {file: "${path}"}}]`},
	{"connect", "socket", `[{socket: unix, as: s}, {connect: s, to: "unix:${path}"}]`},
	{"bind", "new", `[{socket: unix, as: s}, {bind: s, to: "unix:${path}"}]`},
	{"send", "datagrams", `[{socket: unixgram, as: s}, {send: s, data: x, to: "unix:${path}"}]`},
}

// kept is what is said where a path was not reached.
var kept = regexp.MustCompile(`\b(ENOENT|EACCES|EROFS|ECONNREFUSED|EXDEV)\b|no such file|there is no file|permission denied|not permitted|exit 1`)

// Each path that a scenario can name leads out where there is no sandbox, and
// does not in one: through a link and with dots, and by what /proc has.
func TestEveryPlaceOfPaths(t *testing.T) {
	t.Parallel()
	asBoth(t)
	for _, p := range places {
		for form, prefix := range formsHere() {
			up := outsideFolder(t)
			way := up + "/" + prefix + "/" + p.to
			if strings.HasPrefix(prefix, "/") {
				way = prefix + up + "/" + p.to
			}
			s := parse(t, filepath.Join(up, "own"), "vars: {path: x}\nactors:\n  a: "+p.steps+"\n")
			o := runner.Options{Vars: map[string]any{"path": way}}
			inside := Run(t.Context(), Config{Dir: filepath.Join(up, "own"), AnyExec: true}, s, scenarios.Options{}, o)
			if inside.Failure == nil || !kept.MatchString(inside.Failure.Message) {
				t.Errorf("%s by %s, in the sandbox: %s %v\n%s", p.name, form, inside.Status, inside.Failure, transcript(inside))
			}
			outside := runner.Run(t.Context(), s, o)
			if outside.Failure != nil && kept.MatchString(outside.Failure.Message) || p.name != "tls.key" && outside.Status != history.Passed {
				t.Errorf("%s by %s, outside: %s %v", p.name, form, outside.Status, outside.Failure)
			}
		}
	}
}

// formsHere are the ways out of the own folder that this user tries. In
// continuous integration that is all; for root elsewhere, and nobody, they are
// shared out.
func formsHere() map[string]string {
	forms := map[string]string{"a link and dots": "own/linked/own/..", "proc": "/proc/self/root"}
	if ci.Runs(1, 2) == 1 {
		switch os.Geteuid() {
		case 0:
			delete(forms, "proc")
		case nobody:
			delete(forms, "a link and dots")
		}
	}
	return forms
}

// outsideFolder makes a folder with what can be reached in it:
//
//	secret, program, other, socket, datagrams
//	own/linked -> ..
func outsideFolder(t *testing.T) string {
	t.Helper()
	up := folder(t, map[string]string{"secret": "secret", "program": "#!/bin/sh\n"})
	for _, err := range []error{
		os.Mkdir(filepath.Join(up, "own"), 0o755), os.Mkdir(filepath.Join(up, "other"), 0o755), os.Chmod(filepath.Join(up, "program"), 0o755),
		os.Symlink("..", filepath.Join(up, "own", "linked")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	listen(t, "unix", filepath.Join(up, "socket"))
	listen(t, "unixgram", filepath.Join(up, "datagrams"))
	return up
}

// Every kind that needs files or programs has its place in the list.
func TestNoPlaceIsForgotten(t *testing.T) {
	var forgotten []string
	for _, k := range steps.Kinds() {
		for _, a := range k.Needs {
			of := a == value.ReadFile || a == value.WriteFile || a == value.Exec
			if of && !slices.ContainsFunc(places, func(p place) bool { return p.name == k.Name }) {
				forgotten = append(forgotten, k.Name)
			}
		}
	}
	if len(forgotten) > 0 {
		t.Errorf("no path is tried of %v", forgotten)
	}
}

// listen makes a local socket that takes what comes.
func listen(t *testing.T, network, path string) {
	t.Helper()
	var c io.Closer
	var err error
	if network == "unix" {
		c, err = net.Listen(network, path)
	} else {
		c, err = net.ListenPacket(network, path)
	}
	if err == nil {
		err = os.Chmod(path, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
}

//go:build amd64 || 386 || arm64

package jail

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

func TestMain(m *testing.M) {
	Main()
	ci.Together()
	os.Exit(m.Run())
}

// asBoth runs a test as the user who runs it and, where that is root in
// continuous integration, as nobody too.
func asBoth(t *testing.T) {
	t.Helper()
	if runtime.GOARCH == "386" {
		t.Skip("a program of 32 bits has no sandbox")
	}
	for _, l := range Missing() {
		ci.Lacks(t, l.String())
	}
	if !ci.BothUsers() {
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("--- SKIP")) {
		ci.Lacks(t, fmt.Sprintf("as nobody:\n%s", out))
	}
}

// folder is one that every user may read, with files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	// A process that another test forks now would have a file open for writing,
	// and it could not be run (execve(2), ETXTBSY).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for at := dir; filepath.Dir(at) != at && at != os.TempDir(); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func parse(t *testing.T, dir, text string) *scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse(filepath.Join(dir, "test.yaml"), []byte(text))
	if len(list) != 1 {
		t.Fatal(problems.Report())
	}
	return list[0]
}

func transcript(res *history.Result) string {
	var b strings.Builder
	report.Transcript(&b, res, report.Style{})
	return b.String()
}

// inJail runs a scenario that must pass, and returns its transcript.
func inJail(t *testing.T, c Config, text string) string {
	t.Helper()
	s := parse(t, c.Dir, text)
	res := Run(t.Context(), c, s, scenarios.Options{}, runner.Options{})
	if res.Status != history.Passed {
		t.Errorf("%s %s %v\n%s", res.Status, res.Reason, res.Failure, transcript(res))
	}
	return transcript(res)
}

func TestOwnFolder(t *testing.T) {
	t.Parallel()
	asBoth(t)
	dir := folder(t, map[string]string{"data": "hello"})
	text := inJail(t, Config{Dir: dir}, `
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:0"}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: hello}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {send: sock, data: {file: data}}
`)
	if !strings.Contains(text, `server  recv(conn, 5) = 5 "hello"`) {
		t.Error(text)
	}
}

func BenchmarkJail(b *testing.B) {
	list, _ := scenarios.Parse("test.yaml", []byte("actors: {a: [{print: x}]}"))
	for b.Loop() {
		if res := Run(b.Context(), Config{}, list[0], scenarios.Options{}, runner.Options{}); res.Status != history.Passed {
			b.Fatal(res.Failure)
		}
	}
}

// A jail that was prepared leaves nothing behind, whether a run uses it or not.
func TestNothingLeft(t *testing.T) {
	asBoth(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if lacks, err := Prepare(Config{})(); err != nil || len(lacks) > 0 {
		t.Fatal(lacks, err)
	}
	waits := waiting.process
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%s %v: there also where this process is killed now", left, err)
	}
	Discard()
	if waits == nil || waiting.process != nil {
		t.Fatal("a jail waits still, or none did")
	}
	if res := waits.Run(t.Context(), parse(t, dir, "actors: {a: []}"), scenarios.Options{}, runner.Options{}); res.Status != history.Failed {
		t.Errorf("it still runs scenarios: %s", res.Status)
	}
}

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// escapes starts programs that leave their group and session in all ways, and
// forks processes that fork again.
const escapes = `
files: {greeting.txt: hi}
actors:
  server:
    - {socket: unix, as: listener}
    - {bind: listener, to: "unix:PATH"}
    - listen: listener
    - {start: [sleep, "1000"], as: plain}
    - {start: "trap '' TERM; sleep 1000 & echo up; while :; do sleep 1000; done", shell: true, as: deaf}
    - {recv: deaf.stdout, until: "\n"}
    - {start: [setsid, sleep, "1000"], as: session}
    - {start: "setsid sh -c 'sleep 1000 >/dev/null 2>&1 & exit 0'", shell: true, as: daemon}
    - {start: "(setsid sh -c '(sleep 1000 &) &' &)", shell: true, as: twice}
    - {start: [sh, -c, "stty raw; sleep 1000"], pty: true, as: terminal}
    - {exec: "sleep 1000", shell: true, timeout: 60s}
  forks:
    - {socketpair: unix, as: [a, b]}
    - repeat: 20
      steps:
        - fork:
            - fork:
                - {recv: a, max: 1, timeout: 60s}
            - parallel:
                calls:
                  - {recv: b, max: 1, timeout: 60s}
                sleeps:
                  - {sleep: 60s, timeout: 70s}
`

// At whatever moment sockscript is ended, nothing of a scenario is left, also
// when it is killed: no process, no folder and no path of a socket.
func TestEndAtAnyMoment(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends what has left its group")
	}
	passHangups(t)
	moments := ci.Runs(1, 50)
	for name, signals := range map[string][]syscall.Signal{
		"hangup": {syscall.SIGHUP}, "two interrupts": {syscall.SIGINT, syscall.SIGTERM}, "kill": {syscall.SIGKILL},
		"quit": {syscall.SIGQUIT},
	} {
		t.Run(name, func(t *testing.T) {
			for range moments {
				if !endsWith(t, signals) {
					return
				}
			}
		})
	}
}

// longest is about how long the scenario takes to start all its programs.
const longest = 300 * time.Millisecond

func endsWith(t *testing.T, signals []syscall.Signal) bool {
	t.Helper()
	dir := t.TempDir()
	file, path := filepath.Join(dir, "escapes.yaml"), filepath.Join(dir, "s")
	if err := os.WriteFile(file, []byte(strings.Replace(escapes, "PATH", path, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mark := "SOCKSCRIPT_TEST_MARK=" + dir
	c := exec.Command(exe)
	c.Args = []string{"sockscript", "run", file}
	c.Env = append(os.Environ(), mark, "TMPDIR="+dir, "GORACE=atexit_sleep_ms=0")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	// What outlives the command may hold its output open.
	c.WaitDelay = 10 * time.Millisecond
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	moment := rand.N(longest)
	time.Sleep(moment)
	for _, sig := range signals {
		c.Process.Signal(sig)
	}
	c.Wait()
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	killed := signals[0] == syscall.SIGKILL || signals[0] == syscall.SIGQUIT // which Go's runtime answers
	// The signal may come before anybody listens for it.
	if !killed && status.ExitStatus() != statusInterrupted && !(status.Signaled() && slices.Contains(signals, status.Signal())) {
		t.Errorf("after %s: %v\n%s", moment, c.ProcessState, out.Bytes())
	}
	within := time.Duration(0)
	if killed {
		within = 30 * time.Second
	}
	for _, p := range awaitGone(within, mark) {
		t.Errorf("after %s: left behind: %s", moment, p)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 1 {
		t.Errorf("after %s: left behind: %s", moment, entries)
	}
	return !t.Failed()
}

// The signals of a terminal go to all processes of the group, also to those
// that are just being started: the run is one that was interrupted all the
// same, and leaves nothing.
func TestEndInTerminal(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has these processes")
	}
	const nobody = 65534
	for name, c := range map[string]struct {
		text string
		args []string
		user bool // an ordinary one
	}{
		"fork":    {text: "actors: {a: [{repeat: 40, steps: [{fork: [{sleep: 60s, timeout: 70s}]}]}]}"},
		"network": {text: "{network: private, actors: {a: [{sleep: 60s, timeout: 70s}]}}", user: true},
		"sandbox": {text: "actors: {a: [{sleep: 60s, timeout: 70s}]}", args: []string{"--sandbox=best-effort"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range ci.Runs(2, 15) {
				dir := t.TempDir()
				file := filepath.Join(dir, "waits.yaml")
				if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
					t.Fatal(err)
				}
				run := exec.Command("/proc/self/exe") // its file may be root's alone
				run.Args = append([]string{"sockscript", "run", file}, c.args...)
				run.Env = append(os.Environ(), "TMPDIR="+dir, "GORACE=atexit_sleep_ms=0")
				run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				if c.user && os.Geteuid() == 0 {
					openToAll(t, dir)
					run.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
				}
				var out bytes.Buffer
				run.Stdout, run.Stderr = &out, &out
				if err := run.Start(); err != nil {
					t.Fatal(err)
				}
				moment := rand.N(longest)
				time.Sleep(moment)
				syscall.Kill(-run.Process.Pid, syscall.SIGINT)
				run.Wait()
				status := run.ProcessState.Sys().(syscall.WaitStatus)
				if status.ExitStatus() != statusInterrupted && status.Signal() != syscall.SIGINT {
					t.Fatalf("after %s: %v\n%s", moment, run.ProcessState, out.Bytes())
				}
				left, err := filepath.Glob(filepath.Join(dir, "sockscript-*"))
				if err != nil || len(left) > 0 && !status.Signaled() {
					t.Fatalf("after %s: left behind: %s", moment, left)
				}
			}
		})
	}
}

// openToAll lets every user write into a folder of a test.
func openToAll(t *testing.T, dir string) {
	t.Helper()
	for at := dir; at != filepath.Dir(at) && at != os.TempDir(); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

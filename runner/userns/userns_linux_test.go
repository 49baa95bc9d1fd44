package userns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// nobody is a user without any privilege.
const nobody = 65534

// asUser runs a test as an ordinary user: root runs it again as nobody. It
// reports whether the test is to go on here.
func asUser(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		if child, err := startCopy([]string{processName}, nil, nil); err != nil {
			ci.Lacks(t, fmt.Sprintf("no user namespace can be made: %v", err))
		} else {
			child.Kill()
			child.Wait()
		}
		return true
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
	return false
}

func parse(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse("test.yaml", []byte(text))
	if len(list) != 1 {
		t.Fatal(problems.Report())
	}
	return list[0]
}

func newRunner(t *testing.T) *Runner {
	r := New(nil)
	t.Cleanup(r.Close)
	return r
}

const fixedPort = `
network: private
requires: [netns, root, cap:NET_RAW]
vars: {greeting: hello}
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:80"}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: "${greeting}"}
    - {exec: [grep, CapEff, /proc/self/status], expect: {stdout: "CapEff:\t0000000000000000\n"}}
    - {exec: [id, -u], expect: {stdout: "${uid}\n"}, mask: true}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {send: sock, data: "${greeting}"}
`

// An ordinary user runs scenarios with privileged ports of networks of their
// own; programs have no privilege, and the user's id is the same.
func TestOrdinaryUser(t *testing.T) {
	if !asUser(t) {
		return
	}
	if lab.Allowed() {
		t.Fatal("this user may make networks")
	}
	text := strings.Replace(fixedPort, "vars: {", "vars: {uid: "+strconv.Itoa(os.Getuid())+", ", 1)
	s := parse(t, text)
	r := newRunner(t)
	var all sync.WaitGroup
	texts := make([]string, 10)
	for i := range texts {
		all.Go(func() {
			res := r.Run(t.Context(), s, scenarios.Options{}, runner.Options{Vars: map[string]any{"greeting": "good day"}})
			if res.Status != history.Passed {
				t.Errorf("%s %s %v", res.Status, res.Reason, res.Failure)
			}
			var b bytes.Buffer
			report.Transcript(&b, res, report.Style{})
			texts[i] = b.String()
		})
	}
	all.Wait()
	if !strings.Contains(texts[0], `server  recv(conn, 8) = 8 "good day"`) {
		t.Errorf("the transcript is\n%s", texts[0])
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("transcripts differ:\n%s\n%s", texts[0], text)
		}
	}
}

// A failure and a skip come back as they were told, with their places.
func TestResultsComeBack(t *testing.T) {
	if !asUser(t) {
		return
	}
	r := newRunner(t)
	s := parse(t, "network: private\nactors:\n  a:\n    - assert: 1 == 2\n")
	res := r.Run(t.Context(), s, scenarios.Options{}, runner.Options{})
	if res.Status != history.Failed || res.Failure.Place == nil || res.Failure.Place.Pos.Line != 4 {
		t.Errorf("%s %+v", res.Status, res.Failure)
	}
	s = parse(t, "network: private\nrequires: [os:plan9]\nactors: {a: []}\n")
	if res := r.Run(t.Context(), s, scenarios.Options{}, runner.Options{}); res.Status != history.Skipped || res.Reason != "requires os:plan9: this is linux" {
		t.Errorf("%s %q", res.Status, res.Reason)
	}
}

func TestCancelElsewhere(t *testing.T) {
	if !asUser(t) {
		return
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	s := parse(t, "network: private\nactors:\n  a:\n    - {exec: [sleep, \"100\"], timeout: 50s}\n")
	r := newRunner(t)
	go cancel(errors.New("enough"))
	if res := r.Run(ctx, s, scenarios.Options{}, runner.Options{}); res.Status != history.Cancelled {
		t.Errorf("%s %v", res.Status, res.Failure)
	}
}

// Where the other process has ended, runs say so.
func TestProcessGone(t *testing.T) {
	if !asUser(t) {
		return
	}
	r := newRunner(t)
	s := parse(t, "network: private\nactors: {a: [{print: x}]}\n")
	if res := r.Run(t.Context(), s, scenarios.Options{}, runner.Options{}); res.Status != history.Passed {
		t.Fatal(res.Status, res.Failure)
	}
	r.used.Close()
	for range 2 {
		res := r.Run(t.Context(), s, scenarios.Options{}, runner.Options{})
		if res.Status != history.Failed || res.Failure.Message == "" {
			t.Errorf("%s %v", res.Status, res.Failure)
		}
	}
}

// What no process can make is reported with both reasons. Hosts need a network
// of their own, so a scenario that has some is skipped.
func TestRefusedTwice(t *testing.T) {
	if !asUser(t) {
		return
	}
	r := &Runner{start: func() (*remote.Process, error) { return nil, errors.New("there are too many") }}
	for network, want := range map[string]history.Status{
		"network: private": history.Failed, "requires: netns\nnetwork: private": history.Skipped,
		"network: {hosts: {a: {}}}": history.Skipped,
	} {
		s := parse(t, network+"\nactors: {a: []}\n")
		res := r.Run(t.Context(), s, scenarios.Options{}, runner.Options{})
		told := res.Reason
		if res.Failure != nil {
			told = res.Failure.Message
		}
		const both = "a network namespace cannot be made: operation not permitted; a user namespace cannot be made: there are too many"
		if res.Status != want || !strings.HasSuffix(told, both) {
			t.Errorf("%s: %s", res.Status, told)
		}
	}
}

package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

func TestRequires(t *testing.T) {
	checkLeaks(t)
	t.Setenv("SOCKSCRIPT_TEST_EMPTY", "")
	for in, want := range map[string]string{
		"os:" + runtime.GOOS:          "",
		"os:plan9":                    "requires os:plan9: this is " + runtime.GOOS,
		"cmd:sh":                      "",
		"cmd:sockscript-no-such-tool": "requires cmd:sockscript-no-such-tool: the program is not in PATH",
		"kernel>=1":                   "",
		"kernel>=1.2.3":               "",
		"kernel>=99.1":                "requires kernel>=99.1: this is ",
		"socket:tcp":                  "",
		"socket:unixpacket":           "",
		"env:SOCKSCRIPT_TEST_EMPTY":   "",
		"env:SOCKSCRIPT_TEST_NONE":    "requires env:SOCKSCRIPT_TEST_NONE: the environment has no such variable",
		"{command: 'true'}":           "",
		"{command: [sh, -c, 'read x && exit 1; echo written; echo written >&2']}": "",
		"{command: [sh, -c, exit 3]}":                           "requires command: [sh, -c, exit 3]: its exit status is 3",
		"{command: [sh, -c, 'kill -9 $$']}":                     "requires command: [sh, -c, kill -9 $$]: it was ended by SIGKILL",
		"{command: sockscript-no-such-tool}":                    "requires command: [sockscript-no-such-tool]: the program cannot be started: ",
		"[{command: 'true'}, {command: 'false'}, os:plan9]":     "requires command: [false]: its exit status is 1",
		"{command: [sh, -c, 'sleep 1000 </dev/null & exit 0']}": "", // what it leaves is ended
		"[cmd:sh, socket:udp]":                                  "",
		"[cmd:sh, os:plan9, cmd:no]":                            "requires os:plan9: this is " + runtime.GOOS, // the first that is not there
	} {
		r := runner.Run(t.Context(), scenario(t, "requires: "+in+"\n"+alone("- print: ran")), runner.Options{})
		switch {
		case want == "":
			if r.Status != history.Passed || r.Reason != "" || len(transcript(r)) != 1 {
				t.Errorf("%s: %s %q", in, r.Status, r.Reason)
			}
		case r.Status != history.Skipped || !strings.HasPrefix(r.Reason, want) || len(transcript(r)) != 0:
			t.Errorf("%s: %s %q, want it skipped: %s", in, r.Status, r.Reason, want)
		}
	}
}

// What the machine has or not: either way the answer is clear.
func TestRequiresOfMachine(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, in := range []string{"root", "cap:NET_RAW", "cap:SYS_ADMIN", "netns", "ipv6", "socket:sctp", "socket:tipc", "socket:alg", "socket:vsock", "socket:mptcp", "socket:icmp"} {
		r := runner.Run(t.Context(), scenario(t, "requires: "+in+"\n"+alone("- print: ran")), runner.Options{})
		met := r.Status == history.Passed && r.Reason == ""
		if unmet := r.Status == history.Skipped && strings.HasPrefix(r.Reason, "requires "+in+": "); !met && !unmet {
			t.Errorf("%s: %s %q", in, r.Status, r.Reason)
		}
	}
}

// The command runs in the folder of the scenario's file, and a run that is
// cancelled does not wait for it.
func TestRequiresCommand(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	file := filepath.Join(t.TempDir(), "here.yaml")
	text := "requires: {command: [test, -f, here.yaml]}\n" + alone("- print: ran")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, problems, err := scenarios.Load(file)
	if err != nil || len(list) != 1 {
		t.Fatal(problems, err)
	}
	if r := runner.Run(t.Context(), list[0], runner.Options{}); r.Status != history.Passed {
		t.Errorf("%s %s", r.Status, r.Reason)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	endless := scenario(t, "requires: {command: [sleep, '1000']}\n"+alone("- print: ran"))
	if r := runner.Run(ctx, endless, runner.Options{}); r.Status != history.Cancelled {
		t.Errorf("cancelled: %s %q", r.Status, r.Reason)
	}
}

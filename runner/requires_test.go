package runner_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
)

func TestRequires(t *testing.T) {
	checkLeaks(t)
	root := ""
	if uid := os.Geteuid(); uid != 0 {
		root = fmt.Sprintf("requires root: the user id is %d", uid)
	}
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
		"root":                        root,
		"[cmd:sh, socket:udp]":        "",
		"[cmd:sh, os:plan9, cmd:no]":  "requires os:plan9: this is " + runtime.GOOS, // the first that is not there
	} {
		r := runner.Run(t.Context(), scenario(t, "requires: "+in+"\n"+alone("- print: ran")), runner.Options{})
		switch {
		case want == "":
			if r.Status != runner.Passed || r.Reason != "" || len(transcript(r)) != 1 {
				t.Errorf("%s: %s %q", in, r.Status, r.Reason)
			}
		case r.Status != runner.Skipped || !strings.HasPrefix(r.Reason, want) || len(transcript(r)) != 0:
			t.Errorf("%s: %s %q, want it skipped: %s", in, r.Status, r.Reason, want)
		}
	}
}

// What the machine has or not: either way the answer is clear.
func TestRequiresOfMachine(t *testing.T) {
	checkLeaks(t)
	for _, in := range []string{"netns", "ipv6", "socket:sctp", "socket:tipc", "socket:alg", "socket:vsock", "socket:mptcp", "socket:icmp"} {
		r := runner.Run(t.Context(), scenario(t, "requires: "+in+"\n"+alone("- print: ran")), runner.Options{})
		met := r.Status == runner.Passed && r.Reason == ""
		if unmet := r.Status == runner.Skipped && strings.HasPrefix(r.Reason, "requires "+in+": "); !met && !unmet {
			t.Errorf("%s: %s %q", in, r.Status, r.Reason)
		}
	}
}

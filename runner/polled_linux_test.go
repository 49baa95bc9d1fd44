package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// A waitingCall is a conversation in which a call waits, or must not, in a way
// that readiness alone does not show. MODE stands for how the descriptors are
// made. The kernel's answer to a blocking descriptor is right; what it is
// is in the lines that want lists.
type waitingCall struct {
	name, steps string
	want        []string
}

// waitingConnects are about accepts and connects.
var waitingConnects = []waitingCall{
	{
		"accept of a shut-down local listener", `
    - {socket: unix, as: l, MODE}
    - {bind: l, to: "unix:${tmp}/s"}
    - listen: l
    - {shutdown: l, how: read}
    - {accept: l, expect: {error: EINVAL}}
    - {accept: l, nowait: true, expect: {error: EAGAIN}}
`, []string{"accept(l) = -1 EINVAL", "accept(l) = -1 EAGAIN"},
	},
	{
		"accept that a shutdown ends", `
    - {socket: unix, as: l, MODE}
    - {bind: l, to: "unix:${tmp}/s"}
    - listen: l
    - {spawn: [{accept: l, expect: {error: EINVAL}}], as: waiter}
    - blocked: waiter
    - {shutdown: l, how: both}
    - join: waiter
    - {socket: tcp, as: m, MODE}
    - listen: m
    - {spawn: [{accept: m, expect: {error: EINVAL}}], as: second}
    - blocked: second
    - {shutdown: m, how: read}
    - join: second
`, []string{"accept(l) = -1 EINVAL", "accept(m) = -1 EINVAL"},
	},
	{
		"time limit of an accept, and of its connections", `
    - {socket: tcp, as: l, MODE}
    - {setsockopt: l, option: SO_RCVTIMEO, value: 20ms}
    - listen: l
    - {accept: l, expect: {error: EAGAIN}}
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: a}
    - {recv: a, expect: {error: EAGAIN}}
`, []string{"accept(l) = -1 EAGAIN", "recv(a, 65536) = -1 EAGAIN"},
	},
	{
		"time limit of a connect", `
    - {socket: tcp, as: l, MODE}
    - {listen: l, backlog: 0}
    - {socket: tcp, as: first, MODE}
    - {connect: first, to: l}
    - {socket: tcp, as: c, MODE}
    - {setsockopt: c, option: SO_SNDTIMEO, value: 20ms}
    - {connect: c, to: l, expect: {error: EINPROGRESS}}
    - {connect: c, to: l, expect: {error: EALREADY}}
    - {socket: unix, as: m, MODE}
    - {bind: m, to: "unix:${tmp}/s"}
    - {listen: m, backlog: 0}
    - {socket: unix, as: u, MODE}
    - {connect: u, to: "unix:${tmp}/s"}
    - {socket: unix, as: v, MODE}
    - {setsockopt: v, option: SO_SNDTIMEO, value: 20ms}
    - {connect: v, to: "unix:${tmp}/s", expect: {error: EAGAIN}}
`, []string{"connect(c, 127.0.0.1:<l>) = -1 EINPROGRESS", "connect(v, unix:$tmp/s) = -1 EAGAIN"},
	},
	{
		"fast open of a connected socket", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {send: c, data: one, to: "${l}", flags: MSG_FASTOPEN}
    - {send: c, data: two, to: "${l}", flags: MSG_FASTOPEN, expect: {error: EISCONN}}
    - {connect: c, to: l, expect: {error: EISCONN}}
    - {accept: l, as: a}
    - {recv: a, expect: one}
`, []string{`sendto(c, "two", 3, MSG_FASTOPEN, 127.0.0.1:<l>) = -1 EISCONN`},
	},
	{
		"connect that the first send makes", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {setsockopt: c, option: TCP_FASTOPEN_CONNECT, value: 1}
    - {connect: c, to: l}
    - {send: c, data: one, call: write}
    - {connect: c, to: l, expect: {error: EISCONN}}
    - {accept: l, as: a}
    - {recv: a, expect: one}
`, nil,
	},
	{
		"connect again", `
    - {socket: tcp, as: l, MODE}
    - {bind: l, to: "127.0.0.1:0"}
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l, expect: {error: ECONNREFUSED}}
    - {connect: c, to: l, expect: {error: ECONNREFUSED}}
    - listen: l
    - {connect: c, to: l}
    - {connect: c, to: l, expect: {error: EISCONN}}
    - {connect: l, to: l, expect: {error: EISCONN}}
`, nil,
	},
	{
		"connect that a shutdown ends", `
    - {socket: tcp, as: l, MODE}
    - {listen: l, backlog: 0}
    - {socket: tcp, as: first, MODE}
    - {connect: first, to: l}
    - {socket: tcp, as: c, MODE}
    - {spawn: [{connect: c, to: l, expect: {error: ECONNRESET}}], as: waiter}
    - {blocked: waiter, stays: 20ms}
    - {shutdown: c, how: both}
    - join: waiter
    - {getsockopt: c, option: SO_ERROR, expect: 0}
    - {send: c, data: x, expect: {error: EPIPE}}
`, []string{"connect(c, 127.0.0.1:<l>) = -1 ECONNRESET"},
	},
	{
		"connect that another one dissolves", `
    - {socket: tcp, as: l, MODE}
    - {listen: l, backlog: 0}
    - {socket: tcp, as: first, MODE}
    - {connect: first, to: l}
    - {socket: tcp, as: c, MODE}
    - {spawn: [{connect: c, to: l, expect: {error: [EPIPE, ECONNRESET, ECONNABORTED]}}], as: waiter}
    - {blocked: waiter, stays: 20ms}
    - {connect: c, to: "unspec:"}
    - join: waiter
`, nil,
	},
}

// neverForks is a step for which all descriptors of its actor block, and which
// does nothing.
const neverForks = "    - if: 1 == 2\n      then: [{fork: [{exit: 0}]}]\n"

// A script cannot tell a default descriptor, which the poller drives, from one
// that blocks: results, errnos and transcripts are the same.
func TestDefaultDescriptorsWaitAsBlockingOnes(t *testing.T) {
	for _, test := range slices.Concat(waitingConnects, waitingTransfers) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			blocking := strings.Join(waitingTranscript(t, test.steps, "blocking: true"), "\n")
			polled := strings.Join(waitingTranscript(t, test.steps, "blocking: false"), "\n")
			if polled != blocking {
				t.Errorf("a default descriptor gives\n%s\na blocking one\n%s", polled, blocking)
			}
			forking := strings.Join(waitingTranscript(t, test.steps+neverForks, "blocking: false"), "\n")
			if forking != blocking {
				t.Errorf("a descriptor of an actor that forks gives\n%s\na blocking one\n%s", forking, blocking)
			}
			for _, line := range test.want {
				if !strings.Contains(blocking, line) {
					t.Errorf("no %s in\n%s", line, blocking)
				}
			}
		})
	}
}

func waitingTranscript(t *testing.T, steps, mode string) []string {
	t.Helper()
	text := "requires: kernel>=6.3\nstep_timeout: 10s\nactors:\n  one:" + strings.ReplaceAll(steps, "MODE", mode)
	r := runner.Run(context.Background(), scenario(t, text), runner.Options{})
	if r.Status == history.Skipped {
		ci.Lacks(t, r.Reason)
	}
	if r.Status != history.Passed {
		t.Fatalf("with %s: %s\n%s", mode, ending(r), strings.Join(transcript(r), "\n"))
	}
	return slices.DeleteFunc(transcript(r), func(line string) bool {
		return strings.Contains(line, "setsockopt(u, 0, 51, ") // a port that the kernel chose, in bytes
	})
}

package steps_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// Descriptors that come and get no name are closed, whatever brings them, and
// so are those of a receive that fails.
func TestReceivedDescriptorsAreClosed(t *testing.T) {
	passed := "- send: a\n  data: x\n  control: {SCM_RIGHTS: [a, b]}\n"
	for name, test := range map[string]struct{ text, want string }{
		"unnamed": {socketpair("unixgram", passed+"- recv: b\n  call: recvmsg\n- close: [a, b]"), ""},
		"some named": {
			socketpair("unixgram", passed+"- recv: b\n  expect: {control: {SCM_RIGHTS: c}}\n- close: [a, b, c]"),
			"expected 1 descriptor, got 2",
		},
		"data differs": {
			socketpair("unixgram", passed+"- recv: b\n  expect: {data: y, control: {SCM_RIGHTS: [c, d]}}\n- close: [a, b, c, d]"),
			"the data differs",
		},
		"no name": {
			socketpair("unixgram", passed+"- recv: b\n  expect: {control: {SCM_RIGHTS: ['${u8(text(1), 5)}', d]}}\n- close: d"),
			"u8 at offset 5 is outside the 1 bytes",
		},
		"pidfd": {
			"requires: kernel>=6.5\n" + socketpair("unixgram", "- setsockopt: b\n  option: SO_PASSPIDFD\n  value: true\n"+
				"- send: a\n  data: x\n- recv: b\n  expect: {control: {SCM_PIDFD: process}}\n- close: process\n"+
				"- send: a\n  data: y\n- recv: b\n  call: recvmsg\n- close: [a, b]"), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := inventory(t)
			r := runner.Run(context.Background(), parse(t, test.text), runner.Options{})
			if r.Status == history.Skipped {
				ci.Lacks(t, reason(r))
			}
			if got := reason(r); test.want == "" && r.Status != history.Passed || !strings.Contains(got, test.want) {
				t.Errorf("%s: %s", r.Status, got)
			}
			if after, _ := inventory(t); after > before {
				t.Errorf("%d descriptors before, %d after", before, after)
			}
		})
	}
}

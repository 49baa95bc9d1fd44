package steps_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// refused is a connect that the kernel answers with ECONNREFUSED: the address
// is bound, and nobody listens.
func refused(expect string) string {
	return one(`
- socket: tcp
  as: bound
- bind: bound
  to: 127.0.0.1:0
- socket: tcp
  as: sock
- connect: sock
  to: ${bound}
` + expect + `
- close: [bound, sock]
`)
}

func TestExpectErrno(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"ECONNREFUSED", "[ECONNREFUSED]", "[EACCES, ECONNREFUSED]"} {
		lines := passes(t, refused("  expect: {error: "+in+"}"))
		wantText(t, lines[3], "connect(sock, 127.0.0.1:<bound>) = -1 ECONNREFUSED (Connection refused)")
	}
	for in, want := range map[string]string{
		"  expect: {error: EACCES}":               "expected EACCES, got ECONNREFUSED (Connection refused)",
		"  expect: {error: [EACCES, EPERM]}":      "expected EACCES or EPERM, got ECONNREFUSED (Connection refused)",
		"  expect: {error: [EACCES, EPERM, EIO]}": "expected EACCES, EPERM or EIO, got ECONNREFUSED (Connection refused)",
	} {
		f, _ := fails(t, refused(in))
		wantText(t, f.Err.Error(), want)
	}
	f, lines := fails(t, refused(""))
	if !strings.HasPrefix(f.Err.Error(), fmt.Sprintf("unexpected ECONNREFUSED (Connection refused, errno %d); ", syscall.ECONNREFUSED)) {
		t.Error(f.Err)
	}
	wantText(t, lines[len(lines)-1], "connect(sock, 127.0.0.1:<bound>) = -1 ECONNREFUSED (Connection refused)")
	f, lines = fails(t, pair("- send: a\n  data: x\n  expect: {error: EPIPE}"))
	wantText(t, f.Err.Error(), "expected EPIPE, but the call succeeded")
	wantText(t, lines[len(lines)-1], `send(a, "x", 1) = 1`)
}

// Names that share a number are the same errno.
func TestExpectErrnoAliases(t *testing.T) {
	t.Parallel()
	passes(t, pair("- recv: b\n  nowait: true\n  expect: {error: EWOULDBLOCK}\n- close: a"))
	passes(t, one("- socket: udp\n  as: s\n- listen: s\n  expect: {error: ENOTSUP}\n- close: s"))
}

func TestErrnoAsValue(t *testing.T) {
	t.Parallel()
	lines := passes(t, refused("  expect: {error: [EACCES, ECONNREFUSED]}\n  as: err\n"+
		"- assert: err.name == \"ECONNREFUSED\" && err.message == \"Connection refused\"\n"+
		fmt.Sprintf("- assert: err.number == %d\n", syscall.ECONNREFUSED)+
		"- print: \"connect error: ${err.message} (errno ${err})\""))
	wantText(t, lines[len(lines)-3], "| connect error: Connection refused (errno ECONNREFUSED)")
	// Every kind's error can be named, also that of one that makes nothing.
	passes(t, one("- unlink: ${tmp}/none\n  expect: {error: ENOENT}\n  as: err\n- assert: err.name == \"ENOENT\""))
	// Another actor sees it as any variable.
	passes(t, "actors:\n  a:\n    - unlink: ${tmp}/none\n      expect: {error: ENOENT}\n      as: err\n  b:\n    - assert: a.err.number == 2\n")
}

// An expected error is an errno: nothing else satisfies it.
func TestExpectErrnoIsNoTimeout(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, pair("- recv: b\n  timeout: 10ms\n  expect: {error: EAGAIN}\n- close: a"))
	wantText(t, f.Err.Error(), "timed out after 10ms (the step's timeout): nothing has come")
	var late *step.TimeoutError
	if !errors.As(f.Err, &late) || late.After != 10*time.Millisecond {
		t.Errorf("%#v", f.Err)
	}
	f, _ = fails(t, one("- let: {n: 1}\n- print: ${n + u8('', 0)}\n  expect: {error: EAGAIN}"))
	wantText(t, f.Err.Error(), `expression "n + u8('', 0)": u8 at offset 0 is outside the 0 bytes`)
}

func TestWhen(t *testing.T) {
	t.Parallel()
	lines := passes(t, "vars: {yes: true, n: 3}\nactors:\n  one:\n"+indented(`
- print: a
  when: yes
- print: b
  when: ${!yes}
- print: c
  when: n > 3
- print: d
  when: n == 3 && index == 0
- print: e
  when: true
- print: f
  when: false
`))
	parsetest.WantLines(t, lines, "| a", "| d", "| e")
	for in, want := range map[string]string{
		"n":          `expression "n": the value is 3, not true or false`,
		"u8('', n)":  `expression "u8('', n)": u8 at offset 3 is outside the 0 bytes`,
		"'${\"x\"}'": `expression "\"x\"": the value is x, not true or false`,
	} {
		f, lines := fails(t, "vars: {n: 3}\nactors:\n  one:\n    - print: ${n}\n    - print: a\n      when: "+in+"\n")
		wantText(t, f.Err.Error(), want)
		parsetest.WantLines(t, lines, "| 3")
	}
}

// A condition on another actor's name waits for it, as every reference does.
func TestWhenWaits(t *testing.T) {
	t.Parallel()
	lines := passes(t, "actors:\n  a:\n    - print: yes\n      when: b.go\n    - print: no\n      when: '!b.go'\n  b:\n    - let: {go: true}\n")
	parsetest.WantLines(t, lines, "b let go = true", "a | yes")
	f, _ := fails(t, "actors:\n  a:\n    - print: yes\n      when: b.go\n      timeout: 20ms\n  b:\n    - sleep: 1h\n    - let: {go: true}\n")
	wantText(t, f.Err.Error(), "timed out after 20ms (the step's timeout): still waiting for b.go")
}

func TestNote(t *testing.T) {
	t.Parallel()
	r := runner.Run(t.Context(), parse(t, "vars: {n: 3}\nactors:\n  one:\n    - sleep: 0\n      note: the note ${n}\n    - sleep: 0\n"), runner.Options{})
	lines := r.Lines(history.Causal, history.Form{})
	if len(lines) != 2 || lines[0].Event.Note.Text != "the note 3" || lines[1].Event.Note.Text != "" {
		t.Errorf("%v", lines)
	}
	f, _ := fails(t, one("- let: {n: 1}\n- sleep: 0\n  note: ${u8('', n)}"))
	wantText(t, f.Err.Error(), `expression "u8('', n)": u8 at offset 1 is outside the 0 bytes`)
}

func TestTook(t *testing.T) {
	t.Parallel()
	passes(t, one("- sleep: 5ms\n  expect: {took: '>=5ms'}"))
	passes(t, one("- print: x\n  expect: {took: 0..1h}"))
	passes(t, pair("- recv: b\n  nowait: true\n  expect: {error: EAGAIN, took: '<1h'}\n- close: a"))
	f, lines := fails(t, one("- print: x\n  expect: {took: 1h..2h}"))
	if !strings.HasPrefix(f.Err.Error(), "expected the step to take 1h0m0s..2h0m0s, it took ") {
		t.Error(f.Err)
	}
	parsetest.WantLines(t, lines, "| x") // what it did is in the transcript, without the time
	passes(t, one("- repeat: 2\n  steps:\n    - sleep: 2ms\n  expect: {took: '>=4ms'}"))
}

// A step's own timeout comes before the scenario's step timeout, longer or not.
func TestStepTimeout(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, "step_timeout: 20ms\n"+pair("- recv: b\n- close: a"))
	wantText(t, f.Err.Error(), "timed out after 20ms (the step timeout): nothing has come")
	f, _ = fails(t, "step_timeout: 1h\n"+pair("- recv: b\n  timeout: 20ms\n- close: a"))
	wantText(t, f.Err.Error(), "timed out after 20ms (the step's timeout): nothing has come")
	passes(t, "step_timeout: 1ms\n"+one("- sleep: 10ms")) // a sleep lasts as long as it says
	f, _ = fails(t, one("- sleep: 1h\n  timeout: 20ms"))
	wantText(t, f.Err.Error(), "timed out after 20ms (the step's timeout)")
	// A loop's timeout bounds all its rounds; the step timeout each step of it.
	f, _ = fails(t, pair("- repeat: 1000\n  steps:\n    - recv: b\n      nowait: true\n      expect: {error: EAGAIN}\n    - sleep: 1ms\n  timeout: 30ms\n- close: a"))
	wantText(t, f.Err.Error(), "timed out after 30ms (the timeout of the repeat at line 5)")
	// Also where no step of it ever blocks.
	f, _ = fails(t, one("- repeat: {while: true}\n  steps:\n    - let: {n: 1}\n    - assert: n == 1\n  timeout: 20ms"))
	wantText(t, f.Err.Error(), "timed out after 20ms (the timeout of the repeat at line 3)")
	passes(t, "step_timeout: 50ms\n"+one("- repeat: 30\n  steps:\n    - sleep: 2ms"))
	f, _ = fails(t, one("- sleep: 0\n  timeout: ${'x'}"))
	wantText(t, f.Err.Error(), `expression "'x'": "x" is not a duration; write it as 250ms, 2s or 1m30s`)
}

// retry stops trying when the step's time is up.
func TestRetryTimeout(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, refused("  retry: 1h\n  timeout: 50ms"))
	wantText(t, f.Err.Error(), "timed out after 50ms (the step's timeout)")
	f, _ = fails(t, refused("  retry: 20ms"))
	if !strings.HasPrefix(f.Err.Error(), "unexpected ECONNREFUSED") {
		t.Error(f.Err)
	}
	passes(t, refused("  retry: 5ms\n  expect: {error: ECONNREFUSED, took: '>=5ms'}"))
}

// retry goes on until somebody listens.
func TestRetry(t *testing.T) {
	t.Parallel()
	passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - getsockname: listener
      as: addr
    - sleep: 20ms
    - listen: listener
    - accept: listener
      as: conn
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.addr}
      retry: 5s
    - close: sock
`)
}

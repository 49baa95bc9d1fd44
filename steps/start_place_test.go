package steps_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

func TestStartListeners(t *testing.T) {
	t.Parallel()
	lines := passes(t, one(`
- socket: tcp
  as: one
- listen: one
- socket: tcp
  as: two
- listen: two
`+program(t, "start", "handed")+`  as: p
  fds: [one, two]
- close: [one, two]
- recv: p.stdout
  until: "\n"
  expect: "serving 2 one:two\n"
  timeout: 30s
- for: ["${one.address}", "${two.address}"]
  each: address
  steps:
    - socket: tcp
      as: s
    - connect: s
      to: ${address}
    - send: s
      data: hello
    - recv: s
      expect: hello
    - close: s
- kill: p
- join: p
- socket: tcp
  as: s
- connect: s
  to: ${one.address}
  expect: {error: ECONNREFUSED}
`))
	if !strings.HasSuffix(lines[4], "], fds [one, two]) = p") {
		t.Error(lines[4])
	}
}

// The scenario goes on with a listener that it has handed over.
func TestStartSharedListener(t *testing.T) {
	t.Parallel()
	passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - start: [sleep, "60"]
      as: p
      fds: listener
    - accept: listener
      as: conn
    - send: conn
      data: hello
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - recv: sock
      expect: hello
`)
}

func TestStartInetd(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
`+indented(program(t, "start", "inetd")+`  as: p
  stdio: conn
- close: conn
- join: p
  timeout: 30s
- recv: p.stderr
  eof: true
  expect: "hello from tcp\n"
`)+`
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - send: sock
      data: "hello\n"
    - recv: sock
      eof: true
      expect: "you said hello\n"
      timeout: 30s
`)
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "], stdio conn) = p") {
		t.Error(text)
	}
}

func TestStartTerminal(t *testing.T) {
	tidy(t, func(t *testing.T) {
		lines := passes(t, one(program(t, "start", "tty")+`  pty: true
  as: p
- recv: p.stdout
  until: "\n"
  expect: "0:true 1:true 2:true \r\n"
  timeout: 30s
- send: p.stdin
  data: "hello\n"
- recv: p.stdout
  until: "\n"
  expect: "hello\r\n"
  note: the terminal's echo
- recv: p.stdout
  eof: true
  expect: "<hello>\r\n"
- join: p
`))
		if !strings.HasSuffix(lines[0], "], pty) = p") {
			t.Error(lines[0])
		}
		// Its keys: the end of the input, and an interrupt.
		passes(t, one("- start: [cat]\n  pty: true\n  as: p\n- send: p.stdin\n  data: {hex: \"04\"}\n- join: p"))
		passes(t, one("- start: [cat]\n  pty: true\n  as: p\n- send: p.stdin\n  data: \"x\\n\"\n- recv: p.stdout\n  size: 6\n  expect: \"x\\r\\nx\\r\\n\"\n"+
			"- send: p.stdin\n  data: {hex: \"03\"}\n- join: p\n  expect: {signal: INT}"))
		// A terminal that is closed hangs up.
		passes(t, one("- start: [cat]\n  pty: true\n  as: p\n- send: p.stdin\n  data: \"x\\n\"\n- recv: p.stdout\n  size: 6\n"+
			"- close: [p.stdin, p.stdout]\n- join: p\n  expect: {signal: HUP}"))
	})
}

// A port is free for both protocols, given once, and masked wherever it is.
func TestFreePort(t *testing.T) {
	t.Parallel()
	text := one(`
- let: {a: "${free_port()}", b: "${free_port()}"}
- assert: a != b && a > 1023 && a < 65536
- socket: tcp
  as: s
- bind: s
  to: 127.0.0.1:${a}
- listen: s
- socket: udp
  as: u
- bind: u
  to: 0.0.0.0:${a}
- exec: [echo, "${a}", "localhost:${b}", "${a}x", "1${a}"]
  expect: {stdout: {contains: "localhost:${b}"}}
  mask: true
- exec: [echo, port, "${b}"]
- print: at ${a} and 127.0.0.1:${b}
- close: [s, u]
`)
	lines := passes(t, text)
	parsetest.WantLines(t, lines, "let a = <free_port>", "let b = <free_port>", "assert a != b && a > 1023 && a < 65536",
		"socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = s", "bind(s, 127.0.0.1:<free_port>) = 0", "listen(s, 4096) = 0",
		"socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = u", "bind(u, 0.0.0.0:<free_port>) = 0",
		lines[8], `exec(["echo", "port", "<free_port>"]) = exit 0 "port <free_port>\n"`, "| at <free_port> and 127.0.0.1:<free_port>",
		"close(s) = 0", "close(u) = 0")
	for range ci.Runs(2, 20) {
		parsetest.WantLines(t, passes(t, text)[9:], lines[9:]...)
	}
	passesWith(t, one("- let: {seen: \"\"}\n- repeat: 300\n  steps:\n    - let: {port: \"${free_port()}\"}\n"+
		"    - assert: not (seen contains text(port))\n    - let: {seen: \"${seen} ${port}\"}"), runner.Options{})
}

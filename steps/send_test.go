package steps_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestSendEverything(t *testing.T) {
	t.Parallel()
	// More than any buffer holds, so that it takes several calls; the
	// transcript shows one.
	lines := passes(t, conversation("- send: out\n  data: {zeros: 8MiB}\n  as: n\n  expect: 8MiB\n  timeout: 30s\n- assert: n == 8388608\n- close: out",
		"- recv: in\n  eof: true\n  expect: {size: 8MiB}\n  timeout: 30s"))
	sends := 0
	for _, l := range lines {
		if strings.HasPrefix(l, "sender send(out, hex:"+strings.Repeat("00", 64)+"... (8388608 bytes), 8388608) = 8388608") {
			sends++
		}
	}
	if sends != 1 {
		t.Errorf("%d lines tell of the send, want 1:\n%s", sends, strings.Join(lines, "\n"))
	}
}

// once is one call: where the socket's time limit ends it, what the buffer does
// not hold is left out. With a full buffer a send that must not wait gives
// EAGAIN.
func TestSendOnce(t *testing.T) {
	t.Parallel()
	const small = "- setsockopt: a\n  option: SO_SNDBUF\n  value: 4096\n- setsockopt: a\n  option: SO_SNDTIMEO\n  value: 20ms\n"
	lines := passes(t, pair(small+`
- send: a
  data: {zeros: 1MiB}
  once: true
  as: n
  expect: {size: "<1MiB"}
- assert: n > 0
- send: a
  data: x
  nowait: true
  expect: {error: EAGAIN}
- send: a
  data: x
  flags: MSG_DONTWAIT
  expect: {error: [EAGAIN]}
- recv: b
  max: 1MiB
  as: got
- assert: len(got) > 0
- send: a
  data: y
  nowait: true
`[1:]))
	wantText(t, lines[5], `send(a, "x", 1) = -1 EAGAIN (Resource temporarily unavailable)`)
	wantText(t, lines[6], `send(a, "x", 1, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)`)
	f, _ := fails(t, pair(small+"- send: a\n  data: {zeros: 1MiB}\n  once: true\n  expect: 1MiB"))
	if !strings.HasPrefix(f.Err.Error(), "expected 1MiB sent, got ") {
		t.Error(f.Err)
	}
}

// A send into a full buffer waits, and its timeout says how far it came.
func TestSendTimeout(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, pair("- send: a\n  data: {zeros: 8MiB}\n  timeout: 20ms"))
	if msg := f.Err.Error(); !strings.HasPrefix(msg, "timed out after 20ms (the step's timeout): ") ||
		!strings.HasSuffix(msg, " of 8388608 bytes are sent") {
		t.Error(msg)
	}
}

func TestSendCalls(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"write", "send", "sendto", "writev", "sendmsg"} {
		for _, kind := range []string{"unix", "unixgram", "unixpacket"} {
			lines := passes(t, socketpair(kind, fmt.Sprintf("- send: a\n  call: %s\n  data: hello\n- recv: b\n  expect: hello", call)))
			wantText(t, lines[1], call+`(a, "hello", 5) = 5`)
		}
	}
	for _, call := range []string{"", "  call: sendto\n", "  call: sendmsg\n"} {
		lines := passes(t, datagrams("- send: out\n"+call+"  data: hello\n  to: ${rx}\n", "- recv: rx\n  expect: {data: hello, from: out}\n"))
		name := "sendto"
		if strings.Contains(call, "sendmsg") {
			name = "sendmsg"
		}
		wantText(t, lines[4], name+`(out, "hello", 5, 127.0.0.1:<rx>) = 5`)
	}
	for _, flags := range []string{"MSG_NOSIGNAL", "NOSIGNAL", "[MSG_NOSIGNAL]"} {
		lines := passes(t, pair("- send: a\n  data: x\n  flags: "+flags))
		wantText(t, lines[1], `send(a, "x", 1, MSG_NOSIGNAL) = 1`)
	}
}

func TestSendErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, steps, errno string }{
		{"unix", "- close: b\n- send: a\n  data: x", "EPIPE"},
		{"unix", "- shutdown: a\n  how: write\n- send: a\n  data: x", "EPIPE"},
		{"unixgram", "- close: b\n- send: a\n  data: x", "ECONNREFUSED"},
		{"unixgram", "- setsockopt: a\n  option: SO_SNDBUF\n  value: 4096\n- send: a\n  data: {zeros: 1MiB}", "EMSGSIZE"},
		{"unix", "- close: a\n- send: a\n  data: x", "EBADF"},
	} {
		passes(t, socketpair(test.kind, test.steps+"\n  expect: {error: "+test.errno+"}"))
	}
	passes(t, one("- socket: udp\n  as: s\n- send: s\n  data: x\n  expect: {error: EDESTADDRREQ}\n- close: s"))
	passes(t, one("- socket: tcp\n  as: s\n- send: s\n  data: x\n  expect: {error: EPIPE}\n- close: s"))
	passes(t, one("- socket: udp\n  as: s\n- send: s\n  data: {zeros: 66000}\n  to: 127.0.0.1:9\n  expect: {error: EMSGSIZE}\n- close: s"))
}

// A datagram without bytes is a message too.
func TestSendNothing(t *testing.T) {
	t.Parallel()
	lines := passes(t, socketpair("unixgram", "- send: a\n  data: ''\n  expect: 0\n- recv: b\n  expect: {size: 0}"))
	wantText(t, lines[1], `send(a, "", 0) = 0`)
	lines = passes(t, pair("- send: a\n  data: []\n- send: a\n  data: x\n- recv: b\n  expect: x"))
	wantText(t, lines[1], `send(a, "", 0) = 0`)
}

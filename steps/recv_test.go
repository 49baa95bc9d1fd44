package steps_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// conversation has a sender and a receiver that are connected over TCP: out is
// the sender's end, in the receiver's.
func conversation(sender, receiver string) string {
	return `
actors:
  receiver:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: in
` + indented(receiver) + `
  sender:
    - socket: tcp
      as: out
    - connect: out
      to: ${receiver.listener}
    - setsockopt: out
      option: TCP_NODELAY
      value: true
` + indented(sender)
}

// last are the last n lines of what the receiver did.
func receiverDid(t *testing.T, lines []string, n int) []string {
	t.Helper()
	var list []string
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "receiver "); ok {
			list = append(list, rest)
		}
	}
	if len(list) < n {
		t.Fatalf("the receiver did only %q", list)
	}
	return list[len(list)-n:]
}

// Three sends, of which each may be a segment of its own.
const threeSends = `
- send: out
  data: "abc"
- send: out
  data: "de"
- send: out
  data: "fghij"
- close: out
`

func TestRecvSize(t *testing.T) {
	t.Parallel()
	lines := passes(t, conversation(threeSends, "- recv: in\n  size: 7\n  expect: abcdefg\n- recv: in\n  size: 3\n  as: rest\n- assert: rest == 'hij'"))
	parsetest.WantLines(t, receiverDid(t, lines, 3), `recv(in, 7) = 7 "abcdefg"`, `recv(in, 3) = 3 "hij"`, "assert rest == 'hij'")

	f, _ := fails(t, conversation(threeSends, "- recv: in\n  size: 11"))
	wantText(t, f.Err.Error(), "expected 11 bytes, got 10 and then the end of file")
	f, _ = fails(t, conversation("- close: out", "- recv: in\n  size: 11"))
	wantText(t, f.Err.Error(), "expected 11 bytes, got 0 and then the end of file")
	// Who expects the end of file, or a size, says what is enough.
	passes(t, conversation(threeSends, "- recv: in\n  size: 11\n  expect: {eof: true, data: abcdefghij}"))
	passes(t, conversation(threeSends, "- recv: in\n  size: 11\n  expect: {size: 10}"))
}

func TestRecvLargeSize(t *testing.T) {
	t.Parallel()
	passes(t, conversation("- send: out\n  data: {repeat: {data: 0123456789abcdef, times: 65536}}\n- close: out",
		"- recv: in\n  size: 1MiB\n  as: all\n  timeout: 30s\n- assert: len(all) == 1048576 && all[1048560:] == '0123456789abcdef'\n"+
			"- recv: in\n  expect: {eof: true}"))
}

// Without size, an expected text says how many bytes there must be.
func TestRecvExpectedLength(t *testing.T) {
	t.Parallel()
	lines := passes(t, conversation(threeSends, "- recv: in\n  expect: abcd\n- recv: in\n  expect: {data: {hex: 6566}}\n- recv: in\n  expect: ghij"))
	parsetest.WantLines(t, receiverDid(t, lines, 3), `recv(in, 4) = 4 "abcd"`, `recv(in, 2) = 2 "ef"`, `recv(in, 4) = 4 "ghij"`)
	f, _ := fails(t, conversation(threeSends, "- recv: in\n  expect: abcdefghijk"))
	wantText(t, f.Err.Error(), "the data differs")
	f, _ = fails(t, conversation("- close: out", "- recv: in\n  expect: abc"))
	wantText(t, f.Err.Error(), "expected data, got the end of file")
}

// max is one call: it takes what there is, and no more than its buffer holds.
func TestRecvMax(t *testing.T) {
	t.Parallel()
	lines := passes(t, pair("- send: a\n  data: hello world\n- recv: b\n  max: 5\n  expect: hello\n- recv: b\n  max: 1KiB\n  expect: \" world\"\n"+
		"- send: a\n  data: x\n- recv: b\n- close: a\n- recv: b\n  expect: {eof: true, size: 0}"))
	parsetest.WantLines(t, lines[2:],
		`recv(b, 5) = 5 "hello"`, `recv(b, 1024) = 6 " world"`, `send(a, "x", 1) = 1`, `recv(b, 65536) = 1 "x"`,
		"close(a) = 0", "recv(b, 65536) = 0 (end of file)")
	f, _ := fails(t, pair("- close: a\n- recv: b\n  expect: {eof: false}"))
	wantText(t, f.Err.Error(), "expected no end of file, but it came")
}

func TestRecvUntil(t *testing.T) {
	t.Parallel()
	lines := passes(t, pair("- send: a\n  data: \"one\\r\\ntwo\\r\\nthree\"\n- recv: b\n  until: \"\\r\\n\"\n  expect: \"one\\r\\n\"\n"+
		"- recv: b\n  until: {hex: 0d0a}\n  as: line\n- assert: line == \"two\\r\\n\"\n- recv: b\n  max: 100\n  expect: three\n"+
		"- send: a\n  data: xx\n- recv: b\n  until: x\n  expect: x\n- recv: b\n  until: x\n  expect: x"))
	parsetest.WantLines(t, lines[2:5], `recv(b, until "\r\n") = 5 "one\r\n"`, `recv(b, until "\r\n") = 5 "two\r\n"`, `assert line == "two\r\n"`)

	// The delimiter comes in two segments, and not a byte behind it is taken.
	lines = passes(t, conversation("- send: out\n  data: \"line\\r\"\n- send: out\n  data: \"\\nrest\"",
		"- recv: in\n  until: \"\\r\\n\"\n- recv: in\n  expect: rest"))
	parsetest.WantLines(t, receiverDid(t, lines, 2), `recv(in, until "\r\n") = 6 "line\r\n"`, `recv(in, 4) = 4 "rest"`)

	// What comes before the delimiter is larger than the first look.
	passes(t, conversation("- send: out\n  data: [{repeat: {data: x, times: 100000}}, \"\\nrest\"]",
		"- recv: in\n  until: \"\\n\"\n  as: long\n- assert: len(long) == 100001\n- recv: in\n  expect: rest"))

	f, _ := fails(t, pair("- send: a\n  data: abc\n- close: a\n- recv: b\n  until: \"\\n\""))
	wantText(t, f.Err.Error(), `the end of file came before the delimiter; got "abc"`)
	f, _ = fails(t, pair("- close: a\n- recv: b\n  until: \"\\n\""))
	wantText(t, f.Err.Error(), "the end of file came before the delimiter; got nothing")
	passes(t, pair("- send: a\n  data: abc\n- close: a\n- recv: b\n  until: \"\\n\"\n  expect: {eof: true, data: abc}"))
}

func TestRecvEOF(t *testing.T) {
	t.Parallel()
	lines := passes(t, conversation(threeSends, "- recv: in\n  eof: true\n  expect: abcdefghij\n- recv: in\n  eof: true\n  expect: ''"))
	parsetest.WantLines(t, receiverDid(t, lines, 2),
		`recv(in, to end of file) = 10 "abcdefghij" (end of file)`, `recv(in, to end of file) = 0 (end of file)`)
	passes(t, conversation("- send: out\n  data: {zeros: 300KiB}\n- shutdown: out\n  how: write",
		"- recv: in\n  eof: true\n  expect: {size: 300KiB}\n- close: in"))
}

// contains and matches take bytes up to the match and no further.
func TestRecvSearch(t *testing.T) {
	t.Parallel()
	lines := passes(t, conversation("- send: out\n  data: \"head\"\n- send: out\n  data: \"er: 42\\nbody\"", `
- recv: in
  expect: {contains: "er: "}
- recv: in
  expect: {matches: "(?P<n>\\d+)\\n"}
- assert: n == "42"
- recv: in
  expect: body
`))
	parsetest.WantLines(t, receiverDid(t, lines, 4), `recv(in, match) = 8 "header: "`, `recv(in, match) = 3 "42\n"`, `assert n == "42"`, `recv(in, 4) = 4 "body"`)

	// Both must hold; the further one ends what is taken.
	passes(t, pair("- send: a\n  data: abcdef\n- recv: b\n  expect: {contains: e, matches: b}\n- recv: b\n  expect: f"))
	f, _ := fails(t, pair("- send: a\n  data: abc\n- close: a\n- recv: b\n  expect: {contains: x}"))
	wantText(t, f.Err.Error(), `expected data that contains "x", got "abc"`)
	f, _ = fails(t, pair("- close: a\n- recv: b\n  expect: {matches: x}"))
	wantText(t, f.Err.Error(), "expected data, got the end of file")
}

func TestRecvCalls(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"read", "recv", "recvfrom", "readv", "recvmsg"} {
		for _, kind := range []string{"unix", "unixgram", "unixpacket"} {
			lines := passes(t, socketpair(kind, fmt.Sprintf("- send: a\n  data: hello\n- recv: b\n  call: %s\n  max: 10\n  expect: hello", call)))
			wantText(t, lines[2], call+`(b, 10) = 5 "hello"`)
		}
	}
}

func TestRecvPeek(t *testing.T) {
	t.Parallel()
	lines := passes(t, pair(`
- send: a
  data: hello
- recv: b
  flags: MSG_PEEK
  size: 3
  expect: hel
- recv: b
  flags: [PEEK, MSG_DONTWAIT]
  max: 100
  expect: hello
- recv: b
  flags: MSG_PEEK
  expect: {contains: ll}
- recv: b
  expect: hello
`))
	parsetest.WantLines(t, lines[2:],
		`recv(b, 3, MSG_PEEK) = 3 "hel"`, `recv(b, 100, MSG_PEEK|MSG_DONTWAIT) = 5 "hello"`,
		`recv(b, 65536, MSG_PEEK) = 5 "hello"`, `recv(b, 5) = 5 "hello"`)
	// A look gives no byte twice.
	f, _ := fails(t, pair("- send: a\n  data: hello\n- recv: b\n  flags: MSG_PEEK\n  size: 10"))
	wantText(t, f.Err.Error(), "expected 10 bytes, got 5")
}

func TestRecvNowait(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"nowait: true", "flags: MSG_DONTWAIT"} {
		for _, bound := range []string{"max: 10", "size: 10", "until: x", "eof: true"} {
			lines := passes(t, pair("- recv: b\n  "+how+"\n  "+bound+"\n  expect: {error: EAGAIN}\n- close: a"))
			if !strings.HasSuffix(lines[1], " = -1 EAGAIN (Resource temporarily unavailable)") {
				t.Errorf("%s, %s: %s", how, bound, lines[1])
			}
		}
	}
}

// A step that runs out of time says what had come.
func TestRecvTimeout(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"max: 10":               "nothing has come",
		"size: 10":              "nothing has come",
		"until: x":              "nothing has come",
		"expect: {contains: x}": "nothing has come",
		"expect: hello":         "nothing has come",
		"eof: true":             "nothing has come",
	} {
		f, _ := fails(t, pair("- recv: b\n  timeout: 10ms\n  "+in+"\n- close: a"))
		wantText(t, f.Err.Error(), "timed out after 10ms (the step's timeout): "+want)
	}
	for in, want := range map[string]string{
		"size: 10":              `5 of 10 bytes have come: "hello"`,
		"until: x":              `only "hello" has come`,
		"expect: {contains: x}": `only "hello" has come`,
		"expect: hello world":   `5 of 11 bytes have come: "hello"`,
		"eof: true":             `only "hello" has come`,
	} {
		f, _ := fails(t, pair("- send: a\n  data: hello\n- recv: b\n  timeout: 10ms\n  "+in))
		wantText(t, f.Err.Error(), "timed out after 10ms (the step's timeout): "+want)
	}
}

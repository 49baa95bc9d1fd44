package steps_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// datagrams is a receiver and a sender over UDP.
func datagrams(sender, receiver string) string {
	return one(`
- socket: udp
  as: rx
- bind: rx
  to: 127.0.0.1:0
- socket: udp
  as: out
- bind: out
  to: 127.0.0.3:0
` + sender + receiver)
}

const sendTwo = "- send: out\n  data: first one\n  to: rx\n- send: out\n  data: second\n  to: rx\n"

// A datagram is received whole, whatever its expected text is.
func TestRecvDatagrams(t *testing.T) {
	t.Parallel()
	lines := passes(t, datagrams(sendTwo, "- recv: rx\n  expect: {data: first one, from: 127.0.0.3}\n- recv: rx\n  expect: {data: second, from: out}\n"))
	parsetest.WantLines(t, lines[6:],
		`recvfrom(rx, 65536) = 9 "first one" from 127.0.0.3:<out>`, `recvfrom(rx, 65536) = 6 "second" from 127.0.0.3:<out>`)
	f, _ := fails(t, datagrams(sendTwo, "- recv: rx\n  expect: first\n"))
	wantText(t, f.Err.Error(), "the data differs")
	f, _ = fails(t, datagrams(sendTwo, "- recv: rx\n  expect: {from: 127.0.0.4}\n"))
	if !strings.HasPrefix(f.Err.Error(), "expected from 127.0.0.4, got 127.0.0.3:") {
		t.Error(f.Err)
	}
	// contains and matches look at one datagram.
	passes(t, datagrams(sendTwo, "- recv: rx\n  expect: {contains: rst}\n- recv: rx\n  expect: {matches: ^second$}\n"))
	f, _ = fails(t, datagrams(sendTwo, "- recv: rx\n  expect: {contains: second}\n"))
	wantText(t, f.Err.Error(), `expected data that contains "second", got "first one"`)
}

// A buffer that is too small cuts the datagram off: the rest is gone.
func TestRecvTruncates(t *testing.T) {
	t.Parallel()
	passes(t, datagrams(sendTwo, "- recv: rx\n  max: 5\n  expect: first\n- recv: rx\n  size: 6\n  expect: second\n"))
	lines := passes(t, datagrams(sendTwo, "- recv: rx\n  max: 5\n  flags: MSG_TRUNC\n  expect: first\n"))
	wantText(t, lines[len(lines)-1], `recvfrom(rx, 5, MSG_TRUNC) = 9 "first" from 127.0.0.3:<out>`)
	f, _ := fails(t, datagrams(sendTwo, "- recv: rx\n  size: 10\n"))
	wantText(t, f.Err.Error(), "expected 10 bytes, got 9")
}

// An empty datagram is not an end of file.
func TestRecvEmptyDatagram(t *testing.T) {
	t.Parallel()
	empty := "- send: out\n  data: ''\n  to: rx\n"
	lines := passes(t, datagrams(empty, "- recv: rx\n  expect: {size: 0, eof: false, from: out}\n"))
	wantText(t, lines[len(lines)-1], "recvfrom(rx, 65536) = 0 from 127.0.0.3:<out>")
	passes(t, datagrams(empty, "- recv: rx\n  expect: ''\n"))
	f, _ := fails(t, datagrams(empty, "- recv: rx\n  expect: {eof: true}\n"))
	wantText(t, f.Err.Error(), "expected the end of file, got nothing")
	passes(t, socketpair("unixgram", "- send: a\n  data: ''\n- recv: b\n  expect: {size: 0, eof: false}"))
}

// On sockets of connections nothing received is the end of file.
func TestRecvEndOfFile(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"unix", "unixpacket"} {
		lines := passes(t, socketpair(kind, "- close: a\n- recv: b\n  expect: {eof: true, size: 0}"))
		wantText(t, lines[2], "recv(b, 65536) = 0 (end of file)")
		passes(t, socketpair(kind, "- send: a\n  data: last\n- shutdown: a\n  how: write\n- recv: b\n  expect: {data: last, eof: false}\n- recv: b\n  expect: {eof: true}"))
	}
	passes(t, conversation("- close: out", "- recv: in\n  expect: {eof: true}"))
}

// Each receive gives one message of a sequenced-packet socket.
func TestRecvPackets(t *testing.T) {
	t.Parallel()
	lines := passes(t, socketpair("unixpacket", "- send: a\n  data: one\n- send: a\n  data: three\n- recv: b\n  expect: one\n- recv: b\n  max: 3\n  expect: thr\n- recv: b\n  nowait: true\n  expect: {error: EAGAIN}"))
	parsetest.WantLines(t, lines[3:], `recv(b, 65536) = 3 "one"`, `recv(b, 3) = 3 "thr"`, "recv(b, 65536) = -1 EAGAIN (Resource temporarily unavailable)")
}

// The name of the call follows from the socket, unless call says it.
func TestRecvCallName(t *testing.T) {
	t.Parallel()
	text := datagrams(sendTwo, "- recv: rx\n  expect: first one\n- connect: rx\n  to: out\n- recv: rx\n  expect: second\n")
	lines := passes(t, text)
	parsetest.WantLines(t, lines[6:],
		`recvfrom(rx, 65536) = 9 "first one" from 127.0.0.3:<out>`, "connect(rx, 127.0.0.3:<out>) = 0", `recv(rx, 65536) = 6 "second"`)
}

func TestRecvOfSeveralFamilies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, bind string }{
		{"udp", "127.0.0.1:0"}, {"udp6", "'[::1]:0'"}, {"unixgram", "unix:${tmp}/in"}, {"unixgram", "unix:@sockscript-test-recv"},
	} {
		passes(t, "requires: ipv6\n"+one(fmt.Sprintf(`
- socket: %s
  as: rx
- bind: rx
  to: %s
- socket: %s
  as: out
- send: out
  data: hello
  to: rx
- recv: rx
  expect: hello
- close: [rx, out]
`, test.kind, test.bind, test.kind)))
	}
}

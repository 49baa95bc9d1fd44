package steps_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// All ways to receive work on a TLS connection, and take no byte too many.
func TestTLSReceives(t *testing.T) {
	t.Parallel()
	lines := later(passes(t, tlsPair(`
- tls: conn
- recv: conn
  until: "\r\n"
- recv: conn
  size: 3
- recv: conn
  expect: {matches: "d(?P<rest>.)"}
- assert: rest == "e"
- recv: conn
  nowait: true
  max: 100
- recv: conn
  nowait: true
  expect: {error: EAGAIN}
- signal: empty
- recv: conn
  expect: last
- recv: conn
  eof: true
  expect: {data: [a, b, c], eof: true}
- recv: conn
  expect: {eof: true}
- close: conn
`, `
- tls: sock
- send: sock
  data: "line\r\nabcdefgh"
- wait: empty
- send: sock
  data: last
- send: sock
  data: ab
- send: sock
  data: c
- shutdown: sock
  how: write
- recv: sock
  expect: {eof: true}
`)))
	parsetest.WantLines(t, lines[:8], "server tls(conn, server) = TLS 1.3", "client tls(sock, client) = TLS 1.3",
		`client write(sock, "line\r\nabcdefgh", 14) = 14`, `server read(conn, until "\r\n") = 6 "line\r\n"`,
		`server read(conn, 3) = 3 "abc"`, `server read(conn, match) = 2 "de"`, "server assert rest == \"e\"",
		`server read(conn, 100) = 3 "fgh"`)
}

// A send is received after it, whatever TLS puts around its bytes: the
// transcript is the same each time.
func TestTLSOrder(t *testing.T) {
	t.Parallel()
	text := tlsPair(`
- setsockopt: conn
  option: TCP_NODELAY
  value: 1
- tls: conn
- repeat: 3
  steps:
    - recv: conn
      size: 40000
    - send: conn
      data: {zeros: 30000}
- recv: conn
  expect: [one, two]
- shutdown: conn
  how: write
- recv: conn
  expect: three
- recv: conn
  expect: {eof: true}
- close: conn
`, `
- setsockopt: sock
  option: TCP_NODELAY
  value: 1
- tls: sock
- repeat: 3
  steps:
    - send: sock
      data: {zeros: 40000}
    - recv: sock
      size: 30000
- send: sock
  data: one
- send: sock
  data: two
- recv: sock
  expect: {eof: true}
- send: sock
  data: three
- close: sock
`)
	count := 50
	if testing.Short() {
		count = 5
	}
	want := later(passes(t, text))
	for range count {
		parsetest.WantLines(t, later(passes(t, text)), want...)
	}
	parsetest.WantLines(t, want[len(want)-10:],
		`client write(sock, "one", 3) = 3`, `client write(sock, "two", 3) = 3`,
		`server read(conn, 6) = 6 "onetwo"`, "server shutdown(conn, SHUT_WR) = 0", "client read(sock, 65536) = 0 (end of file)",
		`client write(sock, "three", 5) = 5`, `server read(conn, 5) = 5 "three"`,
		"client close(sock) = 0", "server read(conn, 65536) = 0 (end of file)", "server close(conn) = 0")
}

// The two sides of a handshake come after what was before it on both sides, and
// not after each other.
func TestTLSHandshakeOrder(t *testing.T) {
	t.Parallel()
	lines := later(passes(t, `
actors:
  watcher:
    - wait: done
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - tls: sock
    - signal: done
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
    - print: one
    - print: two
    - tls: conn
    - print: three
`))
	parsetest.WantLines(t, lines, "server | one", "server | two", "client tls(sock, client) = TLS 1.3", "server tls(conn, server) = TLS 1.3",
		"client signal(done)", "server | three", "watcher wait(done)")
}

// A large stream goes through piece by piece.
func TestTLSLargeStream(t *testing.T) {
	t.Parallel()
	passes(t, tlsPair(`
- tls: conn
- recv: conn
  expect: {data: {random: {size: 3MiB, seed: 1}}}
- recv: conn
  expect: {eof: true}
`, `
- tls: sock
- send: sock
  data: {random: {size: 3MiB, seed: 1}}
- close: sock
`))
}

func TestTLSRelay(t *testing.T) {
	t.Parallel()
	lines := later(passes(t, tlsPair(`
- tls: conn
- relay: conn
  to: conn
  expect: 100000
- close: conn
`, `
- tls: sock
- parallel:
    out:
      - send: sock
        data: {zeros: 100000}
      - shutdown: sock
        how: write
    in:
      - recv: sock
        eof: true
        expect: {data: {zeros: 100000}}
`)))
	if last := lines[len(lines)-2]; !strings.HasPrefix(last, "server close(conn)") {
		t.Errorf("%q", lines)
	}
	broken := "- tls: sock\n- send: sock\n  data: abc\n- dup: sock\n  as: bare\n- shutdown: bare\n  how: write\n- recv: sock\n  expect: abc\n"
	lines = later(passes(t, tlsPair("- tls: conn\n- relay: conn\n  to: conn\n  expect: {size: 3, truncated: true}\n- close: conn",
		broken+"- recv: sock\n  expect: {eof: true}")))
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "relay(conn, conn) = 3 (end of file without close_notify)") {
		t.Error(text)
	}
	f, _ := fails(t, tlsPair("- tls: conn\n- relay: conn\n  to: conn", broken))
	wantText(t, f.Err.Error(), "the end of file came without close_notify")
	f, _ = fails(t, tlsPair("- tls: conn\n- relay: conn\n  to: conn\n  expect: {truncated: true}", "- tls: sock\n- close: sock"))
	wantText(t, f.Err.Error(), "expected the end of file without close_notify, but close_notify came")
}

// What was read ahead of the TLS below goes to the TLS above, and what that
// does not take is there again.
func TestTLSReadAhead(t *testing.T) {
	t.Parallel()
	passes(t, tlsPair(`
- tls: conn
- recv: conn
  until: "\r\n"
- tls: conn
  expect: {reason: not_tls}
- recv: conn
  expect: "2.0 plain"
- recv: conn
  expect: {eof: true}
`, `
- tls: sock
- send: sock
  data: "CONNECT\r\nSSH--2.0 plain"
- close: sock
`))
}

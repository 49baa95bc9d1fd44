package steps_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// A connection ends with close_notify, or without.
func TestTLSEndings(t *testing.T) {
	t.Parallel()
	const abrupt = "- tls: sock\n- send: sock\n  data: abc\n- dup: sock\n  as: bare\n- shutdown: bare\n  how: write"
	const orderly = "- tls: sock\n- send: sock\n  data: abc\n- close: sock"
	for _, test := range []struct{ client, recv, want string }{
		{abrupt, "expect: {truncated: true}\n  max: 3", "expected the end of file without close_notify, got \"abc\""},
		{abrupt, "eof: true\n  expect: {truncated: true, data: abc}", ""},
		{abrupt, "eof: true\n  expect: {data: abc}", "the end of file came without close_notify"},
		{abrupt, "size: 5", "the end of file came without close_notify"},
		{abrupt, "until: x", "the end of file came without close_notify"},
		{abrupt, "until: x\n  expect: {truncated: true, size: 3}", ""},
		{abrupt, "size: 5\n  expect: {truncated: true, contains: x}", "expected data that contains \"x\", got \"abc\""},
		{abrupt, "size: 2MiB\n  expect: {truncated: true}", "the end of file came without close_notify"},
		{orderly, "eof: true\n  expect: {data: abc, eof: true, truncated: false}", ""},
		{orderly, "eof: true\n  expect: {truncated: true}", "expected the end of file without close_notify, but close_notify came"},
		{orderly, "expect: {alert: close_notify}", "expected the alert close_notify, got \"abc\""},
	} {
		text := tlsPair("- tls: conn\n- recv: conn\n  "+test.recv, test.client)
		if test.want == "" {
			passes(t, text)
			continue
		}
		f, _ := fails(t, text)
		wantText(t, f.Err.Error(), test.want)
	}
}

// What only TLS has is refused at once where there is none.
func TestTLSEndWithoutTLS(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{pair("- recv: a\n  expect: {truncated: true}\n- close: b"), "a does not speak TLS; truncated is the end of file of TLS without close_notify; put a tls step before this one, or expect eof: true"},
		{pair("- relay: a\n  to: b\n  expect: {truncated: true}"), "a does not speak TLS; truncated is the end of file of TLS without close_notify; put a tls step before this one, or expect eof: true"},
		{pair("- recv: a\n  expect: {alert: close_notify}\n- close: b"), "a does not speak TLS, which the alert is of; put a tls step before this one"},
		{one("- let: {kind: SOCK_DGRAM}\n- socketpair: {family: AF_UNIX, type: \"${kind}\"}\n  as: [a, b]\n- recv: a\n  expect: {truncated: true}\n- close: b"), "a does not speak TLS; truncated is the end of file of TLS without close_notify; where the buffer has cut a datagram, call: recvmsg returns flags: trunc"},
	} {
		f, _ := fails(t, test.text)
		if f.Err.Error() != test.want {
			t.Errorf("%s\ngot   %s\nwant  %s", test.text, f.Err, test.want)
		}
	}
}

// An errno of the connection stays what it is.
func TestTLSErrno(t *testing.T) {
	t.Parallel()
	const reset = "- setsockopt: conn\n  option: SO_LINGER\n  value: {onoff: 1, linger: 0}\n"
	lines := later(passes(t, tlsPair("- recv: conn\n  max: 1\n  mask: true\n"+reset+"- close: conn", "- tls: sock\n  expect: {error: ECONNRESET}")))
	wantText(t, lines[len(lines)-1], "client tls(sock, client) = -1 ECONNRESET (Connection reset by peer)")
	lines = later(passes(t, tlsPair("- tls: conn\n"+reset+"- close: conn\n- signal: gone", `
- tls: sock
- recv: sock
  expect: {eof: true}
- recv: sock
  expect: {eof: true}
- wait: gone
- shutdown: sock
  how: write
  expect: {error: [EPIPE, ECONNRESET]}
- close: sock
`)))
	if text := strings.Join(lines, "\n"); !strings.HasSuffix(text, "client close(sock) = 0") {
		t.Error(text)
	}
	// After close_notify nothing can be sent.
	passes(t, tlsPair("- tls: conn\n- shutdown: conn\n  how: write\n- send: conn\n  data: x\n  expect: {error: EPIPE}", "- tls: sock"))
}

// Bytes that are not TLS are an error of the handshake, which reads only the
// first of them.
func TestTLSGarbage(t *testing.T) {
	t.Parallel()
	lines := later(passes(t, tlsPair(`
- tls: conn
  expect: {reason: not_tls}
- recv: conn
  expect: " HTTP/1.0\r\n\r\n"
- send: conn
  data: 400 this is HTTPS
- close: conn
`, `
- send: sock
  data: "GET / HTTP/1.0\r\n\r\n"
- recv: sock
  eof: true
  expect: 400 this is HTTPS
`)))
	parsetest.WantLines(t, lines, `client send(sock, "GET / HTTP/1.0\r\n\r\n", 18) = 18`, "server tls(conn, server) = failed (not_tls)",
		`server recv(conn, 13) = 13 " HTTP/1.0\r\n\r\n"`, `server send(conn, "400 this is HTTPS", 17) = 17`, "server close(conn) = 0",
		`client recv(sock, to end of file) = 17 "400 this is HTTPS" (end of file)`)
	f, _ := fails(t, tlsPair("- tls: conn", "- send: sock\n  data: \"GET / HTTP/1.0\\r\\n\\r\\n\""))
	wantText(t, f.Err.Error(), `the TLS handshake failed: what came is not TLS: "GET /"`)
	// A peer without TLS receives the first message before anything answers it.
	lines = later(passes(t, tlsPair(`
- recv: conn
  size: 3
  expect: {data: {hex: 16 03 01}}
- send: conn
  data: SSH-2.0
- recv: conn
  mask: true
- close: conn
`, "- tls: sock\n  expect: {reason: not_tls}")))
	parsetest.WantLines(t, lines, "server recv(conn, 3) = 3 hex:160301", `server send(conn, "SSH-2.0", 7) = 7`,
		"server recv(conn, 65536) = <data>", "client tls(sock, client) = failed (not_tls)", "server close(conn) = 0")
	// Or it goes away.
	lines = later(passes(t, tlsPair("- shutdown: conn\n  how: write", "- tls: sock\n  expect: {reason: eof}")))
	parsetest.WantLines(t, lines, "server shutdown(conn, SHUT_WR) = 0", "client tls(sock, client) = failed (eof)")
}

// Garbage in the middle of a connection is answered with an alert.
func TestTLSGarbageInside(t *testing.T) {
	t.Parallel()
	lines := later(passes(t, tlsPair(`
- tls: conn
- recv: conn
  expect: {alert: bad_record_mac}
- recv: conn
  expect: {alert: bad_record_mac}
- close: conn
`, `
- tls: sock
- dup: sock
  as: bare
- send: bare
  data: [{hex: 17 03 03 00 20}, {zeros: 32}]
- recv: sock
  expect: {alert: bad_record_mac}
`)))
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "server read(conn, 65536) = alert bad_record_mac sent\n") ||
		!strings.Contains(text, "client read(sock, 65536) = alert bad_record_mac received\n") {
		t.Error(text)
	}
	passes(t, tlsPair("- tls: conn\n- recv: conn\n  expect: {alert: protocol_version}",
		"- tls: sock\n- dup: sock\n  as: bare\n- send: bare\n  data: garbage\n- recv: sock\n  expect: {alert: protocol_version}"))
	passes(t, tlsPair("- tls: conn\n- recv: conn\n  expect: {alert: record_overflow}",
		"- tls: sock\n- dup: sock\n  as: bare\n- send: bare\n  data: {hex: 17 03 03 ff ff}\n- recv: sock\n  expect: {alert: record_overflow}"))
}

// Plain text may come first, and TLS inside of TLS.
func TestTLSLater(t *testing.T) {
	t.Parallel()
	lines := later(passes(t, tlsPair(`
- send: conn
  data: "220 ready\r\n"
- recv: conn
  until: "\r\n"
  expect: "STARTTLS\r\n"
- send: conn
  data: "220 go ahead\r\n"
- tls: conn
- recv: conn
  until: "\r\n"
- send: conn
  data: "200 inside\r\n"
- tls: conn
- recv: conn
  expect: secret
- close: conn
`, `
- recv: sock
  until: "\r\n"
- send: sock
  data: "STARTTLS\r\n"
- recv: sock
  until: "\r\n"
- tls: sock
- send: sock
  data: "CONNECT\r\n"
- recv: sock
  until: "\r\n"
- tls: sock
- send: sock
  data: secret
- recv: sock
  expect: {eof: true}
- close: sock
`)))
	want := []string{
		`server send(conn, "220 ready\r\n", 11) = 11`,
		`client recv(sock, until "\r\n") = 11 "220 ready\r\n"`,
		`client send(sock, "STARTTLS\r\n", 10) = 10`,
		`server recv(conn, until "\r\n") = 10 "STARTTLS\r\n"`,
		`server send(conn, "220 go ahead\r\n", 14) = 14`,
		`client recv(sock, until "\r\n") = 14 "220 go ahead\r\n"`,
		"server tls(conn, server) = TLS 1.3",
		"client tls(sock, client) = TLS 1.3",
		`client write(sock, "CONNECT\r\n", 9) = 9`,
		`server read(conn, until "\r\n") = 9 "CONNECT\r\n"`,
		`server write(conn, "200 inside\r\n", 12) = 12`,
		`client read(sock, until "\r\n") = 12 "200 inside\r\n"`,
		"server tls(conn, server) = TLS 1.3",
		"client tls(sock, client) = TLS 1.3",
		`client write(sock, "secret", 6) = 6`,
		`server read(conn, 6) = 6 "secret"`,
		"server close(conn) = 0",
		"client read(sock, 65536) = 0 (end of file)",
		"client close(sock) = 0",
	}
	parsetest.WantLines(t, lines, want...)
}

// A record that has been begun and not ended cannot be followed by another.
func TestTLSBrokenOff(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
    - tls: conn
    - wait: never
  client:
    - socket: tcp
      as: sock
      blocking: true
    - connect: sock
      to: ${server.listener}
    - setsockopt: sock
      option: SO_SNDTIMEO
      value: 50ms
    - tls: sock
    - send: sock
      data: {zeros: 64MiB}
      expect: {error: EAGAIN}
    - send: sock
      data: x
    - signal: never
`)
	wantText(t, f.Err.Error(), "an earlier send timed out in the middle of a TLS record, so nothing can be sent any more")
}

func TestTLSTimeouts(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, tlsPair("- wait: never", "- tls: sock\n  timeout: 30ms\n- signal: never"))
	wantText(t, f.Err.Error(), "timed out after 30ms (the step's timeout): the peer has sent nothing")
	f, _ = fails(t, tlsPair("- send: conn\n  data: {hex: 16 03}\n- signal: sent\n- wait: never", "- wait: sent\n- tls: sock\n  timeout: 30ms\n- signal: never"))
	wantText(t, f.Err.Error(), "timed out after 30ms (the step's timeout): the handshake is not finished")
	f, _ = fails(t, tlsPair("- tls: conn\n- wait: never", "- tls: sock\n- recv: sock\n  timeout: 30ms\n- signal: never"))
	wantText(t, f.Err.Error(), "timed out after 30ms (the step's timeout): nothing has come")
	f, _ = fails(t, tlsPair("- tls: conn\n- wait: never", "- tls: sock\n- send: sock\n  data: {zeros: 64MiB}\n  timeout: 30ms\n- signal: never"))
	if text := f.Err.Error(); !strings.HasPrefix(text, "timed out after 30ms (the step's timeout): ") || !strings.HasSuffix(text, " of 67108864 bytes are sent") {
		t.Error(text)
	}
}

// A connection is filled without waiting, and what has been sent is whole.
func TestTLSNowait(t *testing.T) {
	t.Parallel()
	passes(t, tlsPair(`
- tls: conn
- wait: full
- recv: conn
  expect: {contains: end}
- recv: conn
  expect: {eof: true}
`, `
- tls: sock
- send: sock
  data: {zeros: 64MiB}
  nowait: true
  expect: {error: EAGAIN}
- signal: full
- send: sock
  data: end
- close: sock
`))
}

// A run that is cancelled leaves a handshake, a receive and a send.
func TestTLSCancelled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		tlsPair("- signal: ready\n- recv: conn\n  max: 10\n- sleep: 1h\n  timeout: 2h", "- tls: sock\n  timeout: 1h"),
		tlsPair("- tls: conn\n- sleep: 1h\n  timeout: 2h", "- tls: sock\n- recv: sock\n  timeout: 1h"),
		tlsPair("- tls: conn\n- sleep: 1h\n  timeout: 2h", "- tls: sock\n- send: sock\n  data: {zeros: 64MiB}\n  timeout: 1h"),
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		s := parse(t, text)
		time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("enough")) })
		r := runner.Run(ctx, s, runner.Options{})
		if r.Status != history.Cancelled {
			t.Errorf("%s: %s", r.Status, reason(r))
		}
	}
}

// The failure of one side that ends the other is not the other's own.
func TestTLSFailureIsNotShared(t *testing.T) {
	t.Parallel()
	for range 20 {
		_, lines := fails(t, tlsPair("- tls: conn\n  expect: {reason: wrong_name}", "- tls: sock\n  server_name: a.example"))
		for _, line := range lines {
			if strings.HasPrefix(line, "server tls") && strings.Contains(line, "wrong_name") {
				t.Fatal(line)
			}
		}
	}
}

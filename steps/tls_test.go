package steps_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
)

// tlsPair is a server and a client that have a connection, conn and sock,
// and then these steps.
func tlsPair(server, client string) string {
	return "actors:\n  server:\n" + indented(`
- socket: tcp
  as: listener
- listen: listener
- accept: listener
  as: conn
`+strings.Trim(server, "\n")) + "  client:\n" + indented(`
- socket: tcp
  as: sock
- connect: sock
  to: ${server.listener}
`+strings.Trim(client, "\n"))
}

// later are the lines of a conversation behind its accept.
func later(lines []string) []string { return lines[5:] }

// params are the further lines of a step.
func params(lines ...string) string {
	if len(lines) == 0 {
		return "\n"
	}
	return "\n  " + strings.Join(lines, "\n  ") + "\n"
}

func TestTLSHandshake(t *testing.T) {
	pems := makeCertificates(t)
	file := func(name string) string { return "{file: " + filepath.Join(pems, name) + "}" }
	const mtls = "client_auth: require"
	for _, test := range []struct {
		name           string
		server, client []string
		lines          [2]string
	}{
		{
			"nothing said", nil, nil,
			[2]string{"TLS 1.3", "TLS 1.3"},
		}, {
			"protocol",
			[]string{"alpn: [h2, http/1.1]", "expect: {alpn: http/1.1}"},
			[]string{"alpn: http/1.1", "expect: {alpn: http/1.1}"},
			[2]string{"TLS 1.3 alpn http/1.1", "TLS 1.3 alpn http/1.1"},
		}, {
			"the server's choice",
			[]string{"alpn: [b, a]"},
			[]string{"alpn: [a, b]", "expect: {alpn: b, version: 1.3}"},
			[2]string{"TLS 1.3 alpn b", "TLS 1.3 alpn b"},
		}, {
			"protocol offered to a server without", nil,
			[]string{"alpn: h2", `expect: {alpn: ""}`},
			[2]string{"TLS 1.3", "TLS 1.3"},
		}, {
			"protocol refused",
			[]string{"alpn: a", "expect: {alert: no_application_protocol}"},
			[]string{"alpn: b", "expect: {alert: no_application_protocol}"},
			[2]string{"alert no_application_protocol sent", "alert no_application_protocol received"},
		}, {
			"version", nil,
			[]string{`max_version: "1.2"`, "expect: {version: 1.2}"},
			[2]string{"TLS 1.2", "TLS 1.2"},
		}, {
			"outdated version",
			[]string{"min_version: 1.0"},
			[]string{"max_version: 1.1"},
			[2]string{"TLS 1.1", "TLS 1.1"},
		}, {
			"client too old",
			[]string{"min_version: 1.3", "expect: {alert: protocol_version}"},
			[]string{"max_version: 1.2", "expect: {alert: protocol_version}"},
			[2]string{"alert protocol_version sent", "alert protocol_version received"},
		}, {
			"server too old",
			[]string{"max_version: 1.2", "expect: {alert: [handshake_failure, protocol_version]}"},
			[]string{"min_version: 1.3", "expect: {alert: protocol_version}"},
			[2]string{"alert protocol_version sent", "alert protocol_version received"},
		}, {
			"cipher",
			[]string{"max_version: 1.2", "alpn: x"},
			[]string{"alpn: x", "expect: {peer: localhost}"},
			[2]string{"TLS 1.2 alpn x", "TLS 1.2 alpn x peer localhost"},
		}, {
			"name",
			[]string{"server_name: example.org"},
			[]string{"server_name: example.org", "expect: {peer: example.org}"},
			[2]string{"TLS 1.3", "TLS 1.3 peer example.org"},
		}, {
			"one of several names",
			[]string{"server_name: example.org"},
			[]string{"server_name: localhost", "expect: {peer: 127.0.0.1}"},
			[2]string{"TLS 1.3", "TLS 1.3 peer example.org"},
		}, {
			"wrong name",
			[]string{"expect: {alert: bad_certificate}"},
			[]string{"server_name: example.org", "expect: {alert: bad_certificate, reason: wrong_name}"},
			[2]string{"alert bad_certificate received", "alert bad_certificate sent (wrong_name)"},
		}, {
			"unknown authority",
			[]string{"expect: {alert: bad_certificate}"},
			[]string{"ca: " + file("cert.pem"), "expect: {reason: unknown_authority}"},
			[2]string{"alert bad_certificate received", "alert bad_certificate sent (unknown_authority)"},
		}, {
			"unknown authority in TLS 1.2",
			[]string{"expect: {alert: bad_certificate}"},
			[]string{"max_version: 1.2", "ca: " + file("cert.pem"), "expect: {reason: unknown_authority}"},
			[2]string{"alert bad_certificate received", "alert bad_certificate sent (unknown_authority)"},
		}, {
			"not verified",
			[]string{"cert: " + file("cert.pem"), "key: " + file("key.pem")},
			[]string{"verify: false", "expect: {peer: other.example}"},
			[2]string{"TLS 1.3", "TLS 1.3 peer other.example"},
		}, {
			"files",
			[]string{"cert: " + file("cert.pem"), "key: " + file("key.pem")},
			[]string{"server_name: other.example", "ca: " + file("cert.pem")},
			[2]string{"TLS 1.3", "TLS 1.3"},
		}, {
			"expired",
			[]string{"cert: " + file("old.pem"), "key: " + file("key.pem"), "expect: {alert: bad_certificate}"},
			[]string{"server_name: old.example", "ca: " + file("old.pem"), "expect: {reason: expired}"},
			[2]string{"alert bad_certificate received", "alert bad_certificate sent (expired)"},
		}, {
			"client certificate",
			[]string{mtls, "expect: {peer: alice}"},
			[]string{"client_name: alice"},
			[2]string{"TLS 1.3 peer alice", "TLS 1.3"},
		}, {
			"client certificate in TLS 1.2",
			[]string{mtls, "max_version: 1.2", "expect: {peer: alice}"},
			[]string{"client_name: alice"},
			[2]string{"TLS 1.2 peer alice", "TLS 1.2"},
		}, {
			"client certificate from files",
			[]string{mtls, "ca: " + file("cert.pem"), "expect: {peer: other.example}"},
			[]string{"cert: " + file("cert.pem"), "key: " + file("key.pem")},
			[2]string{"TLS 1.3 peer other.example", "TLS 1.3"},
		}, {
			"client certificate asked for and not shown",
			[]string{"client_auth: request"},
			nil,
			[2]string{"TLS 1.3", "TLS 1.3"},
		}, {
			"client certificate not verified",
			[]string{"client_auth: request", "verify: false", "expect: {peer: other.example}"},
			[]string{"cert: " + file("cert.pem"), "key: " + file("key.pem")},
			[2]string{"TLS 1.3 peer other.example", "TLS 1.3"},
		}, {
			"client certificate missing in TLS 1.2",
			[]string{mtls, "max_version: 1.2", "expect: {alert: handshake_failure}"},
			[]string{"expect: {alert: handshake_failure}"},
			[2]string{"alert handshake_failure sent", "alert handshake_failure received"},
		}, {
			"client certificate of an unknown authority in TLS 1.2",
			[]string{mtls, "max_version: 1.2", "expect: {alert: unknown_ca, reason: unknown_authority}"},
			[]string{"cert: " + file("cert.pem"), "key: " + file("key.pem"), "expect: {alert: unknown_ca}"},
			[2]string{"alert unknown_ca sent (unknown_authority)", "alert unknown_ca received"},
		}, {
			"expired client certificate in TLS 1.2",
			[]string{mtls, "max_version: 1.2", "ca: " + file("old.pem"), "expect: {alert: certificate_expired}"},
			[]string{"cert: " + file("old.pem"), "key: " + file("key.pem"), "expect: {alert: certificate_expired}"},
			[2]string{"alert certificate_expired sent (expired)", "alert certificate_expired received"},
		}, {
			"server's certificate for a client in TLS 1.2",
			[]string{mtls, "max_version: 1.2", "ca: " + file("web.pem"), "expect: {reason: invalid}"},
			[]string{"cert: " + file("web.pem"), "key: " + file("key.pem"), "expect: {alert: bad_certificate}"},
			[2]string{"alert bad_certificate sent (invalid)", "alert bad_certificate received"},
		}, {
			"any client certificate",
			[]string{mtls, "verify: false"},
			[]string{"cert: " + file("old.pem"), "key: " + file("key.pem")},
			[2]string{"TLS 1.3", "TLS 1.3"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lines := later(passes(t, tlsPair("- tls: conn"+params(test.server...), "- tls: sock"+params(test.client...))))
			wantLines(t, lines, "server tls(conn, server) = "+test.lines[0], "client tls(sock, client) = "+test.lines[1])
		})
	}
}

// In TLS 1.3 a client has shaken hands before the server looks at its
// certificate: the alert comes when it receives.
func TestTLSLateAlert(t *testing.T) {
	pems := makeCertificates(t)
	for _, test := range []struct{ certificate, cert, alert, reason string }{
		{"", "", "certificate_required", ""},
		{"cert.pem", "key.pem", "unknown_ca", " (unknown_authority)"},
	} {
		client := "- tls: sock\n"
		if test.cert != "" {
			client += "  cert: {file: " + filepath.Join(pems, test.certificate) + "}\n  key: {file: " + filepath.Join(pems, test.cert) + "}\n"
		}
		server := "- tls: conn\n  client_auth: require\n  expect: {alert: " + test.alert + "}\n- close: conn\n"
		lines := later(passes(t, tlsPair(server, client+"- recv: sock\n  expect: {alert: "+test.alert+"}\n- close: sock")))
		wantLines(t, lines, "server tls(conn, server) = alert "+test.alert+" sent"+test.reason, "client tls(sock, client) = TLS 1.3",
			"server close(conn) = 0", "client read(sock, 65536) = alert "+test.alert+" received", "client close(sock) = 0")
		f, _ := fails(t, tlsPair(server, client+"- recv: sock"))
		wantText(t, f.Err.Error(), "the peer sent the alert "+test.alert)
		f, _ = fails(t, tlsPair(server, client+"- recv: sock\n  expect: {alert: bad_record_mac}"))
		wantText(t, f.Err.Error(), "expected the alert bad_record_mac, but the peer sent the alert "+test.alert)
	}
}

func TestTLSExpectations(t *testing.T) {
	for _, test := range []struct{ server, client, want string }{
		{"", "expect: {version: 1.2}", "expected TLS 1.2, got TLS 1.3"},
		{"max_version: 1.2", "expect: {cipher: TLS_AES_128_GCM_SHA256}", "expected the cipher TLS_AES_128_GCM_SHA256, got TLS_ECDHE_ECDSA_WITH_"},
		{"", "expect: {alpn: h2}", `expected the application protocol "h2", got ""`},
		{"", "expect: {peer: example.org}", "expected a certificate of example.org, got one of localhost, 127.0.0.1 or ::1"},
		{"", "expect: {alert: bad_certificate}", "expected the handshake to fail, but it succeeded with TLS 1.3"},
		{"", "expect: {reason: eof}", "expected the handshake to fail, but it succeeded with TLS 1.3"},
		{"", "expect: {error: ECONNRESET}", "expected ECONNRESET, but the call succeeded"},
		{"expect: {alert: bad_certificate}", "server_name: a.example\n  expect: {alert: unknown_ca}", "expected the alert unknown_ca, but the alert bad_certificate was sent: "},
		{"expect: {alert: bad_certificate}", "server_name: a.example\n  expect: {reason: expired}", "expected the handshake to fail for expired, but the alert bad_certificate was sent: "},
		{"expect: {alert: bad_certificate}", "server_name: a.example\n  expect: {error: EIO}", "the TLS handshake failed: the alert bad_certificate was sent: "},
	} {
		f, _ := fails(t, tlsPair("- tls: conn\n  "+test.server, "- tls: sock\n  "+test.client))
		if !strings.HasPrefix(f.Err.Error(), test.want) {
			t.Errorf("%s\ngot   %s\nwant  %s", test.client, f.Err, test.want)
		}
	}
	f, _ := fails(t, tlsPair("- tls: conn\n  expect: {peer: alice}", "- tls: sock"))
	wantText(t, f.Err.Error(), "expected a certificate of alice, but the peer has shown none")
}

// What a failure tells helps to cure it.
func TestTLSFailureTells(t *testing.T) {
	pems := makeCertificates(t)
	cert, key := "{file: "+filepath.Join(pems, "cert.pem")+"}", "{file: "+filepath.Join(pems, "key.pem")+"}"
	for _, test := range []struct{ server, client, want string }{
		{"expect: {alert: bad_certificate}", "server_name: a.example", "; write the name of the certificate in server_name"},
		{"alpn: a\n  expect: {alert: no_application_protocol}", "alpn: b", "; the two sides have no application protocol in common: see alpn"},
		{"max_version: 1.2\n  expect: {alert: protocol_version}", "min_version: 1.3", "; the two sides have no version in common: see min_version and max_version"},
		{"client_auth: require\n  max_version: 1.2\n  expect: {alert: unknown_ca}", "cert: " + cert + "\n  key: " + key, "; the certificate was refused: see cert, ca, server_name"},
		{"expect: {alert: bad_certificate}", "ca: " + cert, "; add the certificate's authority with ca, or write verify: false"},
	} {
		f, lines := fails(t, tlsPair("- tls: conn\n  "+test.server, "- tls: sock\n  "+test.client))
		if text := f.Err.Error(); !strings.HasPrefix(text, "the TLS handshake failed: ") || !strings.HasSuffix(text, test.want) {
			t.Error(text)
		}
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, "client tls(sock, client) = alert ") {
			t.Error(last)
		}
	}
}

// The values that a session gives, over a local socket and with the roles turned
// round.
func TestTLSSession(t *testing.T) {
	lines := passes(t, pair(`
- parallel:
    x:
      - tls: a
        role: server
        server_name: example.org
        client_auth: request
        alpn: h2
        as: sa
    y:
      - tls: b
        role: client
        server_name: example.org
        client_name: bob
        alpn: h2
        as: sb
- assert: sa.version == "1.3" && sb.version == sa.version && sa.cipher == sb.cipher
- assert: sa.alpn == "h2" && sa.peer == "bob" && sb.peer == "example.org"
- send: a
  data: hello
- recv: b
  expect: hello
- close: [a, b]
`))
	if !strings.Contains(strings.Join(lines, "\n"), "tls(a, server) = TLS 1.3 alpn h2\n") {
		t.Errorf("%q", lines)
	}
	f, _ := fails(t, pair("- let: {name: a}\n- tls: ${name}\n- close: b"))
	wantText(t, f.Err.Error(), "a has neither connected nor been accepted: write role: client or role: server")
	f, _ = fails(t, socketpair("unixgram", "- let: {name: a}\n- tls: ${name}\n- close: b"))
	wantText(t, f.Err.Error(), "a is not a stream socket; TLS needs a stream of bytes in both directions")
	f, _ = fails(t, tlsPair("- tls: conn\n  role: client", "- tls: sock\n  timeout: 1s"))
	wantText(t, f.Err.Error(), "the TLS handshake failed: the alert unexpected_message was sent: received unexpected handshake message of type *tls.clientHelloMsg when waiting for *tls.serverHelloMsg")
}

// All ways to receive work on a TLS connection, and take no byte too many.
func TestTLSReceives(t *testing.T) {
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
	wantLines(t, lines[:8], "server tls(conn, server) = TLS 1.3", "client tls(sock, client) = TLS 1.3",
		`client write(sock, "line\r\nabcdefgh", 14) = 14`, `server read(conn, until "\r\n") = 6 "line\r\n"`,
		`server read(conn, 3) = 3 "abc"`, `server read(conn, match) = 2 "de"`, "server assert rest == \"e\"",
		`server read(conn, 100) = 3 "fgh"`)
}

// A send is received after it, whatever TLS puts around its bytes: the transcript
// is the same each time.
func TestTLSOrder(t *testing.T) {
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
		wantLines(t, later(passes(t, text)), want...)
	}
	wantLines(t, want[len(want)-10:],
		`client write(sock, "one", 3) = 3`, `client write(sock, "two", 3) = 3`,
		`server read(conn, 6) = 6 "onetwo"`, "server shutdown(conn, SHUT_WR) = 0", "client read(sock, 65536) = 0 (end of file)",
		`client write(sock, "three", 5) = 5`, `server read(conn, 5) = 5 "three"`,
		"client close(sock) = 0", "server read(conn, 65536) = 0 (end of file)", "server close(conn) = 0")
}

// The two sides of a handshake come after what was before it on both sides, and
// not after each other.
func TestTLSHandshakeOrder(t *testing.T) {
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
	wantLines(t, lines, "server | one", "server | two", "client tls(sock, client) = TLS 1.3", "server tls(conn, server) = TLS 1.3",
		"client signal(done)", "server | three", "watcher wait(done)")
}

// A large stream goes through piece by piece.
func TestTLSLargeStream(t *testing.T) {
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

// A connection ends with close_notify, or without.
func TestTLSEndings(t *testing.T) {
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

// An errno of the connection stays what it is.
func TestTLSErrno(t *testing.T) {
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

// What is no TLS does not become it, and TLS takes only the first bytes of it.
func TestTLSGarbage(t *testing.T) {
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
	wantLines(t, lines, `client send(sock, "GET / HTTP/1.0\r\n\r\n", 18) = 18`, "server tls(conn, server) = failed (not_tls)",
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
	wantLines(t, lines, "server recv(conn, 3) = 3 hex:160301", `server send(conn, "SSH-2.0", 7) = 7`,
		"server recv(conn, 65536) = <data>", "client tls(sock, client) = failed (not_tls)", "server close(conn) = 0")
	// Or it goes away.
	lines = later(passes(t, tlsPair("- shutdown: conn\n  how: write", "- tls: sock\n  expect: {reason: eof}")))
	wantLines(t, lines, "server shutdown(conn, SHUT_WR) = 0", "client tls(sock, client) = failed (eof)")
}

// Garbage in the middle of a connection is answered with an alert.
func TestTLSGarbageInside(t *testing.T) {
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
	wantLines(t, lines, want...)
}

// What was read ahead of the TLS below goes to the TLS above, and what that does
// not take is there again.
func TestTLSReadAhead(t *testing.T) {
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

// A record that has been begun and not ended cannot be followed by another.
func TestTLSBrokenOff(t *testing.T) {
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
	f, _ := fails(t, tlsPair("- wait: never", "- tls: sock\n  timeout: 30ms\n- signal: never"))
	wantText(t, f.Err.Error(), "timed out after 30ms (the step's timeout): the peer has sent nothing")
	f, _ = fails(t, tlsPair("- send: conn\n  data: {hex: 16 03}\n- wait: never", "- tls: sock\n  timeout: 30ms\n- signal: never"))
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
	for _, text := range []string{
		tlsPair("- signal: ready\n- recv: conn\n  max: 10\n- sleep: 1h\n  timeout: 2h", "- tls: sock\n  timeout: 1h"),
		tlsPair("- tls: conn\n- sleep: 1h\n  timeout: 2h", "- tls: sock\n- recv: sock\n  timeout: 1h"),
		tlsPair("- tls: conn\n- sleep: 1h\n  timeout: 2h", "- tls: sock\n- send: sock\n  data: {zeros: 64MiB}\n  timeout: 1h"),
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		s := parse(t, text)
		time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("enough")) })
		r := runner.Run(ctx, s, runner.Options{})
		if r.Status != runner.Cancelled {
			t.Errorf("%s: %s", r.Status, reason(r))
		}
	}
}

// The failure of one side that ends the other is not the other's own.
func TestTLSFailureIsNotShared(t *testing.T) {
	for range 20 {
		_, lines := fails(t, tlsPair("- tls: conn\n  expect: {reason: wrong_name}", "- tls: sock\n  server_name: a.example"))
		for _, line := range lines {
			if strings.HasPrefix(line, "server tls") && strings.Contains(line, "wrong_name") {
				t.Fatal(line)
			}
		}
	}
}

func TestTLSCheck(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{one("- socket: udp\n  as: d\n- tls: d"), "5:12: d carries messages; TLS needs a stream; make it a tcp or a unix socket"},
		{one("- socket: tcp\n  as: s\n- listen: s\n- tls: s"), "6:12: s listens; it has no peer to shake hands with; upgrade what accept makes of it"},
		{one("- socket: tcp\n  as: s\n- tls: s"), "5:12: s is not connected, so there is nobody to shake hands with; put a connect step before this one"},
		{pair("- tls: a\n- close: b"), "5:12: for an end of a socketpair, role is required; write role: client at one end and role: server at the other"},
		{pair("- dup: a\n  as: c\n- tls: c\n- close: b"), "7:12: for an end of a socketpair, role is required; write role: client at one end and role: server at the other"},
		{tlsPair("- tls: conn\n  role: sever", "- close: sock"), `9:13: expected client or server, got the text "sever"; did you mean "server"?`},
		{pair("- tls: a\n  role: client\n  expect: {alert: handshake_failur}\n- close: b"), `7:23: unknown TLS alert "handshake_failur"; did you mean "handshake_failure"?`},
		{pair("- tls: a\n  role: client\n  expect: {alert: [UNKNOWN_CA]}\n- close: b"), `7:24: unknown TLS alert "UNKNOWN_CA"; write it in small letters: unknown_ca`},
		{pair("- tls: a\n  role: client\n  expect: {alert: []}\n- close: b"), `7:23: the list is empty`},
		{pair("- tls: a\n  role: client\n  min_version: TLSv1.3\n- close: b"), `7:20: unknown TLS version "TLSv1.3"; the versions are 1.0, 1.1, 1.2 or 1.3`},
		{pair("- tls: a\n  role: client\n  max_version: 1.4\n- close: b"), `7:20: unknown TLS version "1.4"; the versions are 1.0, 1.1, 1.2 or 1.3`},
		{pair("- tls: a\n  role: client\n  min_version: 1.3\n  max_version: 1.2\n- close: b"), "7:20: the lowest version is above the highest, 1.2"},
		{pair("- tls: a\n  role: client\n  expect: {cipher: TLS_AES_128_GCM_SHA25}\n- close: b"), `7:24: unknown cipher suite "TLS_AES_128_GCM_SHA25"; did you mean "TLS_AES_128_GCM_SHA256"?`},
		{pair("- tls: a\n  role: client\n  alpn: []\n- close: b"), "7:13: the list is empty"},
		{pair("- tls: a\n  role: client\n  client_auth: require\n- close: b"), "7:20: client_auth is for the server, which asks; a client shows a certificate with client_name, or cert and key"},
		{pair("- tls: a\n  role: server\n  client_name: x\n- close: b"), "7:20: client_name is for the client; the certificate of a server has the name in server_name"},
		{pair("- tls: a\n  role: server\n  cert: {file: x}\n- close: b"), "7:13: cert needs the certificate's private key; add key: {file: PATH}"},
		{pair("- tls: a\n  role: server\n  key: {file: x}\n- close: b"), "7:12: key needs the certificate that it belongs to; add cert: {file: PATH}"},
		{pair("- tls: a\n  role: client\n  ca: ca.pem\n- close: b"), "7:11: ca is not PEM: it has no -----BEGIN; write {file: PATH} for the content of a file"},
		{pair("- tls: a\n  role: client\n  client_name: x\n  cert: {file: x}\n  key: {file: x}\n- close: b"), "7:20: the certificate is given already, by cert; leave one of the two out"},
		{pair("- tls: a\n  role: client\n  expect: {alert: unknown_ca, version: 1.3}\n- close: b"), "7:15: a handshake that fails agrees on nothing; expect alert and reason, or version, cipher, alpn and peer"},
		{pair("- tls: a\n  role: client\n  as: x\n  expect: {alert: unknown_ca}\n- close: b"), "7:11: a handshake that fails does not make anything, so as cannot name it; leave as: out"},
		{pair("- tls: c\n- close: [a, b]"), `5:12: there is no handle "c" here; name a socket that an earlier step made with as:`},
	} {
		list := findings(test.text)
		if len(list) == 0 || list[0] != test.want {
			t.Errorf("%s\ngot   %q\nwant  %q", test.text, list, test.want)
		}
	}
	// What is only known while it runs is no problem of the file.
	for _, text := range []string{
		pair("- let: {name: a}\n- tls: ${name}\n- close: b"),
		pair("- tls: a\n  role: client\n  cert: ${len(\"x\")}\n  key: ${len(\"y\")}\n- close: b"),
		one("- socket: tcp\n  as: s\n- tls: s\n  expect: {error: EPIPE}"),
		tlsPair("- tls: conn\n  role: client", "- tls: sock\n  role: server\n  when: 1 > 2"),
	} {
		if list := findings(text); len(list) > 0 {
			t.Errorf("%s\n%q", text, list)
		}
	}
}

// What is given for a certificate is not always one.
func TestTLSBadCertificates(t *testing.T) {
	pems := makeCertificates(t)
	file := func(name string) string { return "{file: " + filepath.Join(pems, name) + "}" }
	for _, test := range []struct{ params, want string }{
		{"ca: " + file("key.pem"), "ca holds no certificate: it must be PEM"},
		{"cert: " + file("cert.pem") + "\n  key: " + file("cert.pem"), "cert and key: tls: "},
		{"cert: " + file("none.pem") + "\n  key: " + file("key.pem"), "there is no file "},
		{"client_name: ü", `a certificate for "ü": `},
	} {
		f, _ := fails(t, tlsPair("- recv: conn\n  max: 1", "- tls: sock\n  "+test.params))
		if !strings.HasPrefix(f.Err.Error(), test.want) {
			t.Errorf("%s\ngot   %s\nwant  %s", test.params, f.Err, test.want)
		}
	}
}

// makeCertificates writes cert.pem (for other.example), old.pem (for
// old.example, and no longer valid) and web.pem (for web.example, and no
// client), all of key.pem and signed by themselves.
func makeCertificates(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key.pem", "PRIVATE KEY", der)
	for _, cert := range []struct {
		name, host string
		validFor   time.Duration
		usages     int
	}{{"cert.pem", "other.example", time.Hour, 2}, {"old.pem", "old.example", -time.Hour, 2}, {"web.pem", "web.example", time.Hour, 1}} {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cert.host}, DNSNames: []string{cert.host},
			NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(cert.validFor),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}[:cert.usages],
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		write(cert.name, "CERTIFICATE", der)
	}
	return dir
}

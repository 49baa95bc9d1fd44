package steps_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// openssl fills in the folder of the certificates, and skips the test where the
// program is not there.
func openssl(t *testing.T, text string) string {
	t.Helper()
	ci.Program(t, "openssl")
	return strings.ReplaceAll(text, "PEMS", makeCertificates(t))
}

// A client against s_server.
func TestTLSToOpenSSL(t *testing.T) {
	const connect = `
- socket: tcp
  as: sock
- connect: sock
  to: 127.0.0.1:${port}
  retry: 10s
`
	const talk = `
- send: sock
  data: "hello\n"
- recv: p.stdout
  until: "\n"
  expect: "hello\n"
- send: p.stdin
  data: "answer\n"
- recv: sock
  until: "\n"
  expect: "answer\n"
- close: sock
- kill: p
- join: p
`
	server := func(options string) string {
		return `
- let: {port: "${free_port()}"}
- start: [openssl, s_server, -quiet, -accept, "127.0.0.1:${port}", -cert, PEMS/cert.pem, -key, PEMS/key.pem` + options + `]
  as: p
` + strings.TrimLeft(connect, "\n")
	}
	for _, test := range []struct{ name, options, steps, want string }{
		{"agreed", ", -alpn, 'x,h2'", `
- tls: sock
  server_name: other.example
  ca: {file: PEMS/cert.pem}
  alpn: [h2, http/1.1]
  expect: {version: "1.3", alpn: h2, peer: other.example}
` + talk, "TLS 1.3 alpn h2 peer other.example"},
		{"TLS 1.2", ", -tls1_2", "\n- tls: sock\n  verify: false\n" + talk, "TLS 1.2"},
		{"client certificate", ", -Verify, 1, -CAfile, PEMS/cert.pem", `
- tls: sock
  verify: false
  cert: {file: PEMS/cert.pem}
  key: {file: PEMS/key.pem}
` + talk, "TLS 1.3"},
		{"no client certificate", ", -Verify, 1", `
- tls: sock
  verify: false
- recv: sock
  expect: {alert: certificate_required}
- close: sock
- kill: p
`, "TLS 1.3"},
		{"no client certificate in TLS 1.2", ", -Verify, 1, -tls1_2", `
- tls: sock
  verify: false
  expect: {alert: handshake_failure}
- close: sock
- kill: p
`, "alert handshake_failure received"},
		{"protocol", ", -alpn, h2", `
- tls: sock
  verify: false
  alpn: other
  expect: {alert: no_application_protocol}
- close: sock
- kill: p
`, "alert no_application_protocol received"},
		{"version", ", -tls1_3", `
- tls: sock
  verify: false
  max_version: 1.2
  expect: {alert: protocol_version}
- close: sock
- kill: p
`, "alert protocol_version received"},
		{"unknown authority", "", `
- tls: sock
  server_name: other.example
  expect: {alert: bad_certificate, reason: unknown_authority}
- close: sock
- kill: p
`, "alert bad_certificate sent (unknown_authority)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lines := passes(t, openssl(t, one(server(test.options)+strings.Trim(test.steps, "\n"))))
			wantText(t, lines[4], "tls(sock, client) = "+test.want)
		})
	}
}

// s_client against a server.
func TestTLSFromOpenSSL(t *testing.T) {
	const certificate = "  cert: {file: PEMS/cert.pem}\n  key: {file: PEMS/key.pem}\n"
	const talk = `
- recv: conn
  until: "\n"
  expect: "hello\n"
- send: conn
  data: "answer\n"
- recv: p.stdout
  until: "\n"
  expect: "answer\n"
`
	client := func(options string) string {
		return `
- socket: tcp
  as: listener
- listen: listener
- start: [openssl, s_client, -quiet, -no_ign_eof, -connect, "127.0.0.1:${listener.port}"` + options + `]
  as: p
- send: p.stdin
  data: "hello\n"
- accept: listener
  as: conn
`
	}
	const refused = "- close: conn\n- join: p\n  expect: {exit: 1}"
	for _, test := range []struct{ name, options, steps, want string }{
		{
			"agreed", ", -servername, other.example, -alpn, 'h2', -CAfile, PEMS/cert.pem, -verify_return_error, -verify_hostname, other.example",
			"- tls: conn\n" + certificate + "  alpn: [http/1.1, h2]\n  expect: {version: 1.3, alpn: h2}\n" + talk +
				"- close: p.stdin\n- recv: conn\n  expect: {eof: true}\n- close: conn\n- join: p", "TLS 1.3 alpn h2",
		}, {
			"the server ends", "",
			"- tls: conn\n" + talk + "- shutdown: conn\n  how: write\n- recv: conn\n  expect: {eof: true}\n- close: conn\n- join: p", "TLS 1.3",
		}, {
			"TLS 1.2", ", -tls1_2", "- tls: conn\n" + talk + "- close: conn\n- join: p", "TLS 1.2",
		}, {
			"the server breaks off", "",
			"- tls: conn\n" + talk + "- dup: conn\n  as: bare\n- shutdown: bare\n  how: write\n" +
				"- recv: p.stderr\n  expect: {contains: unexpected eof}\n- close: [conn, bare]\n- join: p\n  expect: {exit: 1}", "TLS 1.3",
		}, {
			"client certificate", ", -cert, PEMS/cert.pem, -key, PEMS/key.pem",
			"- tls: conn\n  client_auth: require\n  ca: {file: PEMS/cert.pem}\n  expect: {peer: other.example}\n" + talk + "- close: conn\n- join: p",
			"TLS 1.3 peer other.example",
		}, {
			"no client certificate", "", "- tls: conn\n  client_auth: require\n  expect: {alert: certificate_required}\n" + refused,
			"alert certificate_required sent",
		}, {
			"unknown authority", ", -verify_return_error", "- tls: conn\n  expect: {alert: unknown_ca}\n" + refused, "alert unknown_ca received",
		}, {
			"version", ", -tls1_2", "- tls: conn\n  min_version: 1.3\n  expect: {alert: protocol_version}\n" + refused, "alert protocol_version sent",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lines := passes(t, openssl(t, one(client(test.options)+strings.Trim(test.steps, "\n"))))
			wantText(t, lines[5], "tls(conn, server) = "+test.want)
		})
	}
}

// s_client begins in plain SMTP.
func TestTLSFromOpenSSLStartTLS(t *testing.T) {
	t.Parallel()
	passes(t, openssl(t, one(`
- socket: tcp
  as: listener
- listen: listener
- start: [openssl, s_client, -quiet, -no_ign_eof, -starttls, smtp, -connect, "127.0.0.1:${listener.port}"]
  as: p
- accept: listener
  as: conn
- send: conn
  data: "220 mail.example ESMTP\r\n"
- recv: conn
  until: "\r\n"
  expect: {matches: "^EHLO "}
- send: conn
  data: "250-mail.example\r\n250 STARTTLS\r\n"
- recv: conn
  until: "\r\n"
  expect: "STARTTLS\r\n"
- send: conn
  data: "220 Go ahead\r\n"
- tls: conn
- send: p.stdin
  data: "NOOP\n"
- recv: conn
  until: "\n"
  expect: "NOOP\n"
- close: p.stdin
- recv: conn
  expect: {eof: true}
- close: conn
- join: p
`)))
}

package steps_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
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
			parsetest.WantLines(t, lines, "server tls(conn, server) = "+test.lines[0], "client tls(sock, client) = "+test.lines[1])
		})
	}
}

// In TLS 1.3 a client has shaken hands before the server looks at its
// certificate: the alert comes when it receives.
func TestTLSLateAlert(t *testing.T) {
	t.Parallel()
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
		parsetest.WantLines(t, lines, "server tls(conn, server) = alert "+test.alert+" sent"+test.reason, "client tls(sock, client) = TLS 1.3",
			"server close(conn) = 0", "client read(sock, 65536) = alert "+test.alert+" received", "client close(sock) = 0")
		f, _ := fails(t, tlsPair(server, client+"- recv: sock"))
		wantText(t, f.Err.Error(), "the peer sent the alert "+test.alert)
		f, _ = fails(t, tlsPair(server, client+"- recv: sock\n  expect: {alert: bad_record_mac}"))
		wantText(t, f.Err.Error(), "expected the alert bad_record_mac, but the peer sent the alert "+test.alert)
	}
}

func TestTLSExpectations(t *testing.T) {
	t.Parallel()
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

// What a failure says helps to mend it.
func TestTLSFailureTells(t *testing.T) {
	t.Parallel()
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

// The values that a session gives, over a local socket and with the roles
// turned round.
func TestTLSSession(t *testing.T) {
	t.Parallel()
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

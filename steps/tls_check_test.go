package steps_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTLSCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{one("- socket: udp\n  as: d\n- tls: d"), "5:12: d carries messages; TLS needs a stream; make it a tcp or a unix socket"},
		{one("- socket: tcp\n  as: s\n- listen: s\n- tls: s"), "6:12: s listens; it has no peer to shake hands with; upgrade what accept makes of it"},
		{one("- socket: tcp\n  as: s\n- tls: s"), "5:12: s is not connected, so there is nobody to shake hands with; put a connect step before this one"},
		{pair("- tls: a\n- close: b"), "5:12: for an end of a socketpair, role is required; write role: client at one end and role: server at the other"},
		{pair("- dup: a\n  as: c\n- tls: c\n- close: b"), "7:12: for an end of a socketpair, role is required; write role: client at one end and role: server at the other"},
		{tlsPair("- tls: conn\n  role: sever", "- close: sock"), `9:13: expected client or server, got the text "sever"; did you mean "server"?`},
		{pair("- tls: a\n  role: client\n  expect: {alert: handshake_failur}\n- close: b"), `7:23: unknown TLS alert "handshake_failur"; did you mean "handshake_failure"?`},
		{pair("- tls: a\n  role: client\n  expect: {alert: [UNKNOWN_CA]}\n- close: b"), `7:24: unknown TLS alert "UNKNOWN_CA"; write it in small letters: unknown_ca`},
		{pair("- tls: a\n  role: client\n  expect: {alert: []}\n- close: b"), `7:23: the list is empty; write at least one item`},
		{pair("- tls: a\n  role: client\n  min_version: TLSv1.3\n- close: b"), `7:20: unknown TLS version "TLSv1.3"; the versions are 1.0, 1.1, 1.2 or 1.3`},
		{pair("- tls: a\n  role: client\n  max_version: 1.4\n- close: b"), `7:20: unknown TLS version "1.4"; the versions are 1.0, 1.1, 1.2 or 1.3`},
		{pair("- tls: a\n  role: client\n  min_version: 1.3\n  max_version: 1.2\n- close: b"), "7:20: the lowest version is above the highest, 1.2"},
		{pair("- tls: a\n  role: client\n  expect: {cipher: TLS_AES_128_GCM_SHA25}\n- close: b"), `7:24: unknown cipher suite "TLS_AES_128_GCM_SHA25"; did you mean "TLS_AES_128_GCM_SHA256"?`},
		{pair("- tls: a\n  role: client\n  alpn: []\n- close: b"), "7:13: the list is empty; write at least one item"},
		{pair("- tls: a\n  role: client\n  client_auth: require\n- close: b"), "7:20: client_auth is for the server, which asks; a client shows a certificate with client_name, or cert and key"},
		{pair("- tls: a\n  role: server\n  client_name: x\n- close: b"), "7:20: client_name is for the client; the certificate of a server has the name in server_name"},
		{pair("- tls: a\n  role: server\n  cert: {file: x}\n- close: b"), "7:13: cert needs the certificate's private key; add key: {file: PATH}"},
		{pair("- tls: a\n  role: server\n  key: {file: x}\n- close: b"), "7:12: key needs the certificate that it belongs to; add cert: {file: PATH}"},
		{pair("- tls: a\n  role: client\n  ca: ca.pem\n- close: b"), "7:11: ca is not PEM: it has no -----BEGIN; write {file: PATH} for the content of a file"},
		{pair("- tls: a\n  role: client\n  client_name: x\n  cert: {file: x}\n  key: {file: x}\n- close: b"), "7:20: the certificate is given already, by cert; leave one of the two out"},
		{pair("- tls: a\n  role: client\n  expect: {alert: unknown_ca, version: 1.3}\n- close: b"), "7:15: a handshake that fails agrees on nothing; expect alert and reason, or version, cipher, alpn and peer"},
		{pair("- tls: a\n  role: client\n  as: x\n  expect: {alert: unknown_ca}\n- close: b"), "7:11: a handshake that fails does not make anything, so as cannot name it; leave as: out"},
		{one("- socket: udp\n  as: d\n- recv: d\n  max: 2\n  expect: {truncated: true}"), "7:15: d is a datagram socket; truncated is the end of file of TLS without close_notify; where the buffer has cut a datagram, call: recvmsg returns flags: trunc"},
		{one("- socket: udp\n  as: d\n- relay: d\n  to: d\n  expect: {truncated: true}"), "7:15: d is a datagram socket; truncated is the end of file of TLS without close_notify; where the buffer has cut a datagram, call: recvmsg returns flags: trunc"},
		{pair("- tls: c\n- close: [a, b]"), `5:12: there is no handle "c" here; name a socket that an earlier step made with as:`},
	} {
		list := findings(test.text)
		if len(list) == 0 || list[0] != test.want {
			t.Errorf("%s\ngot   %q\nwant  %q", test.text, list, test.want)
		}
	}
	// What is only known while it runs is not a problem of the file.
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
	t.Parallel()
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

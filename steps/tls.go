package steps

import (
	"crypto/tls"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

var tlsKind = Kind{
	Name:    "tls",
	Summary: "upgrade a connection to TLS",
	Text: `Shakes hands with the peer; from then on send, recv, relay, shutdown and close
of the handle go through TLS. As it is a step, plain text may come first
(STARTTLS), and a connection may be upgraded twice (TLS inside of TLS). After a
failed handshake the handle is plain as before; what TLS has read is gone.

role is client where the socket has connected and server where it was accepted;
an end of a socketpair must say it. A server without cert shows a certificate
made on the fly, for server_name, localhost, 127.0.0.1, ::1 and its own address;
a client without ca trusts it, so the two sides of a scenario need no
configuration. A client checks the certificate against server_name, or else
against the address it has connected to.

The transcript shows version and ALPN; the cipher, which depends on the hardware,
only where expect names it. When a handshake fails, alert is the one that was sent
or received, and reason is what alerts do not tell: unknown_authority, wrong_name,
expired or invalid for a certificate that was refused, not_tls for bytes that are
no TLS, eof for a peer that closed in the middle. Go's client sends
bad_certificate for each certificate that it refuses.

shutdown with how: write and close send close_notify. Where a connection ends
without it, recv fails unless it expects {truncated: true}. dup gives the bare
descriptor: a shutdown of that ends the connection without close_notify. poll
tells of the descriptor, not of what TLS has decrypted already. A handshake cannot
be left half-way, so there is no nowait; after a send that timed out in the middle
(SO_SNDTIMEO) nothing can be sent any more. Without TCP_NODELAY a client's first
send may wait some 40ms for the acknowledgement of its last message. Session
tickets are not used. See RFC 8446.`,
	Example: `actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
    - tls: conn
      alpn: [h2, http/1.1]
      expect: {version: "1.3", alpn: h2}
    - recv: conn
      expect: hello
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - tls: sock
      server_name: localhost
      alpn: h2
      as: session
    - assert: session.alpn == "h2"
    - send: sock
      data: hello
    - recv: sock
      expect: {eof: true}
    - close: sock
`,
	New: func() Action {
		return &tlsAction{
			role:   Enum{Words: []string{tlsClient, tlsServer}},
			auth:   Enum{Words: []string{"none", "request", "require"}},
			reason: Enum{Words: tlsReasons},
			verify: Bool{On: true},
		}
	},
}

type tlsAction struct {
	handle     HandleRef
	role       Enum
	serverName Text
	clientName Text
	alpn       Texts
	min, max   TLSVersion
	cert, key  Payload
	ca         Payload
	verify     Bool
	auth       Enum

	version TLSVersion
	cipher  Cipher
	proto   Text
	peer    Text
	alert   Alerts
	reason  Enum
}

func (a *tlsAction) Params(p *Params) {
	p.Value(&a.handle, "the connected stream socket")
	p.Key("role", &a.role, "which side of the handshake to take").Or("client where the socket has connected, server where it was accepted")
	p.Key("server_name", &a.serverName, "client: the name to ask for (SNI) and to find in the certificate; server: the name for a certificate made on the fly").
		Or("client: the peer's address, without SNI; server: localhost")
	p.Key("client_name", &a.clientName, "client: show a certificate made on the fly for this name where the server asks for one")
	p.Key("alpn", &a.alpn, "the application protocols to offer or to accept, the best one first")
	p.Key("min_version", &a.min, "the lowest version").Or("1.2")
	p.Key("max_version", &a.max, "the highest version").Or("1.3")
	p.Key("cert", &a.cert, "the certificate to show and its chain, as PEM; a file is {file: PATH}").Or("server: one made on the fly")
	p.Key("key", &a.key, "the certificate's private key, as PEM")
	p.Key("ca", &a.ca, "the certificates to trust, as PEM").Or("the authority that makes certificates on the fly")
	p.Key("verify", &a.verify, "check the peer's certificate").Or("true")
	p.Key("client_auth", &a.auth, "server: whether the client must show a certificate").Or("none")
	p.Result("version", &a.version, "the version")
	p.Result("cipher", &a.cipher, "the cipher suite, as TLS_AES_128_GCM_SHA256; in TLS 1.3 it depends on the hardware of both sides")
	p.Result("alpn", &a.proto, "the application protocol; an empty text for none")
	p.Result("peer", &a.peer, "a name in the peer's certificate")
	p.Result("alert", &a.alert, "the handshake must fail with this alert, sent or received; or a list of which one must come")
	p.Result("reason", &a.reason, "the handshake must fail for this reason")
	p.Makes = "{version, cipher, alpn, peer}"
}

func (a *tlsAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	role, err := a.roleOf(h)
	if err != nil {
		return err
	}
	config, err := a.config(t, h, role)
	if err != nil {
		return err
	}
	t.Call("tls", Name(h.Name), Const(role))
	c := newTLSConn(h, role, config)
	err = c.handshake(sock.Wait{Deadline: t.deadline})
	t.act(OpHandshake, h)
	d := h.Sock.Desc()
	t.Event.Offset, t.Event.EOF = d.RX.Load(), c.wire.ended
	t.Event.Also = &Transfer{Sock: d.ID, Offset: d.TX.Load()}
	if err != nil {
		c.wire.letGo(h)
		return a.failed(t, c, err)
	}
	h.over.Store(&layer{c})
	return a.succeeded(t, c.conn.ConnectionState())
}

// roleOf is the side of the handshake that the step takes.
func (a *tlsAction) roleOf(h *Handle) (string, error) {
	d := h.Sock.Desc()
	switch {
	case h.Sock.Type() != unix.SOCK_STREAM:
		return "", fmt.Errorf("%s is no stream socket; TLS needs a stream of bytes in both directions", h.Name)
	case a.role.Word != "":
		return a.role.Word, nil
	case d.Accepted():
		return tlsServer, nil
	case d.Peer != nil || d.Remote().IsZero():
		return "", fmt.Errorf("%s has neither connected nor was it accepted: say role: client or role: server", h.Name)
	}
	return tlsClient, nil
}

// failed holds a failed handshake against what is expected.
func (a *tlsAction) failed(t *Task, c *tlsConn, err error) error {
	e, ok := asTLSError(err)
	switch {
	case isTimeout(err):
		t.missing = "the handshake is not finished"
		if c.wire.header.read == 0 {
			t.missing = "the peer has sent nothing"
		}
		return err
	case !ok:
		return err
	}
	t.Return(e.shown()...)
	if !a.alert.Given() && a.reason.Word == "" {
		return fmt.Errorf("the TLS handshake failed: %w%s", e, prefixed("; ", e.cure()))
	}
	if a.alert.Given() && !a.alert.Has(e.alert) {
		return mismatch("expected the alert %s, but %s", &a.alert, e)
	}
	if a.reason.Word != "" && a.reason.Word != e.reason {
		return mismatch("expected the handshake to fail for %s, but %s", a.reason.Word, e)
	}
	return nil
}

// succeeded holds what was agreed on against what is expected.
func (a *tlsAction) succeeded(t *Task, s tls.ConnectionState) error {
	version, cipher := versionName(s.Version), tls.CipherSuiteName(s.CipherSuite)
	ret := []any{Const("TLS"), Const(version)}
	if a.cipher.Given() {
		ret = append(ret, Const(cipher))
	}
	if s.NegotiatedProtocol != "" {
		ret = append(ret, Const("alpn"), Const(s.NegotiatedProtocol))
	}
	if name := peerName(s); a.peer.Given() && name != "" {
		ret = append(ret, Const("peer"), Const(name))
	}
	t.Return(ret...)
	if a.alert.Given() || a.reason.Word != "" {
		return mismatch("expected the handshake to fail, but it succeeded with TLS %s", version)
	}
	session := map[string]any{"version": version, "cipher": cipher, "alpn": s.NegotiatedProtocol, "peer": peerName(s)}
	if err := t.setAs(0, session); err != nil {
		return err
	}
	switch {
	case a.version.Given() && a.version.number != s.Version:
		return mismatch("expected TLS %s, got TLS %s", versionName(a.version.number), version)
	case a.cipher.Given() && a.cipher.name != cipher:
		return mismatch("expected the cipher %s, got %s", a.cipher.name, cipher)
	}
	return a.checkNames(t, s)
}

func (a *tlsAction) checkNames(t *Task, s tls.ConnectionState) error {
	if a.proto.Given() {
		want, err := a.proto.Eval(t)
		if err != nil {
			return err
		}
		if want != s.NegotiatedProtocol {
			return mismatch("expected the application protocol %q, got %q", want, s.NegotiatedProtocol)
		}
	}
	if a.peer.Given() {
		want, err := a.peer.Eval(t)
		if err != nil {
			return err
		}
		return checkPeer(s, want)
	}
	return nil
}

// mayFail reports whether the step expects the handshake to fail.
func (a *tlsAction) mayFail(c *Check) bool {
	return !c.mustSucceed() || a.alert.Given() || a.reason.Word != ""
}

func (a *tlsAction) Check(c *Check) {
	a.checkHandle(c, c.handle(&a.handle))
	a.checkRole(c)
	a.checkCertificates(c)
	if lowest, highest := a.versions(); lowest > highest {
		c.problem(a.min.node, "the lowest version is above the highest, %s", versionName(highest))
	}
	if (a.alert.Given() || a.reason.Word != "") && (a.version.Given() || a.cipher.Given() || a.proto.Given() || a.peer.Given()) {
		c.problem(c.step.Expect.node, "a handshake that fails agrees on nothing").Hint = "expect alert and reason, or version, cipher, alpn and peer"
	}
	if a.mayFail(c) && c.mustSucceed() && c.step.As.Given() {
		c.problem(c.step.As.node, "a handshake that fails makes nothing that could be named").Hint = "leave as: out"
	}
	c.makeValues()
}

func (a *tlsAction) checkHandle(c *Check, sym *Symbol) {
	if sym == nil || !c.certain() {
		return
	}
	p := func(format string, args ...any) *string { return &c.problem(a.handle.node, format, args...).Hint }
	switch {
	case sym.sock.datagrams():
		*p("%s carries messages; TLS needs a stream", sym.Name) = "make it a tcp or a unix socket"
	case sym.sock.listens == yes:
		*p("%s listens; it has no peer to shake hands with", sym.Name) = "upgrade what accept makes of it"
	case sym.sock.connected == no && c.mustSucceed():
		*p("%s is not connected, so there is nobody to shake hands with", sym.Name) = "put a connect step before this one"
	case sym.sock.pair && a.role.Word == "":
		*p("of a socketpair neither end has connected") = "say role: client at one end and role: server at the other"
	}
}

// checkRole finds parameters of the other side.
func (a *tlsAction) checkRole(c *Check) {
	switch {
	case a.role.Word == tlsClient && a.auth.Word != "":
		c.problem(a.auth.node, "client_auth is for the server, which asks").Hint = "a client shows a certificate with client_name, or cert and key"
	case a.role.Word == tlsServer && a.clientName.Given():
		c.problem(a.clientName.node, "client_name is for the client").Hint = "a server's certificate bears server_name"
	case a.clientName.Given() && a.cert.Given():
		c.problem(a.clientName.node, "the certificate is given already, by cert").Hint = "leave one of the two out"
	}
}

// checkCertificates finds what is no certificate, as far as it is written out.
func (a *tlsAction) checkCertificates(c *Check) {
	switch {
	case a.cert.Given() && !a.key.Given():
		c.problem(a.cert.node, "cert needs the certificate's private key").Hint = "add key: {file: PATH}"
	case a.key.Given() && !a.cert.Given():
		c.problem(a.key.node, "key needs the certificate that it belongs to").Hint = "add cert: {file: PATH}"
	}
	for _, p := range []struct {
		key  string
		data *Payload
	}{{"cert", &a.cert}, {"key", &a.key}, {"ca", &a.ca}} {
		if b, fixed := p.data.Fixed(); fixed && !isPEM(b) {
			c.problem(p.data.node, "%s is no PEM: it has no -----BEGIN", p.key).Hint = "the content of a file is {file: PATH}"
		}
	}
}

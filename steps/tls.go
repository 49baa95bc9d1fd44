package steps

import (
	"crypto/tls"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tlsconn"
	"github.com/sockscript/sockscript/steps/value"
)

var tlsKind = step.Kind{
	Name:    "tls",
	Summary: "upgrade a connection to TLS",
	Text: `Makes the TLS handshake with the peer; after that, send, recv, relay, shutdown
and close of the handle go through TLS. Because this is a step, plain text may
come first (STARTTLS), and a connection may be upgraded twice (TLS inside of
TLS). After a failed handshake the handle is plain as before; the bytes that TLS
has read are lost.
The default role is client if the socket has connected, and server if it was
accepted; for an end of a socketpair, role is required. A server without cert
shows a certificate that is made on the fly for server_name, localhost,
127.0.0.1, ::1 and its own address. A client without ca trusts it, so the two
sides of a scenario need no configuration. A client checks the certificate
against server_name, or else against the address that it has connected to.
The transcript shows version and ALPN. It shows the cipher, which depends on the
hardware, only where expect names it. When a handshake fails, alert is the one
that was sent or received, and reason is what alerts do not say:
unknown_authority, wrong_name, expired or invalid for a certificate that was
refused, not_tls for bytes that are not TLS, eof for a peer that closed in the
middle. Go's client sends bad_certificate for each certificate that it refuses.
shutdown with how: write and close send close_notify. If a connection ends
without it, recv fails unless it expects {truncated: true}. dup makes a plain
descriptor: a shutdown of that one ends the connection without close_notify.
poll looks at the descriptor, not at bytes that TLS has decrypted already. A
handshake cannot be left half-way, so there is no nowait. After a send that
timed out in the middle (SO_SNDTIMEO) nothing can be sent any more. Without
TCP_NODELAY, the first send of a client may wait about 40ms for the
acknowledgement of its last message. Session tickets are not used. See RFC 8446.`,
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
	Beneath: step.Beneath{
		Call:   "send(2) and recv(2), many times",
		Kernel: "knows nothing of TLS: the bytes of the handshake are data. From then on what is sent and received is encrypted above the connection.",
		Wire:   "TCP: ClientHello and ServerHello, then encrypted records (RFC 8446).",
	},
	New: func() step.Action {
		return &tlsAction{
			role:   value.Enum{Words: []string{tlsconn.Client, tlsconn.Server}},
			auth:   value.Enum{Words: []string{"none", "request", "require"}},
			reason: value.Enum{Words: tlsconn.Reasons},
			verify: value.Bool{On: true},
		}
	},
}

type tlsAction struct {
	handle     step.HandleRef
	role       value.Enum
	serverName value.Text
	clientName value.Text
	alpn       tlsconn.Texts
	min, max   tlsconn.Version
	cert, key  payload.Payload
	ca         payload.Payload
	verify     value.Bool
	auth       value.Enum

	version tlsconn.Version
	cipher  tlsconn.Cipher
	proto   value.Text
	peer    value.Text
	alert   tlsconn.Alerts
	reason  value.Enum
}

func (a *tlsAction) Params(p *step.Params) {
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
	p.Result("cipher", &a.cipher, "the cipher suite, such as TLS_AES_128_GCM_SHA256; in TLS 1.3 it depends on the hardware of both sides")
	p.Result("alpn", &a.proto, "the application protocol; an empty text for none")
	p.Result("peer", &a.peer, "a name in the peer's certificate")
	p.Result("alert", &a.alert, "the handshake must fail with this alert, sent or received, or with one of a list of alerts")
	p.Result("reason", &a.reason, "the handshake must fail for this reason")
	p.Makes = "{version, cipher, alpn, peer}"
}

func (a *tlsAction) Run(t *step.Task) error {
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
	t.Call("tls", h.Part(), event.Const(role))
	c := tlsconn.New(h, role, config)
	err = c.Handshake(sock.Wait{Deadline: t.Deadline})
	t.Act(event.OpHandshake, h)
	d := h.Sock.Desc()
	t.Event.Offset, t.Event.EOF = d.RX.Load(), c.Wire.Ended
	t.Event.Also = &event.Transfer{Sock: d.ID, Offset: d.TX.Load()}
	if err != nil {
		c.Wire.LetGo(h)
		return a.failed(t, c, err)
	}
	h.SetAbove(c)
	return a.succeeded(t, c.Conn.ConnectionState())
}

// roleOf is the side of the handshake that the step takes.
func (a *tlsAction) roleOf(h *handle.Handle) (string, error) {
	d := h.Sock.Desc()
	switch {
	case h.Sock.Type() != unix.SOCK_STREAM:
		return "", fmt.Errorf("%s is not a stream socket; TLS needs a stream of bytes in both directions", h.Name)
	case a.role.Word != "":
		return a.role.Word, nil
	case d.Accepted():
		return tlsconn.Server, nil
	case d.Peer != nil || d.Remote().IsZero():
		return "", fmt.Errorf("%s has neither connected nor been accepted: write role: client or role: server", h.Name)
	}
	return tlsconn.Client, nil
}

// failed compares a failed handshake with what is expected.
func (a *tlsAction) failed(t *step.Task, c *tlsconn.Conn, err error) error {
	e, ok := tlsconn.AsError(err)
	switch {
	case step.IsTimeout(err):
		t.Missing = "the handshake is not finished"
		if c.Wire.Header.Read == 0 {
			t.Missing = "the peer has sent nothing"
		}
		return err
	case !ok:
		return err
	}
	t.Return(e.Shown()...)
	if !a.alert.Given() && a.reason.Word == "" {
		return fmt.Errorf("the TLS handshake failed: %w%s", e, value.Prefixed("; ", e.Hint()))
	}
	if a.alert.Given() && !a.alert.Has(e.Alert) {
		return value.Mismatchf("expected the alert %s, but %s", &a.alert, e)
	}
	if a.reason.Word != "" && a.reason.Word != e.Reason {
		return value.Mismatchf("expected the handshake to fail for %s, but %s", a.reason.Word, e)
	}
	return nil
}

// succeeded compares what was agreed on with what is expected.
func (a *tlsAction) succeeded(t *step.Task, s tls.ConnectionState) error {
	version, cipher := tlsconn.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite)
	ret := []any{event.Const("TLS"), event.Const(version)}
	if a.cipher.Given() {
		ret = append(ret, event.Const(cipher))
	}
	if s.NegotiatedProtocol != "" {
		ret = append(ret, event.Const("alpn"), event.Const(s.NegotiatedProtocol))
	}
	if name := peerName(s); a.peer.Given() && name != "" {
		ret = append(ret, event.Const("peer"), event.Const(name))
	}
	t.Return(ret...)
	if a.alert.Given() || a.reason.Word != "" {
		return value.Mismatchf("expected the handshake to fail, but it succeeded with TLS %s", version)
	}
	session := map[string]any{"version": version, "cipher": cipher, "alpn": s.NegotiatedProtocol, "peer": peerName(s)}
	if err := t.SetAs(0, session); err != nil {
		return err
	}
	switch {
	case a.version.Given() && a.version.Number != s.Version:
		return value.Mismatchf("expected TLS %s, got TLS %s", tlsconn.VersionName(a.version.Number), version)
	case a.cipher.Given() && a.cipher.Name != cipher:
		return value.Mismatchf("expected the cipher %s, got %s", a.cipher.Name, cipher)
	}
	return a.checkNames(t, s)
}

func (a *tlsAction) checkNames(t *step.Task, s tls.ConnectionState) error {
	if a.proto.Given() {
		want, err := a.proto.Eval(t)
		if err != nil {
			return err
		}
		if want != s.NegotiatedProtocol {
			return value.Mismatchf("expected the application protocol %q, got %q", want, s.NegotiatedProtocol)
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
func (a *tlsAction) mayFail(c *check.Check) bool {
	return !c.MustSucceed() || a.alert.Given() || a.reason.Word != ""
}

func (a *tlsAction) Check(c *check.Check) {
	a.checkHandle(c, c.Handle(&a.handle))
	a.checkRole(c)
	a.checkCertificates(c)
	if lowest, highest := a.versions(); lowest > highest {
		c.Problem(a.min.Node, "the lowest version is above the highest, %s", tlsconn.VersionName(highest))
	}
	if (a.alert.Given() || a.reason.Word != "") && (a.version.Given() || a.cipher.Given() || a.proto.Given() || a.peer.Given()) {
		c.Problem(c.Step.Expect.Node, "a handshake that fails agrees on nothing").Hint = "expect alert and reason, or version, cipher, alpn and peer"
	}
	if a.mayFail(c) && c.MustSucceed() && c.Step.As.Given() {
		c.Problem(c.Step.As.Node, "a handshake that fails does not make anything, so as cannot name it").Hint = "leave as: out"
	}
	c.MakeValues()
}

func (a *tlsAction) checkHandle(c *check.Check, sym *check.Symbol) {
	if sym == nil || !c.Certain() {
		return
	}
	p := func(format string, args ...any) *string { return &c.Problem(a.handle.Node, format, args...).Hint }
	switch {
	case sym.Sock.Datagrams():
		*p("%s carries messages; TLS needs a stream", sym.Name) = "make it a tcp or a unix socket"
	case sym.Sock.Listens == check.Yes:
		*p("%s listens; it has no peer to shake hands with", sym.Name) = "upgrade what accept makes of it"
	case sym.Sock.Connected == check.No && c.MustSucceed():
		*p("%s is not connected, so there is nobody to shake hands with", sym.Name) = "put a connect step before this one"
	case sym.Sock.Pair && a.role.Word == "":
		*p("for an end of a socketpair, role is required") = "write role: client at one end and role: server at the other"
	}
}

// checkRole finds parameters of the other side.
func (a *tlsAction) checkRole(c *check.Check) {
	switch {
	case a.role.Word == tlsconn.Client && a.auth.Word != "":
		c.Problem(a.auth.Node, "client_auth is for the server, which asks").Hint = "a client shows a certificate with client_name, or cert and key"
	case a.role.Word == tlsconn.Server && a.clientName.Given():
		c.Problem(a.clientName.Node, "client_name is for the client").Hint = "the certificate of a server has the name in server_name"
	case a.clientName.Given() && a.cert.Given():
		c.Problem(a.clientName.Node, "the certificate is given already, by cert").Hint = "leave one of the two out"
	}
}

// checkCertificates finds what is not a certificate, as far as it is written
// out.
func (a *tlsAction) checkCertificates(c *check.Check) {
	switch {
	case a.cert.Given() && !a.key.Given():
		c.Problem(a.cert.Node, "cert needs the certificate's private key").Hint = "add key: {file: PATH}"
	case a.key.Given() && !a.cert.Given():
		c.Problem(a.key.Node, "key needs the certificate that it belongs to").Hint = "add cert: {file: PATH}"
	}
	for _, p := range []struct {
		key  string
		data *payload.Payload
	}{{"cert", &a.cert}, {"key", &a.key}, {"ca", &a.ca}} {
		if b, fixed := p.data.Fixed(); fixed && !isPEM(b) {
			c.Problem(p.data.Node, "%s is not PEM: it has no -----BEGIN", p.key).Hint = "write {file: PATH} for the content of a file"
		}
	}
}

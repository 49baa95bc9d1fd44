package steps

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// The reasons of a failed handshake, as scenarios name them.
const (
	unknownAuthority = "unknown_authority"
	wrongName        = "wrong_name"
	expired          = "expired"
	invalid          = "invalid"
	notTLS           = "not_tls"
	earlyEOF         = "eof"
)

var tlsReasons = []string{unknownAuthority, wrongName, expired, invalid, notTLS, earlyEOF}

// noAlert stands in the place of an alert's number where there was none.
const noAlert = -1

// A tlsError is a TLS connection that failed, other than by an errno or a
// timeout of its descriptor.
type tlsError struct {
	alert  int    // noAlert where none was sent or received
	sent   bool   // by this side
	reason string // of tlsReasons; "" where the alert says it all
	header []byte // the first bytes of what was no TLS
	err    error  // as crypto/tls has it
}

// asTLSError is err itself where it is one. What err wraps is not looked at: the
// cause of a cancellation may be the TLS error of another actor.
func asTLSError(err error) (*tlsError, bool) {
	e, ok := err.(*tlsError)
	return e, ok
}

// Error tells what happened.
func (e *tlsError) Error() string {
	switch {
	case e.reason == notTLS && e.alert == noAlert:
		return "what came is not TLS: " + quoteShort(string(e.header))
	case e.reason == earlyEOF:
		return "the end of file came without close_notify"
	case e.alert == noAlert:
		return e.err.Error()
	case !e.sent:
		return "the peer sent the alert " + alertName(e.alert)
	}
	return fmt.Sprintf("the alert %s was sent: %s", alertName(e.alert), strings.TrimPrefix(e.err.Error(), "tls: "))
}

// Unwrap is the error as crypto/tls has it.
func (e *tlsError) Unwrap() error { return e.err }

// shown is the failure as the transcript shows it. The words of crypto/tls are
// left out: they are not the same in each version of Go.
func (e *tlsError) shown() []any {
	parts := []any{Const("failed")}
	if e.alert != noAlert {
		by := Const("received")
		if e.sent {
			by = "sent"
		}
		parts = []any{Const("alert"), Const(alertName(e.alert)), by}
	}
	if e.reason != "" {
		parts = append(parts, Const("("+e.reason+")"))
	}
	return parts
}

// cure is what helps against a handshake that failed; "" where nothing is known.
func (e *tlsError) cure() string {
	if e.sent {
		switch e.reason {
		case unknownAuthority:
			return "give the certificate's authority with ca, or say verify: false"
		case wrongName:
			return "say with server_name what the certificate is for"
		}
	}
	switch alertNames[e.alert] {
	case "protocol_version":
		return "the two sides have no version in common: see min_version and max_version"
	case "no_application_protocol":
		return "the two sides have no application protocol in common: see alpn"
	case "certificate_required":
		return "the client must show a certificate: client_name, or cert and key"
	case "unknown_ca", "bad_certificate":
		return "the certificate was refused: see cert, ca, server_name"
	}
	return ""
}

// badRecordMAC answers what cannot be decrypted. OpenSSL's client sends the alert
// that refuses a server's certificate in the clear where it should be encrypted.
const badRecordMAC = 20

// explain turns an error of crypto/tls into one of the descriptor or a
// [tlsError].
func (c *tlsConn) explain(err error) error {
	var below wireError
	if errors.As(err, &below) {
		return below.error
	}
	e := &tlsError{alert: noAlert, err: err}
	var op *net.OpError
	var header tls.RecordHeaderError
	var refused *tls.CertificateVerificationError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if e.reason = earlyEOF; !c.wire.ended {
			e.alert, e.reason = 0, ""
		}
		return e
	case errors.As(err, &op):
		e.alert, e.sent = alertNumber(op.Err), op.Op == "local error"
		if clear := c.wire.header.alert; e.alert == badRecordMAC && clear != noAlert {
			e.alert, e.sent = clear, false
		}
		return e
	case errors.As(err, &header):
		e.reason, e.header = notTLS, header.RecordHeader[:]
		e.alert = c.headerAlert(header)
	case errors.As(err, &refused):
		e.reason = refusal(refused)
		e.alert = c.refusalAlert(e.reason)
	case c.role == tlsServer && strings.HasSuffix(err.Error(), "client didn't provide a certificate"):
		e.alert = 116
	}
	if alert, _ := c.wire.written(); alert != noAlert {
		e.alert = alert
	}
	e.sent = e.alert != noAlert
	return e
}

// alertNumber finds an alert by its text: the type that crypto/tls has for it
// is not exported, but writes itself as the exported one does.
func alertNumber(err error) int {
	for n := range 256 {
		if tls.AlertError(n).Error() == err.Error() {
			return n
		}
	}
	return noAlert
}

// headerAlert is the alert that answered the header of a record. Before the
// version is agreed on, it goes over the wire as it is, and is seen there.
func (c *tlsConn) headerAlert(e tls.RecordHeaderError) int {
	const version, overflow = 70, 22
	_, own := c.wire.written()
	switch {
	case c.conn.ConnectionState().Version == 0:
		return noAlert
	case !bytes.Equal(e.RecordHeader[1:3], own[:]):
		return version
	}
	return overflow
}

// refusal tells why a certificate was refused.
func refusal(err error) string {
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var bad x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return wrongName
	case errors.As(err, &unknown):
		return unknownAuthority
	case errors.As(err, &bad) && bad.Reason == x509.Expired:
		return expired
	}
	return invalid
}

// refusalAlert is the alert that crypto/tls answers a certificate with that it
// refuses. In TLS 1.3 it is encrypted, and the error does not tell it.
func (c *tlsConn) refusalAlert(reason string) int {
	const badCertificate, certificateExpired, unknownCA = 42, 45, 48
	switch {
	case c.role == tlsClient:
		return badCertificate
	case reason == unknownAuthority:
		return unknownCA
	case reason == expired:
		return certificateExpired
	}
	return badCertificate
}

package tlsconn

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// The reasons of a failed handshake, as scenarios name them.
const (
	unknownAuthority = "unknown_authority"
	wrongName        = "wrong_name"
	expired          = "expired"
	invalid          = "invalid"
	notTLS           = "not_tls"
	EarlyEOF         = "eof"
)

// Reasons are the reasons of a failed handshake, as scenarios name them.
var Reasons = []string{unknownAuthority, wrongName, expired, invalid, notTLS, EarlyEOF}

// noAlert is the number where there was no alert.
const noAlert = -1

// An Error is a TLS connection that failed, other than by an errno or a
// timeout of its descriptor.
type Error struct {
	Alert  int    // noAlert where none was sent or received
	Sent   bool   // by this side
	Reason string // one of Reasons; "" where the alert says it all
	header []byte // the first bytes of what was no TLS
	err    error  // as crypto/tls has it
}

// AsError is err itself where it is one. What err wraps is not looked at: the
// cause of a cancellation may be the TLS error of another actor.
func AsError(err error) (*Error, bool) {
	e, ok := err.(*Error)
	return e, ok
}

// Error says what happened.
func (e *Error) Error() string {
	switch {
	case e.Reason == notTLS && e.Alert == noAlert:
		return "what came is not TLS: " + value.Quote(string(e.header))
	case e.Reason == EarlyEOF:
		return "the end of file came without close_notify"
	case e.Alert == noAlert:
		return e.err.Error()
	case !e.Sent:
		return "the peer sent the alert " + alertName(e.Alert)
	}
	return fmt.Sprintf("the alert %s was sent: %s", alertName(e.Alert), strings.TrimPrefix(e.err.Error(), "tls: "))
}

// Unwrap is the error as crypto/tls has it.
func (e *Error) Unwrap() error { return e.err }

// Shown is the failure as the transcript shows it. The words of crypto/tls are
// left out: they are not the same in each version of Go.
func (e *Error) Shown() []any {
	parts := []any{event.Const("failed")}
	if e.Alert != noAlert {
		by := event.Const("received")
		if e.Sent {
			by = "sent"
		}
		parts = []any{event.Const("alert"), event.Const(alertName(e.Alert)), by}
	}
	if e.Reason != "" {
		parts = append(parts, event.Const("("+e.Reason+")"))
	}
	return parts
}

// Hint is what helps against a handshake that failed; "" where nothing is
// known.
func (e *Error) Hint() string {
	if e.Sent {
		switch e.Reason {
		case unknownAuthority:
			return "add the certificate's authority with ca, or write verify: false"
		case wrongName:
			return "write the name of the certificate in server_name"
		}
	}
	switch alertNames[e.Alert] {
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

// badRecordMAC answers what cannot be decrypted. OpenSSL's client sends the
// alert that refuses a server's certificate in the clear where it should be
// encrypted.
const badRecordMAC = 20

// explain turns an error of crypto/tls into one of the descriptor or a
// [tlsError].
func (c *Conn) explain(err error) error {
	var below wireError
	if errors.As(err, &below) {
		return below.error
	}
	e := &Error{Alert: noAlert, err: err}
	var op *net.OpError
	var header tls.RecordHeaderError
	var refused *tls.CertificateVerificationError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if e.Reason = EarlyEOF; !c.Wire.Ended {
			e.Alert, e.Reason = 0, ""
		}
		return e
	case errors.As(err, &op):
		e.Alert, e.Sent = alertNumber(op.Err), op.Op == "local error"
		if clear := c.Wire.Header.alert; e.Alert == badRecordMAC && clear != noAlert {
			e.Alert, e.Sent = clear, false
		}
		return e
	case errors.As(err, &header):
		e.Reason, e.header = notTLS, header.RecordHeader[:]
		e.Alert = c.headerAlert(header)
	case errors.As(err, &refused):
		e.Reason = refusal(refused)
		e.Alert = c.refusalAlert(e.Reason)
	case c.role == Server && strings.HasSuffix(err.Error(), "client didn't provide a certificate"):
		e.Alert = 116
	}
	if alert, _ := c.Wire.written(); alert != noAlert {
		e.Alert = alert
	}
	e.Sent = e.Alert != noAlert
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
func (c *Conn) headerAlert(e tls.RecordHeaderError) int {
	const version, overflow = 70, 22
	_, own := c.Wire.written()
	switch {
	case c.Conn.ConnectionState().Version == 0:
		return noAlert
	case !bytes.Equal(e.RecordHeader[1:3], own[:]):
		return version
	}
	return overflow
}

// refusal says why a certificate was refused.
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
// refuses. In TLS 1.3 it is encrypted, and the error does not show it.
func (c *Conn) refusalAlert(reason string) int {
	const badCertificate, certificateExpired, unknownCA = 42, 45, 48
	switch {
	case c.role == Client:
		return badCertificate
	case reason == unknownAuthority:
		return unknownCA
	case reason == expired:
		return certificateExpired
	}
	return badCertificate
}

package steps

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tlsconn"
	"github.com/sockscript/sockscript/steps/value"
)

// config is what the step's parameters mean for crypto/tls. Tickets would be
// sent when the peer does not look for them; a record is as long as it can be,
// however much was sent before: both make what goes over the wire the same on
// every run.
func (a *tlsAction) config(t *step.Task, h *handle.Handle, role string) (*tls.Config, error) {
	c := &tls.Config{
		SessionTicketsDisabled: true, DynamicRecordSizingDisabled: true, InsecureSkipVerify: role == tlsconn.Client && !a.verify.On,
	}
	c.MinVersion, c.MaxVersion = a.versions()
	var err error
	if c.NextProtos, err = a.alpn.Eval(t); err != nil {
		return nil, err
	}
	name, err := a.serverName.Eval(t)
	if err != nil {
		return nil, err
	}
	trusted, err := a.trusted(t)
	if err != nil {
		return nil, err
	}
	if role == tlsconn.Client {
		c.RootCAs, c.ServerName = trusted, name
		if name == "" {
			c.ServerName = peerHost(h)
		}
	} else {
		c.ClientCAs, c.ClientAuth = trusted, a.clientAuth()
	}
	own, err := a.certificate(t, h, role, name)
	switch {
	case own == nil:
	case role == tlsconn.Server:
		c.Certificates = []tls.Certificate{*own}
	default: // whatever authorities the server says it trusts
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
	}
	return c, err
}

// versions are the lowest and the highest version.
func (a *tlsAction) versions() (lowest, highest uint16) {
	lowest, highest = tls.VersionTLS12, tls.VersionTLS13
	if a.max.Given() {
		highest = a.max.Number
		lowest = min(lowest, highest)
	}
	if a.min.Given() {
		lowest = a.min.Number
	}
	return lowest, highest
}

func (a *tlsAction) clientAuth() tls.ClientAuthType {
	switch {
	case a.auth.Word == "request" && a.verify.On:
		return tls.VerifyClientCertIfGiven
	case a.auth.Word == "request":
		return tls.RequestClientCert
	case a.auth.Word == "require" && a.verify.On:
		return tls.RequireAndVerifyClientCert
	case a.auth.Word == "require":
		return tls.RequireAnyClientCert
	}
	return tls.NoClientCert
}

// peerHost is what a client looks for in the certificate when no name is given.
func peerHost(h *handle.Handle) string {
	if ip := h.Sock.Desc().Remote().IP; ip.IsValid() {
		return ip.Unmap().String()
	}
	return "localhost"
}

// trusted are the certificates whose signature is trusted.
func (a *tlsAction) trusted(t *step.Task) (*x509.CertPool, error) {
	if !a.ca.Given() {
		ca, err := tlsconn.RunAuthority()
		if err != nil {
			return nil, err
		}
		return ca.Pool, nil
	}
	pem, err := pemOf(t, &a.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca holds no certificate: it must be PEM")
	}
	return pool, nil
}

// certificate is what the step shows to its peer; nil for a client that shows
// none.
func (a *tlsAction) certificate(t *step.Task, h *handle.Handle, role, serverName string) (*tls.Certificate, error) {
	if a.cert.Given() {
		cert, err := pemOf(t, &a.cert)
		if err != nil {
			return nil, err
		}
		key, err := pemOf(t, &a.key)
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		return &pair, nil
	}
	name := serverName
	if role == tlsconn.Client {
		var err error
		if name, err = a.clientName.Eval(t); err != nil || name == "" {
			return nil, err
		}
	}
	ca, err := tlsconn.RunAuthority()
	if err != nil {
		return nil, err
	}
	return ca.Leaf(name, h.Sock.Desc().Local().IP)
}

// pemOf is a payload with PEM in it. The errno of a file that cannot be read is
// none of the connection's, which an expectation could be about.
func pemOf(t *step.Task, p *payload.Payload) ([]byte, error) {
	b, err := p.Bytes(t)
	if _, ok := sock.ErrnoOf(err); ok {
		return nil, errors.New(err.Error())
	}
	return b, err
}

func isPEM(b []byte) bool { return bytes.Contains(b, []byte("-----BEGIN")) }

// peerName is what the peer's certificate calls it; "" without a certificate.
func peerName(s tls.ConnectionState) string {
	if names := peerNames(s); len(names) > 0 {
		return names[0]
	}
	return ""
}

// peerNames are all names in the peer's certificate.
func peerNames(s tls.ConnectionState) []string {
	if len(s.PeerCertificates) == 0 {
		return nil
	}
	cert := s.PeerCertificates[0]
	all := append([]string{cert.Subject.CommonName}, cert.DNSNames...)
	all = append(all, cert.EmailAddresses...)
	for _, ip := range cert.IPAddresses {
		all = append(all, ip.String())
	}
	var names []string
	for _, name := range all {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkPeer compares the names in the peer's certificate with the one expected.
func checkPeer(s tls.ConnectionState, want string) error {
	names := peerNames(s)
	switch {
	case slices.Contains(names, want):
		return nil
	case len(s.PeerCertificates) == 0:
		return value.Mismatchf("expected a certificate of %s, but the peer has shown none", want)
	case len(names) == 0:
		return value.Mismatchf("expected a certificate of %s, but the peer's certificate has no name", want)
	}
	return value.Mismatchf("expected a certificate of %s, got one of %s", want, value.JoinOr(names))
}

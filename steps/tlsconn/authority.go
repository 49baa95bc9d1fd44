package tlsconn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sockscript/sockscript/steps/value"
)

// An authority makes certificates on the fly. It lives as long as the process,
// and only in its memory: nobody else can have been given a certificate by it.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	Pool *x509.CertPool // the authority alone

	mu     sync.Mutex
	leaves map[leafKey]*tls.Certificate
}

type leafKey struct {
	name string
	ip   netip.Addr
}

// RunAuthority is the authority that the two sides of a scenario trust without
// being told.
var RunAuthority = sync.OnceValues(newAuthority)

func newAuthority() (*authority, error) {
	template := certificateTemplate("sockscript")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	ca := &authority{cert: cert, key: key, Pool: x509.NewCertPool(), leaves: make(map[leafKey]*tls.Certificate)}
	ca.Pool.AddCert(cert)
	return ca, nil
}

// Leaf is a certificate for a name, for this host and for one more of its
// addresses; a second call for the same gives the same.
func (ca *authority) Leaf(name string, ip netip.Addr) (*tls.Certificate, error) {
	if name == "" {
		name = "localhost"
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	key := leafKey{name, ip}
	if cert, ok := ca.leaves[key]; ok {
		return cert, nil
	}
	cert, err := ca.makeLeaf(name, ip)
	if err != nil {
		return nil, fmt.Errorf("a certificate for %s: %w", value.Quote(name), err)
	}
	ca.leaves[key] = cert
	return cert, nil
}

func (ca *authority) makeLeaf(name string, ip netip.Addr) (*tls.Certificate, error) {
	template := certificateTemplate(name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, a := range []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback(), ip.Unmap(), addressOrNone(name)} {
		if a.IsValid() {
			template.IPAddresses = append(template.IPAddresses, a.AsSlice())
		}
	}
	template.DNSNames = []string{"localhost"}
	if !addressOrNone(name).IsValid() && name != "localhost" {
		template.DNSNames = slices.Insert(template.DNSNames, 0, name)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func addressOrNone(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a
}

// certificateTemplate is what all certificates made on the fly have: they are
// valid from a day ago, since clocks differ, for ten years.
func certificateTemplate(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // crypto/rand.Reader never fails
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.AddDate(0, 0, -1),
		NotAfter:     now.AddDate(10, 0, 0),
	}
}

package steps

import (
	"crypto/tls"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Texts is a text or a list of them.
type Texts struct {
	node *source.Node
	list []*Text
}

// Decode reads a text or a list of texts.
func (v *Texts) Decode(d *Decoder, n *source.Node) {
	v.node = n
	d.notEmpty(n)
	for _, item := range listed(n) {
		x := new(Text)
		x.Decode(d, item)
		v.list = append(v.list, x)
	}
}

// Schema accepts a scalar or a list of them.
func (v *Texts) Schema() Schema {
	one := new(Text).Schema()
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (v *Texts) Type() string { return "text or list of texts" }

// Eval are the texts.
func (v *Texts) Eval(env Env) ([]string, error) {
	var list []string
	for _, x := range v.list {
		s, err := x.Eval(env)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// tlsVersions are the versions by the names that scenarios use.
var tlsVersions = []struct {
	name   string
	number uint16
}{
	{"1.0", tls.VersionTLS10},
	{"1.1", tls.VersionTLS11},
	{"1.2", tls.VersionTLS12},
	{"1.3", tls.VersionTLS13},
}

// versionName is a version as scenarios write it: 1.3.
func versionName(number uint16) string {
	return strings.TrimPrefix(tls.VersionName(number), "TLS ")
}

// TLSVersion is a version of TLS: 1.2 or 1.3, or the outdated 1.0 and 1.1.
type TLSVersion struct {
	node   *source.Node
	number uint16 // as it goes over the wire
}

// Decode reads the version.
func (v *TLSVersion) Decode(d *Decoder, n *source.Node) {
	var names []string
	for _, known := range tlsVersions {
		if n.Kind == source.Scalar && n.Text == known.name {
			v.node, v.number = n, known.number
			return
		}
		names = append(names, known.name)
	}
	d.Problem(n, "unknown TLS version %s", Shown(n)).Hint = "the versions are " + joinOr(names)
}

// Given reports whether a version was written at all.
func (v *TLSVersion) Given() bool { return v.node != nil }

// Schema accepts the versions, in quotes and without.
func (v *TLSVersion) Schema() Schema {
	return Schema{"enum": []any{"1.0", "1.1", "1.2", "1.3", 1.0, 1.1, 1.2, 1.3}}
}

// Type names the type in the reference.
func (v *TLSVersion) Type() string { return "TLS version" }

// Cipher is a cipher suite by its IANA name.
type Cipher struct {
	node *source.Node
	name string
}

// Decode reads the name.
func (v *Cipher) Decode(d *Decoder, n *source.Node) {
	names := cipherNames()
	if n.Kind != source.Scalar || !slices.Contains(names, n.Text) {
		p := d.Problem(n, "unknown cipher suite %s", Shown(n))
		if p.Hint = source.DidYouMean(n.Text, names); p.Hint == "" {
			p.Hint = "write its name as IANA has it: TLS_AES_128_GCM_SHA256"
		}
		return
	}
	v.node, v.name = n, n.Text
}

// Given reports whether a cipher suite was written at all.
func (v *Cipher) Given() bool { return v.node != nil }

// Schema accepts a name.
func (v *Cipher) Schema() Schema { return Schema{"enum": cipherNames()} }

// Type names the type in the reference.
func (v *Cipher) Type() string { return "cipher suite" }

func cipherNames() []string {
	var names []string
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		names = append(names, c.Name)
	}
	return sorted(names)
}

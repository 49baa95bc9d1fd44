package tlsconn

import (
	"crypto/tls"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// Texts is a text or a list of them.
type Texts struct {
	node *source.Node
	list []*value.Text
}

// Decode reads a text or a list of texts.
func (v *Texts) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	d.NotEmpty(n)
	for _, item := range value.Listed(n) {
		x := new(value.Text)
		x.Decode(d, item)
		v.list = append(v.list, x)
	}
}

// Schema accepts a scalar or a list of them.
func (v *Texts) Schema() value.Schema {
	one := new(value.Text).Schema()
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (v *Texts) Type() string { return "text or list of texts" }

// Eval are the texts.
func (v *Texts) Eval(env value.Env) ([]string, error) {
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

// VersionName is a version as scenarios write it: 1.3.
func VersionName(number uint16) string {
	return strings.TrimPrefix(tls.VersionName(number), "TLS ")
}

// Version is a version of TLS: 1.2 or 1.3, or the outdated 1.0 and 1.1.
type Version struct {
	Node   *source.Node
	Number uint16 // as it goes over the wire
}

// Decode reads the version.
func (v *Version) Decode(d *value.Decoder, n *source.Node) {
	var names []string
	for _, known := range tlsVersions {
		if n.Kind == source.Scalar && n.Text == known.name {
			v.Node, v.Number = n, known.number
			return
		}
		names = append(names, known.name)
	}
	value.Unknown(d, n, "TLS version").Hint = "the versions are " + value.JoinOr(names)
}

// Given reports whether a version was written at all.
func (v *Version) Given() bool { return v.Node != nil }

// Schema accepts the versions, in quotes and without.
func (v *Version) Schema() value.Schema {
	return value.Schema{"enum": []any{"1.0", "1.1", "1.2", "1.3", 1.0, 1.1, 1.2, 1.3}}
}

// Type names the type in the reference.
func (v *Version) Type() string { return "TLS version" }

// Cipher is a cipher suite by its IANA name.
type Cipher struct {
	node *source.Node
	Name string
}

// Decode reads the name.
func (v *Cipher) Decode(d *value.Decoder, n *source.Node) {
	names := cipherNames()
	if n.Kind != source.Scalar || !slices.Contains(names, n.Text) {
		p := value.Unknown(d, n, "cipher suite")
		if p.Hint = source.DidYouMean(n.Text, names); p.Hint == "" {
			p.Hint = "write its IANA name: TLS_AES_128_GCM_SHA256"
		}
		return
	}
	v.node, v.Name = n, n.Text
}

// Given reports whether a cipher suite was written at all.
func (v *Cipher) Given() bool { return v.node != nil }

// Schema accepts a name.
func (v *Cipher) Schema() value.Schema { return value.Schema{"enum": cipherNames()} }

// Type names the type in the reference.
func (v *Cipher) Type() string { return "cipher suite" }

func cipherNames() []string {
	var names []string
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		names = append(names, c.Name)
	}
	return slices.Sorted(slices.Values(names))
}

package tlsconn

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// alertNames are the alerts of TLS by their numbers (RFC 8446, section 6, and
// IANA's registry for those of earlier versions).
var alertNames = map[int]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
	30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
	43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
	47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
	60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
	110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
	113: "bad_certificate_status_response", 114: "bad_certificate_hash_value", 115: "unknown_psk_identity",
	116: "certificate_required", 120: "no_application_protocol", 121: "ech_required",
}

func alertName(number int) string {
	if name, ok := alertNames[number]; ok {
		return name
	}
	return fmt.Sprintf("alert_%d", number)
}

func knownAlerts() []string { return slices.Sorted(maps.Values(alertNames)) }

// Alerts are names of TLS alerts of which one must come.
type Alerts struct {
	node  *source.Node
	names []string
}

// Decode reads a name or a list of names.
func (v *Alerts) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	d.NotEmpty(n)
	for _, item := range value.Listed(n) {
		if item.Kind != source.Scalar || !slices.Contains(knownAlerts(), item.Text) {
			p, lower := value.Unknown(d, item, "TLS alert"), strings.ToLower(item.Text)
			if p.Hint = source.DidYouMean(lower, knownAlerts()); slices.Contains(knownAlerts(), lower) {
				p.Hint = "write it in small letters: " + lower
			}
			if p.Hint == "" {
				p.Hint = "write its name as RFC 8446 has it, such as close_notify"
			}
			continue
		}
		v.names = append(v.names, item.Text)
	}
}

// Given reports whether an alert was written at all.
func (v *Alerts) Given() bool { return v.node != nil }

// Has reports whether the alert is one of them.
func (v *Alerts) Has(number int) bool { return slices.Contains(v.names, alertNames[number]) }

// String lists the names for a message.
func (v *Alerts) String() string { return value.JoinOr(v.names) }

// Schema accepts a name or a list of names.
func (v *Alerts) Schema() value.Schema {
	one := value.Schema{"enum": knownAlerts()}
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (v *Alerts) Type() string { return "TLS alert" }

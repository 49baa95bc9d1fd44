package option

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// A Form is how one kind of value is read from the file, handed to the kernel,
// and shown. Whether a socket option or ancillary data carries the value makes
// no difference: each C structure has one codec.
type Form struct {
	What     string     // that comes, for messages
	Takes    string     // what Encode takes, where that is more than What
	isNumber bool       // the value is one number or duration
	number   value.Unit // of that number: signedUnit or timeUnit
	unsigned bool       // that number takes up to 64 bits
	varies   bool       // from run to run
	fields   []field    // of a structure that comes
	sends    []string   // the fields that Encode takes, of a structure
	Size     int        // how many bytes to ask getsockopt for
	Encode   func(v *Value, env value.Env) ([]byte, error)
	Decode   func(b []byte) (any, error) // int, uint64, timestamps, string, sock.Addr, time.Duration, []byte or Fields
	Show     func(b []byte) any          // nil: the decoded value

	// received reads a structure whose size depends on the type that carries
	// it.
	received func(c sock.Control) (any, error)
}

// takes says what Encode takes, for messages.
func (f *Form) takes() string { return cmp.Or(f.Takes, f.What) }

// as is the same form with other words for it in messages.
func (f *Form) as(what, takes string) *Form {
	other := *f
	other.What, other.Takes = what, takes
	return &other
}

// A field is a member of a structure, with the words that it can be; without
// words it is a number, or anything where free is set.
type field struct {
	name  string
	free  bool
	words func() []string
}

func numbers(names ...string) []field {
	var list []field
	for _, name := range names {
		list = append(list, field{name: name})
	}
	return list
}

// FormOf is the form of an option's values.
func FormOf(o sock.Option) *Form {
	if strings.HasPrefix(o.Name, "SO_TIMESTAMPING") {
		return timestampingForm
	}
	if form, ok := optionForms()[o.Kind]; ok {
		return form
	}
	return BytesForm
}

// SettingForm is the form of the values that setsockopt takes: bytes, where a
// structure can only be read and the kernel's answer to setting it is asked
// for.
func SettingForm(o sock.Option) *Form {
	if form := FormOf(o); form.Encode != nil && (form.fields == nil || !o.ReadOnly) {
		return form
	}
	return BytesForm
}

// optionForms is made when it is first asked for: few processes do.
var optionForms = sync.OnceValue(func() map[sock.OptionKind]*Form {
	return map[sock.OptionKind]*Form{
		sock.OptInt:        intForm,
		sock.OptBool:       intForm,
		sock.OptDescriptor: {What: "a descriptor", isNumber: true, Size: 4, Decode: decodeInt},
		sock.OptUint8:      {What: "a whole number", isNumber: true, Size: 1, Encode: encodeUint(8), Decode: decodeInt},
		sock.OptUint64:     longForm,
		sock.OptErrno:      {What: "an errno name, or 0", Size: 4, Decode: decodeErrno},
		sock.OptString:     {What: "a text", Size: 256, Encode: encodeString, Decode: decodeString, Show: showString},
		sock.OptLinger: {
			What: "{onoff: true, linger: SECONDS}", fields: numbers("onoff", "linger"), sends: []string{"onoff", "linger"}, Size: 8,
			Encode: encodeLinger, Decode: decodeLinger, Show: showLinger,
		},
		sock.OptTimeval: {
			What: "a duration such as 250ms", isNumber: true, number: value.TimeUnit, Size: len(sock.EncodeTimeval(0)),
			Encode: encodeTime, Decode: decodeTime, Show: showTime,
		},
		sock.OptUcred:   ucredForm,
		sock.OptTCPInfo: {What: "the fields of struct tcp_info", fields: tcpInfoFields(), Size: 512, Decode: decodeTCPInfo},
		sock.OptMembership: {
			What: "{group, interface} or {group, local}", sends: []string{"group", "interface", "local"},
			Encode: encodeMembership, Decode: decodeBytes, Show: showBytes,
		},
		sock.OptMembership6: {
			What: "{group, interface}", sends: []string{"group", "interface"},
			Encode: encodeMembership6, Decode: decodeBytes, Show: showBytes,
		},
		sock.OptSourceMembership: {
			What: "{group, source, local}", sends: []string{"group", "source", "local"},
			Encode: encodeSourceMembership, Decode: decodeBytes, Show: showBytes,
		},
		sock.OptGroup: {
			What: "{group, interface}", sends: []string{"group", "interface"},
			Encode: encodeGroup, Decode: decodeBytes, Show: showBytes,
		},
		sock.OptGroupSource: {
			What: "{group, source, interface}", sends: []string{"group", "source", "interface"},
			Encode: encodeGroupSource, Decode: decodeBytes, Show: showBytes,
		},
		sock.OptAddr: {What: "an IPv4 address", Size: 128, Encode: encodeAddr, Decode: decodeAddr},
	}
})

var intForm = &Form{
	What: "a whole number, true or false", isNumber: true, Size: 4, Encode: encodeInt, Decode: decodeInt,
}

var shortForm = &Form{What: "a whole number", isNumber: true, Size: 2, Encode: encodeUint(16), Decode: decodeInt}

var longForm = &Form{What: "a whole number", isNumber: true, unsigned: true, Size: 8, Encode: encodeLong, Decode: decodeInt}

// BytesForm has room for the larger structures of the table.
var BytesForm = &Form{
	What: "a whole number, or bytes as {hex: …}", Size: 1024, Encode: encodeRaw, Decode: decodeBytes, Show: showBytes,
}

func decodeErrno(b []byte) (any, error) {
	n, err := decodeInt(b)
	if err != nil || n == 0 {
		return "0", err
	}
	return sock.ErrnoName(syscall.Errno(n.(int))), nil
}

func encodeString(v *Value, env value.Env) ([]byte, error) {
	if v.fields.Names != nil || v.payload.Given() {
		return nil, fmt.Errorf("it is %s", v.Node.Describe())
	}
	s, err := v.text.Eval(env)
	return []byte(s), err
}

func decodeString(b []byte) (any, error) {
	text, _, _ := strings.Cut(string(b), "\x00")
	return text, nil
}

func showString(b []byte) any {
	text, _ := decodeString(b)
	return event.Quoted{Text: text.(string)}
}

// values runs the fields of a structured value; unknown names are an error.
func (v *Value) values(env value.Env, known ...string) (map[string]string, error) {
	if v.Node.Kind != source.Map {
		return nil, fmt.Errorf("it is %s, not a mapping", v.Node.Describe())
	}
	m := make(map[string]string)
	for i, name := range v.fields.Names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("it has no field %q", name)
		}
		s, err := v.fields.Values[i].Eval(env)
		if err != nil {
			return nil, err
		}
		m[name] = s
	}
	return m, nil
}

func encodeAddr(v *Value, env value.Env) ([]byte, error) {
	s, err := encodeString(v, env)
	if err != nil {
		return nil, err
	}
	ip, err := ipv4.address(map[string]string{"the value": string(s)}, "the value", true)
	return ip.AsSlice(), err
}

func decodeAddr(b []byte) (any, error) {
	if ip, ok := netip.AddrFromSlice(b); ok {
		return ip.String(), nil
	}
	return hex.EncodeToString(b), nil
}

func encodeRaw(v *Value, env value.Env) ([]byte, error) {
	return encodeInt(v, env)
}

func decodeBytes(b []byte) (any, error) { return b, nil }

func showBytes(b []byte) any { return event.Data{Bytes: b, Len: len(b)} }

func (f *Form) shown(b []byte) any {
	if f.Show != nil {
		return f.Show(b)
	}
	v, err := f.Decode(b)
	if err != nil {
		return showBytes(b)
	}
	return event.Const(value.Format(v))
}

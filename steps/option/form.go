package option

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// A Form is how the values of one kind of option are read from the
// file, handed to the kernel, and shown.
type Form struct {
	What     string     // for messages
	isNumber bool       // the value is one number or duration
	number   value.Unit // of that number: signedUnit or timeUnit
	unsigned bool       // that number takes up to 64 bits
	fields   []string   // of a structured value
	sends    []string   // the fields that encode takes, of a structured value
	Size     int        // how many bytes to ask getsockopt for
	Encode   func(v *Value, env value.Env) ([]byte, error)
	Decode   func(b []byte) (any, error) // int, uint64, timestamps, string, time.Duration, []byte or Fields
	Show     func(b []byte) any          // nil: the decoded value
}

// FormOf is the form of an option's values.
func FormOf(o sock.Option) *Form {
	if strings.HasPrefix(o.Name, "SO_TIMESTAMPING") {
		return timestampingForm
	}
	if form, ok := optionForms[o.Kind]; ok {
		return form
	}
	return BytesForm
}

// SettingForm is the form of the values that setsockopt takes: bytes, where the
// option can only be read and the kernel's answer to setting it is asked for.
func SettingForm(o sock.Option) *Form {
	if form := FormOf(o); form.Encode != nil {
		return form
	}
	return BytesForm
}

var optionForms = map[sock.OptionKind]*Form{
	sock.OptInt:        intForm,
	sock.OptBool:       intForm,
	sock.OptDescriptor: {What: "a descriptor", isNumber: true, Size: 4, Decode: decodeInt},
	sock.OptUint8:      {What: "a whole number", isNumber: true, Size: 1, Encode: encodeByte, Decode: decodeInt},
	sock.OptUint64: {
		What: "a whole number", isNumber: true, unsigned: true, Size: 8, Encode: encodeLong, Decode: decodeInt,
	},
	sock.OptErrno:  {What: "an errno name, or 0", Size: 4, Decode: decodeErrno},
	sock.OptString: {What: "a text", Size: 256, Encode: encodeString, Decode: decodeString, Show: showString},
	sock.OptLinger: {
		What: "{onoff: true, linger: SECONDS}", fields: []string{"onoff", "linger"}, sends: []string{"onoff", "linger"}, Size: 8,
		Encode: encodeLinger, Decode: decodeLinger, Show: showLinger,
	},
	sock.OptTimeval: {
		What: "a duration such as 250ms", isNumber: true, number: value.TimeUnit, Size: len(sock.EncodeTimeval(0)),
		Encode: encodeTime, Decode: decodeTime, Show: showTime,
	},
	sock.OptUcred: {
		What: "{pid, uid, gid}", fields: []string{"pid", "uid", "gid"}, Size: 12, Decode: decodeUcred,
	},
	sock.OptTCPInfo: {What: "the fields of struct tcp_info", fields: tcpInfoNames(), Size: 512, Decode: decodeTCPInfo},
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

var intForm = &Form{
	What: "a whole number, true or false", isNumber: true, Size: 4, Encode: encodeInt, Decode: decodeInt,
}

// BytesForm has room for the larger structures of the table.
var BytesForm = &Form{
	What: "a whole number, or bytes as {hex: …}", Size: 1024, Encode: encodeRaw, Decode: decodeBytes, Show: showBytes,
}

func parseOptionInt(s string) (int64, error) {
	switch s {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 0, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s is not a whole number", value.Quote(s))
	case n > 1<<32-1 || n < -1<<31:
		return 0, fmt.Errorf("%d does not fit into 32 bits", n)
	}
	return n, nil
}

func (v *Value) number(env value.Env) (int64, error) {
	if v.fields.Names != nil || v.payload.Given() {
		return 0, fmt.Errorf("it is %s", v.Node.Describe())
	}
	s, err := v.text.Eval(env)
	if err != nil {
		return 0, err
	}
	return parseOptionInt(s)
}

func encodeInt(v *Value, env value.Env) ([]byte, error) {
	n, err := v.number(env)
	return binary.NativeEndian.AppendUint32(nil, uint32(n)), err
}

func encodeByte(v *Value, env value.Env) ([]byte, error) {
	n, err := v.number(env)
	if err == nil && (n < 0 || n > math.MaxUint8) {
		err = fmt.Errorf("%d does not fit into 8 bits", n)
	}
	return []byte{byte(n)}, err
}

func encodeLong(v *Value, env value.Env) ([]byte, error) {
	s, err := encodeString(v, env)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(string(s), 0, 64)
	if err != nil {
		err = fmt.Errorf("%s is not a whole number of up to 64 bits", value.Quote(string(s)))
	}
	return binary.NativeEndian.AppendUint64(nil, n), err
}

func decodeInt(b []byte) (any, error) {
	switch len(b) {
	case 1:
		return int(b[0]), nil
	case 4:
		return int(int32(binary.NativeEndian.Uint32(b))), nil
	case 8:
		return value.Unsigned(binary.NativeEndian.Uint64(b)), nil
	}
	return nil, fmt.Errorf("the kernel returned %d bytes for a number", len(b))
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

func encodeLinger(v *Value, env value.Env) ([]byte, error) {
	m, err := v.values(env, "onoff", "linger")
	if err != nil {
		return nil, err
	}
	var n [2]int64
	for i, name := range []string{"onoff", "linger"} {
		if s, ok := m[name]; ok {
			if n[i], err = parseOptionInt(s); err != nil {
				return nil, err
			}
		}
	}
	return sock.EncodeLinger(int32(n[0]), int32(n[1])), nil
}

func decodeLinger(b []byte) (any, error) {
	onoff, seconds, ok := sock.DecodeLinger(b)
	if !ok {
		return nil, fmt.Errorf("the kernel returned %d bytes for struct linger", len(b))
	}
	return Fields{{Name: "onoff", Value: int(onoff)}, {Name: "linger", Value: int(seconds)}}, nil
}

func showLinger(b []byte) any {
	f, err := decodeLinger(b)
	if err != nil {
		return showBytes(b)
	}
	l := f.(Fields)
	return event.Const(fmt.Sprintf("{l_onoff=%d, l_linger=%d}", l[0].Value, l[1].Value))
}

func encodeTime(v *Value, env value.Env) ([]byte, error) {
	s, err := v.text.Eval(env)
	if err != nil {
		return nil, err
	}
	if v.fields.Names != nil || v.payload.Given() {
		return nil, fmt.Errorf("it is %s", v.Node.Describe())
	}
	d, err := value.ParseDuration(s)
	if err == nil && d.Round(time.Second) > sock.MaxTimeval {
		err = fmt.Errorf("%s does not fit into the struct timeval of this system", s)
	}
	return sock.EncodeTimeval(d), err
}

func decodeTime(b []byte) (any, error) {
	d, ok := sock.DecodeTimeval(b)
	if !ok {
		return nil, fmt.Errorf("the kernel returned %d bytes for struct timeval", len(b))
	}
	return d, nil
}

func showTime(b []byte) any {
	d, _ := sock.DecodeTimeval(b)
	return event.Const(fmt.Sprintf("{tv_sec=%d, tv_usec=%d}", d/time.Second, d%time.Second/time.Microsecond))
}

func decodeUcred(b []byte) (any, error) {
	cred, ok := sock.DecodeUcred(b)
	if !ok {
		return nil, fmt.Errorf("the kernel returned %d bytes for struct ucred", len(b))
	}
	return ucredFields(cred), nil
}

func ucredFields(c sock.Ucred) Fields {
	return Fields{
		{Name: "pid", Value: int(c.PID), Varies: true},
		{Name: "uid", Value: value.Unsigned(uint64(c.UID)), Varies: true},
		{Name: "gid", Value: value.Unsigned(uint64(c.GID)), Varies: true},
	}
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

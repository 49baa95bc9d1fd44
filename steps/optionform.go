package steps

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
	"github.com/sockscript/sockscript/steps/sock"
)

// An optionForm is how the values of one kind of option are read from the
// file, handed to the kernel, and shown.
type optionForm struct {
	what     string   // for messages
	isNumber bool     // the value is one number or duration
	number   unit     // of that number: signedUnit or timeUnit
	unsigned bool     // that number takes up to 64 bits
	fields   []string // of a structured value
	sends    []string // the fields that encode takes, of a structured value
	size     int      // how many bytes to ask getsockopt for
	encode   func(v *OptionValue, env Env) ([]byte, error)
	decode   func(b []byte) (any, error) // int, uint64, timestamps, string, time.Duration, []byte or Fields
	show     func(b []byte) any          // nil: the decoded value
}

// formOf is the form of an option's values.
func formOf(o sock.Option) *optionForm {
	if strings.HasPrefix(o.Name, "SO_TIMESTAMPING") {
		return timestampingForm
	}
	if form, ok := optionForms[o.Kind]; ok {
		return form
	}
	return bytesForm
}

// settingForm is the form of the values that setsockopt takes: bytes, where the
// option can only be read and the kernel's answer to setting it is asked for.
func settingForm(o sock.Option) *optionForm {
	if form := formOf(o); form.encode != nil {
		return form
	}
	return bytesForm
}

var optionForms = map[sock.OptionKind]*optionForm{
	sock.OptInt:   intForm,
	sock.OptBool:  intForm,
	sock.OptUint8: {what: "a whole number", isNumber: true, size: 1, encode: encodeByte, decode: decodeInt},
	sock.OptUint64: {
		what: "a whole number", isNumber: true, unsigned: true, size: 8, encode: encodeLong, decode: decodeInt,
	},
	sock.OptErrno:  {what: "an errno name, or 0", size: 4, decode: decodeErrno},
	sock.OptString: {what: "a text", size: 256, encode: encodeString, decode: decodeString, show: showString},
	sock.OptLinger: {
		what: "{onoff: true, linger: SECONDS}", fields: []string{"onoff", "linger"}, sends: []string{"onoff", "linger"}, size: 8,
		encode: encodeLinger, decode: decodeLinger, show: showLinger,
	},
	sock.OptTimeval: {
		what: "a duration such as 250ms", isNumber: true, number: timeUnit, size: len(sock.EncodeTimeval(0)),
		encode: encodeTime, decode: decodeTime, show: showTime,
	},
	sock.OptUcred: {
		what: "{pid, uid, gid}", fields: []string{"pid", "uid", "gid"}, size: 12, decode: decodeUcred,
	},
	sock.OptTCPInfo: {what: "the fields of struct tcp_info", fields: tcpInfoNames(), size: 512, decode: decodeTCPInfo},
	sock.OptMembership: {
		what: "{group, interface} or {group, local}", sends: []string{"group", "interface", "local"},
		encode: encodeMembership, decode: decodeBytes, show: showBytes,
	},
	sock.OptMembership6: {
		what: "{group, interface}", sends: []string{"group", "interface"},
		encode: encodeMembership6, decode: decodeBytes, show: showBytes,
	},
	sock.OptSourceMembership: {
		what: "{group, source, local}", sends: []string{"group", "source", "local"},
		encode: encodeSourceMembership, decode: decodeBytes, show: showBytes,
	},
	sock.OptGroup: {
		what: "{group, interface}", sends: []string{"group", "interface"},
		encode: encodeGroup, decode: decodeBytes, show: showBytes,
	},
	sock.OptGroupSource: {
		what: "{group, source, interface}", sends: []string{"group", "source", "interface"},
		encode: encodeGroupSource, decode: decodeBytes, show: showBytes,
	},
	sock.OptAddr: {what: "an IPv4 address", size: 128, encode: encodeAddr, decode: decodeAddr},
}

var intForm = &optionForm{
	what: "a whole number, true or false", isNumber: true, size: 4, encode: encodeInt, decode: decodeInt,
}

// bytesForm has room for the larger structures of the table.
var bytesForm = &optionForm{
	what: "a whole number, or bytes as {hex: …}", size: 1024, encode: encodeRaw, decode: decodeBytes, show: showBytes,
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
		return 0, fmt.Errorf("%s is not a whole number", quoteShort(s))
	case n > 1<<32-1 || n < -1<<31:
		return 0, fmt.Errorf("%d does not fit into 32 bits", n)
	}
	return n, nil
}

func (v *OptionValue) number(env Env) (int64, error) {
	if v.fields.Names != nil || v.payload.Given() {
		return 0, fmt.Errorf("it is %s", v.node.Describe())
	}
	s, err := v.text.Eval(env)
	if err != nil {
		return 0, err
	}
	return parseOptionInt(s)
}

func encodeInt(v *OptionValue, env Env) ([]byte, error) {
	n, err := v.number(env)
	return binary.NativeEndian.AppendUint32(nil, uint32(n)), err
}

func encodeByte(v *OptionValue, env Env) ([]byte, error) {
	n, err := v.number(env)
	if err == nil && (n < 0 || n > math.MaxUint8) {
		err = fmt.Errorf("%d does not fit into 8 bits", n)
	}
	return []byte{byte(n)}, err
}

func encodeLong(v *OptionValue, env Env) ([]byte, error) {
	s, err := encodeString(v, env)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(string(s), 0, 64)
	if err != nil {
		err = fmt.Errorf("%s is not a whole number of up to 64 bits", quoteShort(string(s)))
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
		return unsigned(binary.NativeEndian.Uint64(b)), nil
	}
	return nil, fmt.Errorf("the kernel gave %d bytes for a number", len(b))
}

func decodeErrno(b []byte) (any, error) {
	n, err := decodeInt(b)
	if err != nil || n == 0 {
		return "0", err
	}
	return sock.ErrnoName(syscall.Errno(n.(int))), nil
}

func encodeString(v *OptionValue, env Env) ([]byte, error) {
	if v.fields.Names != nil || v.payload.Given() {
		return nil, fmt.Errorf("it is %s", v.node.Describe())
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
	return Quoted{Text: text.(string)}
}

// values runs the fields of a structured value; unknown names are an error.
func (v *OptionValue) values(env Env, known ...string) (map[string]string, error) {
	if v.node.Kind != source.Map {
		return nil, fmt.Errorf("it is %s, not a mapping", v.node.Describe())
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

func encodeLinger(v *OptionValue, env Env) ([]byte, error) {
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
		return nil, fmt.Errorf("the kernel gave %d bytes for struct linger", len(b))
	}
	return Fields{{Name: "onoff", Value: int(onoff)}, {Name: "linger", Value: int(seconds)}}, nil
}

func showLinger(b []byte) any {
	f, err := decodeLinger(b)
	if err != nil {
		return showBytes(b)
	}
	l := f.(Fields)
	return Const(fmt.Sprintf("{l_onoff=%d, l_linger=%d}", l[0].Value, l[1].Value))
}

func encodeTime(v *OptionValue, env Env) ([]byte, error) {
	s, err := v.text.Eval(env)
	if err != nil {
		return nil, err
	}
	if v.fields.Names != nil || v.payload.Given() {
		return nil, fmt.Errorf("it is %s", v.node.Describe())
	}
	d, err := ParseDuration(s)
	if err == nil && d.Round(time.Second) > sock.MaxTimeval {
		err = fmt.Errorf("%s does not fit into the struct timeval of this system", s)
	}
	return sock.EncodeTimeval(d), err
}

func decodeTime(b []byte) (any, error) {
	d, ok := sock.DecodeTimeval(b)
	if !ok {
		return nil, fmt.Errorf("the kernel gave %d bytes for struct timeval", len(b))
	}
	return d, nil
}

func showTime(b []byte) any {
	d, _ := sock.DecodeTimeval(b)
	return Const(fmt.Sprintf("{tv_sec=%d, tv_usec=%d}", d/time.Second, d%time.Second/time.Microsecond))
}

func decodeUcred(b []byte) (any, error) {
	cred, ok := sock.DecodeUcred(b)
	if !ok {
		return nil, fmt.Errorf("the kernel gave %d bytes for struct ucred", len(b))
	}
	return ucredFields(cred), nil
}

func ucredFields(c sock.Ucred) Fields {
	return Fields{
		{Name: "pid", Value: int(c.PID), Varies: true},
		{Name: "uid", Value: unsigned(uint64(c.UID)), Varies: true},
		{Name: "gid", Value: unsigned(uint64(c.GID)), Varies: true},
	}
}

func encodeAddr(v *OptionValue, env Env) ([]byte, error) {
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

func encodeRaw(v *OptionValue, env Env) ([]byte, error) {
	return encodeInt(v, env)
}

func decodeBytes(b []byte) (any, error) { return b, nil }

func showBytes(b []byte) any { return Data{Bytes: b, Len: len(b)} }

func (f *optionForm) shown(b []byte) any {
	if f.show != nil {
		return f.show(b)
	}
	v, err := f.decode(b)
	if err != nil {
		return showBytes(b)
	}
	return Const(FormatValue(v))
}

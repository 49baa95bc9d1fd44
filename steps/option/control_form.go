package option

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"os"
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A controlForm is how one form of ancillary data is read from the file, handed
// to the kernel, and shown.
type controlForm struct {
	what   string         // that comes, for messages
	number bool           // it is one number
	varies bool           // from run to run
	fields []controlField // of a structure that comes
	takes  string         // what encode takes
	sends  []string       // the fields that encode takes
	encode func(v *Value, env value.Env) ([]byte, error)
	decode func(c sock.Control) (any, bool) // int, string or Fields
}

// A controlField is a member of a structure, with the words that it can be;
// without words it is a number, or anything where free is set.
type controlField struct {
	name  string
	free  bool
	words func() []string
}

// controlForms has no entry for what is raw bytes or descriptors.
var controlForms = map[sock.ControlKind]*controlForm{
	sock.CtlInt: {
		what: "a number", number: true, takes: "a whole number of 32 bits", encode: encodeInt, decode: decodeControlInt,
	},
	sock.CtlUint16: {
		what: "a number", number: true, takes: "a whole number of 16 bits", encode: encodeControl16, decode: decodeControlInt,
	},
	sock.CtlUint64: {
		what: "a number", number: true, takes: "a whole number of 64 bits", encode: encodeControl64, decode: decodeControlInt,
	},
	sock.CtlCredentials: {
		what: "{pid, uid, gid}", varies: true, fields: []controlField{{name: "pid"}, {name: "uid"}, {name: "gid"}},
		takes: "{pid, uid, gid}, where each field may be left out", sends: []string{"pid", "uid", "gid"},
		encode: encodeCredentials, decode: decodeCredentials,
	},
	sock.CtlPktinfo: {
		what:   "{interface, local, dst}",
		fields: []controlField{{name: "interface", free: true}, {name: "local", free: true}, {name: "dst", free: true}},
		takes:  "{interface, local}, where each field may be left out", sends: []string{"interface", "local"},
		encode: encodePktinfo, decode: decodePktinfo,
	},
	sock.CtlPktinfo6: {
		what: "{interface, local}", fields: []controlField{{name: "interface", free: true}, {name: "local", free: true}},
		takes: "{interface, local}, where each field may be left out", sends: []string{"interface", "local"},
		encode: encodePktinfo6, decode: decodePktinfo,
	},
	sock.CtlRecverr: {
		what: "{errno, origin, type, code, info, offender}, or {errno, origin, code, info, data} of a notice",
		fields: []controlField{
			{name: "errno", words: errnosOrNone},
			{name: "origin", words: sock.ErrorOrigins},
			{name: "type"},
			{name: "code"},
			{name: "info"},
			{name: "data"},
			{name: "offender", free: true},
		},
		decode: decodeRecverr,
	},
	sock.CtlTimeval:  {what: "nanoseconds since 1970", number: true, varies: true, decode: decodeControlTime},
	sock.CtlTimespec: {what: "nanoseconds since 1970", number: true, varies: true, decode: decodeControlTime},
	sock.CtlTimestamping: {
		what: "{software, hardware}", varies: true, fields: []controlField{{name: "software"}, {name: "hardware"}},
		takes: "SOF_TIMESTAMPING_ flags", encode: encodeTimestamping, decode: decodeControlTimestamps,
	},
	sock.CtlAddr: {what: "an address", decode: decodeControlAddr},
}

func errnosOrNone() []string { return append(sock.ErrnoNames(), "0") }

// DecodeControl reads a piece that is not a descriptor.
func DecodeControl(c sock.Control) any {
	if form := controlForms[c.Kind]; form != nil {
		if v, ok := form.decode(c); ok {
			return v
		}
		if form.varies {
			return fmt.Sprintf("<%d bytes>", len(c.Data)) // cut off
		}
	}
	return shortHex(c.Data)
}

// shortHex is raw bytes as the transcript shows them.
func shortHex(b []byte) string {
	if len(b) > event.DataShown {
		return fmt.Sprintf("hex:%x... (%d bytes)", b[:event.DataShown], len(b))
	}
	return fmt.Sprintf("hex:%x", b)
}

func decodeControlInt(c sock.Control) (any, bool) {
	if len(c.Data) == 2 {
		return int(binary.NativeEndian.Uint16(c.Data)), true
	}
	n, err := decodeInt(c.Data)
	return n, err == nil
}

func encodeControl16(v *Value, env value.Env) ([]byte, error) {
	n, err := v.number(env)
	if err == nil && (n < 0 || n > math.MaxUint16) {
		err = fmt.Errorf("%d does not fit into 16 bits", n)
	}
	return binary.NativeEndian.AppendUint16(nil, uint16(n)), err
}

func encodeControl64(v *Value, env value.Env) ([]byte, error) {
	if v.fields.Names != nil {
		return nil, fmt.Errorf("it is %s", v.Node.Describe())
	}
	s, err := v.text.Eval(env)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		err = fmt.Errorf("%s is not a whole number of 64 bits", value.Quote(s))
	}
	return binary.NativeEndian.AppendUint64(nil, n), err
}

// encodeCredentials are those of this process, but for the fields that are
// written.
func encodeCredentials(v *Value, env value.Env) ([]byte, error) {
	names := []string{"pid", "uid", "gid"}
	m, err := v.values(env, names...)
	if err != nil {
		return nil, err
	}
	own := [3]int64{int64(os.Getpid()), int64(os.Getuid()), int64(os.Getgid())}
	for i, name := range names {
		if s, ok := m[name]; ok {
			if own[i], err = parseOptionInt(s); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return sock.EncodeUcred(sock.Ucred{PID: int32(own[0]), UID: uint32(own[1]), GID: uint32(own[2])}), nil
}

func decodeCredentials(c sock.Control) (any, bool) {
	cred, ok := sock.DecodeUcred(c.Data)
	return ucredFields(cred), ok
}

func encodePktinfo(v *Value, env value.Env) ([]byte, error)  { return v.pktinfo(env, ipv4) }
func encodePktinfo6(v *Value, env value.Env) ([]byte, error) { return v.pktinfo(env, ipv6) }

func (v *Value) pktinfo(env value.Env, version ipVersion) ([]byte, error) {
	m, err := v.values(env, "interface", "local")
	if err != nil {
		return nil, err
	}
	index, err := interfaceIndex(env, m)
	if err != nil {
		return nil, err
	}
	local, err := version.address(m, "local", false)
	return sock.EncodePktinfo(sock.Pktinfo{Interface: index, Local: local}, version == ipv6), err
}

func decodePktinfo(c sock.Control) (any, bool) {
	p, ok := sock.DecodePktinfo(c.Data)
	f := Fields{{Name: "interface", Value: interfaceName(p.Interface)}, {Name: "local", Value: p.Local.String()}}
	if p.Dst.IsValid() {
		f = append(f, Field{Name: "dst", Value: p.Dst.String()})
	}
	return f, ok
}

func interfaceName(index int) string {
	if i, err := net.InterfaceByIndex(index); err == nil {
		return i.Name
	}
	return fmt.Sprint(index)
}

func decodeRecverr(c sock.Control) (any, bool) {
	x, ok := sock.DecodeExtendedError(c.Data)
	if !ok {
		return nil, false
	}
	f := Fields{{Name: "errno", Value: "0"}, {Name: "origin", Value: x.Origin}}
	if x.Errno != 0 {
		f[0].Value = sock.ErrnoName(x.Errno)
	}
	if x.Origin == "ZEROCOPY" || x.Origin == "TIMESTAMPING" {
		return append(f, Field{Name: "code", Value: x.Code}, Field{Name: "info", Value: x.Info}, Field{Name: "data", Value: x.Data}), true
	}
	f = append(f, Field{Name: "type", Value: x.Type}, Field{Name: "code", Value: x.Code}, Field{Name: "info", Value: x.Info})
	if x.Offender.IsValid() {
		f = append(f, Field{Name: "offender", Value: x.Offender.String()})
	}
	return f, true
}

func decodeControlTime(c sock.Control) (any, bool) {
	if times := c.Times(); len(times) == 1 {
		return whole(times[0]), true
	}
	return nil, false
}

// whole is a number that an int has no room for on processors of 32 bits.
func whole(n int64) any {
	if int64(int(n)) == n {
		return int(n)
	}
	return n
}

// decodeControlTimestamps reads struct scm_timestamping: the time that the
// kernel took, one that is no longer given, and the time that the device took.
func decodeControlTimestamps(c sock.Control) (any, bool) {
	times := c.Times()
	if len(times) != 3 {
		return nil, false
	}
	return Fields{
		{Name: "software", Value: whole(times[0]), Varies: times[0] != 0},
		{Name: "hardware", Value: whole(times[2]), Varies: times[2] != 0},
	}, true
}

func decodeControlAddr(c sock.Control) (any, bool) {
	a := sock.DecodeSockaddr(c.Data)
	return a, a.IP.IsValid()
}

// check reports a condition that the form can never meet.
func (f *controlForm) check(c *step.Check, it *controlWanted) {
	name := it.typ.Name
	switch {
	case it.fields.node != nil && f.fields == nil:
		c.Problem(it.node, "%s has no fields; its value is %s", name, f.what)
	case it.fields.node != nil:
		f.checkFields(c, it)
	case it.value.text.Lit == "any":
	case f.fields != nil:
		c.Problem(it.node, "the value of %s is %s, not a single value", name, f.what).Hint = "expect its fields by name, or any"
	case f.number && !it.value.numeric():
		c.Problem(it.node, "the value of %s is %s; %s is not a condition for it", name, f.what, value.Shown(it.node))
	}
}

func (f *controlForm) checkFields(c *step.Check, it *controlWanted) {
	var known []string
	for _, x := range f.fields {
		known = append(known, x.name)
	}
	for i, e := range it.node.Entries {
		at := indexOf(known, e.Key.Text)
		if at < 0 {
			p := c.Problem(e.Key, "%s has no field %q", it.typ.Name, e.Key.Text)
			if p.Hint = source.DidYouMean(e.Key.Text, known); p.Hint == "" {
				p.Hint = "it has " + value.JoinOr(known)
			}
			continue
		}
		f.fields[at].check(c, it.fields.wants[i], it.typ.Name)
	}
}

func (x *controlField) check(c *step.Check, want *ValueWant, typ string) {
	switch {
	case x.words != nil:
		for _, text := range want.texts {
			if word, static := text.Static(); static && indexOf(x.words(), word) < 0 {
				c.Problem(text.Node, "%s of %s cannot be %s", x.name, typ, value.Quote(word)).Hint = source.DidYouMean(word, x.words())
			}
		}
	case !x.free && !want.numeric():
		c.Problem(want.node, "%s of %s is a number; %s is not a condition for it", x.name, typ, value.Shown(want.node))
	}
}

// numeric reports whether the condition can hold of a number.
func (w *ValueWant) numeric() bool { return w.number.Node != nil || isTruth(w.text.Lit) }

func indexOf(words []string, word string) int {
	for i, w := range words {
		if w == word {
			return i
		}
	}
	return -1
}

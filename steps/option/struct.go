package option

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

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
		return nil, wrongSize(b, "struct linger")
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
		return nil, wrongSize(b, "struct timeval")
	}
	return d, nil
}

func showTime(b []byte) any {
	d, _ := sock.DecodeTimeval(b)
	return event.Const(fmt.Sprintf("{tv_sec=%d, tv_usec=%d}", d/time.Second, d%time.Second/time.Microsecond))
}

// ucredForm is struct ucred: SO_PEERCRED and SCM_CREDENTIALS, unix(7).
var ucredForm = &Form{
	What: "{pid, uid, gid}", Takes: "{pid, uid, gid}, where each field may be left out", varies: true,
	fields: numbers("pid", "uid", "gid"), sends: []string{"pid", "uid", "gid"}, Size: 12,
	Encode: encodeUcred, Decode: decodeUcred,
}

// encodeUcred are those of this process, but for the fields that are
// written.
func encodeUcred(v *Value, env value.Env) ([]byte, error) {
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

func decodeUcred(b []byte) (any, error) {
	c, ok := sock.DecodeUcred(b)
	if !ok {
		return nil, wrongSize(b, "struct ucred")
	}
	return Fields{
		{Name: "pid", Value: int(c.PID), Varies: true},
		{Name: "uid", Value: value.Unsigned(uint64(c.UID)), Varies: true},
		{Name: "gid", Value: value.Unsigned(uint64(c.GID)), Varies: true},
	}, nil
}

// pktinfoForm is struct in_pktinfo (ip(7)) or in6_pktinfo (ipv6(7)), with the
// fields that come.
func pktinfoForm(version ipVersion, comes ...string) *Form {
	form := &Form{
		What: "{" + strings.Join(comes, ", ") + "}", Takes: "{interface, local}, where each field may be left out",
		sends:  []string{"interface", "local"},
		Encode: func(v *Value, env value.Env) ([]byte, error) { return v.pktinfo(env, version) },
		Decode: decodePktinfo,
	}
	for _, name := range comes {
		form.fields = append(form.fields, field{name: name, free: true})
	}
	return form
}

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

func decodePktinfo(b []byte) (any, error) {
	p, ok := sock.DecodePktinfo(b)
	if !ok {
		return nil, wrongSize(b, "struct in_pktinfo")
	}
	f := Fields{{Name: interfaceField, Value: fmt.Sprint(p.Interface)}, {Name: "local", Value: p.Local.String()}}
	if p.Dst.IsValid() {
		f = append(f, Field{Name: "dst", Value: p.Dst.String()})
	}
	return f, nil
}

func decodeRecverr(b []byte) (any, error) {
	x, ok := sock.DecodeExtendedError(b)
	if !ok {
		return nil, wrongSize(b, "struct sock_extended_err")
	}
	f := Fields{{Name: "errno", Value: "0"}, {Name: "origin", Value: x.Origin}}
	if x.Errno != 0 {
		f[0].Value = sock.ErrnoName(x.Errno)
	}
	if x.Origin == "ZEROCOPY" || x.Origin == "TIMESTAMPING" {
		return append(f, Field{Name: "code", Value: x.Code}, Field{Name: "info", Value: x.Info}, Field{Name: "data", Value: x.Data}), nil
	}
	f = append(f, Field{Name: "type", Value: x.Type}, Field{Name: "code", Value: x.Code}, Field{Name: "info", Value: x.Info})
	if x.Offender.IsValid() {
		f = append(f, Field{Name: "offender", Value: x.Offender.String()})
	}
	return f, nil
}

func receivedTime(c sock.Control) (any, error) {
	if times := c.Times(); len(times) == 1 {
		return whole(times[0]), nil
	}
	return nil, wrongSize(c.Data, "a timestamp")
}

// whole is a number that an int has no room for on processors of 32 bits.
func whole(n int64) any {
	if int64(int(n)) == n {
		return int(n)
	}
	return n
}

// receivedTimestamps reads struct scm_timestamping: the time that the kernel
// took, one that is no longer given, and the time that the device took.
func receivedTimestamps(c sock.Control) (any, error) {
	times := c.Times()
	if len(times) != 3 {
		return nil, wrongSize(c.Data, "struct scm_timestamping")
	}
	return Fields{
		{Name: "software", Value: whole(times[0]), Varies: times[0] != 0},
		{Name: "hardware", Value: whole(times[2]), Varies: times[2] != 0},
	}, nil
}

func decodeSockaddr(b []byte) (any, error) {
	a := sock.DecodeSockaddr(b)
	if !a.IP.IsValid() {
		return nil, wrongSize(b, "an address")
	}
	return a, nil
}

func wrongSize(b []byte, what string) error {
	return fmt.Errorf("the kernel returned %d bytes for %s", len(b), what)
}

package steps

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// Control is ancillary data to send: a mapping of types by their C names to
// their values.
type Control struct {
	node  *source.Node
	items []*controlItem
}

// A controlItem is one piece of ancillary data; which field counts depends on
// its type.
type controlItem struct {
	typ     sock.ControlType
	node    *source.Node
	rights  HandleList
	fields  Bindings
	number  Int
	payload Payload
}

// Decode reads the mapping.
func (v *Control) Decode(d *Decoder, n *source.Node) {
	v.node = n
	if n.Kind != source.Map {
		d.Problem(n, "control is a mapping of types to values, not %s", n.Describe()).Hint = "write {SCM_RIGHTS: [conn]}"
		return
	}
	for _, e := range n.Entries {
		typ, ok := controlType(d, e.Key)
		if !ok {
			continue
		}
		item := &controlItem{typ: typ, node: e.Value}
		item.decode(d, e.Value)
		v.items = append(v.items, item)
	}
}

// controlType finds the type that a key names.
func controlType(d *Decoder, key *source.Node) (sock.ControlType, bool) {
	typ, ok := sock.ControlByName(key.Text)
	if !ok {
		p := d.Problem(key, "unknown type of ancillary data %s", Shown(key))
		if p.Hint = source.DidYouMean(key.Text, sock.ControlNames()); p.Hint == "" {
			p.Hint = "the types are " + joinOr(sock.ControlNames()) + ", or LEVEL:TYPE in numbers"
		}
	}
	return typ, ok
}

func (it *controlItem) decode(d *Decoder, n *source.Node) {
	switch it.typ.Kind {
	case sock.CtlRights:
		it.rights.Decode(d, n)
	case sock.CtlCredentials:
		it.mapping(d, n, credentialFields)
	case sock.CtlPktinfo, sock.CtlPktinfo6:
		it.mapping(d, n, pktinfoFieldNames)
	case sock.CtlInt, sock.CtlUint16:
		it.number.Decode(d, n)
	default:
		it.payload.Decode(d, n)
	}
}

// The fields of structured ancillary data; each may be left out.
var (
	credentialFields  = []string{"pid", "uid", "gid"}
	pktinfoFieldNames = []string{"interface", "local"}
)

// mapping decodes the fields of structured ancillary data.
func (it *controlItem) mapping(d *Decoder, n *source.Node, known []string) {
	if n.Kind == source.Map && len(n.Entries) == 0 {
		return
	}
	it.fields.Decode(d, n)
	for i, name := range it.fields.Names {
		if !contains(known, name) {
			p := d.Problem(n.Entries[i].Key, "%s has no field %q", it.typ.Name, name)
			if p.Hint = source.DidYouMean(name, known); p.Hint == "" {
				p.Hint = "its fields are " + strings.Join(known, ", ")
			}
		}
	}
}

// Given reports whether ancillary data was written at all.
func (v *Control) Given() bool { return v.node != nil }

// Schema accepts a mapping.
func (v *Control) Schema() Schema { return Schema{"type": "object", "minProperties": 1} }

// Type names the type in the reference.
func (v *Control) Type() string { return "ancillary data by type" }

// encode makes the control buffer of sendmsg(2).
func (v *Control) encode(t *Task) ([]byte, error) {
	var b []byte
	for _, it := range v.items {
		if it.typ.Kind == sock.CtlRights {
			sockets, err := it.sockets(t)
			if err != nil {
				return nil, err
			}
			b = sock.AppendRights(b, sockets)
			continue
		}
		data, err := it.encode(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", it.typ.Name, err)
		}
		b = sock.AppendControl(b, it.typ, data)
	}
	return b, nil
}

func (it *controlItem) sockets(t *Task) ([]*sock.Socket, error) {
	var list []*sock.Socket
	for _, r := range it.rights.Refs {
		h, err := r.Open(t)
		if err != nil {
			return nil, err
		}
		list = append(list, h.Sock)
	}
	return list, nil
}

func (it *controlItem) encode(t *Task) ([]byte, error) {
	switch it.typ.Kind {
	case sock.CtlCredentials:
		return it.credentials(t)
	case sock.CtlPktinfo, sock.CtlPktinfo6:
		return it.pktinfo(t)
	case sock.CtlInt, sock.CtlUint16:
		n, err := it.number.Eval(t)
		if it.typ.Kind == sock.CtlUint16 {
			return binary.NativeEndian.AppendUint16(nil, uint16(n)), err
		}
		return binary.NativeEndian.AppendUint32(nil, uint32(n)), err
	}
	return it.payload.Bytes(t)
}

// credentials are those of this process, but for the fields that are written.
func (it *controlItem) credentials(t *Task) ([]byte, error) {
	v := OptionValue{node: it.node, fields: it.fields}
	m, err := v.values(t, credentialFields...)
	if err != nil {
		return nil, err
	}
	own := [3]int64{int64(os.Getpid()), int64(os.Getuid()), int64(os.Getgid())}
	for i, name := range credentialFields {
		if s, ok := m[name]; ok {
			if own[i], err = parseOptionInt(s); err != nil {
				return nil, err
			}
		}
	}
	return sock.EncodeUcred(sock.Ucred{PID: int32(own[0]), UID: uint32(own[1]), GID: uint32(own[2])}), nil
}

func (it *controlItem) pktinfo(t *Task) ([]byte, error) {
	v := OptionValue{node: it.node, fields: it.fields}
	m, err := v.values(t, pktinfoFieldNames...)
	if err != nil {
		return nil, err
	}
	index, err := interfaceIndex(m)
	if err != nil {
		return nil, err
	}
	local, err := address(m, "local", false)
	return sock.EncodePktinfo(sock.Pktinfo{Interface: index, Local: local}, it.typ.Kind == sock.CtlPktinfo6), err
}

// shown is the ancillary data as the transcript shows it.
func (v *Control) shown() any {
	var parts []string
	for _, it := range v.items {
		parts = append(parts, it.typ.Name+"="+it.text())
	}
	return Const("{" + strings.Join(parts, ", ") + "}")
}

func (it *controlItem) text() string {
	switch {
	case it.typ.Kind == sock.CtlRights:
		var names []string
		for _, r := range it.rights.Refs {
			names = append(names, r.node.Text)
		}
		return "[" + strings.Join(names, ", ") + "]"
	case len(it.fields.Names) > 0:
		var f Fields
		for i, name := range it.fields.Names {
			f = append(f, Field{Name: name, Value: it.fields.Values[i].node.Text})
		}
		return string(f.show(nil))
	case it.fields.Names != nil || it.node.Kind == source.Map && len(it.node.Entries) == 0:
		return "{}"
	}
	return FormatValue(it.node.Text)
}

// Received is one piece of ancillary data that came.
type Received struct {
	Name    string
	handles []string // of SCM_RIGHTS
	value   any      // int, string or Fields
}

// show writes the piece as the transcript shows it.
func (r Received) show() string {
	switch v := r.value.(type) {
	case nil:
		return r.Name + "=[" + strings.Join(r.handles, ", ") + "]"
	case Fields:
		return r.Name + "=" + string(v.show(nil))
	default:
		return r.Name + "=" + FormatValue(v)
	}
}

// decodeControl reads a piece that is not SCM_RIGHTS.
func decodeControl(c sock.Control) any {
	switch c.Kind {
	case sock.CtlInt, sock.CtlUint16:
		if len(c.Data) == 2 {
			return int(binary.NativeEndian.Uint16(c.Data))
		}
		if n, err := decodeInt(c.Data); err == nil {
			return n
		}
	case sock.CtlCredentials:
		if cred, ok := sock.DecodeUcred(c.Data); ok {
			return ucredFields(cred)
		}
	case sock.CtlPktinfo, sock.CtlPktinfo6:
		if p, ok := sock.DecodePktinfo(c.Data); ok {
			return pktinfoFields(p)
		}
	case sock.CtlRecverr:
		if x, ok := sock.DecodeExtendedError(c.Data); ok {
			return errorFields(x)
		}
	case sock.CtlTime:
		return "<time>"
	}
	return "hex:" + hex.EncodeToString(c.Data)
}

func pktinfoFields(p sock.Pktinfo) Fields {
	f := Fields{{Name: "interface", Value: interfaceName(p.Interface)}, {Name: "local", Value: p.Local.String()}}
	if p.Dst.IsValid() {
		f = append(f, Field{Name: "dst", Value: p.Dst.String()})
	}
	return f
}

func interfaceName(index int) string {
	if i, err := net.InterfaceByIndex(index); err == nil {
		return i.Name
	}
	return fmt.Sprint(index)
}

func errorFields(x sock.ExtendedError) Fields {
	f := Fields{{Name: "errno", Value: "0"}, {Name: "origin", Value: x.Origin}}
	if x.Errno != 0 {
		f[0].Value = sock.ErrnoName(x.Errno)
	}
	if x.Origin == "ZEROCOPY" || x.Origin == "TIMESTAMPING" {
		return append(f, Field{Name: "code", Value: x.Code}, Field{Name: "info", Value: x.Info}, Field{Name: "data", Value: x.Data})
	}
	f = append(f, Field{Name: "type", Value: x.Type}, Field{Name: "code", Value: x.Code}, Field{Name: "info", Value: x.Info})
	if x.Offender.IsValid() {
		f = append(f, Field{Name: "offender", Value: x.Offender.String()})
	}
	return f
}

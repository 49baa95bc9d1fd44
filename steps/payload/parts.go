package payload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// part is the bytes from one offset to another, with their marks.
func (b Blob) part(from, to int) Blob {
	return Blob{Bytes: b.Bytes[from:to], Marks: event.CutMarks(b.Marks, from, to)}
}

func (b *Blob) add(o Blob) {
	b.Marks = append(b.Marks, event.Shifted(o.Marks, len(b.Bytes))...)
	b.Bytes = append(b.Bytes, o.Bytes...)
}

// readWithData decodes the mapping of a form that holds data, and finds what is
// wrong with it where nothing in it is left to the run.
func readWithData(d *value.Decoder, n *source.Node, what string, params []*value.Param, data *Payload, p piece) piece {
	problems := d.Count()
	readMapping(d, n, what, params)
	if data.Piece == nil {
		return nil
	}
	if d.Count() > problems || !p.fixed() {
		return p
	}
	if c, err := data.whole(); err != nil || c.Size > StreamAbove {
		return p
	}
	if _, err := p.Append(nil, Blob{}); err != nil {
		d.Problem(n, "%s", err)
	}
	return p
}

// crlfPiece is a text whose lines end with CR LF.
type crlfPiece struct{ text value.Text }

func readCRLF(d *value.Decoder, n *source.Node) piece {
	p := new(crlfPiece)
	p.text.Decode(d, n)
	return p
}

func (p *crlfPiece) fixed() bool { _, ok := p.text.Static(); return ok }

// Append implements piece.
func (p *crlfPiece) Append(env value.Env, b Blob) (Blob, error) {
	m, err := p.text.Marked(env)
	if err != nil {
		return b, err
	}
	for at := 0; ; {
		n := strings.IndexByte(m.Text[at:], '\n')
		if n < 0 {
			b.addText(m.Part(at, len(m.Text)))
			return b, nil
		}
		b.addText(m.Part(at, at+len(strings.TrimSuffix(m.Text[at:at+n], "\r"))))
		b.Bytes = append(b.Bytes, "\r\n"...)
		at += n + 1
	}
}

// slicePiece is a part of data.
type slicePiece struct {
	data     Payload
	from, to value.Signed
}

func readSlice(d *value.Decoder, n *source.Node) piece {
	p := new(slicePiece)
	return readWithData(d, n, "slice", p.params(), &p.data, p)
}

func (p *slicePiece) params() []*value.Param {
	return []*value.Param{
		{Key: "data", Value: &p.data, Required: true, Help: "what to take a part of"},
		{Key: "from", Value: &p.from, Help: "the first byte; negative numbers count from the end", Default: "0"},
		{Key: "to", Value: &p.to, Help: "the byte behind the last one; negative numbers count from the end", Default: "the end"},
	}
}

func (p *slicePiece) fixed() bool { return p.data.Static != nil && p.from.Fixed() && p.to.Fixed() }

// Append implements piece.
func (p *slicePiece) Append(env value.Env, b Blob) (Blob, error) {
	data, err := p.data.Blob(env)
	if err != nil {
		return b, err
	}
	from, err := p.offset(env, &p.from, "from", len(data.Bytes), 0)
	if err != nil {
		return b, err
	}
	to, err := p.offset(env, &p.to, "to", len(data.Bytes), len(data.Bytes))
	if err != nil {
		return b, err
	}
	if from > to {
		return b, fmt.Errorf("the slice begins at %d, behind its end at %d", from, to)
	}
	b.add(data.part(from, to))
	return b, nil
}

// offset is a place in data of a size.
func (p *slicePiece) offset(env value.Env, v *value.Signed, key string, size, otherwise int) (int, error) {
	if !v.Given() {
		return otherwise, nil
	}
	x, err := v.Eval(env)
	if err != nil {
		return 0, err
	}
	at := x
	if at < 0 {
		at += int64(size)
	}
	if at < 0 || at > int64(size) {
		return 0, fmt.Errorf("%s of the slice is %d, which is outside of its %d bytes", key, x, size)
	}
	return int(at), nil
}

// prefixedPiece is data behind its length.
type prefixedPiece struct {
	by   LengthForm
	data Payload
	add  value.Signed
}

func readPrefixed(d *value.Decoder, n *source.Node) piece {
	p := new(prefixedPiece)
	return readWithData(d, n, "prefixed", p.params(), &p.data, p)
}

func (p *prefixedPiece) params() []*value.Param {
	return []*value.Param{
		{Key: "by", Value: &p.by, Required: true, Help: "how the length is written: u16be, varint, {decimal: \"\\r\\n\"}, …"},
		{Key: "data", Value: &p.data, Required: true, Help: "what the length is written before"},
		{Key: "add", Value: &p.add, Help: "a number that is added to the length that is written, for lengths that count themselves too", Default: "0"},
	}
}

func (p *prefixedPiece) fixed() bool { return p.data.Static != nil && p.add.Fixed() }

// Append implements piece.
func (p *prefixedPiece) Append(env value.Env, b Blob) (Blob, error) {
	data, err := p.data.Blob(env)
	if err != nil {
		return b, err
	}
	add, err := p.add.Eval(env)
	if err != nil {
		return b, err
	}
	n := int64(len(data.Bytes)) + min(add, math.MaxInt64-int64(len(data.Bytes)))
	length, err := p.by.append(n)
	if err != nil {
		return b, err
	}
	b.addDerived(length, &value.Trace{Marks: data.Marks})
	b.add(data)
	return b, nil
}

// checksumPiece is data with its Internet checksum in it.
type checksumPiece struct {
	data   Payload
	at     value.Int
	pseudo pseudoHeader
}

func readChecksum(d *value.Decoder, n *source.Node) piece {
	p := new(checksumPiece)
	return readWithData(d, n, "checksum", p.params(), &p.data, p)
}

func (p *checksumPiece) params() []*value.Param {
	return []*value.Param{
		{Key: "data", Value: &p.data, Required: true, Help: "what the checksum is computed of; its two bytes count as zero"},
		{Key: "at", Value: &p.at, Required: true, Help: "the offset of the checksum, an even number"},
		{Key: "pseudo", Value: &p.pseudo, Help: "{from, to, protocol}: the pseudo-header of TCP and UDP (RFC 9293, RFC 768, RFC 8200)"},
	}
}

func (p *checksumPiece) fixed() bool {
	return p.data.Static != nil && p.at.Fixed() && p.pseudo.fixed()
}

// Append implements piece.
func (p *checksumPiece) Append(env value.Env, b Blob) (Blob, error) {
	data, err := p.data.Blob(env)
	if err != nil {
		return b, err
	}
	offset, err := p.at.Eval(env)
	switch {
	case err != nil:
		return b, err
	case offset%2 != 0:
		return b, fmt.Errorf("a checksum at offset %d cannot be right; the offset must be even", offset)
	case offset > int64(len(data.Bytes))-2:
		return b, fmt.Errorf("the checksum at offset %d is outside of the %d bytes", offset, len(data.Bytes))
	}
	at := int(offset)
	pseudo, err := p.pseudo.bytes(env, len(data.Bytes))
	if err != nil {
		return b, err
	}
	sum := value.InternetSum(value.InternetSum(0, pseudo.Bytes), data.Bytes[:at])
	check := value.InternetChecksum(value.InternetSum(sum, data.Bytes[at+2:]))
	if check == 0 && p.pseudo.udp(pseudo) {
		check = 0xffff // for UDP a zero says that there is no checksum (RFC 768)
	}
	all := &value.Trace{Marks: append(pseudo.Marks, data.Marks...)}
	b.add(data.part(0, at))
	b.addDerived(binary.BigEndian.AppendUint16(nil, check), all)
	b.add(data.part(at+2, len(data.Bytes)))
	return b, nil
}

// pseudoHeader is what TCP and UDP count beside the segment.
type pseudoHeader struct {
	node     *source.Node
	from, to value.Text
	protocol value.Text
}

// Decode reads {from, to, protocol}.
func (v *pseudoHeader) Decode(d *value.Decoder, n *source.Node) {
	problems := d.Count()
	readMapping(d, n, "pseudo", v.params())
	for _, x := range []*value.Text{&v.from, &v.to} {
		if s, static := x.Static(); static && x.Given() {
			if _, err := hostOf(s); err != nil {
				d.Problem(x.Node, "%s", err)
			}
		}
	}
	if s, static := v.protocol.Static(); static && v.protocol.Given() {
		if _, err := protocolOf(s); err != nil {
			d.Problem(v.protocol.Node, "%s", err)
		}
	}
	if d.Count() == problems {
		v.node = n
	}
}

func (v *pseudoHeader) params() []*value.Param {
	return []*value.Param{
		{Key: "from", Value: &v.from, Required: true, Help: "the address that the segment comes from; a port does not count"},
		{Key: "to", Value: &v.to, Required: true, Help: "the address that it goes to"},
		{Key: "protocol", Value: &v.protocol, Required: true, Help: "tcp, udp, icmp6 or a number"},
	}
}

// Schema accepts the mapping.
func (v *pseudoHeader) Schema() value.Schema { return formSchema(v.params)() }

// Type names the type in the reference.
func (v *pseudoHeader) Type() string { return "{from, to, protocol}" }

func (v *pseudoHeader) fixed() bool {
	return len(v.from.Parts)+len(v.to.Parts)+len(v.protocol.Parts) == 0
}

// bytes are the pseudo-header of a segment; none where it was not written.
func (v *pseudoHeader) bytes(env value.Env, size int) (Blob, error) {
	var b Blob
	if v.node == nil {
		return b, nil
	}
	var ends [2]netip.Addr
	for i, x := range []*value.Text{&v.from, &v.to} {
		m, err := x.Marked(env)
		if err == nil {
			ends[i], err = hostOf(m.Text)
		}
		if err != nil {
			return b, err
		}
		b.addDerived(ends[i].AsSlice(), &value.Trace{Marks: m.Marks})
	}
	if ends[0].Is4() != ends[1].Is4() {
		return b, fmt.Errorf("%s and %s are addresses of two families", ends[0], ends[1])
	}
	word, err := v.protocol.Eval(env)
	if err != nil {
		return b, err
	}
	protocol, err := protocolOf(word)
	if err != nil {
		return b, err
	}
	b.Bytes = binary.BigEndian.AppendUint32(b.Bytes, uint32(protocol))
	b.Bytes = binary.BigEndian.AppendUint32(b.Bytes, uint32(size))
	return b, nil
}

// udp reports whether the pseudo-header is that of UDP. Its last eight bytes
// are the protocol and the length: the sum is the same as that of the header of
// IPv4.
func (v *pseudoHeader) udp(header Blob) bool {
	n := len(header.Bytes)
	return n > 8 && binary.BigEndian.Uint32(header.Bytes[n-8:]) == 17
}

// hostOf is the address in a text, which may have a port.
func hostOf(s string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), nil
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%s is not an Internet address", value.Quote(s))
	}
	return a.Addr().Unmap().WithZone(""), nil
}

var protocols = map[string]int{"tcp": 6, "udp": 17, "icmp6": 58}

func protocolOf(word string) (int, error) {
	if n, ok := protocols[strings.ToLower(word)]; ok {
		return n, nil
	}
	n, err := strconv.ParseUint(word, 0, 8)
	if err != nil {
		return 0, errors.New(value.Quote(word) + " is not a protocol; write tcp, udp, icmp6 or a number up to 255")
	}
	return int(n), nil
}

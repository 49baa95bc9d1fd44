package packet

import (
	"encoding/binary"
	"fmt"
)

// A TCP is a segment (RFC 9293).
type TCP struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            Flags
	Reserved         byte // three bits, which no text shows
	Window           uint16
	Urgent           uint16
	Options          []Option
	// Rest are the bytes of the header after its last option that can be read,
	// where they are not the padding with zeros.
	Rest        []byte
	Payload     []byte
	BadChecksum bool
	// Short says that only the ports and Seq are known: an ICMP message quotes
	// no more (RFC 792).
	Short bool
}

// Flags are those of a segment.
type Flags uint16

// The flags. AE was NS before (RFC 9768).
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE
)

// flagLetters are the flags in the order in which they are written.
var flagLetters = []struct {
	flag   Flags
	letter byte
}{{SYN, 'S'}, {FIN, 'F'}, {RST, 'R'}, {PSH, 'P'}, {URG, 'U'}, {ECE, 'E'}, {CWR, 'W'}, {AE, 'A'}, {ACK, '.'}}

// String is the flags by their letters.
func (f Flags) String() string {
	if f == 0 {
		return "-"
	}
	var b []byte
	for _, l := range flagLetters {
		if f&l.flag != 0 {
			b = append(b, l.letter)
		}
	}
	return string(b)
}

// An Option is one of a segment. Data are the bytes after kind and length.
type Option struct {
	Kind byte
	Data []byte
}

// Kinds of options (IANA). Those of EOL and NOP are one byte long.
const (
	EOL       = 0
	NOP       = 1
	MSS       = 2  // RFC 9293
	WScale    = 3  // RFC 7323
	SACKOK    = 4  // RFC 2018
	SACK      = 5  // RFC 2018
	Timestamp = 8  // RFC 7323
	FastOpen  = 34 // RFC 7413
)

const (
	tcpHeader  = 20
	maxOptions = 40
)

func (t *TCP) append(b []byte, p *Packet) ([]byte, error) {
	if n := t.optionBytes(); n > maxOptions {
		return nil, fmt.Errorf("a segment has %d bytes of options; it has room for %d", n, maxOptions)
	}
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, t.SrcPort)
	b = binary.BigEndian.AppendUint16(b, t.DstPort)
	b = binary.BigEndian.AppendUint32(b, t.Seq)
	b = binary.BigEndian.AppendUint32(b, t.Ack)
	b = append(b, 0, byte(t.Flags))
	b = binary.BigEndian.AppendUint16(b, t.Window)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, t.Urgent)
	for _, o := range t.Options {
		if b = append(b, o.Kind); o.Kind != EOL && o.Kind != NOP {
			b = append(append(b, byte(2+len(o.Data))), o.Data...)
		}
	}
	b = append(b, t.Rest...)
	for (len(b)-at)%4 != 0 {
		b = append(b, EOL)
	}
	b[at+12] = byte((len(b)-at)/4)<<4 | t.Reserved&7<<1 | byte(t.Flags>>8)&1
	b = append(b, t.Payload...)
	p.transport(b[at:], 16, ProtoTCP, t.BadChecksum)
	return b, nil
}

// optionBytes is how many bytes the options are.
func (t *TCP) optionBytes() int {
	n := len(t.Rest)
	for _, o := range t.Options {
		if n++; o.Kind != EOL && o.Kind != NOP {
			n += 1 + len(o.Data)
		}
	}
	return n
}

// decodeTCP returns nil for bytes that are not a segment.
func decodeTCP(b []byte, p *Packet) Body {
	if len(b) < 8 {
		return nil
	}
	t := &TCP{SrcPort: binary.BigEndian.Uint16(b), DstPort: binary.BigEndian.Uint16(b[2:]), Seq: binary.BigEndian.Uint32(b[4:])}
	size := 0
	if len(b) >= tcpHeader {
		size = int(b[12]>>4) * 4
	}
	if size < tcpHeader || size > len(b) {
		if p.Missing == 0 {
			return nil
		}
		t.Short = true
		return t
	}
	t.Ack = binary.BigEndian.Uint32(b[8:])
	t.Flags, t.Reserved = Flags(b[13])|Flags(b[12]&1)<<8, b[12]>>1&7
	t.Window, t.Urgent = binary.BigEndian.Uint16(b[14:]), binary.BigEndian.Uint16(b[18:])
	t.decodeOptions(b[tcpHeader:size])
	t.Payload = b[size:]
	t.BadChecksum = !p.rightChecksum(b, ProtoTCP)
	return t
}

func (t *TCP) decodeOptions(b []byte) {
	for len(b) > 0 {
		switch kind := b[0]; {
		case kind == EOL && allZero(b):
			if len(b) < 4 {
				return // padding
			}
			t.Options = append(t.Options, Option{Kind: EOL})
			b = b[1:]
		case kind == EOL:
			t.Options, t.Rest = append(t.Options, Option{Kind: EOL}), b[1:]
			return
		case kind == NOP:
			t.Options = append(t.Options, Option{Kind: kind})
			b = b[1:]
		case len(b) < 2 || b[1] < 2 || int(b[1]) > len(b):
			t.Rest = b
			return
		default:
			t.Options = append(t.Options, Option{kind, b[2:b[1]]})
			b = b[b[1]:]
		}
	}
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

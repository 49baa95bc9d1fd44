package capture

import (
	"encoding/binary"
	"io"
	"strings"
	"time"
)

// A pcapng writes the blocks of a capture file: one section with the frames of
// several interfaces (draft-ietf-opsawg-pcapng). The first error stays.
type pcapng struct {
	w     io.Writer
	block []byte
	err   error
}

// Numbers of pcapng.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6

	byteOrder    = 0x1a2b3c4d
	linkEthernet = 1
	nanoseconds  = 9

	optEnd            = 0
	optComment        = 1
	optApplication    = 4 // of a section
	optName           = 2 // of an interface
	optDescription    = 3
	optTimeResolution = 9
	optFlags          = 2 // of a packet
)

// begin begins a block.
func (p *pcapng) begin(kind uint32) {
	p.block = p.block[:0]
	p.u32(kind)
	p.u32(0) // its length, once it is known
}

func (p *pcapng) u16(n uint16) { p.block = binary.LittleEndian.AppendUint16(p.block, n) }
func (p *pcapng) u32(n uint32) { p.block = binary.LittleEndian.AppendUint32(p.block, n) }

// bytes adds bytes, filled up to a multiple of four.
func (p *pcapng) bytes(b []byte) {
	p.block = append(p.block, b...)
	for len(p.block)%4 != 0 {
		p.block = append(p.block, 0)
	}
}

func (p *pcapng) option(code uint16, value []byte) {
	p.u16(code)
	p.u16(uint16(len(value)))
	p.bytes(value)
}

// mostText is how long the text of an option may be.
const mostText = 32 << 10

// text adds an option that is a text, unless it is empty.
func (p *pcapng) text(code uint16, s string) {
	if s == "" {
		return
	}
	if len(s) > mostText {
		s = strings.ToValidUTF8(s[:mostText], "")
	}
	p.option(code, []byte(s))
}

// end ends the options and writes the block.
func (p *pcapng) end() {
	p.option(optEnd, nil)
	size := uint32(len(p.block) + 4)
	p.u32(size)
	binary.LittleEndian.PutUint32(p.block[4:], size)
	if p.err == nil {
		_, p.err = p.w.Write(p.block)
	}
}

// section begins the file.
func (p *pcapng) section(comment, application string) {
	p.begin(blockSection)
	p.u32(byteOrder)
	p.u16(1) // the version: 1.0
	p.u16(0)
	p.u32(1<<32 - 1) // the length of the section is not said
	p.u32(1<<32 - 1)
	p.text(optComment, comment)
	p.text(optApplication, application)
	p.end()
}

// iface describes the next interface; they are numbered from 0.
func (p *pcapng) iface(name, description string) {
	p.begin(blockInterface)
	p.u16(linkEthernet)
	p.u16(0)
	p.u32(0) // frames have no bound
	p.text(optName, name)
	p.text(optDescription, description)
	p.option(optTimeResolution, []byte{nanoseconds})
	p.end()
}

// A way is the direction of a frame as the flags of a packet have it.
type way uint32

const (
	inbound  way = 1
	outbound way = 2
)

// packet writes a frame of an interface.
func (p *pcapng) packet(on int, at time.Time, b []byte, length int, w way, comment string) {
	p.begin(blockPacket)
	p.u32(uint32(on))
	ns := uint64(at.UnixNano())
	p.u32(uint32(ns >> 32))
	p.u32(uint32(ns))
	p.u32(uint32(len(b)))
	p.u32(uint32(length))
	p.bytes(b)
	p.text(optComment, comment)
	p.option(optFlags, binary.LittleEndian.AppendUint32(nil, uint32(w)))
	p.end()
}

package sock

import (
	"encoding/binary"
	"syscall"
)

// The places in sockaddr_ll (packet(7)). Behind the head is the hardware
// address, which has at least eight bytes of room.
const (
	packetProtocol = 2
	packetIndex    = 4
	packetLength   = 11
	packetHead     = 12
	sizePacket     = packetHead + 8
)

// encodePacket writes an address of AF_PACKET. An interface that is not there
// is ENODEV.
func (n *sockname) encodePacket(c caller, fd int, a Addr) syscall.Errno {
	clear(n.buf[sizeFamily:])
	index, errno := interfaceIndex(c, fd, a.Interface)
	binary.BigEndian.PutUint16(n.buf[packetProtocol:], a.Protocol)
	binary.NativeEndian.PutUint32(n.buf[packetIndex:], index)
	size := copy(n.buf[packetHead:], a.Other)
	n.buf[packetLength] = byte(size)
	n.len = uint32(max(sizePacket, packetHead+size))
	return errno
}

// decodePacket reads a sockaddr_ll.
func decodePacket(c caller, fd int, b []byte) Addr {
	a := Addr{Family: FamilyPacket, Protocol: binary.BigEndian.Uint16(b[packetProtocol:])}
	if index := binary.NativeEndian.Uint32(b[packetIndex:]); index != 0 {
		a.Interface = interfaceName(c, fd, index)
	}
	hardware := b[packetHead:]
	a.Other = string(hardware[:min(int(b[packetLength]), len(hardware))])
	return a
}

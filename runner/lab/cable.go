package lab

import (
	"net/netip"
	"time"
)

// A CablePlan says which addresses a cable joins.
type CablePlan struct {
	// Local is the address of the network, Remote that of the host. Both are of
	// one family.
	Local, Remote netip.Addr
	MTU           int           // 0: that of Ethernet
	RTOMin        time.Duration // the least retransmission timeout of the network; 0: the kernel's
}

// Receive waits for the next packet that the kernel has sent, and says when it
// did. The error is [os.ErrDeadlineExceeded] where none came until the
// deadline.
func (c *Cable) Receive(deadline time.Time) (packet []byte, at time.Time, err error) {
	for {
		frame, at, err := c.port.Receive(deadline)
		if err != nil {
			return nil, at, err
		}
		if packet := payload(frame); packet != nil {
			return packet, at, nil
		}
	}
}

const (
	etherIPv4   = 0x0800
	etherIPv6   = 0x86dd
	etherHeader = 14
)

// payload is the IP packet in a frame; nil where it has none.
func payload(frame []byte) []byte {
	if len(frame) < etherHeader {
		return nil
	}
	switch int(frame[12])<<8 | int(frame[13]) {
	case etherIPv4, etherIPv6:
		return frame[etherHeader:]
	}
	return nil
}

// Send sends an IP packet to the kernel.
func (c *Cable) Send(packet []byte) error {
	kind := etherIPv4
	if len(packet) > 0 && packet[0]>>4 == 6 {
		kind = etherIPv6
	}
	frame := make([]byte, 0, etherHeader+len(packet))
	frame = append(append(append(frame, c.near[:]...), c.far[:]...), byte(kind>>8), byte(kind&0xff))
	return c.port.Send(append(frame, packet...))
}

// Interrupt ends the waiting of a Receive that is under way, as its deadline
// does.
func (c *Cable) Interrupt() { c.port.Interrupt() }

// Close ends the cable, and Receive.
func (c *Cable) Close() { c.port.Close() }

package wire

import (
	"regexp"
	"time"
)

// An Impairment is what a link does to all frames of one of its ends. The zero
// value does nothing.
type Impairment struct {
	Delay  time.Duration
	Jitter time.Duration // up to so much is added to the delay of each frame; frames keep their order
	Rate   int64         // bits a second, of whole Ethernet frames; 0: as fast as it goes
	Loss   float64       // the part of the frames that are lost, from 0 to 1
	MTU    int           // larger packets are lost without an answer; 0: none are
	// JitterSeed and LossSeed fix the sequence of decisions.
	JitterSeed, LossSeed uint64
}

// An Act is what a fault does to a frame.
type Act int

// The acts of faults.
const (
	Drop Act = iota
	Duplicate
	Delay   // by Fault.By
	Reorder // the frame is sent after Fault.Behind more matching frames
	Corrupt // the byte at Fault.Byte is inverted
)

// A Fault is a rule that decides what becomes of exactly the frames that it
// names. Of several rules whose turn has come, the first acts.
type Fault struct {
	Name   string
	Act    Act
	Match  Match
	Nth    []int // of the frames that match, from 1; empty: all of them
	By     time.Duration
	Behind int
	Byte   int  // of the payload; negative ones count from its end
	Off    bool // the rule waits until it is set on, and counts from there
}

// A Match describes frames. Fields that are not given fit all of them.
type Match struct {
	From, To int // the ends of the link, by their places in it; -1: any
	Protocol Protocol
	TCP      TCPMatch // of TCP frames
	ARP      ARPMatch // of ARP frames
	ICMP     int      // the type of an ICMP frame; -1: any
	Port     int      // of TCP and UDP, either side; 0: any
	// First and Last are the bytes of a TCP stream, from 1, of which the frame
	// carries some; 0: any.
	First, Last int64
	Contains    []byte         // in the payload
	Matches     *regexp.Regexp // which the payload does; nil: any
}

// A Protocol is what a frame carries.
type Protocol int

// The protocols that a match can name.
const (
	Any Protocol = iota
	ARP
	ICMP // of IPv4 and IPv6
	IGMP
	UDP
	TCP
)

// A TCPMatch is a kind of TCP segment.
type TCPMatch int

// The kinds of segments. AnySegment fits all; Ack is a segment without data
// that carries none of SYN, FIN and RST.
const (
	AnySegment TCPMatch = iota
	SYN
	SYNACK
	FIN
	RST
	Ack
	Data
)

// An ARPMatch is a kind of ARP frame.
type ARPMatch int

// The kinds of ARP frames.
const (
	AnyARP ARPMatch = iota
	ARPRequest
	ARPReply
)

package event

import "time"

// Frames are those that crossed the network of a scenario, between the start of
// its actors and the end of the last step. Each is there once: as the interface
// sent it, also where it was lost after that. One that a router passes on is
// another frame on its next link.
type Frames struct {
	// Epoch is the moment on the clock of the frames from which events count
	// their time.
	Epoch time.Time
	List  []Frame // in the order of their times
	// Came are the frames that came to those interfaces of links for which that
	// was asked. They are in List too, as they were sent: an impaired link lets
	// them come later, or twice, or not at all.
	Came []Frame
	// Lost is how many frames the kernel had no room for, wherever they belong
	// in the list.
	Lost int
	// Beyond is how many frames came after those in the list, which has a
	// bound.
	Beyond int
}

// A Frame is an Ethernet frame that an interface of a host has sent. One of lo
// has an Ethernet header too.
type Frame struct {
	At        time.Time // when the kernel took it, in nanoseconds
	Host      string    // "" in a network without hosts
	Interface string
	// Link is the link that the interface belongs to; "" for lo, for an
	// interface that no link joins, and for one that leads to a far end of the
	// script.
	Link string
	// Received says that the frame came to the interface instead: a far end
	// that the script plays has sent it.
	Received bool
	// Fault is the fault that acted on the frame, as the scenario names it:
	// lan.lost, or lan.cut for a link that was cut; "" where none did. A link
	// that loses a frame because of its loss or its MTU has the faults lan.loss
	// and lan.mtu. Act is what the fault did: drop, duplicate, delay, reorder,
	// corrupt.
	Fault, Act string
	// Length is how long the frame was; Bytes may be less of it.
	Length int
	Bytes  []byte
}

// Dropped reports whether a fault has taken the frame.
func (f *Frame) Dropped() bool { return f.Act == "drop" }

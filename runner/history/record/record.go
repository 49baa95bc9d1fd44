// Package record is what a run has recorded, as a value: branches with their
// events, and folds that stand for rounds which print alike. It knows nothing
// of what is found out of a record; that is package history's part.
package record

import (
	"net/netip"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A Record is all that a run has recorded.
type Record struct {
	Branches []*Branch // by id
	Meetings [][]event.Cause
	Values   [][]event.Cause // what gave one name several values
	Raised   [][]event.Cause // what raised one signal several times
	Tmp      string          // the temporary folder; "" where there was none
	Ports    []int           // those that free_port returned
	Dynamic  PortRange       // the ports that the kernel might choose by itself
	Hosts    []Host          // of the scenario's network; nil where it has none
	Epoch    Epoch
	Unasked  []Unasked // packets for far ends that the script played
	Slow     bool      // a link of the network delays or loses frames, or steps change what it does
	// Frames are those that crossed the scenario's network; nil where they were
	// not recorded.
	Frames *event.Frames
	// Shows is the quiet step in which the run failed: its lines are shown. It
	// counts as [event.Event.Quiet] does; 0 stands for none.
	Shows int
	// DatagramQueue is how many datagrams the queue of a local socket took
	// (net.unix.max_dgram_qlen, unix(7)); 0 where it is that of this system.
	DatagramQueue int

	// FoldOrder has pairs of ids of folds: the first comes after the second, by
	// connections of which no more is kept.
	FoldOrder [][2]int
}

// An Epoch is the moment of a run from which its events count their time.
type Epoch struct {
	Real      time.Time     // on the clock of the day
	Monotonic time.Duration // on the system's monotonic clock (CLOCK_MONOTONIC of clock_gettime(2)); 0 where there is none
}

// A PortRange is a range of ports, both ends included.
type PortRange struct{ Low, High uint16 }

// Holds reports whether a port is in the range.
func (r PortRange) Holds(port uint16) bool { return r.Low <= port && port <= r.High }

// QueueLength is how many datagrams wait for a local socket at most; 0 where it
// is not known.
func (r *Record) QueueLength() int {
	if r.DatagramQueue == 0 {
		return sock.DatagramBacklog()
	}
	return r.DatagramQueue
}

// Prints reports whether a transcript shows an entry.
func (r *Record) Prints(e Entry) bool {
	quiet := e.quiet()
	return quiet == 0 || quiet == r.Shows
}

// A Host is a host of the network that a scenario had, with the addresses that
// it had at any time.
type Host struct {
	Name      string
	Addresses []netip.Addr
}

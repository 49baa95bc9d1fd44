package step

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/value"
)

// A Peer is a flow of a far end that the script plays.
type Peer struct {
	Name  string
	Actor string
	Place *event.Place  // of its step
	ID    atomic.Uint64 // of its connection, in the record, where it is like a description
	Host  string        // on the kernel's side
	Plays string        // the host of the network that it stands for; "" for none
	Flow  *peer.Flow
	Exact bool // each segment by itself
}

func (p *Peer) value() *value.PeerValue {
	return &value.PeerValue{
		Name: p.Name, Local: p.Flow.Local().String(), Remote: p.Flow.Remote().String(), Address: p.Flow.Address().String(),
	}
}

// A PeerPlan says which far end a script plays, and to which host.
type PeerPlan struct {
	Host          string // "" in a network without hosts
	Plays         string // as of Peer
	Local, Remote netip.Addr
	MTU           int           // 0: that of Ethernet
	RTOMin        time.Duration // 0: that of the kernel
}

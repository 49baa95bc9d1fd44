package record

import (
	"fmt"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// An Unasked is what the kernel had sent to a far end that the script played,
// and no step had taken when the run ended.
type Unasked struct {
	Actor string
	Peer  string
	Place *event.Place // of the peer step
	First string       // the text of the first packet
	Count int          // of packets
}

// Problem is a warning at the step of the far end.
func (u Unasked) Problem() *source.Problem {
	more := ""
	if u.Count > 1 {
		more = fmt.Sprintf(", the first of %d", u.Count)
	}
	p := u.Place.Warning("the kernel has sent %s a packet that no segment step has taken: %s%s", u.Peer, u.First, more)
	p.Hint = "take it with a segment step"
	return p
}

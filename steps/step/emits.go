package step

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
)

// Emits notes the datagrams that a send lets go, joined and split as the kernel
// does.
func (t *Task) Emits(h *handle.Handle, data []byte, segment int, to sock.Addr) {
	e := &t.Event
	if segment <= 0 || segment >= len(data) {
		e.Sums = append(e.Sums, h.Datagram(data, to, false))
		return
	}
	// UDP_GRO gives them as one again.
	whole := event.NewDatagram(data, to)
	e.Whole = &whole
	for len(data) > 0 {
		n := min(segment, len(data))
		e.Sums = append(e.Sums, event.NewDatagram(data[:n], to))
		data = data[n:]
	}
}

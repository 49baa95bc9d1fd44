package runner

import (
	"time"

	"github.com/sockscript/sockscript/steps/event"
)

// A barrier opens each time that all members that name it have come.
type barrier struct {
	members []*member
	arrived []event.Cause // what those who have come come after
	count   int           // how many have come
	here    map[*member]bool
	waiters []*waiter
}

// barrier waits until size members have come, or, where the size is 0, all that
// name the barrier. The caller comes after the causes that it hands in.
func (h *hub) barrier(b *branch, deadline time.Time, name string, size int, after []event.Cause) (event.Cause, error) {
	h.mu.Lock()
	meeting := h.barriers[name]
	meeting.arrived = append(meeting.arrived, after...)
	meeting.count++
	meeting.here[b.member] = true
	complete := len(meeting.here) == len(meeting.members)
	if size > 0 {
		complete = meeting.count >= size
	}
	if complete {
		defer h.mu.Unlock()
		return h.open(meeting), nil
	}
	w := &waiter{branch: b, what: "the barrier " + name, meet: meeting, size: size}
	meeting.waiters = append(meeting.waiters, w)
	return h.block(w, deadline)
}

// open lets all go on that have come, and readies the barrier for another
// round. The meeting stands for all arrivals together.
func (h *hub) open(b *barrier) event.Cause {
	cause := h.noteMeeting(b.arrived)
	for _, w := range b.waiters {
		w.cause = cause
		h.release(w)
	}
	b.arrived, b.count, b.waiters = nil, 0, nil
	clear(b.here)
	return cause
}

// meet is a cause that stands for several.
func (h *hub) meet(all []event.Cause) event.Cause {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.noteMeeting(all)
}

func (h *hub) noteMeeting(all []event.Cause) event.Cause {
	h.meetings = append(h.meetings, all)
	return event.Cause{Branch: -len(h.meetings)}
}

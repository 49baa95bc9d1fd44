package runner

import (
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/steps"
)

// runs reports whether the member has a strand that does not wait.
func (m *member) runs() bool { return !m.started || m.live > m.waiting }

// hopeful reports whether a member that runs may still end the wait: then no
// search is needed.
func (h *hub) hopeful(w *waiter) bool {
	if w.meet != nil {
		for _, m := range w.meet.members {
			if !w.meet.here[m] {
				return m.runs()
			}
		}
	}
	for _, m := range w.givers {
		if m.runs() {
			return true
		}
	}
	return false
}

// findStuck ends the waits that nobody can end any more. A member that only
// waits is no help to others as long as its own waits are in vain, so hope
// starts from the members that run and spreads to those whom they may release.
func (h *hub) findStuck() {
	alive := make(map[*member]bool)
	for _, list := range h.actors {
		for _, m := range list {
			if m.runs() {
				alive[m] = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for w := range h.waiters {
			if m := w.strand.member; !alive[m] && w.hope(alive) {
				alive[m], changed = true, true
			}
		}
	}
	var stuck []*waiter
	for w := range h.waiters {
		if !w.hope(alive) {
			stuck = append(stuck, w)
		}
	}
	if len(stuck) == 0 {
		return
	}
	slices.SortFunc(stuck, func(a, b *waiter) int { return a.strand.compare(b.strand) })
	h.giveUp(stuck)
}

// hope reports whether the wait can still end.
func (w *waiter) hope(alive map[*member]bool) bool {
	if w.meet != nil {
		for _, m := range w.meet.members {
			if !w.meet.here[m] && !alive[m] {
				return false
			}
		}
		return true
	}
	for _, m := range w.givers {
		if alive[m] {
			return true
		}
	}
	return false
}

// giveUp fails waits that are in vain. The first in the order of the file
// carries the report; failing it cancels the others.
func (h *hub) giveUp(stuck []*waiter) {
	w := stuck[0]
	err := &steps.DeadlockError{}
	for _, x := range stuck {
		err.Waits = append(err.Waits, x.describe())
	}
	switch ended := w.endedGiver(); {
	case ended != nil && len(stuck) == 1:
		err.Msg = fmt.Sprintf("waits for %s, but %s has ended without giving it", w.what, ended.label())
		if w.meet != nil {
			err.Msg = fmt.Sprintf("waits at %s, but %s has ended without coming", w.what, ended.label())
		}
	case len(w.givers) == 0 && w.meet == nil:
		err.Msg = fmt.Sprintf("waits for %s, which nobody gives", w.what)
	default:
		err.Msg = "deadlock: each of these waits for another, and none can go on"
	}
	w.err = err
	h.release(w)
}

// describe tells who waits for what.
func (w *waiter) describe() string {
	s := fmt.Sprintf("%s waits for %s", w.strand.label(), w.what)
	if step := w.strand.step.Load(); step != nil {
		s += fmt.Sprintf(" (%s:%d)", step.Pos().File, step.Pos().Line)
	}
	return s
}

func (w *waiter) endedGiver() *member {
	givers := w.givers
	if w.meet != nil {
		givers = w.meet.members
	}
	for _, m := range givers {
		if m.ended() && (w.meet == nil || !w.meet.here[m]) {
			return m
		}
	}
	return nil
}

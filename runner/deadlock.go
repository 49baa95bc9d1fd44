package runner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/steps/step"
)

// change does what may make a member run or not, and keeps count.
func (h *hub) change(m *member, do func()) {
	before := m.life.runs()
	do()
	switch after := m.life.runs(); {
	case before && !after:
		h.idle++
	case !before && after:
		h.idle--
	}
}

// hopeful reports whether members that run may still end the wait: then no
// search is needed. At a barrier all who are missing must run. They do when as
// many members are idle as have come: without branches who has come is idle.
func (h *hub) hopeful(w *waiter) bool {
	if w.meet != nil && w.size == 0 {
		return !h.branched && h.idle == len(w.meet.here)
	}
	if w.meet != nil {
		return slices.ContainsFunc(w.meet.members, func(m *member) bool { return m.life.runs() })
	}
	for _, m := range w.givers {
		if m.life.runs() {
			return true
		}
	}
	return false
}

// findStuck ends the waits that nobody can end any more. A member that only
// waits cannot help others as long as its own waits cannot end. So this starts
// from the members that run, goes on to those that they may release, and so on;
// the others are stuck. Once the run is over, members end because of that, and
// no wait is reported.
func (h *hub) findStuck() {
	if h.ctx.Err() != nil {
		return
	}
	alive := make(map[*life]bool)
	for _, list := range h.actors {
		for _, m := range list {
			if m.life.runs() {
				alive[m.life] = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		meets := make(map[*barrier]bool)
		for w := range h.waiters {
			if l := w.branch.member.life; !alive[l] && w.hope(alive, meets) {
				alive[l], changed = true, true
			}
		}
	}
	var stuck []*waiter
	meets := make(map[*barrier]bool)
	for w := range h.waiters {
		if !w.hope(alive, meets) {
			stuck = append(stuck, w)
		}
	}
	// Those in the background wait as long as there is anybody to serve.
	if !slices.ContainsFunc(stuck, func(w *waiter) bool { return !w.branch.member.actor.Background }) {
		return
	}
	slices.SortFunc(stuck, func(a, b *waiter) int {
		return cmp.Or(a.background()-b.background(), a.branch.record.Compare(b.branch.record))
	})
	h.giveUp(stuck)
}

// hope reports whether the wait can still end; meets keeps what is found out of
// barriers.
func (w *waiter) hope(alive map[*life]bool, meets map[*barrier]bool) bool {
	if w.meet != nil && w.size > 0 {
		return slices.ContainsFunc(w.meet.members, func(m *member) bool { return alive[m.life] })
	}
	if b := w.meet; b != nil {
		hope, known := meets[b]
		if !known {
			hope = !slices.ContainsFunc(b.members, func(m *member) bool { return !b.here[m] && !alive[m.life] })
			meets[b] = hope
		}
		return hope
	}
	for _, m := range w.givers {
		if alive[m.life] {
			return true
		}
	}
	return false
}

// giveUp fails waits that are in vain. The first in the order of the file that
// waits for one who has ended, else the first of all, carries the report;
// failing it cancels the others.
func (h *hub) giveUp(stuck []*waiter) {
	w := stuck[0]
	if i := slices.IndexFunc(stuck, func(x *waiter) bool { return x.background() == 0 && x.endedGiver() != nil }); i >= 0 {
		w = stuck[i]
	}
	err := &step.DeadlockError{}
	for _, x := range stuck {
		err.Waits = append(err.Waits, x.describe())
	}
	switch ended := w.endedGiver(); {
	case ended != nil:
		err.Msg = fmt.Sprintf("waits for %s, but %s has ended without giving it", w.what, ended.label())
		if w.meet != nil {
			err.Msg = fmt.Sprintf("waits at %s, but %s has ended without coming", w.what, ended.label())
		}
	case len(w.givers) == 0 && w.meet == nil:
		err.Msg = fmt.Sprintf("waits for %s, which no actor provides", w.what)
	case w.size > 0:
		err.Msg = fmt.Sprintf("waits at %s with size %d, but nobody else can come", w.what, w.size)
	case w.waitsInTurn() && w.meet != nil:
		err.Msg = fmt.Sprintf("waits at %s, to which the others can come only in a later turn", w.what)
	case w.waitsInTurn():
		err.Msg = fmt.Sprintf("waits for %s, which only a later turn can give", w.what)
	default:
		err.Msg = "deadlock: each of these waits for another, and none can go on"
	}
	w.err = err
	h.release(w)
}

// describe says who waits for what.
func (w *waiter) describe() string {
	s := fmt.Sprintf("%s waits for %s", w.branch.label(), w.what)
	if at := w.branch.step.Load(); at != nil {
		s += fmt.Sprintf(" (%s:%d)", at.Pos.File, at.Pos.Line)
	}
	if turn := w.branch.turn.Load(); turn != nil {
		s += fmt.Sprintf(", in its turn at line %d", turn.Pos.Line)
	}
	return s
}

// waitsInTurn reports whether a sequence waits for what only its later turns
// can give.
func (w *waiter) waitsInTurn() bool {
	q := w.branch.run.sequence
	return q != nil && (w.branch == q.branch || w.branch.turn.Load() != nil) &&
		!slices.ContainsFunc(w.missing(), func(m *member) bool { return m.life != w.branch.member.life })
}

// background is 1 for a wait of an actor in the background, which can be in
// vain.
func (w *waiter) background() int {
	if w.branch.member.actor.Background {
		return 1
	}
	return 0
}

func (w *waiter) endedGiver() *member {
	for _, m := range w.missing() {
		if m.ended() {
			return m
		}
	}
	return nil
}

// missing are those that can end the wait: of a barrier all that have not come.
func (w *waiter) missing() []*member {
	if w.meet == nil {
		return w.givers
	}
	var list []*member
	for _, m := range w.meet.members {
		if w.size == 0 && !w.meet.here[m] {
			list = append(list, m)
		}
	}
	return list
}

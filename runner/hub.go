package runner

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// The hub is where actors meet: names that others wait for, signals, barriers.
// It knows at each moment who waits for what, and so who waits in vain.
type hub struct {
	ctx context.Context

	mu       sync.Mutex
	actors   map[string][]*member
	names    map[nameKey]*cell
	signals  map[string]*cell
	barriers map[string]*barrier
	branches map[nameKey]*branch // the latest of each name
	waiters  map[*waiter]bool
	idle     int  // members that have ended or only wait
	branched bool // some member has or had a branch
	meetings [][]event.Cause
}

type nameKey struct {
	actor string
	index int
	name  string
}

// A cell holds a value that is given once or again, and those who wait for it.
type cell struct {
	given   bool
	value   value.Passed
	by      event.Cause
	gave    []event.Cause // what gave it a value, up to mostGiven
	waiters []*waiter
}

// A waiter is a branch that waits.
type waiter struct {
	branch *branch
	what   string        // for messages: "server.listener", "the signal ready"
	givers []*member     // who may end the wait: any one of them
	meet   *barrier      // or the barrier it waits at, which needs all
	size   int           // or this number of arrivals, where it is not 0
	done   chan struct{} // closed when the wait is over
	cell   *cell
	cause  event.Cause
	err    error
}

func newHub(ctx context.Context) *hub {
	return &hub{
		ctx: ctx, actors: make(map[string][]*member), waiters: make(map[*waiter]bool),
	}
}

// put adds to a map, which is made with its first entry: few runs have all
// kinds.
func put[K comparable, V any](to *map[K]V, key K, v V) {
	if *to == nil {
		*to = make(map[K]V)
	}
	(*to)[key] = v
}

// cellOf is the cell of that key, which is there from now on.
func cellOf[K comparable](cells *map[K]*cell, key K) *cell {
	c := (*cells)[key]
	if c == nil {
		c = new(cell)
		put(cells, key, c)
	}
	return c
}

// add makes a member known before anyone runs.
func (h *hub) add(m *member) {
	h.actors[m.actor.Name] = append(h.actors[m.actor.Name], m)
	for name := range m.roles.Barriers {
		b := h.barriers[name]
		if b == nil {
			b = &barrier{here: make(map[*member]bool)}
			put(&h.barriers, name, b)
		}
		b.members = append(b.members, m)
	}
}

// enter notes that a branch has begun.
func (h *hub) enter(b *branch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.change(b.member, func() {
		b.member.life.started = true
		b.member.life.live++
	})
	h.branched = h.branched || b.parent != nil || b.run.sequence != nil
}

// leave notes that a branch has ended. In the same moment those go on that wait
// for its end, so that nobody takes their actor for one that has ended. Others
// may now wait in vain.
func (h *hub) leave(b *branch) {
	b.over.Store(true)
	h.mu.Lock()
	defer h.mu.Unlock()
	b.ended = true
	for _, j := range b.joiners {
		h.change(j.member, func() { j.member.life.waiting-- })
	}
	b.joiners = nil
	h.change(b.member, func() { b.member.life.live-- })
	if len(h.waiters) > 0 {
		h.findStuck()
	}
}

// join notes that a branch waits for the end of another, and meanwhile can give
// nothing. It is false where that one has ended already.
func (h *hub) join(b, of *branch) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if of.ended {
		return false
	}
	of.joiners = append(of.joiners, b)
	h.change(b.member, func() { b.member.life.waiting++ })
	if len(h.waiters) > 0 {
		h.findStuck()
	}
	return true
}

// unjoin notes that a branch has given up waiting for the end of another.
func (h *hub) unjoin(b, of *branch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(of.joiners, b); i >= 0 {
		of.joiners = slices.Delete(of.joiners, i, i+1)
		h.change(b.member, func() { b.member.life.waiting-- })
	}
}

func (h *hub) await(b *branch, deadline time.Time, actor string, index int, name string) (value.Passed, event.Cause, error) {
	h.mu.Lock()
	giver, err := h.giver(b, actor, index)
	if err != nil {
		h.mu.Unlock()
		return value.Passed{}, event.Cause{}, err
	}
	key := nameKey{actor, giver.index, name}
	c := cellOf(&h.names, key)
	if c.given {
		defer h.mu.Unlock()
		return c.value, c.by, nil
	}
	w := &waiter{branch: b, what: giver.label() + "." + name, givers: []*member{giver}, cell: c}
	c.waiters = append(c.waiters, w)
	cause, err := h.block(w, deadline)
	if err != nil {
		return value.Passed{}, cause, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return c.value, c.by, nil
}

// giver finds the member that a reference means. A replica that names its own
// actor without an index means itself.
func (h *hub) giver(b *branch, actor string, index int) (*member, error) {
	list := h.actors[actor]
	if index < 0 {
		index = 0
		if b.member.actor.Name == actor {
			index = b.member.index
		}
	}
	if index >= len(list) {
		return nil, fmt.Errorf("%s[%d] is not there; %s has %d replicas, numbered from 0", actor, index, actor, len(list))
	}
	return list[index], nil
}

// branchOf is the latest branch of that name of an actor.
func (h *hub) branchOf(b *branch, actor string, index int, name string) (step.Branch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	giver, err := h.giver(b, actor, index)
	if err != nil {
		return nil, err
	}
	found := h.branches[nameKey{actor, giver.index, name}]
	if found == nil {
		return nil, fmt.Errorf("%s has no branch %s", giver.label(), name)
	}
	return found, nil
}

// forked notes a branch under its name.
func (h *hub) forked(b *branch, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	put(&h.branches, nameKey{b.member.actor.Name, b.member.index, name}, b)
}

func (h *hub) give(m *member, name string, v value.Passed, by event.Cause) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := nameKey{m.actor.Name, m.index, name}
	c := cellOf(&h.names, key)
	if c.given && c.value.Same(v) {
		return // whoever reads it comes after the event that gave it first
	}
	h.fill(c, v, by)
}

func (h *hub) signal(name string, by event.Cause) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := cellOf(&h.signals, name)
	if !c.given {
		h.fill(c, value.Passed{}, by)
	} else if c.by.Branch != by.Branch {
		c.note(by)
	}
}

// mostGiven is how many values of one name, and how many events that raise one
// signal, are kept for the search for races.
const mostGiven = 16

// note keeps what gave the cell its value.
func (c *cell) note(by event.Cause) {
	if len(c.gave) < mostGiven {
		c.gave = append(c.gave, by)
	}
}

// again are the causes of the cells that were given more than once.
func again[K comparable](cells map[K]*cell) [][]event.Cause {
	var list [][]event.Cause
	for _, c := range cells {
		if len(c.gave) > 1 {
			list = append(list, c.gave)
		}
	}
	return list
}

// fill sets the value of a cell and wakes those who wait for it.
func (h *hub) fill(c *cell, v value.Passed, by event.Cause) {
	c.given, c.value, c.by = true, v, by
	c.note(by)
	for _, w := range c.waiters {
		w.cause = by
		h.release(w)
	}
	c.waiters = nil
}

func (h *hub) wait(b *branch, deadline time.Time, name string) (event.Cause, error) {
	h.mu.Lock()
	c := cellOf(&h.signals, name)
	if c.given {
		defer h.mu.Unlock()
		return c.by, nil
	}
	w := &waiter{branch: b, what: "the signal " + name, givers: h.signallers(name), cell: c}
	c.waiters = append(c.waiters, w)
	return h.block(w, deadline)
}

// signallers are the members whose steps may give a signal.
func (h *hub) signallers(name string) []*member {
	var list []*member
	for _, members := range h.actors {
		for _, m := range members {
			if m.roles.Signals[name] || m.roles.AnySign {
				list = append(list, m)
			}
		}
	}
	return list
}

// block waits until the waiter is released, its deadline passes or the run is
// over. It is called with the hub locked and returns with it unlocked.
func (h *hub) block(w *waiter, deadline time.Time) (event.Cause, error) {
	w.done = make(chan struct{})
	h.waiters[w] = true
	h.change(w.branch.member, func() { w.branch.member.life.waiting++ })
	w.branch.waits.Store(&w.what)
	if !h.hopeful(w) {
		h.findStuck()
	}
	h.mu.Unlock()

	late, stop := timer(deadline)
	defer stop()
	died := false
	select {
	case <-w.done:
	case <-h.ctx.Done():
	case <-late:
	case <-w.branch.gone:
		died = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-w.done:
		return w.cause, w.err
	default:
	}
	h.release(w)
	switch {
	case h.ctx.Err() != nil:
		return event.Cause{}, step.ErrCancelled
	case died:
		return event.Cause{}, sock.ErrDied
	}
	return event.Cause{}, &step.WaitTimeout{What: w.what}
}

// release ends a wait.
func (h *hub) release(w *waiter) {
	if !h.waiters[w] {
		return
	}
	delete(h.waiters, w)
	h.change(w.branch.member, func() { w.branch.member.life.waiting-- })
	w.branch.waits.Store(nil)
	close(w.done)
}

// timer is a channel on which something comes at a deadline; nothing does where
// there is none.
func timer(deadline time.Time) (late <-chan time.Time, stop func() bool) {
	if deadline.IsZero() {
		return nil, func() bool { return false }
	}
	t := time.NewTimer(time.Until(deadline))
	return t.C, t.Stop
}

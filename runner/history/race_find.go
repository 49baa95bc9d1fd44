package history

import (
	"maps"
	"slices"

	"github.com/sockscript/sockscript/steps/event"
)

// find goes through the events once, and looks closer at those whose result may
// depend on an order.
func (f *finder) find() {
	f.local, f.cameTo = make(map[uint64]bool), make(map[uint64]int64)
	f.bound, f.effects = make(map[uint64]int), make(map[int]int)
	f.takes = make(map[uint64][]int)
	var use usage
	for _, i := range f.m.events {
		e := f.m.event(i)
		use.note(f, i, e)
		f.learn(i, e)
	}
	f.queues()
	for _, i := range f.m.events {
		e := f.m.event(i)
		switch e.Op {
		case event.OpRecv:
			f.received(i, e)
		case event.OpAccept:
			f.accepted(i, e)
		case event.OpSend:
			f.sent(i, e)
		case event.OpPoll:
			f.polled(i, e)
		case event.OpConnect:
			f.connected(i, e)
		}
	}
	f.shared(use.shared)
	f.addresses(use.addresses)
	f.names(use.named)
	f.given()
}

// usage is what the first look at the events finds.
type usage struct {
	branch    map[uint64]*Branch // by description: the first branch that used it
	shared    map[uint64]bool    // descriptions that several branches used
	addresses []int              // binds, and what else concerns a path
	named     []int              // events that use names which branches share
}

func (u *usage) note(f *finder, i int, e *event.Event) {
	if u.branch == nil {
		u.branch, u.shared = make(map[uint64]*Branch), make(map[uint64]bool)
	}
	if len(e.Uses) > 0 {
		u.named = append(u.named, i)
	}
	switch {
	case e.Op == event.OpBind || e.Op == event.OpUnlink, e.Op == event.OpConnect && e.Endpoints.Remote.Path != "":
		u.addresses = append(u.addresses, i)
	}
	u.by(f, i, e.Sock)
	if e.Also != nil {
		u.by(f, i, e.Also.Sock)
	}
}

// by notes that an event used a description.
func (u *usage) by(f *finder, i int, id uint64) {
	if id == 0 {
		return
	}
	s := f.branch(i)
	if first, ok := u.branch[id]; !ok {
		u.branch[id] = s
	} else if first != s {
		u.shared[id] = true
	}
}

// queues finds connects to one listener, and messages to one socket, of which
// either might have been taken first.
func (f *finder) queues() {
	f.queue = make(map[uint64][]pairing)
	for _, p := range f.g.pairs {
		if f.g.nodes[p.cause].entry().Event != nil {
			f.queue[p.on] = append(f.queue[p.on], p)
		}
		f.effects[p.cause] = p.effect
	}
	for _, id := range slices.Sorted(maps.Keys(f.queue)) {
		list := slices.Clone(f.queue[id])
		slices.SortFunc(f.queue[id], func(a, b pairing) int { return a.effect - b.effect })
		f.lost(list)
		if !f.severalBranches(list) {
			continue
		}
		for _, group := range f.groups(list, f.overtakes) {
			if taker := f.firstEffect(group); taker >= 0 {
				f.add(raceTaken, taker, causesOf(group)...)
			}
		}
	}
}

// severalBranches reports whether the causes are not all of one branch.
func (f *finder) severalBranches(list []pairing) bool {
	first := f.branch(list[0].cause)
	return slices.ContainsFunc(list, func(p pairing) bool { return f.branch(p.cause) != first })
}

func causesOf(group []pairing) []int {
	var list []int
	for _, p := range group {
		list = append(list, p.cause)
	}
	return list
}

// firstEffect is the effect that stands first in the file; -1 where folds have
// them all.
func (f *finder) firstEffect(group []pairing) int {
	best := -1
	for _, p := range group {
		if p.effect < 0 || f.g.event(p.effect) == nil {
			continue
		}
		if best < 0 || compareSteps(f.racer(p.effect), f.racer(best)) < 0 {
			best = p.effect
		}
	}
	return best
}

// overtakes reports whether either of two might have come first, and it shows.
func (f *finder) overtakes(a, b pairing) bool {
	return f.concurrent(a.cause, b.cause) && !f.interchangeable(a.cause, b.cause) && !f.same(a, b)
}

// same reports whether two messages might change places and nothing show: they
// were sent at the same depth, and their receives print alike.
func (f *finder) same(a, b pairing) bool {
	x, y := &f.g.nodes[a.cause], &f.g.nodes[b.cause]
	if x.entry().Event.Op != event.OpSend || x.depth != y.depth {
		return false
	}
	if f.g.event(a.effect) == nil || f.g.event(b.effect) == nil {
		return f.text(a.cause) == f.text(b.cause)
	}
	return f.text(a.effect) == f.text(b.effect)
}

// learn keeps what an event says of its descriptions: whether they are local,
// where they were bound, and how far receiving came.
func (f *finder) learn(i int, e *event.Event) {
	switch {
	case e.Op == event.OpBind && e.Errno == 0:
		f.bound[e.Sock] = i
	case e.Op == event.OpPair:
		f.local[e.Sock], f.local[e.Endpoints.Peer] = true, true
	case e.Op == event.OpRecv:
		f.cameTo[e.Sock] = max(f.cameTo[e.Sock], e.Offset)
		f.takes[e.Sock] = append(f.takes[e.Sock], i)
	case e.Endpoints == nil || e.Endpoints.Inode == 0:
	case e.Op == event.OpConnect:
		f.local[e.Sock] = true
	case e.Op == event.OpAccept:
		f.local[e.Endpoints.Made] = true
	}
}

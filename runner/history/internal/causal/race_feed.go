package causal

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// takers are the events that may take something else in another run: from
// sockets to which several branches send, or from which several receive, or
// from which one receives without waiting, or in calls that take what is there.
func (f *finder) takers(c *clocks) map[int]*taker {
	list := make(map[int]*taker)
	for _, id := range slices.Sorted(maps.Keys(f.queue)) {
		f.takeMessages(list, c, id)
	}
	for _, id := range slices.Sorted(maps.Keys(f.takes)) {
		f.takeBytes(list, id)
	}
	for _, i := range f.m.events {
		if e := f.m.event(i); e.Op == event.OpPoll {
			f.takeFirst(list, i, e)
		}
	}
	return list
}

// hurried reports whether an event did not wait.
func hurried(e *event.Event) bool { return e.NoWait || e.Errno == unix.EAGAIN }

// takeMessages adds those that take messages or connections from a socket.
func (f *finder) takeMessages(list map[int]*taker, c *clocks, id uint64) {
	if f.m.readByFold(id) || f.m.of(id).inFolds {
		return
	}
	from := &feed{takes: f.accepts(id)}
	for _, p := range f.queue[id] {
		from.gives = append(from.gives, portion{p.Cause, 1})
	}
	for _, by := range f.m.left()[id] {
		lost := func(p Pair) bool { return c.ends[p.Cause].knows(f.g, by) }
		if !slices.ContainsFunc(f.queue[id], lost) {
			from.gives = append(from.gives, portion{by, 1})
		}
	}
	if !f.disputed(from) {
		return
	}
	for _, i := range from.takes {
		e := f.m.event(i)
		t := &taker{from: from, took: f.m.taken[i], count: int64(len(f.m.taken[i])), least: 1, need: 1}
		if e.Look.Peek {
			t.count = 0
		}
		if hurried(e) {
			t.least, t.need = 0, 0
		}
		list[i] = t
	}
}

// accepts are the events that took messages or connections from a socket, each
// the next one.
func (f *finder) accepts(id uint64) []int {
	var list []int
	for _, i := range slices.Concat(f.m.of(id).accepts, f.takes[id]) {
		e := f.m.event(i)
		if len(f.m.taken[i]) > 0 && !e.Picks && !e.Look.Errqueue && e.Look.Skip == 0 && !slices.Contains(f.m.taken[i], -1) {
			list = append(list, i)
		}
	}
	return list
}

// takeBytes adds those that take bytes from a stream.
func (f *finder) takeBytes(list map[int]*taker, id uint64) {
	peer, known := f.m.peer[id]
	if !known || len(f.m.of(peer).sends) == 0 || !f.plain(id) || !f.plain(peer) || f.m.readByFold(id) {
		return
	}
	from := new(feed)
	var sent int64
	for _, by := range f.m.of(peer).sends {
		from.gives = append(from.gives, portion{by, f.m.sentBy(by, peer) - sent})
		sent = f.m.sentBy(by, peer)
	}
	for _, i := range f.takes[id] {
		if e := f.m.event(i); e.Endpoints == nil && e.Offset > 0 && (e.Took > 0 || e.Look.Peek && e.Most > 0) && f.m.sender(peer, e.Offset) >= 0 {
			from.takes = append(from.takes, i)
		}
	}
	if !f.disputed(from) {
		return
	}
	for _, i := range from.takes {
		e := f.m.event(i)
		t := &taker{from: from, took: []int{f.m.sender(peer, e.Offset)}, count: e.Took, least: e.Took, need: e.Took}
		switch {
		case hurried(e):
			t.least, t.need = 0, 0
		case e.Most > 0:
			t.least, t.need = min(1, e.Took), 1
		}
		list[i] = t
	}
}

// plain reports whether all that passed on a description is known, byte by
// byte.
func (f *finder) plain(id uint64) bool {
	s := f.m.of(id)
	if _, failed := f.m.failed[id]; failed {
		return false
	}
	return len(s.sentIn)+len(s.urgent)+len(s.hands)+len(f.m.procs.holders[id]) == 0 &&
		!slices.ContainsFunc(s.sends, func(i int) bool { return f.m.event(i).Also != nil })
}

// disputed reports whether it may depend on the run who takes what from a feed.
func (f *finder) disputed(from *feed) bool {
	if len(from.gives) == 0 || len(from.takes) == 0 || len(from.gives)+len(from.takes) > mostPairs {
		return false
	}
	giver, taker := f.branch(from.gives[0].node), f.branch(from.takes[0])
	return slices.ContainsFunc(from.gives, func(p portion) bool { return f.branch(p.node) != giver }) ||
		slices.ContainsFunc(from.takes, func(i int) bool {
			return f.branch(i) != taker || hurried(f.m.event(i)) || f.m.event(i).Most > 1
		})
}

// takeFirst adds a poll that several events may have ended, or that did not
// wait.
func (f *finder) takeFirst(list map[int]*taker, i int, e *event.Event) {
	n := &f.g.Nodes[i]
	if len(n.Preds) == n.Own || len(e.Ready) < 2 && !hurried(e) {
		return
	}
	t := &taker{from: &feed{takes: []int{i}}, took: n.Preds[n.Own:]}
	if !hurried(e) {
		for _, h := range e.Ready {
			by, known := f.readies(i, h)
			if !known {
				return
			}
			for _, j := range by {
				t.from.gives = append(t.from.gives, portion{j, 1})
			}
		}
		t.need = 1
	}
	list[i] = t
}

// readies are the events of which each may have made a handle ready, and end a
// poll; it is not known of some handles.
func (f *finder) readies(i int, h event.ReadyHandle) (list []int, known bool) {
	peer, paired := f.m.peer[h.Sock]
	switch {
	case h.Process != 0 || h.Urgent || h.Reset || h.Out:
		return nil, false
	case !h.In && !h.End:
		return nil, true
	case paired:
		if by := f.m.sender(peer, h.Offset+1); by >= 0 && h.In {
			return []int{by}, true
		}
		list = f.ends(peer)
		return list[max(0, len(list)-1):], true
	}
	for _, p := range f.queue[h.Sock] {
		if f.g.Event(p.Effect) != nil && (f.branch(p.Effect) != f.branch(i) || p.Effect > i) {
			list = append(list, p.Cause)
		}
	}
	return append(list, f.m.left()[h.Sock]...), true
}

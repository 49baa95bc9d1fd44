package causal

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// calls are those on one description.
type calls struct {
	sends []Pair // of a stream
	takes []Pair
	fails []Pair // because the handle was closed, or its sending ended
}

// shared finds the races of several branches that use one description.
func (f *finder) shared(ids map[uint64]bool) {
	if len(ids) == 0 {
		return
	}
	of := make(map[uint64]*calls, len(ids))
	for id := range ids {
		of[id] = new(calls)
	}
	for _, i := range f.m.events {
		e := f.m.event(i)
		c := of[e.Sock]
		switch {
		case c == nil:
		case e.Errno == unix.EBADF || e.Errno == unix.EPIPE:
			c.fails = append(c.fails, Pair{Cause: i, Effect: -1})
		case e.Errno != 0 && (e.Errno != unix.EAGAIN || e.Op == event.OpSend):
		case e.Op == event.OpSend && e.Endpoints == nil:
			c.sends = append(c.sends, Pair{Cause: i, Effect: -1})
		case e.Op == event.OpRecv || e.Op == event.OpAccept && !e.Picks:
			c.takes = append(c.takes, Pair{Cause: i, Effect: -1})
		}
		if e.Also != nil && ids[e.Also.Sock] {
			c = of[e.Also.Sock]
			c.sends = append(c.sends, Pair{Cause: i, Effect: -1})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(of)) {
		f.sharedBy(id, of[id])
	}
}

func (f *finder) sharedBy(id uint64, c *calls) {
	for _, group := range f.groups(c.sends, f.differ) {
		if reader := f.firstReader(id, group); reader >= 0 || !f.unread(id) {
			f.add(raceWritten, reader, causesOf(group)...)
		}
	}
	for _, group := range f.groups(c.takes, f.differ) {
		f.add(raceTakers, -1, causesOf(group)...)
	}
	f.closed(id, slices.Concat(c.sends, c.takes, c.fails))
}

// differ reports whether two calls on one description might change places, and
// it shows.
func (f *finder) differ(a, b Pair) bool {
	x, y := a.Cause, b.Cause
	return f.concurrent(x, y) && !f.interchangeable(x, y) && !f.alike(x, y)
}

// firstReader is the first receive of bytes that one of several sent; -1 where
// nothing received them.
func (f *finder) firstReader(id uint64, group []Pair) int {
	best := -1
	for _, i := range f.m.events {
		e := f.m.event(i)
		if e.Op != event.OpRecv || e.Took == 0 || f.m.peer[e.Sock] != id {
			continue
		}
		ends := func(p Pair) bool { return f.m.sentBy(p.Cause, id) > e.Offset-e.Took }
		if slices.ContainsFunc(group, ends) && (best < 0 || e.Offset < f.m.event(best).Offset) {
			best = i
		}
	}
	return best
}

// unread reports whether all that reads what was sent on a description is
// known.
func (f *finder) unread(id uint64) bool {
	peer, known := f.m.peer[id]
	return known && f.m.inside(id) && !f.m.readByFold(peer)
}

// closed finds calls on a handle that another branch closed, or whose sending
// it ended.
func (f *finder) closed(id uint64, calls []Pair) {
	for _, p := range calls {
		for _, c := range f.m.of(id).closes {
			if f.sameHandle(c, p.Cause) && f.concurrent(c, p.Cause) && !f.interrupts(c, p.Cause) {
				f.add(raceHandle, p.Cause, c, p.Cause)
			}
		}
		for _, c := range f.m.of(id).shuts {
			if f.m.event(p.Cause).Op == event.OpSend && f.concurrent(c, p.Cause) && !f.interrupts(c, p.Cause) {
				f.add(raceShut, p.Cause, c, p.Cause)
			}
		}
	}
}

// sameHandle reports whether two events of branches of one actor are on one
// handle. A description may have several, and each process has its own.
func (f *finder) sameHandle(i, j int) bool {
	a, ok := first[event.Name](f.m.event(i).Args)
	b, _ := first[event.Name](f.m.event(j).Args)
	return ok && a == b && f.branch(i).SameActor(f.branch(j)) && f.m.event(i).Process == f.m.event(j).Process
}

// connected finds the listen before which a connect may have come, and the
// close of the listening socket.
func (f *finder) connected(i int, e *event.Event) {
	if e.Endpoints.Type != unix.SOCK_STREAM && e.Endpoints.Type != unix.SOCK_SEQPACKET {
		return
	}
	accept, accepted := f.effects[i]
	for _, l := range f.listensFor(e) {
		n := &f.g.Nodes[i]
		if !e.Retry && !slices.Contains(n.Preds[:n.Own], l) && f.concurrent(i, l) {
			f.add(raceRefused, i, i, l)
		}
		id := f.m.event(l).Sock
		if f.held(i, id) {
			continue
		}
		closes := slices.DeleteFunc(append(f.closing(i, id), f.deafened(i, id)...), func(c int) bool { return accepted && f.before(accept, c) })
		if len(closes) > 0 {
			f.add(raceClosing, i, append(closes, i)...)
		}
	}
}

// deafened are the shutdowns that may have ended a description's listening
// while a call was under way.
func (f *finder) deafened(i int, id uint64) []int {
	return slices.DeleteFunc(slices.Clone(f.m.of(id).deafs), func(c int) bool { return !f.concurrent(c, i) || f.interrupts(c, i) })
}

// listensFor are the listens that decide how a connect ends: of the socket that
// it reached, or of those at the address that refused it.
func (f *finder) listensFor(e *event.Event) []int {
	if f.listens == nil {
		f.listens = make(map[uint64]int)
		for _, list := range f.m.listens {
			for _, i := range list {
				id := f.m.event(i).Sock
				if first, ok := f.listens[id]; !ok || f.m.event(i).Start < f.m.event(first).Start {
					f.listens[id] = i
				}
			}
		}
	}
	switch e.Errno {
	case 0:
		if l, ok := f.listens[f.m.reached[e.Sock]]; ok {
			return []int{l}
		}
	case unix.ECONNREFUSED, unix.ECONNRESET, unix.ENOENT:
		var list []int
		for _, id := range slices.Sorted(maps.Keys(f.listens)) {
			l := f.listens[id]
			at := f.m.event(l).Endpoints
			if meet(at.Local, e.Endpoints.Remote) && at.Type == e.Endpoints.Type && f.g.delivers(e.Endpoints.Host, e.Endpoints.Remote, at.Host) {
				list = append(list, l)
			}
		}
		return list
	}
	return nil
}

// meet reports whether two addresses are one, or one of them stands for all
// hosts.
func meet(a, b sock.Addr) bool {
	if a.Path != "" || b.Path != "" {
		return a.Path == b.Path
	}
	return a.Port != 0 && a.Port == b.Port && (a.IP == b.IP || a.IsWildcard() || b.IsWildcard())
}

// lost finds the datagrams that may have come before their socket was bound. Of
// those that nobody took it shows where somebody has asked for them.
func (f *finder) lost(list []Pair) {
	bind, ok := f.bound[list[0].On]
	if !ok {
		return
	}
	for _, p := range list {
		n := &f.g.Nodes[p.Cause]
		e := f.g.Event(p.Cause)
		if p.Effect < 0 && !slices.ContainsFunc(f.takes[p.On], func(j int) bool { return !f.before(j, p.Cause) }) {
			continue
		}
		if e.Op == event.OpSend && f.m.peer[e.Sock] != p.On && !slices.Contains(n.Preds[:n.Own], bind) && f.concurrent(bind, p.Cause) {
			f.add(raceLost, p.Cause, p.Cause, bind)
		}
	}
}

// addresses finds the binds of one address, and what else concerns one path, of
// which either might have come first.
func (f *finder) addresses(list []int) {
	type key struct {
		host string
		path string
		port uint16
	}
	at := make(map[key][]Pair)
	for _, i := range list {
		if to := asked(f.m.event(i)); to.Path != "" || to.Port != 0 {
			k := key{pathAddr(event.HostAddr{Host: hostOf(f.m.event(i)), Addr: to}).Host, to.Path, to.Port}
			at[k] = append(at[k], Pair{Cause: i, Effect: -1})
		}
	}
	for _, same := range at {
		if !f.severalBranches(same) {
			continue
		}
		collide := func(a, b Pair) bool { return f.collide(a.Cause, b.Cause) && f.concurrent(a.Cause, b.Cause) }
		for _, group := range f.groups(same, collide) {
			f.add(raceAddress, -1, causesOf(group)...)
		}
		f.freed(causesOf(same))
	}
}

// collide reports whether the order of two shows: one of two binds of an
// address fails, unless both sockets may share it.
func (f *finder) collide(i, j int) bool {
	a, b := f.m.event(i), f.m.event(j)
	if a.Op == event.OpConnect && b.Op == event.OpConnect {
		return false
	}
	if to := asked(a); to.Path != "" {
		return to.Path == asked(b).Path && (a.Op == b.Op || a.Op == event.OpUnlink || b.Op == event.OpUnlink)
	}
	failed := a.Errno == unix.EADDRINUSE || b.Errno == unix.EADDRINUSE
	return failed && a.Op == b.Op && a.Endpoints.Type == b.Endpoints.Type && meet(asked(a), asked(b))
}

// freed finds the closes that may have freed the address of a bind before it.
func (f *finder) freed(list []int) {
	for _, i := range list {
		e := f.m.event(i)
		if e.Op != event.OpBind || e.Errno != unix.EADDRINUSE || asked(e).Path != "" {
			continue
		}
		for _, j := range list {
			holder := f.m.event(j)
			if holder.Errno != 0 || !f.collide(i, j) || f.held(i, holder.Sock) {
				continue
			}
			for _, c := range f.closing(i, holder.Sock) {
				f.add(raceAddress, -1, i, c)
			}
		}
	}
}

// asked is the address that a call names.
func asked(e *event.Event) sock.Addr {
	if e.Op == event.OpBind {
		for _, arg := range e.Args {
			if a, ok := arg.(event.Asked); ok {
				return a.Addr
			}
		}
	}
	return e.Endpoints.Remote
}

package causal

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// lands finds what decides whether a local datagram reaches a socket at its
// path or is refused: the bind of that socket, its close, and the removal of
// the path.
func (f *finder) lands(i int, e *event.Event) {
	l := e.Endpoints
	refused := e.Errno == unix.ENOENT || e.Errno == unix.ECONNREFUSED
	if l == nil || l.Type != unix.SOCK_DGRAM || l.Remote.Path == "" || e.Errno != 0 && !refused {
		return
	}
	for _, u := range f.unlinks[pathAddr(l.RemoteAddr())] {
		if namesTarget(e) && f.concurrent(u, i) {
			f.add(raceAddress, -1, u, i)
		}
	}
	n := &f.g.Nodes[i]
	for _, id := range f.m.receivers(e) {
		bind, bound := f.bound[id]
		if bound && namesTarget(e) && !slices.Contains(n.Preds[:n.Own], bind) && f.concurrent(bind, i) {
			f.add(raceLost, i, i, bind)
		}
		if f.m.peer[id] != 0 || f.held(i, id) {
			continue
		}
		taker, taken := f.effects[i]
		closes := slices.DeleteFunc(f.closing(i, id), func(c int) bool { return taken && f.before(taker, c) })
		if len(closes) > 0 {
			f.add(raceBroken, i, append(closes, i)...)
		}
	}
}

// namesTarget reports whether a send says where it goes.
func namesTarget(e *event.Event) bool {
	return slices.ContainsFunc(e.Args, func(arg any) bool {
		_, asked := arg.(event.Asked)
		return asked
	})
}

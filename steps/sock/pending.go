package sock

import "golang.org/x/sys/unix"

// Pending reports whether a call that waits could go on by now, or will without
// anybody's doing: what it waits for has come, but its goroutine has not yet
// come to it, or the kernel still has it on its way.
func (g *Group) Pending() bool {
	g.mu.Lock()
	var sockets []*Socket
	for s := range g.open {
		sockets = append(sockets, s)
	}
	var polls []*port
	for w := range g.waiters {
		if p, ok := w.(*port); ok && p.polls {
			polls = append(polls, p)
		}
	}
	g.mu.Unlock()
	for _, s := range sockets {
		if s.pending() {
			return true
		}
	}
	for _, p := range polls {
		ready := false
		p.raw.Control(func(fd uintptr) { ready = isReady(caller{}, int(fd), unix.POLLIN) })
		if ready {
			return true
		}
	}
	return false
}

// pending reports whether the socket is ready for a call on it that waits.
func (s *Socket) pending() bool {
	if s.enter() != nil {
		return false
	}
	defer s.leave()
	var events int16
	if s.rd.busy.Load() {
		events |= unix.POLLIN
	}
	if s.wr.busy.Load() {
		events |= unix.POLLOUT
	}
	return events != 0 && isReady(s.caller(), s.fd, events) || events&unix.POLLIN != 0 && s.peerSends()
}

func isReady(c caller, fd int, events int16) bool {
	revents, errno := pollNow(c, fd, events)
	return errno == 0 && revents != 0
}

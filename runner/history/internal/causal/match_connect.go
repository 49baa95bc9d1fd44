package causal

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// An end is one side of a connection being made: a connect or an accept, in an
// event of its own or in a fold.
type end struct {
	node      int
	folded    bool
	sock      uint64 // the connecting description, or the one that accept made
	endpoints *event.Endpoints
	order     int64 // when it happened, as far as it is known
	waited    bool  // a connect that returned only once the connection was made
}

// connections ties connects to the listens they reached and accepts to the
// connects they took.
func (m *matcher) connections() {
	connects, accepts := m.bothEnds()
	m.ends = slices.Concat(connects, accepts)
	byKey := make(map[event.ConnectionKey][]end)
	byPath := make(map[event.HostAddr][]end)
	for _, c := range connects {
		if key, ok := c.endpoints.ConnectKey(); ok {
			byKey[key] = append(byKey[key], c)
		}
		if c.endpoints.Inode != 0 {
			to := pathAddr(c.endpoints.RemoteAddr())
			byPath[to] = append(byPath[to], c)
		}
	}
	var nameless []end
	for _, a := range accepts {
		key, ok := a.endpoints.AcceptKey()
		if list := byKey[key]; ok && len(list) > 0 {
			byKey[key] = list[1:]
			m.join(list[0], a)
			continue
		}
		nameless = append(nameless, a)
	}
	m.inTurn(nameless, byPath)
	for _, c := range connects {
		m.reach(c)
	}
	m.queues(connects)
}

// An Opening is an event that asked for a connection.
type Opening struct {
	Node     int
	Listener uint64 // the description that it reached; 0 where that is not the scenario's
}

// Openings are the events that asked for connections, those that folds took
// left out.
func (g *Graph) Openings() []Opening {
	var list []Opening
	for _, c := range g.kernel.ends {
		if !c.folded && g.Event(c.node).Op != event.OpAccept {
			list = append(list, Opening{c.node, g.kernel.reached[c.sock]})
		}
	}
	return list
}

// Peer is the description at the other end of a connection, where both are of
// the scenario; 0 where that is not known.
func (g *Graph) Peer(id uint64) uint64 { return g.kernel.peer[id] }

// inTurn joins the accepts of local sockets whose peer the kernel no longer
// told, because it had closed before: a listener's queue is served in order, so
// they take the connects that are left, one after the other.
func (m *matcher) inTurn(accepts []end, byPath map[event.HostAddr][]end) {
	for _, a := range accepts {
		at := pathAddr(a.endpoints.LocalAddr())
		list := byPath[at]
		for len(list) > 0 && m.peer[list[0].sock] != 0 {
			list = list[1:]
		}
		if len(list) > 0 {
			m.join(list[0], a)
			list = list[1:]
		}
		byPath[at] = list
	}
}

// bothEnds lists all connects that succeeded and all accepts, in the order of
// time.
func (m *matcher) bothEnds() (connects, accepts []end) {
	for i := range m.g.Nodes[:m.g.Meets] {
		en := m.g.Nodes[i].Entry()
		if e := en.Event; e != nil {
			switch {
			case e.Endpoints == nil || e.Errno != 0 && e.Errno != unix.EINPROGRESS:
			case e.Op == event.OpConnect && e.Defers:
				connects = append(connects, m.opener(i, e))
			case e.Op == event.OpConnect || e.Opens:
				connects = append(connects, end{i, false, e.Sock, e.Endpoints, int64(e.Start), e.Errno == 0 && !e.Opens})
			case e.Op == event.OpAccept:
				accepts = append(accepts, end{i, false, e.Endpoints.Made, e.Endpoints, int64(e.End), false})
			}
			continue
		}
		for to := range en.Fold.Reached {
			m.reach(end{node: i, folded: true, endpoints: &event.Endpoints{Host: to.Host, Remote: to.Addr}})
		}
		for _, f := range en.Fold.Joints {
			switch f.Op {
			case event.OpConnect:
				connects = append(connects, end{i, true, f.Sock, f.Endpoints, 0, false})
				put(&m.folds, f.Sock, i)
			case event.OpAccept:
				accepts = append(accepts, end{i, true, f.Endpoints.Made, f.Endpoints, 0, false})
				m.to(f.Sock).inFolds = true
				put(&m.folds, f.Endpoints.Made, i)
			}
		}
	}
	byTime := func(a, b end) int { return cmp.Compare(a.order, b.order) }
	slices.SortStableFunc(connects, byTime)
	slices.SortStableFunc(accepts, byTime)
	return connects, accepts
}

// opener is the first send after a connect that leaves making the connection to
// it. As long as there is none, nobody accepts the connection.
func (m *matcher) opener(i int, e *event.Event) end {
	c := end{i, false, e.Sock, e.Endpoints, int64(e.Start), false}
	first := int64(-1)
	if list := m.of(e.Sock).sends; len(list) > 0 {
		c.node, first = list[0], m.sentBy(list[0], e.Sock)
	}
	for _, f := range m.of(e.Sock).sentIn {
		if first < 0 || f.offset < first {
			c.node, c.folded, first = f.node, true, f.offset
		}
	}
	return c
}

// join makes two ends one connection.
func (m *matcher) join(c, a end) {
	m.peer[c.sock], m.peer[a.sock] = a.sock, c.sock
	m.takes(a.node, c.node)
	if a.folded {
		return
	}
	listener := m.event(a.node).Sock
	m.reached[c.sock] = listener
	if !c.folded {
		m.g.Pairs = append(m.g.Pairs, Pair{c.node, a.node, listener})
	}
}

// reach makes a connect come after the listen that it reached: of several on
// one socket the first, for the others change no more than the backlog. The
// accept that took the connect knows the listener; where there is none, the
// address does.
func (m *matcher) reach(c end) {
	listener, known := m.reached[c.sock]
	if !known || c.folded {
		if listener, known = m.listener(c); !known {
			return
		}
		if !c.folded {
			m.reached[c.sock] = listener
			m.to(listener).queued = append(m.to(listener).queued, c.node)
		}
	}
	m.cause(c.node, m.oneOf(c.node, m.of(listener).lists))
}

// listener finds the socket that listened at the address that a connect went
// to.
func (m *matcher) listener(c end) (uint64, bool) {
	last := -1
	for _, i := range m.listening(c.endpoints) {
		if e := m.event(i); last < 0 || c.folded || e.Start <= m.event(c.node).End {
			last = max(last, i)
		}
	}
	if last < 0 {
		return 0, false
	}
	return m.event(last).Sock, true
}

// listening are the listens at the address that a connect goes to.
func (m *matcher) listening(l *event.Endpoints) []int {
	to := l.Remote.Loopback()
	spots := m.g.spotsOf(l.Host, to)
	var list, other []int
	for _, i := range m.listens[placeOf(to)] {
		switch at := m.event(i).Endpoints.LocalAddr(); {
		case !m.g.delivers(l.Host, to, at.Host):
		case slices.Contains(spots, at):
			list = append(list, i)
		case to.Path == "" && sameHost(at.Addr, to):
			other = append(other, i)
		}
	}
	if len(list) == 0 {
		list = other
	}
	slices.Sort(list)
	return list
}

// queues makes a connect that had to wait for a place come after the accept
// that freed it. A listener's queue has one place more than its backlog and is
// served in order: so the nth connection is made once all but as many as the
// queue holds of those before it have been taken.
func (m *matcher) queues(connects []end) {
	node := make(map[uint64]end)
	for _, c := range connects {
		if _, again := node[c.sock]; !again {
			node[c.sock] = c
		}
	}
	for listener, s := range m.socks {
		places, known := m.places(listener)
		for n, i := range s.accepts {
			c, ok := node[m.peer[m.event(i).Endpoints.Made]]
			if !known || n < places || !ok || c.folded || !c.waited {
				continue
			}
			m.causes(c.node, m.certain(c.node, s.accepts, n-places+1))
		}
	}
}

// places is how many connections a listener's queue holds; it is not known
// where a fold took an accept.
func (m *matcher) places(listener uint64) (int, bool) {
	most := 0
	for _, i := range m.of(listener).lists {
		backlog := m.event(i).Endpoints.Backlog
		if backlog < 0 {
			return 0, false // the largest that the system allows
		}
		most = max(most, backlog)
	}
	return most + 1, len(m.of(listener).lists) > 0 && !m.of(listener).inFolds
}

// sameHost reports whether what goes to an address may reach a socket at
// another: the same one, in whichever family it is written, or one that stands
// for all.
func sameHost(at, to sock.Addr) bool {
	if !to.IP.IsValid() { // ":PORT"
		return at.IsWildcard() || at.IP.IsLoopback()
	}
	if at.IsWildcard() {
		return !at.IP.IsValid() || at.IP.Is6() || to.IP.Unmap().Is4()
	}
	return at.IP.IsValid() && at.IP.Unmap() == to.IP.Unmap()
}

package runner

import (
	"cmp"
	"slices"
	"sort"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

// An end is one side of a connection being made: a connect or an accept, in an
// event of its own or in a fold.
type end struct {
	node   int
	folded bool
	sock   uint64 // the connecting description, or the one that accept made
	link   *steps.Link
	order  int64 // when it happened, as far as it is known
}

// connectKey identifies a connection from both ends: by the client's address
// and the server's port, or by the client's inode for local sockets.
type connectKey struct {
	typ    int
	client sock.Addr
	port   uint16
	inode  uint64
}

// connections ties connects to the listens they reached and accepts to the
// connects they took.
func (m *matcher) connections() {
	connects, accepts := m.ends()
	byKey := make(map[connectKey][]end)
	byPath := make(map[sock.Addr][]end)
	for _, c := range connects {
		if key, ok := clientKey(c.link, c.link.Local, c.link.Remote.Port, c.link.Inode); ok {
			byKey[key] = append(byKey[key], c)
		}
		if c.link.Inode != 0 {
			byPath[c.link.Remote] = append(byPath[c.link.Remote], c)
		}
		m.reach(c)
	}
	var nameless []end
	for _, a := range accepts {
		key, ok := clientKey(a.link, a.link.Remote, a.link.Local.Port, a.link.PeerNode)
		if list := byKey[key]; ok && len(list) > 0 {
			byKey[key] = list[1:]
			m.join(list[0], a)
			continue
		}
		nameless = append(nameless, a)
	}
	m.inTurn(nameless, byPath)
}

// inTurn joins the accepts of local sockets whose peer the kernel no longer
// told, because it had closed before: a listener's queue is served in order, so
// they take the connects that are left, one after the other.
func (m *matcher) inTurn(accepts []end, byPath map[sock.Addr][]end) {
	for _, a := range accepts {
		list := byPath[a.link.Local]
		for len(list) > 0 && m.peer[list[0].sock] != 0 {
			list = list[1:]
		}
		if len(list) > 0 {
			m.join(list[0], a)
			list = list[1:]
		}
		byPath[a.link.Local] = list
	}
}

func clientKey(l *steps.Link, client sock.Addr, port uint16, inode uint64) (connectKey, bool) {
	if inode != 0 {
		return connectKey{inode: inode}, true
	}
	client.IP, client.Family = client.IP.Unmap(), 0 // ::ffff:127.0.0.1 is the same client
	return connectKey{typ: l.Type, client: client, port: port}, client.IP.IsValid() && client.Port != 0
}

// ends lists all connects that succeeded and all accepts, in the order of time.
func (m *matcher) ends() (connects, accepts []end) {
	for i := range m.g.nodes[:m.g.meets] {
		en := m.g.nodes[i].entry()
		if e := en.event; e != nil {
			if e.Errno != 0 || e.Link == nil {
				continue
			}
			switch e.Op {
			case steps.OpConnect:
				connects = append(connects, end{i, false, e.Sock, e.Link, int64(e.Start)})
			case steps.OpAccept:
				accepts = append(accepts, end{i, false, e.Link.Made, e.Link, int64(e.End)})
			}
			continue
		}
		for addr := range en.fold.reached {
			m.reach(end{node: i, folded: true, link: &steps.Link{Remote: addr}})
		}
		for _, f := range en.fold.links {
			switch f.op {
			case steps.OpConnect:
				connects = append(connects, end{i, true, f.sock, f.link, 0})
				m.folds[f.sock] = i
			case steps.OpAccept:
				accepts = append(accepts, end{i, true, f.link.Made, f.link, 0})
				m.folds[f.link.Made] = i
			}
		}
	}
	byTime := func(list []end) func(a, b int) bool {
		return func(a, b int) bool { return list[a].order < list[b].order }
	}
	sort.SliceStable(connects, byTime(connects))
	sort.SliceStable(accepts, byTime(accepts))
	return connects, accepts
}

// join makes two ends one connection.
func (m *matcher) join(c, a end) {
	m.peer[c.sock], m.peer[a.sock] = a.sock, c.sock
	m.takes(a.node, c.node)
	if listener, ok := m.reached[c.sock]; ok && !c.folded {
		m.g.pairs = append(m.g.pairs, pairing{c.node, a.node, listener})
	}
}

// reach makes a connect come after the listen that it reached: of several on one
// socket the first, for the others change no more than the backlog.
func (m *matcher) reach(c end) {
	listens := m.listens[c.link.Remote]
	if len(listens) == 0 && c.link.Remote.IP.IsValid() {
		for addr, list := range m.listens {
			if addr.IsWildcard() && addr.Port == c.link.Remote.Port {
				listens = append(listens, list...)
			}
		}
	}
	if len(listens) == 0 {
		return
	}
	last := listens[0]
	for _, i := range listens {
		if e := m.event(i); c.folded || int64(e.Start) <= int64(m.event(c.node).End) {
			last = max(last, i)
		}
	}
	listener := m.event(last).Sock
	m.reached[c.sock] = listener
	own := slices.DeleteFunc(slices.Clone(listens), func(i int) bool { return m.event(i).Sock != listener })
	m.cause(c.node, slices.MinFunc(own, func(i, j int) int { return cmp.Compare(m.event(i).Start, m.event(j).Start) }))
}

package sock

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// releaseTime is how long the kernel may take to close what is in messages that
// nobody can receive any more.
const releaseTime = time.Second

// notePassed remembers the descriptions of the group's descriptors in a control
// message that is sent, since their own descriptors may all be closed before
// the message is received. It counts copies on their way to the socket of an
// inode, 0 where that is not known: 1 more, or -1 if none was sent.
func (g *Group) notePassed(control []byte, to uint64, copies int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.passedSockets(control) {
		g.countPassage(s, to, copies)
	}
}

// PassedBy are the descriptions of the group whose descriptors go with a
// message of s, as far as a receiver of the group knows them again.
func (s *Socket) PassedBy(control []byte) []*Description {
	if s.family != unix.AF_UNIX {
		return nil
	}
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []*Description
	for _, s := range g.passedSockets(control) {
		if _, known := g.fileOf(s); known {
			list = append(list, s.desc)
		}
	}
	return list
}

// passedSockets are the sockets of the group whose descriptors go with a
// message. g.mu is held.
func (g *Group) passedSockets(control []byte) []*Socket {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	var list []*Socket
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for s := range g.open {
			if s.group.process == g.process && slices.Contains(fds, s.fd) {
				list = append(list, s)
			}
		}
	}
	return list
}

// prepareForeign makes the descriptors that go with a message ready for another
// process, unless only the group can receive it.
func (g *Group) prepareForeign(from *Socket, m *Message) error {
	peer := from.desc.network.diag.peer(from.desc.Inode())
	path := from.desc.Remote().Path
	if m.HasAddr {
		peer, path = 0, m.Addr.Path
	}
	g.mu.Lock()
	passed := g.passedSockets(m.Control)
	ours := g.isOurs(peer, path)
	g.mu.Unlock()
	if ours {
		return nil
	}
	for _, s := range passed {
		if err := s.goForeign(); err != nil {
			return err
		}
	}
	return nil
}

// isOurs reports whether the AF_UNIX socket of an inode, or the one that is
// bound to a path, is one that only the group has. g.mu is held.
func (g *Group) isOurs(inode uint64, path string) bool {
	for s := range g.open {
		d := s.desc
		if d.foreign.Load() || s.family != unix.AF_UNIX {
			continue
		}
		if inode != 0 && d.Inode() == inode || path != "" && d.Local().Path == path {
			return true
		}
	}
	return false
}

// countPassage changes how many copies of s are on their way. g.mu is held.
func (g *Group) countPassage(s *Socket, to uint64, copies int) {
	s.desc.passed.Store(true)
	id, known := g.fileOf(s)
	if !known {
		return
	}
	p := g.passed[id]
	if p == nil {
		p = &passage{desc: s.desc, id: id, tcp: s.TCP(), local: s.family == unix.AF_UNIX, to: to}
		if g.passed == nil {
			g.passed = make(map[fileID]*passage)
		}
		g.passed[id] = p
	}
	if p.to != to {
		p.to = 0 // one of several
	}
	if p.copies += copies; p.copies <= 0 {
		delete(g.passed, id)
	}
}

// Lost are the descriptions of stream sockets that were on their way in
// messages only, and which the kernel has closed, as far as they may have been
// sent to one description or to one of these. The descriptors in a message end
// with the last descriptor of the socket that it was sent to, and by a receive
// that has no room for them.
func (g *Group) Lost(to *Description) []*Description {
	var list []*Description
	for from := []*Description{to}; len(from) > 0; from = from[1:] {
		d := from[0]
		for _, p := range g.passedTo(d) {
			with := p.to != 0 && g.released(d)
			if !p.awaitGone(with) || !g.dropPassage(p) {
				continue
			}
			list, from = append(list, p.desc), append(from, p.desc)
		}
	}
	return list
}

// passedTo are the passages of descriptions without a descriptor that may be on
// their way to one.
func (g *Group) passedTo(d *Description) []*passage {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []*passage
	for _, p := range g.passed {
		if (p.to == 0 || p.to == d.Inode()) && p.desc.Open() == 0 && !p.desc.Copied() {
			list = append(list, p)
		}
	}
	return list
}

// released reports whether nobody has a descriptor of a description any more,
// and no message either.
func (g *Group) released(d *Description) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return d.Open() == 0 && !d.foreign.Load() && g.passed[fileID{inode: d.Inode()}] == nil
}

// dropPassage forgets a passage, and reports whether nobody had.
func (g *Group) dropPassage(p *passage) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.passed[p.id] != p {
		return false
	}
	delete(g.passed, p.id)
	return true
}

// awaitGone reports whether the kernel has closed the descriptors on their way.
// Those that ended with their receiver it closes a little later than that: it
// leaves them to a worker.
func (p *passage) awaitGone(ended bool) bool {
	for end := time.Now().Add(releaseTime); !p.gone(); time.Sleep(time.Millisecond / 10) {
		if !ended || time.Now().After(end) {
			return false
		}
	}
	return true
}

// gone reports that the kernel has no descriptor of the description any more.
func (p *passage) gone() bool {
	n := p.desc.network
	return p.local && n.diag.gone(p.desc.Inode()) || p.tcp && n.tcpGone(p.desc.Local(), p.desc.Remote())
}

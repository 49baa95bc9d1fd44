package sock

import "golang.org/x/sys/unix"

// A fileID is how an open file is known again when a descriptor of it comes by
// SCM_RIGHTS (unix(7)): a socket by its inode, an end of a pipe by that of the
// pipe and by what the end is open for.
type fileID struct {
	inode uint64
	end   int // of a pipe: 1 more than its access mode (open(2)); 0 of a socket
}

// identify is the identity of a descriptor's file. It is false for what is
// neither socket nor pipe, whose inode need not be its own.
func identify(c caller, fd int) (id fileID, known bool) {
	inode, mode, errno := sysFstat(c, fd)
	if errno != 0 {
		return id, false
	}
	switch mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		return fileID{inode: inode}, true
	case unix.S_IFIFO:
		flags, errno := sysFcntl(c, fd, unix.F_GETFL, 0)
		return fileID{inode, 1 + flags&unix.O_ACCMODE}, errno == 0
	}
	return id, false
}

// learnFile keeps the identity, for the time when the process that has the
// descriptor only waits, and can make no other call.
func (s *Socket) learnFile() {
	if s.desc.file.Load() == nil {
		if id, known := identify(s.caller(), s.fd); known {
			s.desc.file.Store(&id)
		}
	}
}

// fileOf is the identity of an open socket's file. g.mu is held: no call is
// made in another process, which may have to wait.
func (g *Group) fileOf(s *Socket) (id fileID, known bool) {
	if kept := s.desc.file.Load(); kept != nil {
		id, known = *kept, true
	} else if s.group.process == nil {
		id, known = identify(caller{}, s.fd)
	}
	return id, known && !g.ambiguous(id)
}

// ambiguous reports an end of a FIFO that the group has opened more than once.
// g.mu is held.
func (g *Group) ambiguous(id fileID) bool {
	ends := g.fifos[id.inode]
	return id.end > 0 && ends != nil && len(*ends.of(id.end - 1)) > 1
}

// receivedDescription finds the description that a received descriptor belongs
// to: that of an open socket or pipe of the group, or one that is only on its
// way. It is nil for a stranger. After a look with MSG_PEEK the one on its way
// stays there.
func (g *Group) receivedDescription(fd int, stays bool) *Description {
	id, known := identify(g.caller(), fd)
	g.mu.Lock()
	defer g.mu.Unlock()
	if !known || g.ambiguous(id) {
		return nil
	}
	if p := g.passed[id]; p != nil {
		if !stays {
			p.copies--
		}
		if p.copies <= 0 {
			delete(g.passed, id)
		}
		return p.desc
	}
	for s := range g.open {
		if other, known := g.fileOf(s); known && other == id {
			return s.desc
		}
	}
	return nil
}

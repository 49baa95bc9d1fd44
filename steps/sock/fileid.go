package sock

import "golang.org/x/sys/unix"

// A fileID is how an open file is known again when a descriptor of it comes by
// SCM_RIGHTS (unix(7)): a socket by its inode, an end of a pipe by that of the
// pipe and by what the end is open for.
type fileID struct {
	inode uint64
	end   int // of a pipe: 1 more than its access mode (open(2)); 0 of a socket
}

// fileOf is the identity of a descriptor's file. It is false for what is
// neither socket nor pipe, whose inode need not be its own, and for a FIFO of
// which the group has opened the same end more than once. g.mu is held.
func (g *Group) fileOf(c caller, fd int) (id fileID, known bool) {
	inode, mode, errno := sysFstat(c, fd)
	if errno != 0 {
		return id, false
	}
	switch mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		return fileID{inode: inode}, true
	case unix.S_IFIFO:
		flags, errno := sysFcntl(c, fd, unix.F_GETFL, 0)
		access := flags & unix.O_ACCMODE
		if ends := g.fifos[inode]; errno != 0 || ends != nil && len(*ends.of(access)) > 1 {
			return id, false
		}
		return fileID{inode, 1 + access}, true
	}
	return id, false
}

// receivedDescription finds the description that a received descriptor belongs
// to: that of an open socket or pipe of the group, or one that is only on its
// way. It is nil for a stranger. After a look with MSG_PEEK the one on its way
// stays there.
func (g *Group) receivedDescription(fd int, stays bool) *Description {
	g.mu.Lock()
	defer g.mu.Unlock()
	id, known := g.fileOf(g.caller(), fd)
	if !known {
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
		if other, known := g.fileOf(s.caller(), s.fd); known && other == id {
			return s.desc
		}
	}
	return nil
}

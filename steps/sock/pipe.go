package sock

import "golang.org/x/sys/unix"

// OpenPipe makes a pipe, close-on-exec (pipe(2)): the end to read and the end
// to write. Flags are those of pipe2(2); O_NONBLOCK and O_CLOEXEC are noted as
// asked for.
func (g *Group) OpenPipe(flags int, blocking bool) (r, w *Socket, err error) {
	blocking = blocking || g.blocks
	if err := g.mayOpen(blocking); err != nil {
		return nil, nil, failed("pipe", err)
	}
	fds, errno := sysPipe(g.caller(), flags, !blocking)
	if errno != 0 {
		return nil, nil, failed("pipe", errno)
	}
	dr, dw := g.newDescription(), g.newDescription()
	dr.Peer, dw.Peer = dw, dr
	k := kind{blocking: blocking}
	if r, err = g.newSocket(fds[0], k, dr); err != nil {
		sysClose(g.caller(), fds[1])
		return nil, nil, failed("pipe", err)
	}
	if w, err = g.newSocket(fds[1], k, dw); err != nil {
		r.Close()
		return nil, nil, failed("pipe", err)
	}
	for _, s := range []*Socket{r, w} {
		s.believe(asSocketFlags(flags))
	}
	return r, w, nil
}

// asSocketFlags are the SOCK_ flags with the meaning of O_ flags.
func asSocketFlags(flags int) int {
	set := 0
	if flags&unix.O_NONBLOCK != 0 {
		set |= SockNonblock
	}
	if flags&unix.O_CLOEXEC != 0 {
		set |= SockCloexec
	}
	return set
}

// OpenFile makes a descriptor of a file by its path, close-on-exec (open(2)). A
// FIFO waits for its other end, unless O_NONBLOCK is among the flags.
func (g *Group) OpenFile(w Wait, path string, flags int, mode uint32, blocking bool) (*Socket, error) {
	blocking = blocking || g.blocks
	if err := g.mayOpen(blocking); err != nil {
		return nil, failed("open", err)
	}
	fd, err := g.openPath(w, path, flags|unix.O_CLOEXEC, mode)
	if err != nil {
		return nil, failed("open", err)
	}
	if !blocking && flags&unix.O_NONBLOCK == 0 && setNonblock(g.caller(), fd, true) != nil {
		blocking = true // O_PATH: it is good for no call that waits
	}
	desc := g.newDescription()
	s, err := g.newSocket(fd, kind{blocking: blocking}, desc)
	if err != nil {
		return nil, failed("open", err)
	}
	s.believe(asSocketFlags(flags))
	g.linkFIFO(s)
	return s, nil
}

// fifoEnds are the descriptions that the group has made of the two ends of a
// FIFO.
type fifoEnds struct{ read, write []*Description }

// of are those that are open with an access mode.
func (e *fifoEnds) of(access int) *[]*Description {
	if access == unix.O_RDONLY {
		return &e.read
	}
	return &e.write
}

// linkFIFO names the other end of a FIFO as the peer, where the group has
// opened one end to read and one to write, and no more. The other one may be
// closed again by now.
func (g *Group) linkFIFO(s *Socket) {
	inode, mode, errno := sysFstat(s.caller(), s.fd)
	if errno != 0 || mode&unix.S_IFMT != unix.S_IFIFO {
		return
	}
	flags, _ := sysFcntl(s.caller(), s.fd, unix.F_GETFL, 0)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fifos == nil {
		g.fifos = make(map[uint64]*fifoEnds)
	}
	if g.fifos[inode] == nil {
		g.fifos[inode] = new(fifoEnds)
	}
	ends := g.fifos[inode]
	own, other := ends.of(flags&unix.O_ACCMODE), ends.write
	if own == &ends.write {
		other = ends.read
	}
	if len(*own) > 1 {
		return
	}
	if *own = append(*own, s.desc); len(*own) == 1 && len(other) == 1 {
		s.desc.Peer = other[0]
	}
}

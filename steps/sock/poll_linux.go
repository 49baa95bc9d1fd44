package sock

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// A PollItem is one socket of a poll(2), with the events asked for and those
// that came.
type PollItem struct {
	Socket  *Socket
	Events  int16
	Revents int16
}

// Poll waits until one of the sockets has one of its events, or until the
// deadline, and says how many have (poll(2)). POLLERR, POLLHUP and POLLNVAL
// come unasked. POLLNVAL comes for a closed socket.
//
// It waits without a thread: an epoll(7) instance that watches the sockets is
// itself a descriptor that the runtime's poller can watch.
func (g *Group) Poll(w Wait, items []PollItem) (int, error) {
	for i := range items {
		if items[i].Socket.enter() == nil {
			defer items[i].Socket.leave()
		}
	}
	if g.process != nil {
		return g.pollForked(w, items)
	}
	n, err := pollAll(items)
	if err != nil || n > 0 || w.NoWait {
		return n, failed("poll", err)
	}
	return g.pollWaiting(w, items)
}

// pollAll is poll(2) without waiting.
func pollAll(items []PollItem) (int, error) {
	fds := make([]unix.PollFd, len(items))
	for i, it := range items {
		fds[i] = unix.PollFd{Fd: int32(it.Socket.pollFD()), Events: it.Events}
	}
	for {
		n, err := unix.Poll(fds, 0)
		if err == unix.EINTR {
			continue
		}
		for i, it := range items {
			items[i].Revents = fds[i].Revents
			if it.Events&unix.POLLIN == 0 || !it.Socket.desc.kept.some() {
				continue
			}
			if items[i].Revents == 0 {
				n++
			}
			items[i].Revents |= unix.POLLIN
		}
		return n, err
	}
}

// pollFD is the descriptor for poll(2). The kernel passes over negative
// numbers, so a closed socket gets one that is never open.
func (s *Socket) pollFD() int {
	if s.life.Load()&lifeClosed != 0 {
		return 1<<31 - 1
	}
	return s.fd
}

func (g *Group) pollWaiting(w Wait, items []PollItem) (int, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return 0, failed("poll", err)
	}
	if err := unix.SetNonblock(ep, true); err != nil {
		unix.Close(ep)
		return 0, failed("poll", err)
	}
	p, err := new(fileMode).newPort(ep)
	if err != nil {
		unix.Close(ep)
		return 0, failed("poll", err)
	}
	defer p.file.Close()
	if err := watchAll(ep, items); err != nil {
		return 0, failed("poll", err)
	}
	p.polls = true
	if err := g.watch(p); err != nil {
		return 0, failed("poll", err)
	}
	defer g.unwatch(p)
	n := 0
	d := &direction{socket: &Socket{group: g}, wait: w}
	d.attach(p, true)
	for _, it := range items {
		d.watches = append(d.watches, &it.Socket.desc.kept)
	}
	d.do = func(d *direction) syscall.Errno {
		d.seen = d.keptChanges()
		if n, err = pollAll(items); err != nil {
			return asErrno(err)
		}
		if n == 0 {
			return syscall.EAGAIN
		}
		return 0
	}
	err = d.untilReady()
	runtime.KeepAlive(p)
	return n, failed("poll", err)
}

// watchAll makes the epoll instance ready whenever one of the sockets is. A
// socket that is in the list twice is watched for the events of both.
func watchAll(ep int, items []PollItem) error {
	events := make(map[int]int16)
	for _, it := range items {
		events[it.Socket.pollFD()] |= it.Events
	}
	for fd, ev := range events {
		e := unix.EpollEvent{Events: uint32(uint16(ev)), Fd: int32(fd)}
		if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &e); err != nil {
			return err
		}
	}
	return nil
}

// morePollEvents are those of Linux alone, or with numbers of its own.
var morePollEvents = []constant{
	{"POLLRDNORM", 0x40},
	{"POLLRDBAND", 0x80},
	{"POLLWRNORM", 0x100},
	{"POLLWRBAND", 0x200},
	{"POLLRDHUP", unix.POLLRDHUP},
}

// pollForked is the forked process's own poll(2), which an interruption ends.
func (g *Group) pollForked(w Wait, items []PollItem) (int, error) {
	fds := make([]unix.PollFd, len(items))
	for i, it := range items {
		fds[i] = unix.PollFd{Fd: int32(it.Socket.pollFD()), Events: it.Events}
	}
	var limit *unix.Timespec
	if w.NoWait {
		limit = new(unix.Timespec)
	}
	n, errno := caller{g.process, &w}.poll(fds, limit)
	for i := range items {
		items[i].Revents = fds[i].Revents
	}
	return n, failed("poll", g.outcome(errno))
}

package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// OpenEpoll makes an epoll instance (epoll_create1(2)). Its waits are the real
// calls, each on a thread of its own: driven by the runtime's poller,
// EPOLLEXCLUSIVE would wake every waiter.
func (g *Group) OpenEpoll(flags int) (*Socket, error) {
	if err := g.mayOpen(true); err != nil {
		return nil, failed("epoll_create1", err)
	}
	fd, errno := sysEpollCreate(g.caller(), flags|unix.EPOLL_CLOEXEC)
	if errno != 0 {
		return nil, failed("epoll_create1", asError(errno))
	}
	s, err := g.newSocket(fd, kind{blocking: true}, g.newDescription())
	if err != nil {
		return nil, failed("epoll_create1", err)
	}
	s.cloexec.Store(flags&unix.EPOLL_CLOEXEC != 0)
	return s, nil
}

// The operations of [Socket.EpollCtl].
const (
	EpollAdd    = unix.EPOLL_CTL_ADD
	EpollRemove = unix.EPOLL_CTL_DEL
	EpollModify = unix.EPOLL_CTL_MOD
)

// EpollCtl changes what an epoll instance watches (epoll_ctl(2)). Key comes
// back with the events.
func (s *Socket) EpollCtl(op int, target *Socket, events uint32, key int32) error {
	if err := s.enter(); err != nil {
		return failed("epoll_ctl", err)
	}
	defer s.leave()
	if err := target.enter(); err != nil {
		return failed("epoll_ctl", err)
	}
	defer target.leave()
	e := unix.EpollEvent{Events: events, Fd: key}
	return failed("epoll_ctl", asError(sysEpollCtl(s.caller(), s.fd, op, target.fd, &e)))
}

// An EpollEvent is what epoll_wait(2) gives of one watched descriptor.
type EpollEvent struct {
	Events uint32
	Key    int32
}

// EpollWait waits until a watched descriptor has an event (epoll_wait(2)), and
// gives at most as many as the room is for.
func (s *Socket) EpollWait(w Wait, room int) ([]EpollEvent, error) {
	if err := s.enter(); err != nil {
		return nil, failed("epoll_wait", err)
	}
	defer s.leave()
	list := make([]unix.EpollEvent, max(0, min(room, mostEvents)))
	n := 0
	call := func(limit int) (errno syscall.Errno) {
		n, errno = sysEpollWait(caller{s.group.process, &w}, s.fd, list, room, limit)
		return errno
	}
	var err error
	switch {
	case s.group.process != nil:
		limit := -1
		if w.NoWait {
			limit = 0
		}
		err = s.group.outcome(call(limit))
	case w.NoWait:
		err = asError(call(0))
	default:
		err = s.group.block(w, nil, func() syscall.Errno { return call(-1) })
	}
	if err != nil {
		return nil, failed("epoll_wait", err)
	}
	var events []EpollEvent
	for _, e := range list[:n] {
		events = append(events, EpollEvent{e.Events, e.Fd})
	}
	return events, nil
}

// mostEvents bounds the room for events that is really there.
const mostEvents = 4096

func sysEpollCreate(c caller, flags int) (int, syscall.Errno) {
	if c.process != nil {
		n, errno := c.call(unix.SYS_EPOLL_CREATE1, num(flags))
		return int(n), errno
	}
	fd, err := unix.EpollCreate1(flags)
	return fd, asErrno(err)
}

func sysEpollCtl(c caller, fd, op, target int, e *unix.EpollEvent) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_EPOLL_CTL, num(fd), num(op), num(target), forked.In(forked.Bytes(e)))
		return errno
	}
	return asErrno(unix.EpollCtl(fd, op, target, e))
}

// sysEpollWait is epoll_pwait(2). A room that is not positive is the kernel's
// to refuse.
func sysEpollWait(c caller, fd int, list []unix.EpollEvent, room, limit int) (int, syscall.Errno) {
	room = min(room, max(len(list), 1))
	if c.process != nil {
		mem := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), len(list)*int(unsafe.Sizeof(unix.EpollEvent{})))
		n, errno := c.call(unix.SYS_EPOLL_PWAIT, num(fd), forked.InOut(mem), num(room), num(limit), num(0), num(0))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(list))),
		uintptr(room), uintptr(limit), 0, 0)
	return count(n, errno), errno
}

// Unread is how many bytes wait to be received (FIONREAD); 0 where the kernel
// does not say.
func (s *Socket) Unread() int64 {
	n, err := s.Ioctl(fionread)
	if err != nil {
		return 0
	}
	return int64(n)
}

var fionread, _ = RequestByName("FIONREAD")

// epollOnly are the events of epoll(7) that poll(2) does not have.
var epollOnly = []constant{
	{"EPOLLET", -1 << 31},
	{"EPOLLONESHOT", unix.EPOLLONESHOT},
	{"EPOLLWAKEUP", unix.EPOLLWAKEUP},
	{"EPOLLEXCLUSIVE", unix.EPOLLEXCLUSIVE},
}

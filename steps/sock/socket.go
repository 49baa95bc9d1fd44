package sock

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Socket is one descriptor. Its methods may be called from any goroutine,
// concurrently too.
type Socket struct {
	kind
	group *Group
	desc  *Description
	fd    int

	cloexec atomic.Bool // the scenario has asked for FD_CLOEXEC

	polled sync.Once // guards port
	port   *port     // its place in the poller; nil as long as no call had to wait there

	// life counts the calls under way, with the closed and gone bits above
	// them. See enter.
	life atomic.Int64

	rd, wr direction
}

// kind is what socket(2) was asked for.
type kind struct {
	family, typ, proto int
	blocking           bool
}

// stream reports whether the socket counts bytes rather than datagrams, as an
// adopted pipe does too.
func (k kind) stream() bool { return k.typ == unix.SOCK_STREAM || k.typ == 0 }

// rawOrICMP reports whether the addresses of the socket have no port.
func (k kind) rawOrICMP() bool {
	return k.typ == unix.SOCK_RAW || k.proto == unix.IPPROTO_ICMP || k.proto == unix.IPPROTO_ICMPV6
}

// port is the place of a descriptor in the runtime's poller.
type port struct {
	file  *os.File
	raw   syscall.RawConn
	polls bool // it is an epoll instance, which is ready when a poll is
}

// newPort registers fd with the poller and takes it over: closing the port
// closes fd.
func newPort(fd int) (*port, error) {
	file := os.NewFile(uintptr(fd), "socket")
	if file == nil {
		return nil, syscall.EBADF
	}
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	return &port{file: file, raw: raw}, nil
}

// wake makes whatever waits on the port, now or later, see a deadline that has
// passed.
func (p *port) wake() { p.file.SetDeadline(longAgo) }

// newSocket takes over fd, closing it on an error.
func (g *Group) newSocket(fd int, k kind, desc *Description) (*Socket, error) {
	s := &Socket{kind: k, group: g, desc: desc, fd: fd}
	s.rd.socket, s.wr.socket = s, s
	if s.blocking {
		desc.mode.lose(s.caller(), fd)
	}
	if g.process != nil {
		s.learnFile()
	}
	if err := g.add(s); err != nil {
		s.release(time.Time{})
		return nil, err
	}
	desc.opens.Add(1)
	return s, nil
}

// pollerPlace is the socket's place in the poller. It is made when a call first
// has to wait there: most calls of a short conversation do not.
func (s *Socket) pollerPlace() (*port, error) {
	var err error
	s.polled.Do(func() {
		if s.port, err = s.desc.mode.newPort(s.fd); err == nil && s.group.watch(s.port) != nil {
			s.port.wake() // the group has ended
		}
	})
	if err == nil && s.port == nil {
		err = syscall.EBADF
	}
	return s.port, err
}

// Desc is the description that s shares with its duplicates.
func (s *Socket) Desc() *Description { return s.desc }

// FD is the descriptor's number, -1 once s is closed. Whoever uses it must see
// to it that s is not closed meanwhile.
func (s *Socket) FD() int {
	if s.life.Load()&lifeClosed != 0 {
		return -1
	}
	return s.fd
}

// Number is the number that the descriptor has, or had while it was open.
func (s *Socket) Number() int { return s.fd }

// Family is the AF_ number that the socket was made with.
func (s *Socket) Family() int { return s.family }

// Type is the SOCK_ number that the socket was made with.
func (s *Socket) Type() int { return s.typ }

// Proto is the IPPROTO_ (or family's own) number that the socket was made with.
func (s *Socket) Proto() int { return s.proto }

// Space is what tells apart sockets that have one address: the type, or for a
// socket of netlink the protocol, to which its port belongs (netlink(7)).
func (s *Socket) Space() int {
	if s.Netlink() {
		return s.proto
	}
	return s.typ
}

// TCP reports whether it is a socket of TCP.
func (s *Socket) TCP() bool {
	inet := s.family == unix.AF_INET || s.family == unix.AF_INET6
	return inet && s.typ == unix.SOCK_STREAM && (s.proto == 0 || s.proto == unix.IPPROTO_TCP)
}

// Blocking reports whether the descriptor is a truly blocking one, without
// O_NONBLOCK.
func (s *Socket) Blocking() bool { return s.blocking }

// The bits of Socket.life. Below them is the number of calls under way.
const (
	lifeClosed = 1 << 40 // Close was called
	lifeGone   = 1 << 41 // the descriptor was given back to the kernel
)

// enter begins a call: until leave, the descriptor stays open. It fails with
// EBADF once the socket is closed.
func (s *Socket) enter() error {
	if s.life.Add(1)&lifeClosed != 0 {
		s.leave()
		return syscall.EBADF
	}
	return nil
}

// leave ends a call. The last one to leave a closed socket closes the
// descriptor.
func (s *Socket) leave() {
	if s.life.Add(-1) == lifeClosed {
		s.retire(time.Time{})
	}
}

// retire closes the descriptor of a closed socket that no call uses any more.
func (s *Socket) retire(deadline time.Time) error {
	if !s.life.CompareAndSwap(lifeClosed, lifeClosed|lifeGone) {
		return nil
	}
	err := s.release(deadline)
	s.group.remove(s)
	return err
}

// release hands the descriptor back to the kernel.
func (s *Socket) release(deadline time.Time) error {
	if s.port != nil {
		s.group.unwatch(s.port)
	}
	closing := func() syscall.Errno {
		if s.port == nil {
			return sysClose(s.caller(), s.fd)
		}
		if err := s.port.file.Close(); err != nil {
			errno, _ := ErrnoOf(err)
			return errno
		}
		return 0
	}
	if s.group.process != nil && s.desc.lingers.Load() {
		errno := sysClose(caller{s.group.process, &Wait{Deadline: deadline}}, s.fd)
		return s.group.outcome(errno)
	}
	if s.desc.lingers.Load() {
		return s.group.closeLingering(deadline, func() syscall.Errno { return closeApart(s.fd, closing) })
	}
	forks.RLock()
	defer forks.RUnlock()
	return asError(closing())
}

// Close closes the descriptor (close(2)). As on Linux it does not wake a call
// that another goroutine is blocked in on the same socket: Close returns at
// once, that call goes on to its result, and only then is the file released
// ("Multithreaded processes and close()" in close(2)). Later calls, Close
// included, fail with EBADF; the number is not touched again. A close that
// waits because of SO_LINGER (socket(7)) is cut short when the group's context
// is cancelled.
func (s *Socket) Close() error { return s.CloseBefore(time.Time{}) }

// CloseBefore is Close with a bound: at the deadline, unless it is zero, a
// close that lingers is cut short as well, with ErrTimeout. The descriptor is
// closed all the same.
func (s *Socket) CloseBefore(deadline time.Time) error {
	for {
		life := s.life.Load()
		if life&lifeClosed != 0 {
			return failed("close", syscall.EBADF)
		}
		if s.life.CompareAndSwap(life, life|lifeClosed) {
			break
		}
	}
	if s.desc.opens.Add(-1) == 0 {
		s.desc.kept.drop()
	}
	return failed("close", s.retire(deadline))
}

// replaced notes that the number of the descriptor is another file's now, which
// has closed it.
func (s *Socket) replaced() {
	for {
		life := s.life.Load()
		if life&lifeClosed != 0 {
			return
		}
		if s.life.CompareAndSwap(life, life|lifeClosed|lifeGone) {
			break
		}
	}
	if s.desc.opens.Add(-1) == 0 {
		s.desc.kept.drop()
	}
	s.group.remove(s)
}

// Dup makes a second descriptor of the same open file (F_DUPFD_CLOEXEC of
// fcntl(2)); both share one Description.
func (s *Socket) Dup() (*Socket, error) {
	if err := s.enter(); err != nil {
		return nil, failed("dup", err)
	}
	defer s.leave()
	dup, err := s.dup(0)
	return dup, failed("dup", err)
}

// Bind sets the local address of the socket (bind(2)). The port of
// Desc().Local() is the one that the kernel chose for port 0. The file that
// binding an AF_UNIX path makes is unlinked when the group closes.
func (s *Socket) Bind(a Addr) error {
	if err := s.enter(); err != nil {
		return failedAt("bind", a, err)
	}
	defer s.leave()
	var name sockname
	errno := name.encode(s.caller(), s.fd, s.family, a)
	if errno == 0 {
		made := func(bool) {}
		if a.Family == unix.AF_UNIX && a.Path != "" && a.Path[0] != '@' {
			made = s.group.announce(s.group.process.absolute(a.Path))
		}
		errno = sysBind(s.caller(), s.fd, &name)
		made(errno == 0)
	}
	if errno != 0 {
		return failedAt("bind", a, errno)
	}
	local, err := s.learnLocal()
	if err == nil {
		s.desc.autoPort.Store(a.open() && !local.open())
	}
	if a.Raw && local.Path != "" && local.Path[0] != '@' {
		s.group.announce(local.Path)(true)
	}
	return nil
}

// Listen makes the socket accept connections (listen(2)).
func (s *Socket) Listen(backlog int) error {
	if err := s.enter(); err != nil {
		return failed("listen", err)
	}
	defer s.leave()
	if errno := sysListen(s.caller(), s.fd, backlog); errno != 0 {
		return failed("listen", asError(errno))
	}
	if s.desc.Local().open() {
		s.learnLocal() // listening has bound it
	}
	return nil
}

// Shutdown ends one direction of a connection, or both: SHUT_RD, SHUT_WR,
// SHUT_RDWR (shutdown(2)).
func (s *Socket) Shutdown(how int) error {
	if err := s.enter(); err != nil {
		return failed("shutdown", err)
	}
	defer s.leave()
	s.desc.shut.Add(1) // before the kernel wakes those who wait: they are not woken again
	errno := sysShutdown(s.caller(), s.fd, how)
	s.wakeSenders(how)
	return failed("shutdown", asError(errno))
}

// Sockname is the local address (getsockname(2)); Desc().Local() follows it.
func (s *Socket) Sockname() (Addr, error) {
	if err := s.enter(); err != nil {
		return Addr{}, failed("getsockname", err)
	}
	defer s.leave()
	a, err := s.learnLocal()
	return a, failed("getsockname", err)
}

// Peername is the peer's address (getpeername(2)).
func (s *Socket) Peername() (Addr, error) {
	if err := s.enter(); err != nil {
		return Addr{}, failed("getpeername", err)
	}
	defer s.leave()
	a, errno := sysGetpeername(s.caller(), s.fd, s.kind)
	return a, failed("getpeername", asError(errno))
}

// SocknameIn is Sockname with a buffer whose size the caller chooses: the
// address as far as it fits, and the length that the kernel returns.
func (s *Socket) SocknameIn(size int) (Addr, int, error) { return s.nameIn("getsockname", false, size) }

// PeernameIn is Peername with such a buffer.
func (s *Socket) PeernameIn(size int) (Addr, int, error) { return s.nameIn("getpeername", true, size) }

func (s *Socket) nameIn(call string, peer bool, size int) (Addr, int, error) {
	if err := s.enter(); err != nil {
		return Addr{}, 0, failed(call, err)
	}
	defer s.leave()
	a, length, errno := sysNameIn(s.caller(), peer, s.fd, s.kind, size)
	return a, length, failed(call, asError(errno))
}

// Poll asks poll(2), without waiting, which of events are there: POLLIN,
// POLLOUT and so on. POLLERR and POLLHUP need not be asked for.
func (s *Socket) Poll(events int16) (int16, error) {
	if err := s.enter(); err != nil {
		return 0, failed("poll", err)
	}
	defer s.leave()
	revents, errno := pollNow(s.caller(), s.fd, events)
	return revents, failed("poll", asError(errno))
}

func pollNow(c caller, fd int, events int16) (int16, syscall.Errno) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
	for {
		_, errno := sysPoll(c, fds)
		if errno != unix.EINTR {
			return fds[0].Revents, errno
		}
	}
}

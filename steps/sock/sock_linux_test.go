package sock

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/internal/socktest"
)

// Calls that wait for what only Linux waits for.
func init() {
	stalls["connect tcp"] = stall{syscall.EALREADY, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		l := listener(t, g, unix.SOCK_STREAM, loopback4, 0, blocking)
		for range 8 { // until the backlog is full, and a SYN is dropped
			c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, blocking)
			c.Connect(nowait, l.Desc().Local())
			if revents, err := c.Poll(unix.POLLOUT); revents == 0 && err == nil {
				return func(w Wait) error { return c.Connect(w, l.Desc().Local()) }
			}
		}
		t.Fatal("the backlog is never full")
		return nil
	}}
	stalls["connect unix"] = stall{syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		return connectingToFull(t, g, listener(t, g, unix.SOCK_STREAM, unixPath(t), 0, blocking))
	}}
	stalls["sendto unix"] = stall{syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		s := bound(t, g, unix.SOCK_DGRAM, unixPath(t), blocking)
		return sendingToFullQueue(t, g, s)
	}}
}

// connectingToFull fills the backlog of l; the next connect has to wait.
func connectingToFull(t *testing.T, g *Group, l *Socket) func(Wait) error {
	t.Helper()
	for {
		c := open(t, g, unix.AF_UNIX, unix.SOCK_STREAM, 0, l.Blocking())
		if err := c.Connect(nowait, l.Desc().Local()); err != nil {
			wantErrno(t, err, syscall.EAGAIN)
			return func(w Wait) error { return c.Connect(w, l.Desc().Local()) }
		}
	}
}

// sendingToFullQueue fills the queue of s; the next datagram has to wait.
func sendingToFullQueue(t *testing.T, g *Group, s *Socket) func(Wait) error {
	t.Helper()
	c := open(t, g, unix.AF_UNIX, unix.SOCK_DGRAM, 0, s.Blocking())
	to := s.Desc().Local()
	sendto := func(w Wait) error {
		_, err := c.Send(w, []byte("x"), 0, &to)
		return err
	}
	for {
		if err := sendto(nowait); err != nil {
			wantErrno(t, err, syscall.EAGAIN)
			return sendto
		}
	}
}

func TestFullUnixQueues(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		l := listener(t, g, unix.SOCK_STREAM, unixPath(t), 0, blocking)
		connect := connectingToFull(t, g, l)
		connected := start(func() (int, error) { return 0, connect(patient()) })
		waitBlocked(t, 1)
		_, _, err := l.Accept(patient())
		must(t, err)
		must(t, await(t, connected).err)

		s := bound(t, g, unix.SOCK_DGRAM, unixPath(t), blocking)
		sendto := sendingToFullQueue(t, g, s)
		sent := start(func() (int, error) { return 0, sendto(patient()) })
		waitBlocked(t, 1)
		wantRecv(t, s, "x")
		must(t, await(t, sent).err)
	})
}

// TestUseWhileUnblocked uses a polled socket in every way while a sendto of it has cleared O_NONBLOCK.
func TestUseWhileUnblocked(t *testing.T) {
	g, _ := newGroup(t)
	full := bound(t, g, unix.SOCK_DGRAM, unixPath(t), false)
	c := bound(t, g, unix.SOCK_DGRAM, unixPath(t), false)
	to := full.Desc().Local()
	var err error
	for err == nil {
		_, err = c.Send(nowait, []byte("x"), 0, &to)
	}
	sent := start(func() (int, error) { return c.Send(patient(), []byte("x"), 0, &to) })
	waitBlocked(t, 1)
	if _, err := c.Read(soon(), make([]byte, 1)); !errors.Is(err, ErrTimeout) {
		t.Errorf("read gives %v", err)
	}
	if _, err := c.Readv(nowait, [][]byte{make([]byte, 1)}); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("readv gives %v", err)
	}
	d, err := c.Dup()
	must(t, err)
	if _, _, err := d.Recv(soon(), make([]byte, 1), 0); !errors.Is(err, ErrTimeout) {
		t.Errorf("a duplicate's recv gives %v", err)
	}
	wantRecv(t, full, "x")
	must(t, await(t, sent).err)
	flags, err := unix.FcntlInt(uintptr(c.FD()), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("O_NONBLOCK was not restored: %#x, %v", flags, err)
	}
}

func TestUnixAddresses(t *testing.T) {
	dir := filepath.Dir(unixPath(t).Path)
	longest := dir + "/" + strings.Repeat("x", 108-len(dir)-1)
	abstract := "@sock test\x00" + filepath.Base(dir)
	for _, path := range []string{dir + "/s", longest, abstract} {
		g, _ := newGroup(t)
		a := Addr{Family: unix.AF_UNIX, Path: path}
		l := listener(t, g, unix.SOCK_STREAM, a, 1, false)
		if got, err := l.Sockname(); got != a || err != nil {
			t.Errorf("bound to %q, %v, want %q", got.Path, err, path)
		}
		c := open(t, g, unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
		must(t, c.Connect(patient(), a))
		s, from, err := l.Accept(patient())
		must(t, err)
		if from != (Addr{Family: unix.AF_UNIX}) {
			t.Errorf("accepted from %+v", from)
		}
		if c.Desc().Inode() == 0 || s.Desc().PeerInode() != c.Desc().Inode() {
			t.Errorf("the peer's inode is %d, want %d", s.Desc().PeerInode(), c.Desc().Inode())
		}
		if peer := c.Desc().Remote(); peer != a {
			t.Errorf("connected to %q, want %q", peer.Path, path)
		}
	}
	g, _ := newGroup(t)
	s := open(t, g, unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	for _, path := range []string{longest + "x", "@" + strings.Repeat("x", 108)} {
		wantErrno(t, s.Bind(Addr{Family: unix.AF_UNIX, Path: path}), syscall.EINVAL)
	}
	must(t, s.Bind(parse(t, "unix:")))
	if a := s.Desc().Local(); !strings.HasPrefix(a.Path, "@") || !s.Desc().AutoPort() {
		t.Errorf("autobind gave %q (auto %v)", a.Path, s.Desc().AutoPort())
	}
}

func TestAddressOfOtherFamily(t *testing.T) {
	g, _ := newGroup(t)
	six := open(t, g, unix.AF_INET6, unix.SOCK_STREAM, 0, false)
	wantErrno(t, six.Bind(loopback4), syscall.EINVAL)
	four := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	wantErrno(t, four.Bind(loopback6), syscall.EAFNOSUPPORT)
	netlink := open(t, g, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE, false)
	must(t, netlink.Bind(parse(t, "AF_NETLINK:00000000000000000000")))
	if a := netlink.Desc().Local(); len(a.Other) != 10 || a.Family != unix.AF_NETLINK {
		t.Errorf("bound to %v", a)
	}
}

func TestZone(t *testing.T) {
	g, _ := newGroup(t)
	s := open(t, g, unix.AF_INET6, unix.SOCK_DGRAM, 0, false)
	var name sockname
	for zone, want := range map[string]string{"lo": "lo", "1": "lo", "424242": "424242"} {
		a := Addr{Family: unix.AF_INET6, IP: netip.MustParseAddr("fe80::1").WithZone(zone), Port: 7}
		if errno := name.encode(s.fd, s.family, a); errno != 0 {
			t.Fatalf("%v: %v", a, errno)
		}
		if got := name.decode(s.fd, s.kind); got.IP.Zone() != want || got.Port != 7 {
			t.Errorf("%v comes back as %v", a, got)
		}
	}
	wantErrno(t, s.Bind(parse(t, "[fe80::1%nosuch0]:7")), syscall.ENODEV)
}

func TestUnspecDissolves(t *testing.T) {
	g, _ := newGroup(t)
	s := bound(t, g, unix.SOCK_DGRAM, loopback4, false)
	c := open(t, g, unix.AF_INET, unix.SOCK_DGRAM, 0, false)
	must(t, c.Connect(Wait{}, s.Desc().Local()))
	must(t, c.Connect(Wait{}, parse(t, "unspec:")))
	_, err := c.Peername()
	wantErrno(t, err, syscall.ENOTCONN)
	if !c.Desc().Remote().IsZero() || c.Desc().AutoPort() {
		t.Errorf("still connected from %v to %v", c.Desc().Local(), c.Desc().Remote())
	}
}

func TestICMP(t *testing.T) {
	g, _ := newGroup(t)
	s, err := g.Open(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP, false)
	if errors.Is(err, syscall.EPERM) {
		socktest.Lacks(t, "raw sockets need CAP_NET_RAW")
	}
	must(t, err)
	to := parse(t, "icmp:127.0.0.1")
	echo := []byte{8, 0, 0xf7, 0xff, 0, 0, 0, 0}
	_, err = s.Send(Wait{}, echo, 0, &to)
	must(t, err)
	_, from, err := s.Recv(patient(), make([]byte, 128), 0)
	must(t, err)
	if from != to {
		t.Errorf("from %+v, want %+v", from, to)
	}
	if s.Desc().TX.Load() != 1 || s.Desc().RX.Load() != 1 {
		t.Errorf("TX is %d and RX %d", s.Desc().TX.Load(), s.Desc().RX.Load())
	}
}

func TestMPTCP(t *testing.T) {
	g, _ := newGroup(t)
	l, err := g.Open(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP, false)
	if err != nil {
		socktest.Lacks(t, err)
	}
	must(t, l.Bind(loopback4))
	c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP, false)
	wantErrno(t, c.Connect(patient(), l.Desc().Local()), syscall.ECONNREFUSED)
	must(t, l.Listen(1))
	c = open(t, g, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP, false)
	must(t, c.Connect(patient(), l.Desc().Local()))
	s, _, err := l.Accept(patient())
	must(t, err)
	send(t, c, "x")
	wantRecv(t, s, "x")
}

func TestFastOpen(t *testing.T) {
	g, _ := newGroup(t)
	l := listener(t, g, unix.SOCK_STREAM, loopback4, 1, false)
	c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	to := l.Desc().Local()
	n, err := c.Send(patient(), []byte("x"), unix.MSG_FASTOPEN, &to)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		socktest.Lacks(t, "net.ipv4.tcp_fastopen does not let clients use it")
	}
	if n != 1 || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	s, _, err := l.Accept(patient())
	must(t, err)
	wantRecv(t, s, "x")
}

func TestTimeoutOptions(t *testing.T) {
	g, _ := newGroup(t)
	for option, call := range map[int]func(s, peer *Socket) error{
		unix.SO_RCVTIMEO: func(s, _ *Socket) error { return receiving(s)(patient()) },
		unix.SO_SNDTIMEO: func(s, peer *Socket) error { return sendingToFull(t, s, peer)(patient()) },
	} {
		s, peer := tcpPair(t, g, true)
		must(t, s.SetBytes(unix.SOL_SOCKET, option, EncodeTimeval(10*time.Millisecond)))
		wantErrno(t, call(s, peer), syscall.EAGAIN)
	}
}

// TestForeignSignal interrupts a blocked thread in another's name: the call must go on.
func TestForeignSignal(t *testing.T) {
	g, _ := newGroup(t)
	a, b := tcpPair(t, g, true)
	must(t, b.SetBytes(unix.SOL_SOCKET, unix.SO_RCVTIMEO, EncodeTimeval(patience))) // no SA_RESTART then (signal(7))
	done := start(func() (int, error) { n, err := b.Read(patient(), make([]byte, 1)); return n, err })
	waitBlocked(t, 1)
	b.group.mu.Lock()
	for w := range b.group.waiters {
		if th, ok := w.(*thread); ok {
			must(t, unix.Tgkill(unix.Getpid(), th.tid, wakeSignal))
		}
	}
	b.group.mu.Unlock()
	send(t, a, "x")
	if r := await(t, done); r.n != 1 || r.err != nil {
		t.Errorf("received %d, %v", r.n, r.err)
	}
}

func TestLingeringClose(t *testing.T) {
	cause := errors.New("enough")
	eachMode(t, func(t *testing.T, blocking bool) {
		g, cancel := newGroup(t)
		a, b := tcpPair(t, g, blocking)
		must(t, a.SetBytes(unix.SOL_SOCKET, unix.SO_LINGER, EncodeLinger(1, 3600)))
		sendingToFull(t, a, b)
		done := start(func() (int, error) { return 0, a.Close() })
		waitBlocked(t, 1)
		cancel(cause)
		must(t, await(t, done).err)
	})
}

func TestLingeringCloseBefore(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		a, b := tcpPair(t, g, blocking)
		must(t, a.SetBytes(unix.SOL_SOCKET, unix.SO_LINGER, EncodeLinger(1, 3600)))
		sendingToFull(t, a, b)
		if err := a.CloseBefore(time.Now().Add(20 * time.Millisecond)); !errors.Is(err, ErrTimeout) {
			t.Errorf("the close gives %v", err)
		}
		wantErrno(t, a.Close(), syscall.EBADF)
	})
}

func TestRights(t *testing.T) {
	g, _ := newGroup(t)
	a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	must(t, err)
	if a.Desc().Peer != b.Desc() || b.Desc().Peer != a.Desc() || a.Desc().PeerInode() != b.Desc().Inode() {
		t.Error("the ends of the pair do not know each other")
	}
	client, server := tcpPair(t, g, false)
	desc := server.Desc()
	send(t, client, "one")
	wantRecv(t, server, "one")

	pass := func(fd int) *Socket {
		t.Helper()
		_, err := a.Sendmsg(patient(), &Message{Buffers: [][]byte{[]byte("fd")}, Control: unix.UnixRights(fd)}, 0)
		must(t, err)
		if fd == server.FD() {
			must(t, server.Close()) // it lives in the message only
		}
		m := &Message{Buffers: [][]byte{make([]byte, 2)}, Control: make([]byte, unix.CmsgSpace(4))}
		_, err = b.Recvmsg(patient(), m, 0)
		must(t, err)
		if m.Flags != 0 {
			t.Errorf("flags are %s", FlagNames(m.Flags))
		}
		messages, err := unix.ParseSocketControlMessage(m.Control[:m.ControlN])
		must(t, err)
		fds, err := unix.ParseUnixRights(&messages[0])
		must(t, err)
		s, err := g.Adopt(fds[0])
		must(t, err)
		return s
	}
	moved := pass(server.FD())
	send(t, client, "two")
	wantRecv(t, moved, "two")
	if moved.Desc() != desc || desc.RX.Load() != 6 || moved.Proto() != unix.IPPROTO_TCP || moved.Blocking() {
		t.Errorf("adopted %+v with RX %d", moved.kind, desc.RX.Load())
	}
	if again := pass(moved.FD()); again.Desc() != desc {
		t.Error("a second copy has another description")
	}
	if len(g.passed) != 0 {
		t.Errorf("%d descriptions seem to be on their way", len(g.passed))
	}
	testStrangers(t, pass)
}

// A program expects descriptors that block: what another process may receive loses O_NONBLOCK, which would be the file's, and
// calls of the group wait all the same. What stays in the group keeps it.
func TestRightsOfOtherProcesses(t *testing.T) {
	g, _ := newGroup(t)
	at := unixPath(t)
	l := listener(t, g, unix.SOCK_STREAM, at, 1, false)
	program, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(program)
	must(t, unix.Connect(program, &unix.SockaddrUnix{Name: at.Path}))
	outward, _, err := l.Accept(patient())
	must(t, err)
	inward, _, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_DGRAM, 0, false)
	must(t, err)
	client, server := tcpPair(t, g, false)
	pass := func(by *Socket) {
		t.Helper()
		_, err := by.Sendmsg(patient(), &Message{Buffers: [][]byte{[]byte("fd")}, Control: unix.UnixRights(server.FD())}, 0)
		must(t, err)
	}

	pass(inward)
	if !nonblocking(t, server.FD()) {
		t.Error("what stays in the group has lost O_NONBLOCK")
	}
	pass(outward)
	if nonblocking(t, server.FD()) {
		t.Error("what another process receives has O_NONBLOCK")
	}
	dup, err := server.Dup()
	must(t, err)
	if nonblocking(t, server.FD()) {
		t.Error("a duplicate brings O_NONBLOCK back")
	}
	for _, s := range []*Socket{server, dup} {
		if _, err := s.Read(nowait, make([]byte, 1)); !errors.Is(err, syscall.EAGAIN) {
			t.Errorf("a read that must not wait gives %v", err)
		}
		read := start(func() (int, error) { return s.Read(patient(), make([]byte, 9)) })
		receive := start(func() (int, error) { return 0, receiving(s)(soon()) })
		waitBlocked(t, 1)
		if r := await(t, receive); !errors.Is(r.err, ErrTimeout) {
			t.Errorf("a receive beside the read gives %v", r.err)
		}
		send(t, client, "x")
		if r := await(t, read); r.n != 1 || r.err != nil {
			t.Errorf("the read gives %d, %v", r.n, r.err)
		}
	}
	if nonblocking(t, server.FD()) {
		t.Error("the calls have brought O_NONBLOCK back")
	}
}

func nonblocking(t *testing.T, fd int) bool {
	t.Helper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	must(t, err)
	return flags&unix.O_NONBLOCK != 0
}

func testStrangers(t *testing.T, pass func(int) *Socket) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	s := pass(fd)
	must(t, unix.Close(fd))
	if s.Family() != unix.AF_INET6 || s.Type() != unix.SOCK_DGRAM || !s.Blocking() {
		t.Errorf("adopted %+v", s.kind)
	}
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte("text"), 0o600))
	file, err := os.Open(path)
	must(t, err)
	f := pass(int(file.Fd()))
	must(t, file.Close())
	buf := make([]byte, 8)
	if n, err := f.Read(patient(), buf); string(buf[:n]) != "text" || err != nil || f.Family() != unix.AF_UNSPEC {
		t.Errorf("a file gives %q, %v", buf[:n], err)
	}
}

func TestPeerGone(t *testing.T) {
	g, _ := newGroup(t)
	l := listener(t, g, unix.SOCK_STREAM, unixPath(t), 1, false)
	c := open(t, g, unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	must(t, c.Connect(patient(), l.Desc().Local()))
	must(t, c.Close())
	s, _, err := l.Accept(patient())
	must(t, err)
	if ino := s.Desc().PeerInode(); ino != 0 {
		t.Errorf("a peer that is gone has inode %d", ino)
	}
}

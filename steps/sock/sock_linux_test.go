package sock

import (
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/tests/ci"
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

// TestUseWhileUnblocked uses a polled socket in every way while a sendto of it
// has cleared O_NONBLOCK.
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
		if errno := name.encode(caller{}, s.fd, s.family, a); errno != 0 {
			t.Fatalf("%v: %v", a, errno)
		}
		if got := name.decode(caller{}, s.fd, s.kind); got.IP.Zone() != want || got.Port != 7 {
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
		ci.Lacks(t, "raw sockets need CAP_NET_RAW")
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
		ci.Lacks(t, err)
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
		ci.Lacks(t, "net.ipv4.tcp_fastopen does not let clients use it")
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

// TestForeignSignal interrupts a blocked thread in another's name: the call
// must go on.
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

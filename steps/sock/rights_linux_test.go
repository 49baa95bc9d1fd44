package sock

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

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

// A message without a byte does not go over a stream, and what it would pass
// does not either (unix(7)).
func TestRightsWithoutData(t *testing.T) {
	g, _ := newGroup(t)
	a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	must(t, err)
	_, err = a.Sendmsg(patient(), &Message{Control: unix.UnixRights(b.FD())}, 0)
	must(t, err)
	if len(g.passed) != 0 {
		t.Errorf("%d descriptions seem to be on their way", len(g.passed))
	}
}

// A program expects descriptors that block: what another process may receive
// loses O_NONBLOCK, which would be the file's, and calls of the group wait all
// the same. What stays in the group keeps it.
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

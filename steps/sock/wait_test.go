package sock

import (
	"errors"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A stall is a call that has to wait, for ever if nobody ends it.
type stall struct {
	at    syscall.Errno // its result with NoWait
	setup func(t *testing.T, g *Group, blocking bool) func(Wait) error
}

var stalls = map[string]stall{
	"accept": {syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		l := listener(t, g, unix.SOCK_STREAM, loopback4, 1, blocking)
		return func(w Wait) error { _, _, err := l.Accept(w); return err }
	}},
	"recv tcp": {syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		_, s := tcpPair(t, g, blocking)
		return receiving(s)
	}},
	"recv udp": {syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		return receiving(bound(t, g, unix.SOCK_DGRAM, loopback4, blocking))
	}},
	"read unix": {syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		a, _, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, blocking)
		must(t, err)
		return func(w Wait) error { _, err := a.Read(w, make([]byte, 1)); return err }
	}},
	"recvmsg unix": {syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		a, _, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_DGRAM, 0, blocking)
		must(t, err)
		return func(w Wait) error {
			_, err := a.Recvmsg(w, &Message{Buffers: [][]byte{make([]byte, 1)}}, 0)
			return err
		}
	}},
	"send tcp": {syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		a, b := tcpPair(t, g, blocking)
		return sendingToFull(t, a, b)
	}},
	"send unix": {syscall.EAGAIN, func(t *testing.T, g *Group, blocking bool) func(Wait) error {
		a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, blocking)
		must(t, err)
		return sendingToFull(t, a, b)
	}},
}

func receiving(s *Socket) func(Wait) error {
	return func(w Wait) error { _, _, err := s.Recv(w, make([]byte, 1), 0); return err }
}

// sendingToFull fills what can be buffered; the next byte has to wait.
func sendingToFull(t *testing.T, s, peer *Socket) func(Wait) error {
	t.Helper()
	must(t, s.SetInt(unix.SOL_SOCKET, unix.SO_SNDBUF, 4096)) // a fixed size, that the kernel does not tune
	must(t, peer.SetInt(unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
	for size := 64 << 10; size > 0; {
		if _, err := s.Send(nowait, make([]byte, size), 0, nil); err != nil {
			wantErrno(t, err, syscall.EAGAIN)
			size /= 2
		}
	}
	return func(w Wait) error { _, err := s.Send(w, make([]byte, 1), 0, nil); return err }
}

func eachStall(t *testing.T, test func(t *testing.T, s stall, blocking bool)) {
	eachMode(t, func(t *testing.T, blocking bool) {
		for name, s := range stalls {
			t.Run(name, func(t *testing.T) { test(t, s, blocking) })
		}
	})
}

func TestTimeout(t *testing.T) {
	eachStall(t, func(t *testing.T, s stall, blocking bool) {
		g, _ := newGroup(t)
		call := s.setup(t, g, blocking)
		for range 2 { // a descriptor can be used again after a timeout
			w := soon()
			if err := call(w); !errors.Is(err, ErrTimeout) {
				t.Fatalf("error is %v, want %v", err, ErrTimeout)
			}
			if early := time.Until(w.Deadline); early > 0 {
				t.Errorf("timed out %v too early", early)
			}
		}
		if err := call(Wait{Deadline: time.Now().Add(-time.Hour)}); !errors.Is(err, ErrTimeout) {
			t.Errorf("with a deadline that has passed the error is %v", err)
		}
	})
}

func TestNoWait(t *testing.T) {
	eachStall(t, func(t *testing.T, s stall, blocking bool) {
		g, _ := newGroup(t)
		call := s.setup(t, g, blocking)
		wantErrno(t, call(nowait), s.at)
	})
}

func TestCancel(t *testing.T) {
	cause := errors.New("the other actor failed")
	eachStall(t, func(t *testing.T, s stall, blocking bool) {
		g, cancel := newGroup(t)
		call := s.setup(t, g, blocking)
		without := start(func() (int, error) { return 0, call(Wait{}) })
		with := start(func() (int, error) { return 0, call(patient()) })
		waitBlocked(t, 2)
		cancel(cause)
		for _, done := range []<-chan result{without, with} {
			if r := await(t, done); !errors.Is(r.err, cause) {
				t.Errorf("error is %v, want %v", r.err, cause)
			}
		}
		if err := call(patient()); !errors.Is(err, cause) {
			t.Errorf("a later call gives %v, want %v", err, cause)
		}
		if _, err := g.Open(unix.AF_INET, unix.SOCK_STREAM, 0, false); !errors.Is(err, cause) {
			t.Errorf("opening later gives %v, want %v", err, cause)
		}
	})
}

func TestGroupCloseWakes(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		l := listener(t, g, unix.SOCK_STREAM, loopback4, 1, blocking)
		done := start(func() (int, error) { _, _, err := l.Accept(Wait{}); return 0, err })
		waitBlocked(t, 1)
		must(t, g.Close())
		if r := await(t, done); !errors.Is(r.err, ErrClosed) {
			t.Errorf("error is %v, want %v", r.err, ErrClosed)
		}
	})
}

func TestConcurrentReceivers(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		for name, firstIsShort := range map[string]bool{"first short": true, "second short": false} {
			t.Run(name, func(t *testing.T) {
				g, _ := newGroup(t)
				a, b := tcpPair(t, g, blocking)
				receive := func(w Wait) <-chan result {
					return start(func() (int, error) {
						n, _, err := b.Recv(w, make([]byte, 1), 0)
						return n, err
					})
				}
				var short, long <-chan result
				begin := time.Now()
				if firstIsShort {
					short = receive(Wait{Deadline: begin.Add(200 * time.Millisecond)})
					waitBlocked(t, 1)
					long = receive(patient())
				} else {
					long = receive(patient())
					waitBlocked(t, 1)
					short = receive(soon())
				}
				if r := await(t, short); !errors.Is(r.err, ErrTimeout) {
					t.Fatalf("the short one gives %d, %v", r.n, r.err)
				}
				send(t, a, "x")
				if r := await(t, long); r.n != 1 || r.err != nil {
					t.Errorf("the long one gives %d, %v", r.n, r.err)
				}
			})
		}
	})
}

// TestArmedDeadline covers the deadlines that stay in the poller: too early
// ones of calls before, and earlier ones of calls after.
func TestArmedDeadline(t *testing.T) {
	g, _ := newGroup(t)
	a, b := tcpPair(t, g, false)
	receive := func(w Wait) <-chan result {
		return start(func() (int, error) {
			n, _, err := b.Recv(w, make([]byte, 1), 0)
			return n, err
		})
	}
	exchange := func(w Wait, until time.Time) {
		t.Helper()
		done := receive(w)
		waitBlocked(t, 1)
		<-time.After(time.Until(until))
		send(t, a, "x")
		if r := await(t, done); r.n != 1 || r.err != nil {
			t.Fatalf("received %d, %v", r.n, r.err)
		}
	}
	first := Wait{Deadline: time.Now().Add(time.Second)}
	exchange(first, time.Time{})
	if b.rd.armed != first.Deadline {
		t.Fatalf("armed is %v, want %v", b.rd.armed, first.Deadline)
	}
	exchange(patient(), time.Time{})
	if b.rd.armed != first.Deadline {
		t.Errorf("a later deadline touched the timer")
	}
	for end := time.Now().Add(patience); !b.rd.armed.After(first.Deadline); {
		if time.Now().After(end) {
			t.Fatal("after its time the early deadline was not replaced")
		}
		exchange(patient(), first.Deadline.Add(5*time.Millisecond)) // the armed one fires within this call
	}
	if r := await(t, receive(soon())); !errors.Is(r.err, ErrTimeout) {
		t.Errorf("a deadline before the armed one gives %v", r.err)
	}
	exchange(Wait{}, time.Time{}) // what is armed has passed already
	if !b.rd.armed.IsZero() {
		t.Errorf("a call without deadline left %v armed", b.rd.armed)
	}
}

func TestSendRecvDoNotAllocate(t *testing.T) {
	g, _ := newGroup(t)
	a, b := tcpPair(t, g, false)
	buf := make([]byte, 64)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := a.Send(Wait{}, buf, 0, nil); err != nil {
			t.Error(err)
		}
		if _, _, err := b.Recv(patient(), buf, 0); err != nil {
			t.Error(err)
		}
		if _, err := b.Write(Wait{}, buf); err != nil {
			t.Error(err)
		}
		if _, err := a.Read(patient(), buf); err != nil {
			t.Error(err)
		}
	})
	if allocs != 0 {
		t.Errorf("a round allocates %v times", allocs)
	}
}

// A receive that waits when shutdown(2) ends its direction is woken once: what
// the shutdown means must be known by then.
func TestShutdownWakesReceiver(t *testing.T) {
	g, _ := newGroup(t)
	for range 2000 {
		s := bound(t, g, unix.SOCK_DGRAM, loopback4, false)
		to := s.Desc().Local()
		must(t, s.Connect(patient(), to))
		done := make(chan error, 1)
		go func() {
			n, _, err := s.Recv(patient(), make([]byte, 1), 0)
			if err == nil && n != 0 {
				err = errors.New("received something")
			}
			done <- err
		}()
		must(t, s.Shutdown(unix.SHUT_RD))
		must(t, <-done)
		must(t, s.Close())
	}
}

// A socket has a place in the poller from the first call on that has to wait
// there.
func TestPollerPlaceOnDemand(t *testing.T) {
	g, _ := newGroup(t)
	client, server := tcpPair(t, g, false)
	send(t, client, "there")
	wantRecv(t, server, "there")
	for _, s := range []*Socket{client, server} {
		if s.port != nil {
			t.Errorf("%v to %v is in the poller", s.Desc().Local(), s.Desc().Remote())
		}
	}
	for range 2 {
		if _, _, err := server.Recv(soon(), make([]byte, 1), 0); !errors.Is(err, ErrTimeout) {
			t.Errorf("receiving nothing gives %v", err)
		}
	}
	if client.port != nil || server.port == nil {
		t.Errorf("in the poller: client %v, server %v", client.port != nil, server.port != nil)
	}
	if port := server.port; receiving(server)(soon()) == nil || server.port != port {
		t.Error("a later call has made another place")
	}
}

// Ten thousand actors have a socket each, and each short run has some: what few
// of them need is made when it is needed.
func TestSocketIsSmall(t *testing.T) {
	const most = 1024
	if size := unsafe.Sizeof(Socket{}); size > most {
		t.Errorf("a socket takes %d bytes, of at most %d", size, most)
	}
}

//go:build amd64 || 386 || arm64

package forked

import (
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// interrupted starts a call that waits and kills the process in it.
func interrupted(t *testing.T, p *Process, sig syscall.Signal) syscall.Errno {
	t.Helper()
	var pair [2]int32
	call(t, p, unix.SYS_SOCKETPAIR, Num(unix.AF_UNIX), Num(unix.SOCK_STREAM), Num(0), Out(Bytes(&pair)))
	waits, result := make(chan bool, 4), make(chan syscall.Errno, 1)
	go func() {
		_, errno := p.Call(Wait{Stalls: func(w bool) { waits <- w }}, unix.SYS_READ, Num(pair[0]), Received(make([]byte, 4)), Num(4))
		result <- errno
	}()
	if !<-waits {
		t.Fatal("it goes on before it waits")
	}
	p.Signal(sig)
	return <-result
}

// TestSignalAfterRelease: a process that is gone takes no signal, also where
// the descriptor that stood for it has become that of another process.
func TestSignalAfterRelease(t *testing.T) {
	var s Space
	gone := start(t, &s)
	gone.Signal(unix.SIGKILL)
	<-gone.Done()
	gone.Reap()
	gone.Release()
	for range 20 {
		p := start(t, &s)
		if p.fd != gone.fd {
			continue
		}
		if err := gone.Signal(unix.SIGKILL); err != unix.ESRCH {
			t.Errorf("signal: %v, want ESRCH", err)
		}
		if fd, err := gone.Descriptor(0); err != unix.ESRCH {
			t.Errorf("descriptor %d: %v, want ESRCH", fd, err)
		}
		if pid := call(t, p, unix.SYS_GETPID); int(pid) != p.Pid() {
			t.Error("the other process has got it")
		}
		return
	}
	t.Fatal("no other process got the descriptor's number")
}

func TestInterruption(t *testing.T) {
	var s Space
	p := start(t, &s)
	if errno := p.Action(unix.SIGUSR1, Count, false); errno != 0 {
		t.Fatal(errno)
	}
	for i := range 20 {
		if errno := interrupted(t, p, unix.SIGUSR1); errno != unix.EINTR {
			t.Fatal(errno)
		}
		if n, errno := p.Caught(unix.SIGUSR1); n != i+1 || errno != 0 {
			t.Fatal(n, errno)
		}
	}
	p.Signal(unix.SIGUSR1)
	if n, errno := p.Caught(unix.SIGUSR1); n != 21 || errno != 0 {
		t.Error(n, errno)
	}
	if errno := interrupted(t, p, unix.SIGUSR2); errno != Died {
		t.Error(errno)
	}
}

// A call that a signal has interrupted goes on, up to its deadline. Where that
// comes before the call waits, there was no signal yet: then it is made again.
func TestRestart(t *testing.T) {
	var s Space
	p := start(t, &s)
	p.Action(unix.SIGUSR1, Count, true)
	var fds [2]int32
	call(t, p, unix.SYS_SOCKETPAIR, Num(unix.AF_UNIX), Num(unix.SOCK_STREAM), Num(0), Out(Bytes(&fds)))
	stalls := func(w bool) {
		if w {
			p.Signal(unix.SIGUSR1)
		}
	}
	caught := 0
	for caught == 0 {
		_, errno := p.Call(Wait{Deadline: time.Now().Add(50 * time.Millisecond), Stalls: stalls}, unix.SYS_READ, Num(fds[0]), Received(make([]byte, 4)), Num(4))
		if errno != TimedOut {
			t.Fatal(errno)
		}
		if caught, errno = p.Caught(unix.SIGUSR1); errno != 0 {
			t.Fatal(errno)
		}
	}
	if caught != 1 {
		t.Error("caught", caught)
	}
}

func TestBlockedSignal(t *testing.T) {
	var s Space
	p := start(t, &s)
	p.Block(1 << (unix.SIGTERM - 1))
	p.Signal(unix.SIGTERM)
	set := uint64(1 << (unix.SIGTERM - 1))
	info := make([]byte, 128)
	var limit [2]uintptr
	sig := call(t, p, unix.SYS_RT_SIGTIMEDWAIT, In(Bytes(&set)), Out(info), In(Bytes(&limit)), Num(8))
	if syscall.Signal(sig) != unix.SIGTERM {
		t.Error(sig)
	}
}

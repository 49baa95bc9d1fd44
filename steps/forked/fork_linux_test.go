//go:build amd64 || 386 || arm64

package forked

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// end kills a process that another has forked, and waits for it.
func end(p *Process) {
	p.Signal(unix.SIGKILL)
	<-p.Done()
	p.Reap()
	p.Release()
}

// A thread may be asked for its next call before the process that it has just
// forked runs for the first time: that process does not read what the thread is
// asked for.
func TestForkBesideCalls(t *testing.T) {
	var s Space
	p := start(t, &s)
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case <-over:
				return
			default:
				p.Call(Wait{}, unix.SYS_CLOSE, Num(-1))
				runtime.Gosched() // the thread is for the others too
			}
		}
	}()
	for range 300 {
		q, err := p.Fork(Parts{Forks: &forks, Within: here})
		if err != nil {
			t.Fatal(err)
		}
		if parent := call(t, q, unix.SYS_GETPPID); int(parent) != p.Pid() {
			t.Errorf("its parent is %d, not %d", parent, p.Pid())
		}
		end(q)
	}
}

// A process that is forked has no part of Go's heap: its fork takes the time of
// a small one, however large the heap is.
func TestForkLeavesHeap(t *testing.T) {
	if arena == 0 {
		t.Skip("the heap is small on this processor")
	}
	heap := make([]byte, 3*arena)
	var s Space
	p := start(t, &s)
	q, err := p.Fork(Parts{Forks: &forks, Within: here})
	if err != nil {
		t.Fatal(err)
	}
	defer end(q)
	for _, at := range []uintptr{addressOf(heap), addressOf(heap) + arena, addressOf(heap) + 2*arena} {
		if !mapped(t, os.Getpid(), at) {
			t.Errorf("this process has nothing at %#x", at)
		}
		for _, pid := range []int{p.Pid(), q.Pid()} {
			if mapped(t, pid, at) {
				t.Errorf("a forked process has what is at %#x", at)
			}
		}
	}
}

// What package os/exec forks, with the heap where it is to be in a user
// namespace, goes on as if nothing had been forked before.
func TestExecAfterFork(t *testing.T) {
	var s Space
	start(t, &s)
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	err := cmd.Run()
	if cmd.Process == nil {
		ci.Lacks(t, fmt.Sprintf("no user namespace can be made: %v", err))
	}
	if err != nil {
		t.Error(err)
	}
}

// mapped reports whether a process has memory at an address.
func mapped(t *testing.T, pid int, at uintptr) bool {
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		var low, high uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x", &low, &high); n == 2 && low <= at && at < high {
			return true
		}
	}
	return false
}

// A process that a further thread forks has a stack of its own: what it does
// changes nothing in the thread, nor the other way round.
func TestForkOfThread(t *testing.T) {
	var s Space
	p := start(t, &s)
	if err := p.Grow(); err != nil {
		t.Fatal(err)
	}
	var fds [2]int32
	call(t, p, unix.SYS_SOCKETPAIR, Num(unix.AF_UNIX), Num(unix.SOCK_STREAM), Num(0), Out(Bytes(&fds)))
	waits, read := make(chan bool, 2), make(chan struct{})
	go func() {
		defer close(read)
		p.Call(Wait{Stalls: func(w bool) { waits <- w }}, unix.SYS_READ, Num(fds[0]), Received(make([]byte, 1)), Num(1))
	}()
	<-waits // the first thread is busy now
	for range 100 {
		q, err := p.Fork(Parts{Forks: &forks, Within: here})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if parent := call(t, q, unix.SYS_GETPPID); int(parent) != p.Pid() {
				t.Errorf("its parent is %d, not %d", parent, p.Pid())
			}
			if pid := call(t, p, unix.SYS_GETPID); int(pid) != p.Pid() {
				t.Errorf("the thread's process is %d, not %d", pid, p.Pid())
			}
		}
		end(q)
	}
	call(t, p, unix.SYS_WRITE, Num(fds[1]), In([]byte("x")), Num(1))
	<-read
}

// inGroup is set in the environment of a copy of the test whose process group
// gets signals.
const inGroup = "FORKED_TEST_IN_GROUP"

// forkInGroup forks processes and asks each for its id.
func forkInGroup() {
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT)
	fmt.Println("ready")
	var s Space
	for range 300 {
		p, err := s.Start(Parts{Forks: &forks, Within: here})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if _, errno := p.Call(Wait{}, unix.SYS_GETPID); errno != 0 {
			fmt.Fprintln(os.Stderr, errno, p.Status())
			os.Exit(1)
		}
		end(p)
	}
	os.Exit(0)
}

// The signals of a terminal go to the whole process group: they end no process
// that is just being forked.
func TestForkInTerminal(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), inGroup+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	var word string
	fmt.Fscan(out, &word) // from now on it catches the signal itself
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			unix.Kill(-cmd.Process.Pid, unix.SIGINT)
			runtime.Gosched()
		}
	}
}

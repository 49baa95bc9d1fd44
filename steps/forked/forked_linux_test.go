//go:build amd64 || 386 || arm64

package forked

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

var forks sync.Mutex

func here(f func()) { f() }

func start(t testing.TB, s *Space, keep ...int) *Process {
	t.Helper()
	p, err := s.Start(Parts{Keep: keep, Forks: &forks, Within: here})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.Signal(unix.SIGKILL) == unix.ESRCH {
			return
		}
		p.Reap()
		p.Release()
	})
	return p
}

func call(t *testing.T, p *Process, trap uintptr, ops ...Operand) uintptr {
	t.Helper()
	r, errno := p.Call(Wait{}, trap, ops...)
	if errno != 0 {
		t.Fatal(errno)
	}
	return r
}

func TestCalls(t *testing.T) {
	var s Space
	p := start(t, &s)
	if pid := call(t, p, unix.SYS_GETPID); int(pid) != p.Pid() || p.Pid() == os.Getpid() {
		t.Errorf("its id is %d, and it says %d", p.Pid(), pid)
	}
	var pair [2]int32
	call(t, p, unix.SYS_SOCKETPAIR, Num(unix.AF_UNIX), Num(unix.SOCK_STREAM), Num(0), Out(Bytes(&pair)))
	if pair[0] != 0 || pair[1] != 1 {
		t.Errorf("it has other descriptors: the next were %v", pair)
	}
	call(t, p, unix.SYS_WRITE, Num(pair[0]), In([]byte("hello")), Num(5))
	buf := []byte("12345678")
	if n := call(t, p, unix.SYS_READ, Num(pair[1]), Received(buf), Num(len(buf))); n != 5 || string(buf) != "hello678" {
		t.Errorf("%d %q", n, buf)
	}
	if _, errno := p.Call(Wait{}, unix.SYS_CLOSE, Num(77)); errno != unix.EBADF {
		t.Error(errno)
	}
	big := make([]byte, 1<<20)
	big[len(big)-1] = 'x'
	if n := call(t, p, unix.SYS_SENDTO, Num(pair[0]), In(big), Num(len(big)), Num(unix.MSG_DONTWAIT), Num(0), Num(0)); n == 0 {
		t.Error("nothing was sent")
	}
}

func TestDeath(t *testing.T) {
	var s Space
	p := start(t, &s)
	var pair [2]int32
	call(t, p, unix.SYS_SOCKETPAIR, Num(unix.AF_UNIX), Num(unix.SOCK_STREAM), Num(0), Out(Bytes(&pair)))
	call(t, p, unix.SYS_CLOSE, Num(pair[1]))
	if _, errno := p.Call(Wait{}, unix.SYS_SENDTO, Num(pair[0]), In([]byte("x")), Num(1), Num(0), Num(0), Num(0)); errno != Died {
		t.Error(errno)
	}
	if want := (Status{Signal: unix.SIGPIPE}); p.Status() != want {
		t.Error(p.Status())
	}
	q := start(t, &s)
	if _, errno := q.Call(Wait{}, unix.SYS_EXIT_GROUP, Num(3)); errno != Died {
		t.Error(errno)
	}
	if want := (Status{Exit: 3}); q.Status() != want {
		t.Error(q.Status())
	}
	// Between two calls too.
	r := start(t, &s)
	if err := r.Signal(unix.SIGTERM); err != nil {
		t.Error(err)
	}
	<-r.Done()
	if r.Status().Signal != unix.SIGTERM {
		t.Error(r.Status())
	}
}

func TestNested(t *testing.T) {
	var s Space
	p := start(t, &s)
	p.Action(unix.SIGCHLD, Count, false)
	q, err := p.Fork(Parts{Forks: &forks, Within: here})
	if err != nil {
		t.Fatal(err)
	}
	if parent := call(t, q, unix.SYS_GETPPID); int(parent) != p.Pid() {
		t.Errorf("its parent is %d, not %d", parent, p.Pid())
	}
	q.Call(Wait{}, unix.SYS_EXIT_GROUP, Num(5))
	if q.Status().Exit != 5 {
		t.Error(q.Status())
	}
	q.Reap()
	if n, _ := p.Caught(unix.SIGCHLD); n != 1 {
		t.Error("caught", n)
	}
	if !q.reaped {
		t.Error("its parent has not waited for it")
	}
	q.Release()
}

func TestThreads(t *testing.T) {
	var s Space
	p := start(t, &s)
	p.Action(unix.SIGUSR1, Count, false)
	for range 3 {
		if err := p.Grow(); err != nil {
			t.Fatal(err)
		}
	}
	var fds [2]int32
	call(t, p, unix.SYS_SOCKETPAIR, Num(unix.AF_UNIX), Num(unix.SOCK_STREAM), Num(0), Out(Bytes(&fds)))
	got := make(chan string, 3)
	for range 3 {
		go func() {
			buf := make([]byte, 1)
			r, errno := p.Call(Wait{}, unix.SYS_READ, Num(fds[0]), Received(buf), Num(1))
			got <- fmt.Sprintln(r, errno, string(buf))
		}()
	}
	for range 3 {
		call(t, p, unix.SYS_WRITE, Num(fds[1]), In([]byte("x")), Num(1))
		if text := <-got; text != "1 errno 0 x\n" {
			t.Error(text)
		}
	}
	// The signal finds the thread that is in a call.
	for range 20 {
		if errno := interrupted(t, p, unix.SIGUSR1); errno != unix.EINTR {
			t.Fatal(errno)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestMoves plays the moves: each descriptor gets its number, whoever has that
// before, and the reserved ones stay.
func TestMoves(t *testing.T) {
	for _, c := range []struct{ from, to []int }{
		{nil, nil},
		{[]int{7, 9, 12}, []int{3, 4, 5}},
		{[]int{3, 4, 5}, []int{3, 4, 5}},
		{[]int{4, 3}, []int{3, 4}},
		{[]int{5, 3, 4}, []int{3, 4, 5}},
		{[]int{4, 3, 6, 5}, []int{3, 4, 5, 6}},
		{[]int{5, 9, 4, 3}, []int{3, 4, 5, 6}},
	} {
		reserved := []int{6, 7, 10}
		if slices.Contains(c.to, 6) {
			reserved = []int{7, 10}
		}
		has := make(map[int]int)
		for i, fd := range c.from {
			has[fd] = i
		}
		for _, m := range moves(c.from, c.to, reserved) {
			i, open := has[m[0]]
			if _, taken := has[m[1]]; !open || taken || slices.Contains(reserved, m[1]) && !slices.Contains(c.to, m[1]) {
				t.Fatalf("%v: %v is not a move", c, m)
			}
			delete(has, m[0])
			has[m[1]] = i
		}
		for i, fd := range c.to {
			if got, open := has[fd]; !open || got != i {
				t.Errorf("%v: %d has %v", c, fd, has)
			}
		}
	}
}

// In continuous integration there are a thousand of them.
func TestManyProcesses(t *testing.T) {
	n := ci.Runs(100, 1000)
	before := descriptors(t)
	var s Space
	var all []*Process
	for range n {
		p, err := s.Start(Parts{Forks: &forks, Within: here})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	for _, p := range all {
		p.Signal(unix.SIGKILL)
	}
	for _, p := range all {
		<-p.Done()
		if err := unix.Kill(p.Pid(), 0); err != nil {
			t.Fatalf("%d is gone before anybody has waited for it: %v", p.Pid(), err)
		}
		p.Reap()
		p.Release()
		if err := unix.Kill(p.Pid(), 0); err != unix.ESRCH {
			t.Fatalf("%d is still there: %v", p.Pid(), err)
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors became %d", before, after)
	}
}

// asVictim is set in the environment of a copy of the test that is killed.
const asVictim = "FORKED_TEST_VICTIM"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asVictim) != "":
		beVictim()
	case os.Getenv(inGroup) != "":
		forkInGroup()
	}
	os.Exit(m.Run())
}

// beVictim forks three processes, of which one has changed its user and one is
// forked by another, lets them wait for ever, and says their ids.
func beVictim() {
	var s Space
	plain, err1 := s.Start(Parts{Forks: &forks, Within: here})
	other, err2 := s.Start(Parts{Forks: &forks, Within: here})
	if err1 != nil || err2 != nil {
		os.Exit(1)
	}
	nested, err := other.Fork(Parts{Forks: &forks, Within: here})
	if err != nil {
		os.Exit(1)
	}
	const nobody = 65534
	other.Call(Wait{}, unix.SYS_SETRESUID, Num(nobody), Num(nobody), Num(nobody))
	for _, p := range []*Process{plain, other, nested} {
		go p.Call(Wait{Stalls: func(bool) { fmt.Println(p.Pid()) }}, unix.SYS_PPOLL, Num(0), Num(0), Num(0), Num(0), Num(0))
	}
	select {}
}

func TestKilled(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asVictim+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var fds []int
	for range 3 {
		var pid int
		if _, err := fmt.Fscan(out, &pid); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for i, fd := range fds {
		list := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(list, 10_000); n != 1 {
			t.Errorf("process %d has outlived the one that has forked it: %v", i, err)
		}
		unix.Close(fd)
	}
}

func BenchmarkFork(b *testing.B) {
	heap := make([]byte, 16<<20)
	for i := range heap {
		heap[i] = byte(i)
	}
	var s Space
	keep, _ := s.Start(Parts{Forks: &forks, Within: here})
	for b.Loop() {
		p, err := s.Start(Parts{Forks: &forks, Within: here})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.Signal(unix.SIGKILL)
		p.Reap()
		p.Release()
		b.StartTimer()
	}
	keep.Signal(unix.SIGKILL)
	keep.Reap()
	keep.Release()
	_ = heap[len(heap)/2]
}

func BenchmarkCall(b *testing.B) {
	var s Space
	p := start(b, &s)
	for b.Loop() {
		p.Call(Wait{}, unix.SYS_GETPID)
	}
}

// The first fork does not enlarge this process's table of descriptors, for
// which a process with several threads waits: what the processes need gets its
// high numbers in them.
func TestForkTakesNoHighNumbers(t *testing.T) {
	highest := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range list {
			fd, _ := strconv.Atoi(e.Name())
			n = max(n, fd)
		}
		return n
	}
	var s Space
	p := start(t, &s)
	if n := highest(); n >= highDescriptor {
		t.Errorf("this process has the descriptor %d", n)
	}
	for _, fd := range p.family.own.list() {
		if _, errno := p.Call(Wait{}, unix.SYS_FCNTL, Num(fd), Num(unix.F_GETFD)); fd < highDescriptor || errno != 0 {
			t.Errorf("the process's own descriptor %d: %v", fd, errno)
		}
	}
}

package sock

import (
	"os"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A signal that Go's runtime sends to its threads cuts no call short that has a
// part of what it waits for.
func TestWaitAllIsNotInterrupted(t *testing.T) {
	g, _ := newGroup(t)
	a, b := tcpPair(t, g, true)
	buf := make([]byte, 6)
	received := start(func() (int, error) {
		n, _, err := b.Recv(patient(), buf, unix.MSG_WAITALL)
		return n, err
	})
	waitBlocked(t, 1)
	send(t, a, "abc")
	eventually(t, "the first half is taken", func() bool { return unread(t, b) == 0 })
	signalThreads(t, syscall.SIGURG)
	send(t, a, "def")
	if r := await(t, received); r.err != nil || string(buf[:r.n]) != "abcdef" {
		t.Errorf("received %q, %v", buf[:r.n], r.err)
	}
}

// signalThreads sends a signal to each thread of this process.
func signalThreads(t *testing.T, signal syscall.Signal) {
	t.Helper()
	threads, err := os.ReadDir("/proc/self/task")
	must(t, err)
	for _, thread := range threads {
		if tid, err := strconv.Atoi(thread.Name()); err == nil {
			unix.Tgkill(unix.Getpid(), tid, signal)
		}
	}
}

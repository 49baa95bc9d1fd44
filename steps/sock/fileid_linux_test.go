//go:build amd64 || 386 || arm64

package sock

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// A process that waits in a call makes no other. So nothing is asked of it when
// a descriptor comes that might be a copy of one of its own.
func TestAdoptWhileProcessWaits(t *testing.T) {
	g, _ := newGroup(t)
	a, b := localPair(t, g)
	p, copies := forkOf(t, g, b)
	own, _ := localPair(t, p.Group()) // which the process alone has
	must(t, b.Close())
	var ended atomic.Bool
	received := start(func() (int, error) {
		defer ended.Store(true)
		n, _, err := copies[0].Recv(patient(), make([]byte, 1), 0)
		return n, err
	})
	stacks := make([]byte, 1<<20)
	eventually(t, "the process waits", func() bool {
		return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("forked.(*thread).await"))
	})
	var ends [2]int
	must(t, unix.Pipe2(ends[:], unix.O_CLOEXEC))
	for _, fd := range ends {
		if _, err := g.Adopt(fd); err != nil {
			t.Error(err)
		}
	}
	if ended.Load() {
		t.Error("it took until the process did not wait any more")
	}
	if id, known := g.fileOf(own); !known || id.inode != own.Desc().Inode() {
		t.Errorf("the file of a socket of the process is %+v, %t", id, known)
	}
	_, err := a.Send(patient(), []byte("x"), 0, nil)
	must(t, err)
	must(t, await(t, received).err)
}

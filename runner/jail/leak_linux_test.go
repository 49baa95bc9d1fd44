//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Wherever the making of a jail fails for want of a descriptor, none is left
// open.
func TestNothingIsLeftOpen(t *testing.T) {
	asBoth(t)
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	var usual unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
		t.Fatal(err)
	}
	for limit := uint64(1); ; limit++ {
		before := open()
		err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: usual.Max})
		p, _, failed := start(Config{})
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if failed == nil {
			p.Close()
			return
		}
		if after := open(); after > before {
			t.Errorf("%d descriptors are open, %d were before: %v", after, before, failed)
		}
	}
}

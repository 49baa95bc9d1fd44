package runner

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// A port that another process has been given is not given, though nobody is
// bound to it: here a socket stands for that process, which claims by a name of
// the kernel's.
func TestPortOfAnotherProcess(t *testing.T) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	port := highestPort // or one below it, where that is claimed
	for ; unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@sockscript-port-%d", port)}) != nil; port-- {
		if port == lowestPort {
			t.Fatal("no name is free")
		}
	}
	if _, err := claimPort(port); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("claimPort: %v; want EADDRINUSE", err)
	}
}

// What a run was given others get only after it has ended.
func TestClaimsEndWithTheRun(t *testing.T) {
	var p freePorts
	port, err := p.next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := claimPort(port); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("claimPort during the run: %v; want EADDRINUSE", err)
	}
	p.release()
	release, err := claimPort(port)
	if err != nil {
		t.Fatalf("claimPort after the run: %v", err)
	}
	release()
}

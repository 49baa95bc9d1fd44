package program

import (
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// lookScript looks for a pidfd of its own in the process that has started it.
const lookScript = `for f in /proc/$PPID/fdinfo/*; do
	while read -r key value; do
		[ "$key$value" = "Pid:$$" ] && echo seen
	done <$f
done 2>/dev/null`

// The pidfd of a program is there when its first instruction runs, and not some
// time later: a program that looks sees the same on each run.
func TestPidfdFromTheBeginning(t *testing.T) {
	if fd, err := unix.PidfdOpen(os.Getpid(), 0); err != nil {
		ci.Lacks(t, err)
	} else {
		unix.Close(fd)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	spec := Spec{Path: "/bin/sh", Argv: []string{"sh", "-c", lookScript}, Env: os.Environ(), Dir: "/"}
	pid, pidfd, err := spec.exec([]uintptr{none, w.Fd(), none})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if status := awaitExit(pid, pidfd); string(text) != "seen\n" || err != nil {
		t.Errorf("the program printed %q, and ended with %v: %v", text, status, err)
	}
	reap(pid)
}

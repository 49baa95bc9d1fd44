package sweeper

import (
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// copyName is the first argument of the copy of this binary that does the work.
// ps(1) shows it.
const copyName = "sockscript-sweeper"

func init() {
	if os.Args[0] == copyName {
		awaitEnd()
		unix.Exit(0) // whatever else the binary does at its end is not for a copy
	}
}

// start starts the process, in a session of its own: what ends all processes of
// a group or of a terminal does not end it.
func start() error {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(ends[0])
	theirs := uintptr(ends[0])
	sock.Forks.Lock()
	defer sock.Forks.Unlock()
	pid, err := syscall.ForkExec("/proc/self/exe", []string{copyName}, &syscall.ProcAttr{
		Dir: "/", Env: append(os.Environ(), "GOMAXPROCS=1"),
		Files: []uintptr{theirs, theirs, theirs}, // it does not hold the output open
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		unix.Close(ends[1])
		return err
	}
	helper.pid, helper.pipe = pid, os.NewFile(uintptr(ends[1]), "sweeper")
	return nil
}

// stop ends the process. Nothing is removed: the runs have done it.
func stop() {
	if helper.pipe == nil {
		return
	}
	unix.Kill(helper.pid, unix.SIGKILL) // it is our child, which nobody else waits for
	helper.pipe.Close()
	for _, err := unix.Wait4(helper.pid, nil, 0, nil); err == unix.EINTR; {
		_, err = unix.Wait4(helper.pid, nil, 0, nil)
	}
}

// goneWithin bounds how long the work takes: programs of the run may end after
// it, and a forked process may hold the lock until it ends.
const goneWithin = 10 * time.Second

// awaitEnd is the work of the copy: it reads what there is to remove until the
// other end of the pipe is closed, and removes what is left of the runs that
// are not done.
func awaitEnd() {
	signal.Ignore()
	unix.CloseRange(3, math.MaxInt32, 0) // what whoever runs sockscript has left open
	runs := make(map[uint64]*leavings)
	for {
		i, err := readItem(os.Stdin)
		if err != nil {
			break
		}
		if i.Kind == itemDone {
			delete(runs, i.Run)
			continue
		}
		if runs[i.Run] == nil {
			runs[i.Run] = &leavings{make(map[string]bool), make(map[string]sock.File), make(map[string]sock.File)}
		}
		runs[i.Run].add(i)
	}
	for _, l := range runs {
		l.remove()
	}
}

// leavings are the files that a run has made so far.
type leavings struct {
	folders map[string]bool
	files   map[string]sock.File // by path: a round may make one again
	coming  map[string]sock.File // by path: what was there before bind(2)
}

func (l *leavings) add(i item) {
	switch i.Kind {
	case itemFolder:
		l.folders[i.path] = true
	case itemBefore:
		l.coming[i.path] = i.file()
	case itemMade:
		l.files[i.path] = i.file()
		fallthrough
	case itemNone:
		delete(l.coming, i.path)
	}
}

// remove removes what is still there; folders last, whose lock may be held for
// a while.
func (l *leavings) remove() {
	for _, f := range l.files {
		f.Remove()
	}
	for _, before := range l.coming {
		before.RemoveOther()
	}
	for name := range l.folders {
		for late := time.Now().Add(goneWithin); !removeFolder(name) && time.Now().Before(late); {
			time.Sleep(time.Millisecond)
		}
	}
}

package sweeper

import (
	"encoding/gob"
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
func (s *Sweeper) start() error {
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
	s.pid, s.pipe = pid, os.NewFile(uintptr(ends[1]), "sweeper")
	return nil
}

// Close ends the process. Nothing is removed: the run has done it.
func (s *Sweeper) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pipe == nil {
		return
	}
	unix.Kill(s.pid, unix.SIGKILL) // it is our child, which nobody else waits for
	s.pipe.Close()
	for _, err := unix.Wait4(s.pid, nil, 0, nil); err == unix.EINTR; {
		_, err = unix.Wait4(s.pid, nil, 0, nil)
	}
	s.pipe, s.encoder = nil, nil
}

// goneWithin bounds how long the work takes: programs of the run may end after
// it, and a forked process may hold the lock until it ends.
const goneWithin = 10 * time.Second

// awaitEnd is the work of the copy: it reads what there is to remove until the
// other end of the pipe is closed, and removes it.
func awaitEnd() {
	signal.Ignore()
	unix.CloseRange(3, math.MaxInt32, 0) // what whoever runs sockscript has left open
	folders, files := make(map[string]bool), make(map[string]sock.File)
	d := gob.NewDecoder(os.Stdin)
	for {
		var i item
		if d.Decode(&i) != nil {
			break
		}
		if i.Folder != "" {
			folders[i.Folder] = true
		} else {
			files[i.File.Path] = i.File
		}
	}
	for _, f := range files {
		f.Remove()
	}
	for name := range folders {
		for late := time.Now().Add(goneWithin); !removeFolder(name) && time.Now().Before(late); {
			time.Sleep(time.Millisecond)
		}
	}
}

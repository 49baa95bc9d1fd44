//go:build amd64 || 386 || arm64

package bare

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Start says how a process is made.
type Start struct {
	Flags uintptr // of clone(2)
	// Files are what the process has open, numbered from 0 on. The first ones
	// of them, Kept, the program has too.
	Files []*os.File
	Kept  int
	// Forks is held while the process has other descriptors too.
	Forks sync.Locker
	// Before is called before the process makes its calls. It may be nil.
	Before func(pid int) error
}

// A Process is one that makes the calls of a list.
type Process struct {
	Pid     int
	calls   []*Call
	control *os.File // of a stream by which it is let go on, and says what has failed
}

// goOn is what lets a process go on.
const goOn = 1

// Process makes a process that makes the calls of a list. Where there is an
// error there is none.
func (s *Start) Process(l *List) (*Process, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "control")
	defer theirs.Close()
	p := &Process{calls: slices.Concat(s.begin(theirs), l.calls)}
	shift := len(p.calls) - len(l.calls)
	j := &job{calls: p.calls, first: shift, control: uintptr(len(s.Files))}
	unix.SetNonblock(fds[0], true)
	p.control = os.NewFile(uintptr(fds[0]), "control")
	if err := s.clone(p, j, theirs); err != nil {
		p.control.Close()
		return nil, err
	}
	return p, nil
}

// clone makes the process. Of theirs only that process has a copy then: where
// it has ended nothing more comes by the stream.
func (s *Start) clone(p *Process, j *job, theirs *os.File) error {
	s.Forks.Lock()
	defer s.Forks.Unlock()
	syscall.ForkLock.Lock() // the job is in Go's heap, and some forks get no part of that
	pid, errno := fork(s.Flags, j)
	syscall.ForkLock.Unlock()
	if errno != 0 {
		return os.NewSyscallError("clone", errno)
	}
	p.Pid = pid
	theirs.Close()
	var err error
	if s.Before != nil {
		err = s.Before(pid)
	}
	word := make([]byte, 8)
	if err == nil {
		_, err = io.ReadFull(p.control, word) // it has closed what is not its own
	}
	if errors.Is(err, io.EOF) {
		err = errEnded
	}
	if err == nil {
		binary.NativeEndian.PutUint64(word, goOn)
		_, err = p.control.Write(word)
	}
	if err != nil {
		unix.Kill(pid, unix.SIGKILL)
		p.reap()
	}
	return err
}

var errEnded = errors.New("it has ended before it made its calls")

// begin are the calls by which the process closes all that is not its own, and
// waits until it is let go on.
func (s *Start) begin(control *os.File) []*Call {
	var l List
	var from []int
	for _, f := range append(slices.Clone(s.Files), control) {
		from = append(from, int(f.Fd()))
	}
	spare := max(slices.Max(from)+1, len(from))
	for i, fd := range from {
		if fd < i { // another one gets its number first
			l.Add("dup3", unix.SYS_DUP3, Num(fd), Num(spare), Num(unix.O_CLOEXEC))
			from[i] = spare
			spare++
		}
	}
	for i, fd := range from {
		kept := i < s.Kept
		switch {
		case fd == i && kept:
			l.Add("fcntl", unix.SYS_FCNTL, Num(fd), Num(unix.F_SETFD), Num(0))
		case fd == i:
			l.Add("fcntl", unix.SYS_FCNTL, Num(fd), Num(unix.F_SETFD), Num(unix.FD_CLOEXEC))
		case kept:
			l.Add("dup3", unix.SYS_DUP3, Num(fd), Num(i), Num(0))
		default:
			l.Add("dup3", unix.SYS_DUP3, Num(fd), Num(i), Num(unix.O_CLOEXEC))
		}
	}
	l.Add("close", closesFrom, Num(len(from)), Num(highestDescriptor()))
	var word uint64
	want := uint64(goOn)
	at := Num(len(s.Files))
	l.Add("write", unix.SYS_WRITE, at, Memory(&word), Num(8))
	l.Add("read", unix.SYS_READ, at, Memory(&word), Num(8))
	l.Same(&word, &want) // the process that would let it go on may have ended
	return l.calls
}

func highestDescriptor() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1 << 16
	}
	return min(limit.Max, 1<<20)
}

// Executed waits until the process runs a program, or has ended before. What
// has failed is the error, and then it is gone.
func (p *Process) Executed() error {
	defer p.control.Close()
	said, err := io.ReadAll(p.control)
	if err != nil || len(said) < 8 {
		return err
	}
	p.reap()
	at, errno := binary.NativeEndian.Uint32(said), binary.NativeEndian.Uint32(said[4:])
	return p.calls[at].why(syscall.Errno(errno))
}

func (p *Process) reap() {
	for _, err := unix.Wait4(p.Pid, nil, 0, nil); err == unix.EINTR; {
		_, err = unix.Wait4(p.Pid, nil, 0, nil)
	}
}

// WriteIDs says which users and groups the user namespace of a process has
// (user_namespaces(7)). Only where it may have other groups can several be
// given.
func WriteIDs(pid int, users, groups []syscall.SysProcIDMap, otherGroups bool) error {
	may := "deny"
	if otherGroups {
		may = "allow"
	}
	for _, f := range []struct{ name, text string }{{"uid_map", lines(users)}, {"setgroups", may}, {"gid_map", lines(groups)}} {
		path := fmt.Sprintf("/proc/%d/%s", pid, f.name)
		fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			_, err = unix.Write(fd, []byte(f.text))
			unix.Close(fd)
		}
		if err != nil {
			return &os.PathError{Op: "write", Path: path, Err: err}
		}
	}
	return nil
}

func lines(ids []syscall.SysProcIDMap) string {
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, "%d %d %d\n", id.ContainerID, id.HostID, id.Size)
	}
	return b.String()
}

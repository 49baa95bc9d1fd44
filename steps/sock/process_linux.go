package sock

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// SetIDs changes the user, the group and the further groups of the process: all
// of real, effective and saved (setgroups(2), setresgid(2), setresuid(2)). What
// is nil stays.
func (p *Process) SetIDs(user, group *uint32, groups []uint32) error {
	errno := p.forked.SetIDs(forked.IDs{User: user, Group: group, Groups: groups})
	return p.change("setids", errno, func() {
		if user != nil {
			p.identity.User = user
		}
		if group != nil {
			p.identity.Group = group
		}
		if groups != nil {
			p.identity.Groups = groups
		}
	})
}

// Umask sets which permissions new files do not get (umask(2)).
func (p *Process) Umask(mask fs.FileMode) error {
	_, errno := p.call(unix.SYS_UMASK, num(uint32(mask)))
	bits := uint32(mask)
	return p.change("umask", errno, func() { p.identity.Umask = &bits })
}

// Chdir changes the current folder (chdir(2)).
func (p *Process) Chdir(path string) error {
	_, errno := p.call(unix.SYS_CHDIR, pathOperand(path))
	return p.change("chdir", errno, func() { p.moved = true })
}

// Unlink removes a path (unlink(2)).
func (p *Process) Unlink(path string) error {
	_, errno := p.call(unix.SYS_UNLINKAT, num(unix.AT_FDCWD), pathOperand(path), num(0))
	return failed("unlink", asError(errno))
}

func (p *Process) call(trap uintptr, ops ...forked.Operand) (uintptr, syscall.Errno) {
	return p.forked.Call(forked.Wait{}, trap, ops...)
}

func pathOperand(path string) forked.Operand { return forked.In(append([]byte(path), 0)) }

// Limits are the resources of [Process.SetLimit], without RLIMIT_.
var limits = map[string]int{
	"AS": unix.RLIMIT_AS, "CORE": unix.RLIMIT_CORE, "CPU": unix.RLIMIT_CPU, "DATA": unix.RLIMIT_DATA, "FSIZE": unix.RLIMIT_FSIZE,
	"LOCKS": unix.RLIMIT_LOCKS, "MEMLOCK": unix.RLIMIT_MEMLOCK, "MSGQUEUE": unix.RLIMIT_MSGQUEUE, "NICE": unix.RLIMIT_NICE,
	"NOFILE": unix.RLIMIT_NOFILE, "NPROC": unix.RLIMIT_NPROC, "RSS": unix.RLIMIT_RSS, "RTPRIO": unix.RLIMIT_RTPRIO,
	"RTTIME": unix.RLIMIT_RTTIME, "SIGPENDING": unix.RLIMIT_SIGPENDING, "STACK": unix.RLIMIT_STACK,
}

// LimitNames lists the resources that have limits, without RLIMIT_.
func LimitNames() []string {
	var names []string
	for name := range limits {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// SetLimit sets the limits of a resource (setrlimit(2)). What is nil stays.
func (p *Process) SetLimit(resource string, soft, hard *uint64) error {
	number := limits[strings.TrimPrefix(resource, "RLIMIT_")]
	var limit [2]uint64
	_, errno := p.call(unix.SYS_PRLIMIT64, num(0), num(number), num(0), forked.Out(forked.Bytes(&limit)))
	if soft != nil {
		limit[0] = *soft
	}
	if hard != nil {
		limit[1] = *hard
	}
	if errno == 0 {
		_, errno = p.call(unix.SYS_PRLIMIT64, num(0), num(number), forked.In(forked.Bytes(&limit)), num(0))
	}
	return p.change("setrlimit", errno, func() { p.identity.limit(number, limit) })
}

// A SignalInfo is what sigtimedwait(2) says of a signal.
type SignalInfo struct {
	Signal syscall.Signal
	Code   int
	FD     int // the descriptor that it is about; -1 without one
}

// The structure siginfo_t, whose union begins at a multiple of the size of a
// pointer.
const (
	sizeSiginfo = 128
	codeAt      = 8
	unionAt     = (12 + unsafe.Sizeof(uintptr(0)) - 1) &^ (unsafe.Sizeof(uintptr(0)) - 1)
	pollFDAt    = unionAt + unsafe.Sizeof(uintptr(0))
)

// sigPollCodes is the greatest code of SIGPOLL, whose codes begin at 1.
const sigPollCodes = 6

// AwaitSignal waits for one of several signals that the process blocks
// (sigtimedwait(2)). Where none comes within a time that is given the error is
// EAGAIN.
func (p *Process) AwaitSignal(w Wait, set uint64, within *time.Duration) (SignalInfo, error) {
	info := make([]byte, sizeSiginfo)
	limit := num(0)
	if within != nil {
		t := unix.NsecToTimespec(int64(*within))
		limit = forked.In(slices.Clone(forked.Bytes(&t)))
	}
	sig, errno := caller{p, &w}.call(unix.SYS_RT_SIGTIMEDWAIT, forked.In(forked.Bytes(&set)), forked.Out(info), limit, num(int(unsafe.Sizeof(set))))
	if errno != 0 {
		return SignalInfo{}, failed("sigtimedwait", p.group.outcome(errno))
	}
	word := func(at uintptr) int { return int(int32(binary.NativeEndian.Uint32(info[at:]))) }
	s := SignalInfo{Signal: syscall.Signal(sig), Code: word(codeAt), FD: -1}
	if s.Code >= 1 && s.Code <= sigPollCodes && s.Signal != syscall.SIGCHLD {
		s.FD = word(pollFDAt)
	}
	return s, nil
}

// signalCodes are the codes of siginfo_t that say where a signal comes from
// (sigaction(2)).
var signalCodes = map[int]string{0: "SI_USER", 128: "SI_KERNEL", -1: "SI_QUEUE", -2: "SI_TIMER", -5: "SI_SIGIO", -6: "SI_TKILL"}

var pollCodes = []string{"POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"}

var childCodes = []string{"CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"}

// CodeName is the C name of the code.
func (s SignalInfo) CodeName() string {
	names := pollCodes
	if s.Signal == syscall.SIGCHLD {
		names = childCodes
	}
	if name := signalCodes[s.Code]; name != "" {
		return name
	}
	if s.Code >= 1 && s.Code <= len(names) {
		return names[s.Code-1]
	}
	return itoa(s.Code)
}

// CodeNames are the C names of codes.
func CodeNames() []string {
	return slices.Concat(slices.Sorted(maps.Values(signalCodes)), pollCodes, childCodes)
}

// WriteFile writes a file as the process does, and returns how many bytes went.
func (p *Process) WriteFile(path string, flags int, mode fs.FileMode, r io.Reader) (int64, error) {
	fd, errno := p.call(unix.SYS_OPENAT, num(unix.AT_FDCWD), pathOperand(path), num(flags|unix.O_CLOEXEC), num(uint32(mode)))
	if errno != 0 {
		return 0, failed("open", asError(errno))
	}
	defer p.call(unix.SYS_CLOSE, num(fd))
	return io.Copy(&fileWriter{p, int(fd)}, r)
}

type fileWriter struct {
	process *Process
	fd      int
}

func (w *fileWriter) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, errno := w.process.call(unix.SYS_WRITE, num(w.fd), forked.In(b[done:]), num(len(b)-done))
		if errno != 0 {
			return done, failed("write", asError(errno))
		}
		done += int(n)
	}
	return done, nil
}

// absolute is a path of the process as this process names it.
func (p *Process) absolute(path string) string {
	if p == nil || filepath.IsAbs(path) {
		return path
	}
	folder, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.Pid()))
	if err != nil {
		return path
	}
	return filepath.Join(folder, path)
}

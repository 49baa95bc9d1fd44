package program

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// becomerName is the first argument of a copy of this binary that becomes a
// program. What a program has of the process that starts it, its limits and
// ignored signals among it, is changed there: nothing else is disturbed, and
// the program has all of it from its first instruction on.
const becomerName = "sockscript-becomer"

// exec starts the program with these descriptors. The pidfd is there before the
// program runs, so that one that looks at the process which has started it sees
// the same on each run; it is -1 where the kernel has none (clone(2), Linux
// 5.2).
func (s *Spec) exec(files []uintptr) (pid, pidfd int, err error) {
	attr := &syscall.ProcAttr{Dir: s.Dir, Env: s.Env, Files: files, Sys: groupAttr(s.Terminal)}
	pidfd = -1
	attr.Sys.PidFD = &pidfd
	if !s.Identity.Given() {
		pid, err = syscall.ForkExec(s.Path, s.Argv, attr)
	} else {
		pid, err = s.become(files, attr)
	}
	if err != nil && pidfd >= 0 {
		unix.Close(pidfd)
	}
	return pid, pidfd, err
}

// become starts the program by way of a copy of this binary.
func (s *Spec) become(files []uintptr, attr *syscall.ProcAttr) (pid int, err error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return 0, err
	}
	defer unix.Close(ends[0])
	args := []string{becomerName, strconv.Itoa(len(files)), s.Path, s.Dir, s.Identity.String(), strconv.Itoa(len(s.Argv))}
	attr.Dir, attr.Env = "/", []string{"GOMAXPROCS=1"}
	attr.Files = append(slices.Clip(files), uintptr(ends[1]))
	pid, err = syscall.ForkExec(ownBinary, slices.Concat(args, s.Argv, s.Env), attr)
	unix.Close(ends[1])
	if err != nil {
		return 0, err
	}
	if errno := reported(ends[0]); errno != 0 {
		reap(pid)
		return 0, errno
	}
	return pid, nil
}

// reported is the error that comes through a pipe; 0 where its end is closed
// without one, as by a successful execve(2).
func reported(fd int) syscall.Errno {
	word := make([]byte, 4)
	for {
		switch n, err := unix.Read(fd, word); {
		case err == unix.EINTR:
		case n == len(word):
			return syscall.Errno(binary.NativeEndian.Uint32(word))
		default:
			return 0
		}
	}
}

// becomeProgram is the work of the copy: it does not return but where it has
// reported an error.
func becomeProgram() {
	runtime.LockOSThread() // the thread that blocks signals makes the execve
	report, _ := strconv.Atoi(os.Args[1])
	unix.CloseOnExec(report)
	argc, _ := strconv.Atoi(os.Args[5])
	path, dir, rest := os.Args[2], os.Args[3], os.Args[6:]
	id, err := sock.ParseIdentity(os.Args[4])
	if err == nil {
		err = assume(id, dir)
	}
	if err == nil {
		err = syscall.Exec(path, rest[:argc], rest[argc:])
	}
	errno := syscall.EINVAL
	errors.As(err, &errno)
	unix.Write(report, binary.NativeEndian.AppendUint32(nil, uint32(errno)))
}

// assume changes what this process has. A limit may have been raised by a
// process that was another user then, and a folder may be the user's only.
func assume(id sock.Identity, dir string) error {
	if id.Umask != nil {
		syscall.Umask(int(*id.Umask))
	}
	for resource, limits := range id.Limits {
		if err := unix.Prlimit(0, resource, &unix.Rlimit{Cur: limits[0], Max: limits[1]}, nil); err != nil {
			return err
		}
	}
	if id.Groups != nil {
		groups := make([]int, len(id.Groups))
		for i, g := range id.Groups {
			groups[i] = int(g)
		}
		if err := syscall.Setgroups(groups); err != nil {
			return err
		}
	}
	if g := id.Group; g != nil {
		if err := syscall.Setresgid(int(*g), int(*g), int(*g)); err != nil {
			return err
		}
	}
	if u := id.User; u != nil {
		if err := syscall.Setresuid(int(*u), int(*u), int(*u)); err != nil {
			return err
		}
	}
	if err := unix.Chdir(dir); err != nil {
		return err
	}
	return assumeSignals(id)
}

// assumeSignals sets what is done with signals. It comes last: from then on
// the runtime misses those that it uses itself.
func assumeSignals(id sock.Identity) error {
	const ignore, maskSize = 1, 8 // SIG_IGN
	for n := range 64 {
		var action [8]uint64 // struct sigaction, with room: SIG_DFL, and no flags
		switch {
		case id.Ignored>>n&1 != 0:
			*(*uintptr)(unsafe.Pointer(&action)) = ignore
		case id.Default>>n&1 == 0:
			continue
		}
		if _, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n+1), uintptr(unsafe.Pointer(&action)), 0, maskSize, 0, 0); errno != 0 {
			return errno
		}
	}
	if id.Blocked == 0 {
		return nil
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&id.Blocked)), 0, maskSize, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

package steps

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cldExited is the si_code of a child that has exited, waitid(2).
const cldExited = 1

// childInfo is the part of siginfo_t that waitid(2) fills in.
type childInfo struct {
	_                [3]int32   // signo, errno, code
	_                [0]uintptr // the union that follows is aligned as a pointer is
	pid, uid, status int32
}

// awaitExit waits until the process has ended and leaves it unreaped: as long
// as the zombie is there, its process group cannot become another's. It waits
// without a thread where the kernel has pidfd_open(2).
func awaitExit(p *os.Process) ExitStatus {
	if fd, err := unix.PidfdOpen(p.Pid, unix.PIDFD_NONBLOCK); err == nil {
		file := os.NewFile(uintptr(fd), "pidfd")
		defer file.Close()
		if status, ok := awaitReadable(file, p.Pid); ok {
			return status
		}
	}
	status, _ := exitOf(p.Pid, 0)
	return status
}

// awaitReadable waits until a pidfd is readable, which tells the process's end.
func awaitReadable(file *os.File, pid int) (status ExitStatus, ok bool) {
	raw, err := file.SyscallConn()
	if err != nil {
		return status, false
	}
	err = raw.Read(func(uintptr) bool {
		status, ok = exitOf(pid, unix.WNOHANG)
		return ok
	})
	return status, ok && err == nil
}

// exitOf asks how a child has ended; false while it runs.
func exitOf(pid, flags int) (ExitStatus, bool) {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return ExitStatus{Exit: -1}, true
		}
		break
	}
	child := (*childInfo)(unsafe.Pointer(&info))
	switch {
	case child.pid == 0:
		return ExitStatus{}, false
	case info.Code == cldExited:
		return ExitStatus{Exit: int(child.status)}, true
	}
	return ExitStatus{Exit: -1, Signal: syscall.Signal(child.status)}, true
}

func reap(p *os.Process) { p.Wait() }

// groupAttr puts the child into a process group of its own, with a terminal
// into a session of its own.
func groupAttr(pty bool) *syscall.SysProcAttr {
	if pty {
		return &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	}
	return &syscall.SysProcAttr{Setpgid: true}
}

// livingGroups are the groups of the programs and, of a program with a terminal,
// of its session, in which a process lives. A zombie that nobody reaps, as in a
// container without an init, does not.
func livingGroups(list []*Program) map[int]bool {
	leads := make(map[int]*Program, len(list))
	for _, p := range list {
		leads[p.process.Pid] = p
	}
	found := make(map[int]bool)
	proc, err := os.Open("/proc")
	if err != nil {
		return found
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		group, session, ok := groupOf(name)
		if p := leads[session]; ok && (leads[group] != nil || p != nil && p.session) {
			found[group] = true
		}
	}
	return found
}

// groupOf reads the process group and the session of a process that is no
// zombie, proc_pid_stat(5).
func groupOf(pid string) (group, session int, ok bool) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, 0, false
	}
	// The name of the program, in parentheses, may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 4 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return 0, 0, false
	}
	group, err = strconv.Atoi(string(fields[2]))
	if err != nil {
		return 0, 0, false
	}
	session, err = strconv.Atoi(string(fields[3]))
	return group, session, err == nil
}

// openPTY makes a pseudo-terminal (pty(7)) and gives both ends.
func openPTY() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	slave, err = openSlave(fd)
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}

func openSlave(master int) (*os.File, error) {
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	name := "/dev/pts/" + strconv.Itoa(number)
	// The terminal must block for the program, so it is kept from the poller.
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

package steps

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The values of si_code for a child, waitid(2).
const (
	cldExited = 1
)

// childInfo is the part of siginfo_t that waitid(2) fills in.
type childInfo struct {
	signo, errno, code int32
	_                  int32
	pid, uid, status   int32
}

// awaitExit waits until the process has ended and leaves it unreaped: as long
// as the zombie is there, its process group cannot become another's.
func awaitExit(p *os.Process) ExitStatus {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, p.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return ExitStatus{Exit: -1}
		}
		break
	}
	child := (*childInfo)(unsafe.Pointer(&info))
	if child.code == cldExited {
		return ExitStatus{Exit: int(child.status)}
	}
	return ExitStatus{Exit: -1, Signal: syscall.Signal(child.status)}
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

// openPTY makes a pseudo-terminal (pty(7)) and gives both ends.
func openPTY() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	unlock := 0
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, unlock); err != nil {
		master.Close()
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	slave, err = os.OpenFile("/dev/pts/"+plainUnit.format(int64(number)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}

package program

import (
	"os"
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

// awaitExit waits until a child has ended and leaves it unreaped: as long as
// the zombie is there, its process group cannot become another's. It waits
// without a thread where there is a pidfd, which it closes.
func awaitExit(pid, pidfd int) Status {
	if pidfd >= 0 {
		unix.SetNonblock(pidfd, true) // so that the runtime's poller takes it
		file := os.NewFile(uintptr(pidfd), "pidfd")
		defer file.Close()
		if status, ok := awaitReadable(file, pid); ok {
			return status
		}
	}
	status, _ := exitOf(pid, 0)
	return status
}

// awaitReadable waits until a pidfd is readable, which means that the process
// has ended.
func awaitReadable(file *os.File, pid int) (status Status, ok bool) {
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
func exitOf(pid, flags int) (Status, bool) {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Status{Exit: -1}, true
		}
		break
	}
	child := (*childInfo)(unsafe.Pointer(&info))
	switch {
	case child.pid == 0:
		return Status{}, false
	case info.Code == cldExited:
		return Status{Exit: int(child.status)}, true
	}
	return Status{Exit: -1, Signal: syscall.Signal(child.status)}, true
}

// reap waits for a child that has ended.
func reap(pid int) {
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

//go:build amd64 || 386 || arm64

package forked

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watch begins to wait for the end of the process.
func (p *Process) watch() error {
	fd, err := unix.PidfdOpen(p.pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		unix.Kill(p.pid, unix.SIGKILL)
		return os.NewSyscallError("pidfd_open", err)
	}
	p.fd, p.ended = fd, os.NewFile(uintptr(fd), "process")
	raw, err := p.ended.SyscallConn()
	if err != nil {
		return err
	}
	go func() {
		raw.Read(func(fd uintptr) bool { return hasEnded(int(fd)) })
		p.settle()
	}()
	return nil
}

// hasEnded reports whether the process of a pidfd has ended.
func hasEnded(pidfd int) bool {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err != nil && err != unix.EINTR || n > 0
}

// settle notes how the process has ended. Its id is its own until Reap.
func (p *Process) settle() {
	if p.parent == nil {
		p.status = childStatus(p.pid)
	} else {
		p.status = statusOf(p.pid)
	}
	close(p.done)
}

// The place of si_status in siginfo_t (sigaction(2)): its union begins at a
// multiple of the size of a pointer, with a process id and a user.
const (
	pointer  = unsafe.Sizeof(uintptr(0))
	statusAt = (12+pointer-1)&^(pointer-1) + 8
)

// The codes of siginfo_t for the end of a child.
const cldExited = 1

// childStatus is how a child of this process has ended, which stays to be
// waited for.
func childStatus(pid int) Status {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Status{}
		}
		status := int(int32(binary.NativeEndian.Uint32(Bytes(&info)[statusAt:])))
		if info.Code == cldExited {
			return Status{Exit: status}
		}
		return Status{Signal: syscall.Signal(status)}
	}
}

// String says how it ended, as "killed by SIGKILL" or "exit 1".
func (s Status) String() string {
	if s.Signal != 0 {
		return "killed by " + unix.SignalName(s.Signal)
	}
	return fmt.Sprintf("exit %d", s.Exit)
}

func asStatus(ws unix.WaitStatus) Status {
	if ws.Signaled() {
		return Status{Signal: ws.Signal()}
	}
	return Status{Exit: ws.ExitStatus()}
}

// exitCode is the place of exit_code in /proc/PID/stat, counted from the state,
// which is the third (proc(5)).
const exitCode = 52 - 3

// Proc is where the states of processes are read (proc(5)).
var Proc = "/proc"

// statusOf is how a process has ended that nobody has waited for yet.
func statusOf(pid int) Status {
	stat, err := os.ReadFile(fmt.Sprintf("%s/%d/stat", Proc, pid))
	i := bytes.LastIndex(stat, []byte(") "))
	if err != nil || i < 0 {
		return Status{}
	}
	fields := bytes.Fields(stat[i+2:])
	if len(fields) <= exitCode {
		return Status{}
	}
	code, _ := strconv.Atoi(string(fields[exitCode]))
	return asStatus(unix.WaitStatus(code))
}

// Reap lets the process that has forked this one wait for it (wait4(2)), which
// must have ended.
func (p *Process) Reap() {
	if p.reaped {
		return
	}
	if p.parent == nil {
		p.reaped = true
		for _, err := unix.Wait4(p.pid, nil, 0, nil); err == unix.EINTR; {
			_, err = unix.Wait4(p.pid, nil, 0, nil)
		}
		return
	}
	var status int32
	pid, errno := p.parent.Call(Wait{}, unix.SYS_WAIT4, Num(p.pid), Out(Bytes(&status)), Num(unix.WNOHANG), Num(0))
	p.reaped = errno == 0 && int(pid) == p.pid
}

// Release waits for the end of the process, which must be near, and releases
// what this process has for it.
func (p *Process) Release() {
	<-p.done
	p.mu.Lock()
	p.released = true
	for slices.ContainsFunc(p.threads, func(t *thread) bool { return t.busy }) {
		p.idle.Wait() // the call sees the end too
	}
	for _, t := range p.threads {
		p.space.forget(t)
	}
	p.threads = nil
	p.ended.Close() // from here on its number may be that of another process
	p.mu.Unlock()
	if p.family.members.Add(-1) == 0 {
		unix.Close(p.family.life)
	}
	p.space.leave()
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.pid }

// Done is closed once the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status is how the process has ended, which it must have done.
func (p *Process) Status() Status { return p.status }

// Signal sends the process a signal (kill(2)). Where it has not ended it has
// come by then, unless it is blocked. One that was released is gone.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.released {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(p.fd, sig, nil, 0)
}

// Grow adds a thread, so that one more call can be made at the same time.
func (p *Process) Grow() error {
	t, err := p.space.newThread(p, opBeginThread)
	if err != nil {
		return err
	}
	p.several.Store(true)
	at, errno := p.share(t.offset, boxSize)
	var stack uintptr
	if errno == 0 {
		stack, errno = p.stack()
	}
	if errno == 0 {
		t.place(at)
		var tid uintptr
		tid, errno = p.ask(opThread, at, stack+stackSize, serving)
		if int(tid) < 0 {
			errno = syscall.Errno(-int(tid))
		}
		t.tid = int(tid)
	}
	if errno != 0 {
		p.space.forget(t)
		return os.NewSyscallError("clone", asError(errno))
	}
	if errno := t.await(Wait{}); errno != 0 {
		return asError(errno)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.threads = append(p.threads, t)
	return nil
}

// stackSize is the size of the stack of a thread.
const stackSize = 16 << 10

// stack makes a stack for a further thread. It is not a part of the box: a
// process that the thread forks gets a copy, where it would share the box.
func (p *Process) stack() (uintptr, syscall.Errno) {
	return p.Call(Wait{}, trapMmap, Num(0), Num(stackSize), Num(unix.PROT_READ|unix.PROT_WRITE),
		Num(unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_STACK), Num(-1), Num(0))
}

// idleMask blocks all signals where several threads are there: a signal is for
// one that makes a call. The only thread takes it at once.
func (p *Process) idleMask() uint64 {
	if p.several.Load() {
		return ^uint64(0)
	}
	return p.mask.Load() &^ wakeBit
}

func asError(errno syscall.Errno) error {
	switch errno {
	case 0:
		return nil
	case Died:
		return ErrDied
	}
	return errno
}

// Descriptor makes a descriptor of this process for an open file of the other
// (pidfd_getfd(2)).
func (p *Process) Descriptor(fd int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.released {
		return -1, unix.ESRCH
	}
	return unix.PidfdGetfd(p.fd, fd, 0)
}

//go:build amd64 || 386 || arm64

package jail

import (
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// closedCalls are the system calls that return EPERM in the jail. Those of
// files and processes are not among them: namespaces and Landlock hold these.
var closedCalls = append([]uint32{
	// The tree of files.
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR,
	unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
	unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_ACCT,
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_FANOTIFY_INIT,
	// Other processes.
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KCMP, unix.SYS_MOVE_PAGES, unix.SYS_MIGRATE_PAGES,
	// Large parts of the kernel that nothing here needs.
	unix.SYS_BPF, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	// The machine.
	unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_REBOOT, unix.SYS_SYSLOG,
	unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX,
	unix.SYS_CLOCK_ADJTIME, unix.SYS_VHANGUP, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_NFSSERVCTL,
}, closedHere...)

// hostFamilies are those of sockets that know no network namespaces: virtual
// machines, and the modems and the like of some boards.
var hostFamilies = []uint32{unix.AF_VSOCK, unix.AF_QIPCRTR}

// privileged are the bits by which a file runs as another user or group. In a
// folder that is allowed to be written, somebody outside could run it.
const privileged = unix.S_ISUID | unix.S_ISGID

// A callArgument is an argument of a system call.
type callArgument struct {
	number uint32
	arg    int
}

var (
	// modeCalls have a mode.
	modeCalls = append([]callArgument{
		{unix.SYS_FCHMOD, 1}, {unix.SYS_FCHMODAT, 2}, {unix.SYS_FCHMODAT2, 2}, {unix.SYS_MKNODAT, 2},
	}, modeCallsHere...)
	// openCalls have flags and a mode behind them.
	openCalls = append([]callArgument{{unix.SYS_OPENAT, 2}}, openCallsHere...)
)

// execCalls run programs.
var execCalls = []uint32{unix.SYS_EXECVE, unix.SYS_EXECVEAT}

// newNamespaces are the flags of clone(2) that make some.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
	unix.CLONE_NEWPID | unix.CLONE_NEWNET

// The places in what a filter looks at (seccomp(2)). Of an argument it is the
// lower half, which is all that the kernel reads of those here.
const (
	numberAt = 0
	archAt   = 4
	firstArg = 16
	argSize  = 8
)

// What becomes of a call.
const (
	allowed = unix.SECCOMP_RET_ALLOW
	refused = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	// unknown makes libraries try an older call, of which a filter sees more.
	unknown = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	// foreign is for calls of another architecture, whose numbers mean others.
	foreign = unix.SECCOMP_RET_KILL_PROCESS
)

// A code is the program of a filter.
type code []unix.SockFilter

func (c *code) add(op uint16, jt, jf uint8, k uint32) {
	*c = append(*c, unix.SockFilter{Code: op, Jt: jt, Jf: jf, K: k})
}

func (c *code) load(at uint32) { c.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, 0, 0, at) }
func (c *code) ret(v uint32)   { c.add(unix.BPF_RET|unix.BPF_K, 0, 0, v) }

// when ends with v where the call has this number.
func (c *code) when(number, v uint32) {
	c.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, 0, 1, number)
	c.ret(v)
}

// check looks at an argument of the call with this number: a test that holds
// ends with yes, another with no.
func (c *code) check(number uint32, arg int, test uint16, k, yes, no uint32) {
	c.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, 0, 4, number)
	c.load(uint32(firstArg + argSize*arg))
	c.add(unix.BPF_JMP|test|unix.BPF_K, 0, 1, k)
	c.ret(yes)
	c.ret(no)
}

// refuseAny refuses the call with this number where an argument is one of
// values.
func (c *code) refuseAny(number uint32, arg int, values []uint32) {
	c.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, 0, uint8(2+2*len(values)), number)
	c.load(uint32(firstArg + argSize*arg))
	for _, v := range values {
		c.when(v, refused)
	}
	c.ret(allowed)
}

// refuseMode refuses a call with this number that opens a file, where it would
// make one with bits of privileged. Its mode is behind its flags.
func (c *code) refuseMode(number uint32, flags int) {
	const makes = unix.O_CREAT | unix.O_TMPFILE&^unix.O_DIRECTORY
	c.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, 0, 7, number)
	c.load(uint32(firstArg + argSize*flags))
	c.add(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, 1, 0, makes)
	c.ret(allowed)
	c.load(uint32(firstArg + argSize*(flags+1)))
	c.add(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, 0, 1, privileged)
	c.ret(refused)
	c.ret(allowed)
}

// program is the filter.
func program(exec, hostNetwork bool) []unix.SockFilter {
	var c code
	c.load(archAt)
	c.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, 1, 0, auditArch)
	c.ret(foreign)
	c.load(numberAt)
	if otherNumbers != 0 {
		c.add(unix.BPF_JMP|unix.BPF_JGE|unix.BPF_K, 0, 1, otherNumbers)
		c.ret(unknown)
	}
	closed := closedCalls
	if !exec {
		closed = append(closed[:len(closed):len(closed)], execCalls...)
	}
	for _, number := range closed {
		c.when(number, refused)
	}
	c.when(unix.SYS_CLONE3, unknown) // its flags are in memory
	c.check(unix.SYS_CLONE, 0, unix.BPF_JSET, newNamespaces, refused, allowed)
	c.check(unix.SYS_UNSHARE, 0, unix.BPF_JEQ, unix.CLONE_NEWNET, allowed, refused)
	c.check(unix.SYS_SETNS, 1, unix.BPF_JEQ, unix.CLONE_NEWNET, allowed, refused)
	if !hostNetwork {
		c.refuseAny(unix.SYS_SOCKET, 0, hostFamilies)
		c.refuseAny(unix.SYS_SOCKETPAIR, 0, hostFamilies)
	}
	for _, call := range modeCalls {
		c.check(call.number, call.arg, unix.BPF_JSET, privileged, refused, allowed)
	}
	for _, call := range openCalls {
		c.refuseMode(call.number, call.arg)
	}
	c.when(unix.SYS_OPENAT2, unknown) // its mode is in memory
	c.ret(allowed)
	return c
}

// filter closes system calls for all threads, and for all that they start.
func filter(exec, hostNetwork bool) error {
	if err := install(program(exec, hostNetwork)); err != nil || hostNetwork {
		return err
	}
	// On the 386 the family of a socket may be in memory (socketcall(2)), where
	// no filter looks.
	if fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err == nil {
		unix.Close(fd)
		return errVsock
	}
	return nil
}

// install puts a filter on all threads.
func install(p []unix.SockFilter) error {
	fprog := unix.SockFprog{Len: uint16(len(p)), Filter: unsafe.SliceData(p)}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The filter takes it to the other threads.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	other, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	runtime.KeepAlive(p)
	if errno == 0 && other != 0 {
		errno = unix.ESRCH // a thread has another filter
	}
	if errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	return nil
}

var errVsock = errors.New("the filter of a 32-bit program cannot close AF_VSOCK")

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A world is what is around a sandbox, for a probe to try to reach.
type world struct {
	Folder   string // of the scenario; ../secret is outside, out and up lead there
	Socket   string // the path of a local socket that somebody listens on
	Abstract string // likewise, a name
	Stream   int    // ports of a server at hostAddress
	Datagram int
	MPTCP    int
	Process  int // of the same user
}

// hostAddress is an address that the network has around the sandbox, and
// hostAlias the interface that bears it.
const (
	hostAddress = "192.0.2.1"
	hostAlias   = "lo:0"
)

// secretEnv is set in the environment of sockscript.
const secretEnv = "SOCKSCRIPT_TEST_SECRET"

// A probe tries to reach something that is outside a sandbox. It returns nil
// where it has reached it.
type probe struct {
	name string
	try  func(w *world) error
	// closed are the errors that may keep it out.
	closed []error
	// root says that an ordinary user is kept out anyway, and kernel that many
	// a kernel or container keeps everybody out.
	root, kernel bool
}

var errKept = errors.New("kept out")

var (
	noFile  = []error{unix.ENOENT}
	noCall  = []error{unix.EPERM, unix.ENOSYS}
	noRoute = []error{unix.ENETUNREACH}
)

var probes = []probe{
	// Files.
	{name: "absolute path", try: func(w *world) error { return read(filepath.Join(filepath.Dir(w.Folder), "secret")) }, closed: noFile},
	{name: "file of the system", try: func(*world) error { return read("/etc/passwd") }, closed: noFile},
	{name: "dots", try: func(w *world) error { return read(w.Folder + "/../secret") }, closed: noFile},
	{name: "symbolic link of a file", try: func(w *world) error { return read(w.Folder + "/out") }, closed: noFile},
	{name: "symbolic link of a folder", try: func(w *world) error { return read(w.Folder + "/up/secret") }, closed: noFile},
	{name: "own link", try: func(w *world) error { return readByOwnLink(w) }, closed: noFile},
	{name: "write own folder", try: func(w *world) error { return write(w.Folder + "/own") }, closed: []error{unix.EROFS}},
	{name: "write outside", try: func(w *world) error { return change(filepath.Dir(w.Folder) + "/secret") }, closed: noFile},
	{name: "proc of others", try: func(w *world) error { return read(fmt.Sprintf("/proc/%d/environ", w.Process)) }, closed: []error{unix.ENOENT, unix.EACCES}},
	{name: "root of others", try: func(w *world) error { return read(fmt.Sprintf("/proc/%d/root%s/../secret", w.Process, w.Folder)) }, closed: []error{unix.ENOENT, unix.EACCES}},
	// Programs.
	{name: "set-user-ID", try: func(*world) error { return gainsByFile() }, closed: []error{errKept}},
	// The network.
	{name: "TCP", try: func(w *world) error { return connect(unix.SOCK_STREAM, 0, hostAddress, w.Stream) }, closed: noRoute},
	{name: "TCP of loopback", try: func(w *world) error { return connect(unix.SOCK_STREAM, 0, "127.0.0.1", w.Stream) }, closed: []error{unix.ECONNREFUSED}},
	{name: "MPTCP", try: func(w *world) error { return connect(unix.SOCK_STREAM, unix.IPPROTO_MPTCP, hostAddress, w.MPTCP) }, closed: []error{unix.ENETUNREACH, unix.EPROTONOSUPPORT}, kernel: true},
	{name: "UDP", try: func(w *world) error { return connect(unix.SOCK_DGRAM, 0, hostAddress, w.Datagram) }, closed: noRoute},
	{name: "packet", try: func(*world) error { return packet() }, closed: []error{unix.EPERM, unix.EADDRNOTAVAIL, unix.ENODEV}, root: true},
	{name: "vsock", try: func(*world) error { return openSocket(unix.AF_VSOCK, unix.SOCK_STREAM) }, closed: []error{unix.EPERM, unix.EACCES, unix.EAFNOSUPPORT}, kernel: true},
	{name: "path of a local socket", try: func(w *world) error { return connectUnix(w.Socket) }, closed: noFile},
	{name: "abstract name", try: func(w *world) error { return connectUnix("@" + w.Abstract) }, closed: []error{unix.ECONNREFUSED, unix.EPERM}},
	// Other processes.
	{name: "kill", try: func(w *world) error { return unix.Kill(w.Process, 0) }, closed: []error{unix.ESRCH}},
	{name: "ptrace", try: func(w *world) error { return trace(w.Process) }, closed: []error{unix.EPERM, unix.ESRCH, unix.ENOSYS}, kernel: true},
	{name: "memory of others", try: func(w *world) error { return readMemory(w.Process) }, closed: []error{unix.EPERM, unix.ESRCH, unix.ENOSYS}, kernel: true},
	{name: "pidfd", try: func(w *world) error { return pidfd(w.Process) }, closed: []error{unix.EPERM, unix.ESRCH, unix.ENOSYS}},
	// The kernel.
	{name: "mount", try: func(*world) error { return mount() }, closed: noCall, root: true},
	{name: "user namespace", try: func(*world) error { return childIn(unix.CLONE_NEWUSER) }, closed: noCall, kernel: true},
	{name: "mount namespace", try: func(*world) error { return childIn(unix.CLONE_NEWNS) }, closed: noCall, root: true},
	{name: "leave", try: func(w *world) error { return enter(fmt.Sprintf("/proc/%d/ns/mnt", w.Process)) }, closed: []error{unix.EPERM, unix.ENOENT, unix.EACCES, unix.ENOSYS}, root: true},
	{name: "chroot", try: func(*world) error { return childAt("/") }, closed: noCall, root: true},
	{name: "io_uring", try: func(*world) error { return makesDescriptor(unix.SYS_IO_URING_SETUP, 1, make([]byte, 120)) }, closed: noCall, kernel: true},
	{name: "bpf", try: func(*world) error { return makesDescriptor(unix.SYS_BPF, 0, bpfMap()) }, closed: noCall, kernel: true, root: true},
	{name: "userfaultfd", try: func(*world) error { return makesDescriptor(unix.SYS_USERFAULTFD, 1, nil) }, closed: noCall, kernel: true},
	{name: "perf", try: func(*world) error { return perf() }, closed: noCall, kernel: true},
	{name: "keys", try: func(*world) error { _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, true); return err }, closed: noCall, kernel: true},
	// What was there before.
	{name: "environment", try: func(*world) error { return environment() }, closed: []error{errKept}},
	{name: "descriptor by proc", try: func(*world) error { return read("/proc/self/fd/3/etc/passwd") }, closed: []error{unix.ENOENT, unix.EACCES, unix.ENOTDIR}},
	{name: "descriptor in a message", try: func(w *world) error { return given(w.Socket) }, closed: noFile},
	{name: "inherited descriptors", try: func(*world) error { return inherited() }, closed: []error{errKept}},
}

// probing is the program probe: it tries all, and prints how each try ended.
func probing() {
	w := new(world)
	if err := json.Unmarshal([]byte(os.Args[1]), w); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, p := range probes {
		if len(os.Args) < 3 || os.Args[2] == p.name {
			fmt.Printf("%s: %s\n", p.name, outcome(p.try(w)))
		}
	}
}

// outcome is how a try has ended, in a word.
func outcome(err error) string {
	var errno syscall.Errno
	switch {
	case err == nil:
		return "open"
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

func read(path string) error {
	_, err := os.ReadFile(path)
	return err
}

func write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(path)
}

func change(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// readByOwnLink follows a link that it has made itself.
func readByOwnLink(w *world) error {
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(filepath.Dir(w.Folder), "secret"), link); err != nil {
		return err
	}
	return read(link)
}

// gainsByFile reports whether a file can still give a privilege.
func gainsByFile() error {
	none, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err == nil && none == 1 {
		return errKept
	}
	return err
}

func openSocket(family, typ int) error {
	fd, err := unix.Socket(family, typ, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func connect(typ, protocol int, host string, port int) error {
	fd, err := unix.Socket(unix.AF_INET, typ, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte(net.ParseIP(host).To4()), Port: port})
}

func connectUnix(name string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: name})
}

// given takes a descriptor of the root folder from who listens at a path, and
// opens a file by it.
func given(path string) error {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path})
	if err != nil {
		return err
	}
	defer c.Close()
	control := make([]byte, unix.CmsgSpace(4))
	if _, _, _, _, err = c.ReadMsgUnix(make([]byte, 1), control); err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	fd, err := unix.Openat(fds[0], "etc/passwd", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// packet opens a packet socket where the interface is that has the address of
// the host.
func packet() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(hostAlias)
	if err != nil {
		return err
	}
	return unix.IoctlIfreq(fd, unix.SIOCGIFADDR, r)
}

func trace(pid int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(pid); err != nil {
		return err
	}
	if err := unix.PtraceInterrupt(pid); err != nil {
		return err
	}
	if _, err := unix.Wait4(pid, nil, unix.WALL, nil); err != nil {
		return err
	}
	return unix.PtraceDetach(pid)
}

// readMemory reads where the program of the other process begins; nothing needs
// to be there.
func readMemory(pid int) error {
	var b [1]byte
	local := []unix.Iovec{{Base: &b[0], Len: 1}}
	_, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: 16, Len: 1}}, 0)
	if err == unix.EFAULT {
		return nil
	}
	return err
}

func pidfd(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func mount() error {
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := unix.Mount("none", dir, "tmpfs", 0, ""); err != nil {
		return err
	}
	return unix.Unmount(dir, 0)
}

// childIn starts a process in new namespaces.
func childIn(flags uintptr) error {
	c := exec.Command("/proc/self/exe")
	c.Args = []string{"nothing"}
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	return c.Run()
}

// childAt starts a process with another root.
func childAt(root string) error {
	c := exec.Command("/proc/self/exe")
	c.Args = []string{"nothing"}
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	return c.Run()
}

// enter enters a namespace, on a thread that ends with it.
func enter(path string) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			unix.Unshare(unix.CLONE_FS)
			err = unix.Setns(fd, 0)
			unix.Close(fd)
		}
		result <- err
	}()
	return <-result
}

// makesDescriptor makes a call whose second argument is a buffer or nothing,
// and closes what it gives.
func makesDescriptor(call, first uintptr, buffer []byte) error {
	var at unsafe.Pointer
	if len(buffer) > 0 {
		at = unsafe.Pointer(&buffer[0])
	}
	fd, _, errno := unix.Syscall(call, first, uintptr(at), uintptr(len(buffer)))
	if errno != 0 {
		return errno
	}
	return unix.Close(int(fd))
}

// bpfMap is the argument that makes a small array (bpf(2)).
func bpfMap() []byte {
	b := make([]byte, 72)
	for i, v := range []byte{2, 4, 4, 1} { // type, sizes of key and value, entries
		b[4*i] = v
	}
	return b
}

func perf() error {
	attr := &unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})), Bits: unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv}
	fd, err := unix.PerfEventOpen(attr, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func environment() error {
	for _, setting := range os.Environ() {
		if strings.HasPrefix(setting, secretEnv+"=") {
			return nil
		}
	}
	return errKept
}

// inherited reports whether there is a descriptor that nobody meant for it.
func inherited() error {
	for fd := 3; fd < 1024; fd++ {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			return nil
		}
	}
	return errKept
}

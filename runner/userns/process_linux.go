package userns

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/steps/sock"
)

// capabilities are those that a network of one's own needs, and what root may
// do in one. A program that a scenario starts does not have them.
var capabilities = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_NET_BIND_SERVICE}

// startProcess starts a copy of this process in a user namespace. It ends when
// this process has ended, however that was.
func startProcess() (*remote.Process, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	unix.SetNonblock(fds[0], true)
	ours, theirs := os.NewFile(uintptr(fds[0]), "connection"), os.NewFile(uintptr(fds[1]), "connection")
	defer theirs.Close()
	child, err := startCopy([]string{processName}, os.Environ(), theirs)
	if err != nil {
		ours.Close()
		return nil, err
	}
	return remote.New(ours, sync.OnceValue(func() error { return howEnded(child) })), nil
}

// howEnded waits for the process, and says where it was interrupted. It does
// not catch the signals of a terminal from its very start.
func howEnded(child *os.Process) error {
	state, err := child.Wait()
	if err != nil {
		return nil
	}
	switch ws := state.Sys().(syscall.WaitStatus); ws.Signal() {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP:
		return fmt.Errorf("%w (%s)", remote.ErrInterrupted, state)
	}
	return nil
}

// startCopy starts this binary in a user namespace in which the ids of user and
// group are the same.
func startCopy(argv, env []string, files ...*os.File) (*os.Process, error) {
	sock.Forks.Lock()
	defer sock.Forks.Unlock()
	return os.StartProcess("/proc/self/exe", argv, &os.ProcAttr{
		Env:   env,
		Files: append([]*os.File{os.Stdin, os.Stdout, os.Stderr}, files...),
		Sys: &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}},
			AmbientCaps: capabilities,
		},
	})
}

// again is set in the environment of a copy of the whole process.
const again = "SOCKSCRIPT_USER_NAMESPACE"

// Again runs the whole process again in a user namespace, where it may make
// networks, and returns how that has ended. ok is false where that is not
// needed or cannot be done: then this process goes on.
func Again() (status int, ok bool) {
	if os.Getenv(again) != "" || lab.Allowed() {
		return 0, false
	}
	child, err := startCopy(os.Args, append(os.Environ(), again+"=1"))
	if err != nil {
		return 0, false
	}
	// The signals of a terminal reach the copy too; it ends the tests.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGQUIT)
	state, err := child.Wait()
	if err != nil {
		return 1, true
	}
	if ws := state.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal()), true
	}
	return state.ExitCode(), true
}

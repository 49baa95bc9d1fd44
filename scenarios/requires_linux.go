package scenarios

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// probeNetns asks whether a network namespace can be made, as root or inside a
// user namespace of its own (user_namespaces(7)). A child makes it, so that
// this process stays where it is.
func probeNetns(*probing, string) string {
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET}
	// Until it runs the program, the child has copies of all descriptors.
	sock.Forks.Lock()
	err := cmd.Start()
	sock.Forks.Unlock()
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return "a network namespace cannot be made: " + err.Error()
	}
	return ""
}

func probeRoot(p *probing, _ string) string {
	for _, name := range rootCapabilities {
		if probeCapability(p, name) != "" {
			return fmt.Sprintf("the user id is %d, without CAP_%s", os.Geteuid(), name)
		}
	}
	return ""
}

func probeCapability(p *probing, name string) (why string) {
	p.network.Within(func() {
		switch {
		case !effective(slices.Index(capabilities, name)):
			why = "this process does not have it"
		case strings.HasPrefix(name, "NET_") && foreignNetwork():
			why = "it does not count in this network, which belongs to a user namespace outside"
		}
	})
	return why
}

// effective reports whether this thread has a capability (capget(2)).
func effective(number int) bool {
	var sets [2]unix.CapUserData
	if err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &sets[0]); err != nil {
		return false
	}
	return sets[number/32].Effective&(1<<(number%32)) != 0
}

// foreignNetwork reports whether this thread's network belongs to a user
// namespace that is neither this one nor below it: ioctl_ns(2) refuses to name
// that.
func foreignNetwork() bool {
	network, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(network)
	owner, err := unix.IoctlRetInt(network, unix.NS_GET_USERNS)
	if err == nil {
		unix.Close(owner)
	}
	return err == unix.EPERM
}

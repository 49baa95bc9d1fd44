package runner

import (
	"os/exec"
	"syscall"
)

// probeNetns asks whether a network namespace can be made, as root or inside a
// user namespace of its own (user_namespaces(7)). A child makes it, so that
// this process stays where it is.
func probeNetns() string {
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET}
	if err := cmd.Run(); err != nil {
		return "a network namespace cannot be made: " + err.Error()
	}
	return ""
}

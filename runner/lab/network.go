package lab

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// Settings say how a private network begins. The zero value has lo up, with
// 127.0.0.1 and ::1.
type Settings struct {
	LoDown  bool
	Sysctls []Sysctl // set in their order
}

// A Sysctl is a kernel parameter of a network and its value, as sysctl(8) names
// them: net.ipv4.tcp_syn_retries.
type Sysctl struct{ Name, Value string }

// A SysctlError is a kernel parameter that could not be set, or read.
type SysctlError struct {
	Sysctl
	Reading bool
	Err     error
}

func (e *SysctlError) Error() string {
	if e.Reading {
		return fmt.Sprintf("cannot read the kernel parameter %s: %s", e.Name, e.Err)
	}
	return fmt.Sprintf("cannot set the kernel parameter %s to %q: %s", e.Name, e.Value, e.Err)
}

func (e *SysctlError) Unwrap() error { return e.Err }

// errOutside is why the network of this process stays as it is.
var errOutside = errors.New("this is the host's own network, which a scenario does not change; " +
	"give the scenario a network of its own")

// A RefusedError says that no network namespace can be made here.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string {
	return "a network namespace cannot be made: " + e.Err.Error()
}

func (e *RefusedError) Unwrap() error { return e.Err }

// sysctlPath is the file of a kernel parameter (proc_sys(5)). In a name that
// has slashes, a dot belongs to the name of an interface, as for sysctl(8).
func sysctlPath(name string) string {
	if !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, ".", "/")
	}
	return path.Join("/proc/sys", path.Clean("/"+name))
}

//go:build amd64 || 386 || arm64

package jail

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// The users of root's jail, and its groups. Its root is nobody outside: there
// root may do more than others even where it has no capability. The others are
// users outside who own nothing, beyond the numbers that systems give out, so
// that a process in the jail can become another user.
const (
	nobody        = 65534
	firstStranger = 0x7f000000
	strangers     = 65535
)

// isRoot reports whether this process is root's, and can start one of nobody. In
// a user namespace there may be no such user.
var isRoot = sync.OnceValue(func() bool { return os.Geteuid() == 0 && has(nobody, 1) })

// hasStrangers reports whether this process can give the jail other users.
var hasStrangers = sync.OnceValue(func() bool { return has(firstStranger, strangers) })

// has reports whether there are users and groups with these numbers here
// (user_namespaces(7)).
func has(first, count int64) bool {
	return isMapped("/proc/self/uid_map", first, count) && isMapped("/proc/self/gid_map", first, count)
}

func isMapped(path string, first, count int64) bool {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		var from, outside, size int64
		if n, _ := fmt.Sscan(line, &from, &outside, &size); n == 3 && from <= first && first+count <= from+size {
			return true
		}
	}
	return false
}

// asRoot makes the process root of its user namespace.
func asRoot(attr *syscall.SysProcAttr) {
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: nobody, Size: 1}}
	if hasStrangers() {
		ids = append(ids, syscall.SysProcIDMap{ContainerID: 1, HostID: firstStranger, Size: strangers})
	}
	attr.UidMappings, attr.GidMappings, attr.GidMappingsEnableSetgroups = ids, ids, true
	attr.Credential = &syscall.Credential{}
}

// ofRoot are the capabilities that root of a jail has beside those of everybody,
// for files, processes and ids of the jail.
var ofRoot = []uintptr{unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL}

// dropCapabilities leaves root of the jail only what it needs. What others do
// not have they cannot get.
func dropCapabilities(canChange bool) error {
	keep := slices.Concat(capabilities, ofRoot)
	if canChange {
		keep = append(keep, unix.CAP_SETUID, unix.CAP_SETGID)
	}
	for number := uintptr(0); number <= unix.CAP_LAST_CAP; number++ {
		if slices.Contains(keep, number) {
			continue
		}
		// An older kernel does not know the last ones.
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, number, 0, 0, 0); err != nil && err != unix.EINVAL {
			return os.NewSyscallError("prctl", err)
		}
	}
	return nil
}

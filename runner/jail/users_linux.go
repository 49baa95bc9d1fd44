//go:build amd64 || 386 || arm64

package jail

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail/bare"
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

// isRoot reports whether this process is root's, and can start one of nobody.
// In a user namespace there may be no such user.
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

// flags are those of clone(2) by which the process is in its namespaces.
func (o *orders) flags() uintptr {
	if !o.has(namespaces) {
		return 0
	}
	flags := uintptr(unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC)
	if !o.asNobodyOfHost() {
		flags |= unix.CLONE_NEWUSER
	}
	if !o.HostNetwork {
		flags |= unix.CLONE_NEWNET
	}
	return flags
}

// asNobodyOfHost reports whether the process is one of nobody, in no user
// namespace of its own. For raw sockets in the network of the host it has the
// capability, which one of a user namespace would not be; to make the rest of
// the jail it needs another, which it gives up.
func (o *orders) asNobodyOfHost() bool { return isRoot() && (o.HostRaw || !o.has(namespaces)) }

// writeIDs says which users the user namespace of the process has.
func (o *orders) writeIDs(pid int) error {
	switch {
	case o.flags()&unix.CLONE_NEWUSER == 0:
		return nil
	case isRoot():
		ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: nobody, Size: 1}}
		if hasStrangers() {
			ids = append(ids, syscall.SysProcIDMap{ContainerID: 1, HostID: firstStranger, Size: strangers})
		}
		return bare.WriteIDs(pid, ids, ids, true)
	}
	own := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
	}
	return bare.WriteIDs(pid, own(os.Geteuid()), own(os.Getegid()), false)
}

// user is the user and the group that the process becomes, if it does.
func (o *orders) user() (id int, changes bool) {
	switch {
	case o.asNobodyOfHost():
		return nobody, true
	case isRoot():
		return 0, true
	}
	return 0, false
}

// caps are the capabilities that the process has to be given: root of a user
// namespace has all of them.
func (o *orders) caps() []uintptr {
	switch {
	case !o.has(namespaces) && !o.HostRaw:
		return nil
	case !o.asNobodyOfHost():
		if os.Geteuid() == 0 {
			return nil
		}
		return capabilities
	case !o.has(namespaces):
		return []uintptr{unix.CAP_NET_RAW}
	}
	return []uintptr{unix.CAP_NET_RAW, unix.CAP_SYS_ADMIN}
}

// mayGiveRaw returns an error unless this process can give a jail raw sockets
// in the network of the host.
func mayGiveRaw() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		err = fmt.Errorf("this user may not make them (%w)", err)
	} else if unix.Close(fd); !isRoot() {
		err = errors.New("this user is not root")
	}
	if err != nil {
		return fmt.Errorf("the scenario makes raw sockets in the network of this machine, which only root can allow a sandbox: %w; "+
			"run as root, or without --allow host-network: in a network of its own a sandbox has raw sockets", err)
	}
	return nil
}

// ofRoot are the capabilities that root of a jail has beside those of
// everybody, for files, processes and ids of the jail.
var ofRoot = []uintptr{unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL}

// dropAdmin gives up the capability that makes a jail: here it is one of the
// host.
func (p *plan) dropAdmin() {
	p.Add("prctl", unix.SYS_PRCTL, bare.Num(unix.PR_CAP_AMBIENT), bare.Num(unix.PR_CAP_AMBIENT_LOWER), bare.Num(unix.CAP_SYS_ADMIN))
}

// dropCapabilities leaves root of the jail only what it needs. What others do
// not have they cannot get.
func (p *plan) dropCapabilities() {
	keep := slices.Concat(capabilities, ofRoot)
	if p.Users {
		keep = append(keep, unix.CAP_SETUID, unix.CAP_SETGID)
	}
	for number := uintptr(0); number <= unix.CAP_LAST_CAP; number++ {
		if !slices.Contains(keep, number) {
			// An older kernel does not know the last ones.
			p.Add("prctl", unix.SYS_PRCTL, bare.Num(unix.PR_CAPBSET_DROP), bare.Num(number)).Ignore(unix.EINVAL)
		}
	}
}

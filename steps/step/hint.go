package step

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// hints say what helps against an errno that a scenario did not expect, by the
// call that met it; "" stands for any call.
var hints = map[syscall.Errno]map[string]string{
	syscall.EADDRINUSE: {
		"bind":       "another socket has this address: bind to port 0, or set SO_REUSEADDR before bind when only old connections in TIME_WAIT hold it; unlink frees a path",
		"setsockopt": "the socket is a member of this group already",
		"":           "another socket has this address",
	},
	syscall.EADDRNOTAVAIL: {
		"connect":    "no ephemeral port for this address is free, often because of connections in TIME_WAIT: connect to another address of 127.0.0.0/8, or wait 60s",
		"bind":       "no interface of this host has this address",
		"setsockopt": "the socket has no such membership or source, or no interface has this address",
	},
	syscall.EACCES: {
		"bind":   "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE): bind to a higher one, or to port 0",
		"":       "a privilege or a permission is missing",
		"sendto": "a broadcast address needs SO_BROADCAST",
	},
	syscall.EPERM:        {"": "a privilege is missing: run as root, or write requires: root"},
	syscall.EMFILE:       {"": "this process may open no more descriptors: raise the limit with ulimit -n"},
	syscall.ENFILE:       {"": "the system has no descriptors left"},
	syscall.EAFNOSUPPORT: {"socket": "this kernel does not have the address family: add it to requires"},
	syscall.ECONNREFUSED: {"connect": "nobody listens there: refer to the listener as ${actor.listener} to wait for it, or use retry for a real program"},
	syscall.ENOENT:       {"connect": "no socket is bound to this path: refer to the listener as ${actor.listener} to wait for it, or use retry for a real program"},
	syscall.ESRCH:        {"kill": "the program has ended, and a join step has waited for it"},
	syscall.ENOSPC:       {"": "the disk is full"},
	syscall.EROFS:        {"": "the file system is read-only"},
}

// hintOf is what helps against an unexpected error of a call with these
// arguments.
func hintOf(err error, call string, args []any, errno syscall.Errno) string {
	var known *value.HintedError
	if errors.As(err, &known) {
		return known.Hint
	}
	for _, arg := range args {
		if to, ok := arg.(event.Asked); ok {
			if text := addressHint(call, to.Addr, errno); text != "" {
				return text
			}
		}
	}
	return errnoHint(call, errno)
}

// maxPath is the size of sun_path, 108 bytes on Linux.
const maxPath = len(unix.RawSockaddrUnix{}.Path)

const (
	loDown  = "the interface lo is down, as it is in every new network namespace: ip link set lo up"
	NoPorts = "every port that the kernel may choose is taken: net.ipv4.ip_local_port_range says which those are"
)

// addressHint is what helps where the address of the call tells more than the
// errno.
func addressHint(call string, to sock.Addr, errno syscall.Errno) string {
	switch {
	case errno == syscall.ENETUNREACH && to.IP.IsLoopback():
		return loDown
	case errno == syscall.EADDRNOTAVAIL && call == "bind" && to.IP.IsLoopback():
		return "no interface of this host has this address; for 127.0.0.1 and ::1 that means that " + loDown
	case errno == syscall.EADDRINUSE && call == "bind" && to.Port == 0 && to.Path == "" && to.Other == "":
		return NoPorts
	case errno == syscall.EINVAL && len(to.Path) > maxPath:
		return fmt.Sprintf("the path has %d bytes, and the path of a socket has at most %d (unix(7)): use a shorter one; the length of a path in ${tmp} depends on TMPDIR", len(to.Path), maxPath)
	}
	return ""
}

// errnoHint is what helps against an unexpected errno of a call; "" where the errno
// says all there is.
func errnoHint(call string, errno syscall.Errno) string {
	byCall := hints[errno]
	if text, ok := byCall[call]; ok {
		return text
	}
	return byCall[""]
}

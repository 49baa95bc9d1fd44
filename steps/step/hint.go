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

// hints say what helps against an errno that a scenario did not expect,
// whatever the call. What is special to a call, its kind declares.
var hints = map[syscall.Errno]string{
	syscall.EADDRINUSE: "another socket has this address",
	syscall.EACCES:     "a privilege or a permission is missing",
	syscall.EPERM:      "a privilege is missing: run as root, or write requires: root",
	syscall.EMFILE:     "this process may open no more descriptors: raise the limit with ulimit -n",
	syscall.ENFILE:     "the system has no descriptors left",
	syscall.ENOSPC:     "the disk is full",
	syscall.EROFS:      "the file system is read-only",
}

// hintOf is what helps against an unexpected error of a call with these
// arguments; "" where the errno says all there is.
func hintOf(k *Kind, err error, args []any, errno syscall.Errno) string {
	var known *value.HintedError
	if errors.As(err, &known) {
		return known.Hint
	}
	var to sock.Addr
	for _, arg := range args {
		if asked, ok := arg.(event.Asked); ok {
			to = asked.Addr
		}
	}
	if text := addressHint(to, errno); text != "" {
		return text
	}
	if k.Hint != nil {
		if text := k.Hint(errno, to); text != "" {
			return text
		}
	}
	return hints[errno]
}

// maxPath is the size of sun_path, 108 bytes on Linux.
const maxPath = len(unix.RawSockaddrUnix{}.Path)

// LoDown and NoPorts are hints that several kinds have.
const (
	LoDown  = "the interface lo is down, as it is in every new network namespace: ip link set lo up"
	NoPorts = "every port that the kernel may choose is taken: net.ipv4.ip_local_port_range says which those are"
)

// addressHint is what helps where the address says more than the errno does, in
// any call.
func addressHint(to sock.Addr, errno syscall.Errno) string {
	switch {
	case errno == syscall.ENETUNREACH && to.IP.IsLoopback():
		return LoDown
	case errno == syscall.EINVAL && len(to.Path) > maxPath:
		return fmt.Sprintf("the path has %d bytes, and the path of a socket has at most %d (unix(7)): use a shorter one; the length of a path in ${tmp} depends on TMPDIR", len(to.Path), maxPath)
	}
	return ""
}

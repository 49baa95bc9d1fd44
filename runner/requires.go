package runner

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
)

// unmet tells the first requirement that is not there and why; "" when all are.
func unmet(list []scenarios.Requirement) string {
	for _, r := range list {
		if why := probe(r); why != "" {
			return fmt.Sprintf("requires %s: %s", r, why)
		}
	}
	return ""
}

// probe tells why a requirement is not met; "" when it is.
func probe(r scenarios.Requirement) string {
	switch r.Kind {
	case "root":
		if uid := os.Geteuid(); uid != 0 {
			return fmt.Sprintf("the user id is %d", uid)
		}
	case "os":
		if runtime.GOOS != r.Arg {
			return "this is " + runtime.GOOS
		}
	case "cmd":
		if _, err := exec.LookPath(r.Arg); err != nil {
			return "the program is not in PATH"
		}
	case "kernel":
		return probeKernel(r.Arg)
	case "ipv6":
		return probeIPv6()
	case "socket":
		return probeSocket(r.Arg)
	case "netns":
		return probeNetns()
	}
	return ""
}

func probeSocket(word string) string {
	spec, _ := steps.SocketOf(word)
	fd, err := unix.Socket(spec.Family, spec.SockType, spec.Proto)
	if err != nil {
		return err.Error()
	}
	unix.Close(fd)
	return ""
}

// probeIPv6 asks whether ::1 can be bound: a kernel may know the family and
// have no address of it.
func probeIPv6() string {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err.Error()
	}
	defer unix.Close(fd)
	loopback := &unix.SockaddrInet6{Addr: [16]byte{15: 1}}
	if err := unix.Bind(fd, loopback); err != nil {
		return "[::1] cannot be bound: " + err.Error()
	}
	return ""
}

func probeKernel(want string) string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err.Error()
	}
	release := unix.ByteSliceToString(u.Release[:])
	if compareVersions(release, want) < 0 {
		return "this is " + release
	}
	return ""
}

// compareVersions compares dotted numbers; what follows the numbers of a
// release ("-amd64") does not count.
func compareVersions(a, b string) int {
	x, y := versionNumbers(a), versionNumbers(b)
	for i := range max(len(x), len(y)) {
		var p, q int
		if i < len(x) {
			p = x[i]
		}
		if i < len(y) {
			q = y[i]
		}
		if p != q {
			return p - q
		}
	}
	return 0
}

func versionNumbers(s string) []int {
	end := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		s = s[:end]
	}
	var numbers []int
	for _, part := range strings.Split(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers
}

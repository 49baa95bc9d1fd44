package scenarios

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

func probeSystem(_ *probing, name string) string {
	if runtime.GOOS != name {
		return "this is " + runtime.GOOS
	}
	return ""
}

func probeProgram(_ *probing, name string) string {
	if _, err := exec.LookPath(name); err != nil {
		return "the program is not in PATH"
	}
	return ""
}

func probeEnv(_ *probing, name string) string {
	if _, set := os.LookupEnv(name); !set {
		return "the environment has no such variable"
	}
	return ""
}

func probeSocket(p *probing, word string) (why string) {
	spec, _ := steps.SocketOf(word)
	p.network.Within(func() {
		fd, err := unix.Socket(spec.Family, spec.SockType, spec.Proto)
		if err != nil {
			why = err.Error()
			return
		}
		sock.CloseFD(fd)
	})
	return why
}

// probeIPv6 asks whether ::1 can be bound: a kernel may know the family and
// have no address of it.
func probeIPv6(p *probing, _ string) (why string) {
	p.network.Within(func() {
		fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0)
		if err != nil {
			why = err.Error()
			return
		}
		defer sock.CloseFD(fd)
		if err := unix.Bind(fd, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}); err != nil {
			why = "[::1] cannot be bound: " + err.Error()
		}
	})
	return why
}

func probeKernel(_ *probing, want string) string {
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

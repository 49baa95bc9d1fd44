//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

// A stream is handed to the jail only if one can do no more with it than read
// and write. The scenario is not run where it uses another.
func TestStreamsHanded(t *testing.T) {
	asBoth(t)
	open := func(path string, flags int) func() (int, error) {
		return func() (int, error) { return unix.Open(path, flags|unix.O_CLOEXEC, 0) }
	}
	for name, test := range map[string]struct {
		open func() (int, error)
		is   string // "" where it is handed
	}{
		"file": {open("/proc/self/cmdline", unix.O_RDONLY), ""},
		"pipe": {func() (int, error) {
			var p [2]int
			err := unix.Pipe2(p[:], unix.O_CLOEXEC)
			unix.Close(p[1])
			return p[0], err
		}, ""},
		"null": {open("/dev/null", unix.O_RDONLY), ""},
		"socket": {func() (int, error) {
			return unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		}, "a socket"},
		"folder":   {open("/", unix.O_RDONLY|unix.O_DIRECTORY), "a folder"},
		"terminal": {open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY), "a terminal"},
		"device":   {open("/dev/net/tun", unix.O_RDWR), "a device"},
	} {
		t.Run(name, func(t *testing.T) {
			fd, err := test.open()
			if err != nil {
				t.Logf("not tried: %v", err)
				return
			}
			f := os.NewFile(uintptr(fd), name)
			defer f.Close()
			own := ownStreams["stdin"]
			defer func() { ownStreams["stdin"] = own }()
			ownStreams["stdin"] = f
			s := parse(t, "", "actors: {a: [{recv: stdin, eof: true}]}")
			res := Run(t.Context(), Config{}, s, scenarios.Options{}, runner.Options{})
			switch {
			case test.is == "" && res.Status != history.Passed:
				t.Error(res.Failure)
			case test.is != "" && (res.Failure == nil || !strings.Contains(res.Failure.Message, "but stdin is "+test.is)):
				t.Errorf("%s %v", res.Status, res.Failure)
			}
		})
	}
}

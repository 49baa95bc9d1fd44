//go:build amd64 || 386 || arm64

package jail

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// The filter lets a call pass or refuses it by its arguments. A copy of the
// process makes the calls, behind the filter.
func TestFilteredCalls(t *testing.T) {
	if os.Getenv("SOCKSCRIPT_FILTERED") != "" {
		makeCalls(t, os.Getenv("SOCKSCRIPT_FILTERED") == "host-network")
		return
	}
	asBoth(t)
	for _, network := range []string{"own", "host-network"} {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestFilteredCalls$")
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), "SOCKSCRIPT_FILTERED="+network)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", network, err, out)
		}
	}
}

func makeCalls(t *testing.T, hostNetwork bool) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := install(program(true, hostNetwork)); err != nil {
		t.Fatal(err)
	}
	fifo := path + ".fifo"
	for name, test := range map[string]struct {
		err  error
		want error // nil: any but EPERM
	}{
		"openat that makes":         {opens(path+"1", unix.O_CREAT|unix.O_WRONLY, 0o4755), unix.EPERM},
		"openat that makes a group": {opens(path+"2", unix.O_CREAT|unix.O_WRONLY, 0o2755), unix.EPERM},
		"openat without a name":     {opens(filepath.Dir(path), unix.O_TMPFILE|unix.O_WRONLY, 0o4755), unix.EPERM},
		"openat of a folder":        {opens(filepath.Dir(path), unix.O_DIRECTORY, 0o4755), nil},
		"openat that makes none":    {opens(path, unix.O_RDONLY, 0o4755), nil},
		"openat that is plain":      {opens(path+"3", unix.O_CREAT|unix.O_WRONLY, 0o1755), nil},
		"fchmodat":                  {unix.Fchmodat(unix.AT_FDCWD, path, 0o4755, 0), unix.EPERM},
		"fchmodat2":                 {unix.Fchmodat(unix.AT_FDCWD, path, 0o4755, unix.AT_SYMLINK_NOFOLLOW), unix.EPERM},
		"fchmodat that is plain":    {unix.Fchmodat(unix.AT_FDCWD, path, 0o755, 0), nil},
		"mknodat":                   {unix.Mknodat(unix.AT_FDCWD, fifo, unix.S_IFIFO|0o4755, 0), unix.EPERM},
		"mknodat that is plain":     {unix.Mknodat(unix.AT_FDCWD, fifo, unix.S_IFIFO|0o755, 0), nil},
		"openat2":                   {openat2(path), unix.ENOSYS},
		"unshare":                   {unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWUTS), unix.EPERM},
		"setns":                     {unix.Setns(0, unix.CLONE_NEWNS), unix.EPERM},
		"setns of anything":         {unix.Setns(0, 0), unix.EPERM},
		"setns of a network":        {unix.Setns(-1, unix.CLONE_NEWNET), unix.EBADF},
		"a family of the host":      {socket(unix.AF_QIPCRTR), familyWant(hostNetwork)},
		"vsock":                     {socket(unix.AF_VSOCK), familyWant(hostNetwork)},
		"a local socket":            {socket(unix.AF_UNIX), nil},
	} {
		if test.want == nil && errors.Is(test.err, unix.EPERM) || test.want != nil && !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v, want %v", name, test.err, test.want)
		}
	}
}

// familyWant is what becomes of a family that knows no network namespaces.
func familyWant(hostNetwork bool) error {
	if hostNetwork {
		return nil
	}
	return unix.EPERM
}

func opens(path string, flags int, mode uint32) error {
	fd, err := unix.Openat(unix.AT_FDCWD, path, flags|unix.O_CLOEXEC, mode)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func openat2(path string) error {
	_, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_CREAT, Mode: 0o4755})
	return err
}

func socket(family int) error {
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

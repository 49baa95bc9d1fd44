//go:build amd64 || 386 || arm64

package jail

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A kernel or container that refuses a call takes one layer away. Nothing is
// run there unless less will do; then the other layers hold.
func TestRefusedCalls(t *testing.T) {
	if os.Getenv("SOCKSCRIPT_REFUSED") != "" {
		runRefused(t)
		return
	}
	asBoth(t)
	for _, test := range []struct {
		call   string
		number uint32
		errno  unix.Errno
		layer  string
	}{
		{"landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, unix.ENOSYS, landLock},
		{"landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, unix.EOPNOTSUPP, landLock},
		{"landlock_restrict_self", unix.SYS_LANDLOCK_RESTRICT_SELF, unix.EPERM, landLock},
		{"seccomp", unix.SYS_SECCOMP, unix.EINVAL, seccomp},
		{"fsopen", unix.SYS_FSOPEN, unix.EPERM, files},
		{"fsopen", unix.SYS_FSOPEN, unix.ENOSYS, files},
		{"fsmount", unix.SYS_FSMOUNT, unix.EPERM, files},
		{"open_tree", unix.SYS_OPEN_TREE, unix.EPERM, files},
		{"mount_setattr", unix.SYS_MOUNT_SETATTR, unix.ENOSYS, files},
		{"move_mount", unix.SYS_MOVE_MOUNT, unix.EPERM, files},
		{"openat2", unix.SYS_OPENAT2, unix.ENOSYS, files},
		{"pivot_root", unix.SYS_PIVOT_ROOT, unix.EPERM, files},
	} {
		t.Run(test.call+"="+unix.ErrnoName(test.errno), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("/proc/self/exe", "-test.run=^TestRefusedCalls$")
			cmd.Dir = "/"
			cmd.Env = append(os.Environ(), fmt.Sprintf("SOCKSCRIPT_REFUSED=%d,%d,%s", test.number, test.errno, test.layer))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// runRefused is the test where the kernel refuses a call.
func runRefused(t *testing.T) {
	words := strings.SplitN(os.Getenv("SOCKSCRIPT_REFUSED"), ",", 3)
	number, _ := strconv.Atoi(words[0])
	errno, _ := strconv.Atoi(words[1])
	layer := words[2]
	dir := folder(t, map[string]string{"data": "hello"})
	var c code
	c.load(numberAt)
	c.when(uint32(number), unix.SECCOMP_RET_ERRNO|uint32(errno))
	c.ret(allowed)
	if err := install(c); err != nil {
		t.Fatal(err)
	}
	_, _, err := start(Config{Dir: dir})
	missing := new(MissingError)
	if !errors.As(err, &missing) || len(missing.Lacks) != 1 || missing.Lacks[0].Layer != layer {
		t.Errorf("%v", err)
	}
	if old := unix.Errno(errno) == unix.ENOSYS; old && !strings.Contains(err.Error(), "run Linux 6.12 or later") {
		t.Errorf("no newer kernel is asked for: %v", err)
	}
	passwd, write := "ENOENT", "EROFS"
	if layer == files {
		passwd, write = "EACCES", "EACCES"
	}
	inJail(t, Config{Dir: dir, BestEffort: true}, fmt.Sprintf(`
actors:
  a:
    - {open: /etc/passwd, flags: O_RDONLY, expect: {error: %s}}
    - {write: %s/new, data: x, expect: {error: %s}}
    - {exec: [/bin/true], expect: {error: [ENOENT, EACCES, EPERM]}}
    - {write: "${tmp}/x", data: {file: data}}
`, passwd, dir, write))
}

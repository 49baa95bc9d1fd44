//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

// In the jail of root a process can become another user, which is nobody of the
// host. In another user's jail it cannot, as outside.
func TestUsers(t *testing.T) {
	t.Parallel()
	asBoth(t)
	dir := folder(t, nil)
	const become = `
requires: [root, cap:SETUID, cap:SETGID]
actors:
  a:
    - {socketpair: unix, as: [x, y]}
    - {setsockopt: y, option: SO_PASSCRED, value: 1}
    - {getsockopt: x, option: SO_PEERCRED, expect: {uid: 0, gid: 0}}
    - fork:
        - {setids: {uid: 70000}, expect: {error: EINVAL}}
        - {setids: {uid: 5, gid: 65535, groups: [7]}}
        - {write: "${tmp}/x", data: x, expect: {error: EACCES}}
        - {send: x, data: hello}
      as: child
    - {recv: y, expect: {data: hello, control: {SCM_CREDENTIALS: {uid: 5, gid: 65535}}}}
    - join: child
`
	if !isRoot() {
		s := parse(t, dir, become)
		res := Run(t.Context(), Config{Dir: dir}, s, scenarios.Options{}, runner.Options{})
		if res.Status != history.Skipped || !strings.Contains(res.Reason, "cap:SETUID") {
			t.Errorf("%s %s", res.Status, res.Reason)
		}
		inJail(t, Config{Dir: dir}, "actors: {a: [{fork: [{setids: {uid: 5}, expect: {error: [EPERM, EINVAL]}}], as: c}, {join: c}]}")
		return
	}
	inJail(t, Config{Dir: dir}, become)
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	// What another user of the jail makes is of none of the host's users.
	inJail(t, Config{Dir: dir, Write: []string{out}, AnyExec: true}, `
actors:
  a:
    - {exec: [sh, -c, "grep ^Cap /proc/self/status"], expect: {stdout: {contains: "CapBnd:\t00000000002034fb"}}}
    - {exec: [chmod, "777", "`+out+`"]}
    - fork:
        - {setids: {uid: 5}}
        - {write: "`+out+`/new", data: x, expect: {error: EOVERFLOW}}
      as: child
    - join: child
`)
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(out, "new"), &st); err == nil && st.Uid < firstStranger {
		t.Errorf("a file of the user %d", st.Uid)
	}
}

// Root of a user namespace that has no other users, as that of a container may
// be, has a jail too, with no more rights than it needs.
func TestRootOfNamespace(t *testing.T) {
	if os.Getenv("SOCKSCRIPT_ROOT_OF_NAMESPACE") == "" {
		asBoth(t)
		ids := func(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }
		cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), "SOCKSCRIPT_ROOT_OF_NAMESPACE=1", "TMPDIR=/tmp")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids(os.Getuid()), GidMappings: ids(os.Getgid())}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	inJail(t, Config{Dir: folder(t, nil), AnyExec: true}, `actors: {a: [{exec: [sh, -c, "grep ^Cap /proc/self/status"], expect: {stdout: {contains: "CapBnd:\t000000000020343b"}}}]}`)
}

package lab_test

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/internal/ci"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/userns"
	"github.com/sockscript/sockscript/steps/step"
)

var _ step.Host = (*lab.Network)(nil)

// An ordinary user's tests run in a user namespace.
func TestMain(m *testing.M) {
	if status, ok := userns.Again(); ok {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// nobody is a user without any privilege.
const nobody = 65534

// All that root can do in networks of its own, an ordinary user can do too.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // the other tests are that
	}
	if testing.Short() {
		t.Skip("a short test is run by one user")
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.short")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("no network")) {
		ci.Lacks(t, string(out))
	}
}

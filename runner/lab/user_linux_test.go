package lab_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/userns"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

var _ step.Host = (*lab.Network)(nil)

// An ordinary user's tests run in a user namespace.
func TestMain(m *testing.M) {
	if os.Getenv(onFirstThread) != "" {
		makeNetworks()
	}
	if status, ok := userns.Again(); ok {
		os.Exit(status)
	}
	ci.Together()
	flag.Parse()
	// Most of both users' tests is waiting, so they run at the same time.
	if ci.BothUsers() && !testing.Short() && flag.Lookup("test.run").Value.String() == "" {
		begun = startOrdinary()
		status := m.Run()
		if begun != nil && begun.err == nil { // no test has waited for it
			begun.cmd.Process.Kill()
		}
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// An ordinaryRun is this package's tests, run by a user without privileges.
type ordinaryRun struct {
	cmd *exec.Cmd
	out bytes.Buffer
	err error // of the start
}

// begun is the run that TestOrdinaryUser takes; nil where it has to begin one.
var begun *ordinaryRun

func startOrdinary() *ordinaryRun {
	u := &ordinaryRun{cmd: exec.Command("/proc/self/exe", "-test.v", "-test.short")}
	u.cmd.Stdout, u.cmd.Stderr = &u.out, &u.out
	u.cmd.Dir = "/"
	u.cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	u.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	u.err = u.cmd.Start()
	return u
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
	if !ci.BothUsers() {
		t.Skip("one user runs these tests; where SOCKSCRIPT_CI is set it is two")
	}
	u := begun
	if begun = nil; u == nil {
		u = startOrdinary()
	}
	err := u.err
	if err == nil {
		err = u.cmd.Wait()
	}
	out := u.out.Bytes()
	if err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("--- SKIP")) {
		ci.Lacks(t, string(out))
	}
}

// onFirstThread is set for a process that only makes networks.
const onFirstThread = "SOCKSCRIPT_TEST_FIRST_THREAD"

// makeNetworks makes some from the first thread of the process, where the main
// goroutine begins. A goroutine that it waits for runs on the same thread.
func makeNetworks() {
	if unix.Gettid() != unix.Getpid() {
		fmt.Println("not on the first thread")
		os.Exit(0)
	}
	before, err := os.Readlink("/proc/self/ns/net")
	for range 20 {
		n, failed := lab.Private(lab.Settings{})
		if failed != nil {
			err = failed
			break
		}
		n.Close()
	}
	after, _ := os.Readlink("/proc/self/ns/net")
	if err != nil || after != before {
		fmt.Println(before, after, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// The first thread of the process must stay where it is: /proc/self shows its
// network, and it never ends.
func TestFirstThreadStays(t *testing.T) {
	if !lab.Allowed() {
		ci.Lacks(t, "no network can be made")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), onFirstThread+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if len(out) != 0 {
		t.Logf("%s", out)
	}
}

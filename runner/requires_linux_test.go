package runner_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// Privileges are those that a process has in its network: a user namespace
// gives all of them, but not over the network outside.
func TestRequiresPrivileges(t *testing.T) {
	const asked = "SOCKSCRIPT_TEST_REQUIRES"
	if list := os.Getenv(asked); list != "" {
		for _, in := range strings.Fields(list) {
			r := runner.Run(t.Context(), scenario(t, "requires: "+in+"\n"+alone("- print: ran")), runner.Options{})
			fmt.Printf("%s %s\n", r.Status, r.Reason)
		}
		return
	}
	const user, network = syscall.CLONE_NEWUSER, syscall.CLONE_NEWNET
	outside := "it does not count in this network, which belongs to a user namespace outside"
	for _, test := range []struct {
		name  string
		flags uintptr
		root  bool
		want  []string
	}{
		{"ordinary", user, false, []string{
			fmt.Sprintf("skip requires root: the user id is %d, without CAP_NET_ADMIN", 65534),
			"skip requires cap:NET_RAW: this process does not have it",
			"skip requires cap:SYS_ADMIN: this process does not have it",
		}},
		{"root of a user namespace", user, true, []string{
			"skip requires root: the user id is 0, without CAP_NET_ADMIN", "skip requires cap:NET_RAW: " + outside, "ok ",
		}},
		{"root of a network", user | network, true, []string{"ok ", "ok ", "ok "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestRequiresPrivileges$")
			cmd.Env = append(os.Environ(), asked+"=root cap:NET_RAW cap:SYS_ADMIN")
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: test.flags}
			if test.root {
				cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			}
			out, err := cmd.CombinedOutput()
			if cmd.Process == nil {
				ci.Lacks(t, fmt.Sprintf("no user namespace can be made: %v", err))
			}
			if got := strings.Split(strings.TrimSuffix(string(out), "PASS\n"), "\n"); strings.Join(got, "\n") != strings.Join(test.want, "\n")+"\n" {
				t.Errorf("got\n%s(%v)\nwant\n%s", out, err, strings.Join(test.want, "\n"))
			}
		})
	}
}

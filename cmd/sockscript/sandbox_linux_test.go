package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/value"
)

// Every shipped scenario that runs no program has the same transcript in a
// sandbox, for root and for an ordinary user. What is skipped there is skipped
// outside too.
func TestShippedInSandbox(t *testing.T) {
	needsSandbox(t)
	cases, _, err := suite.Load(suite.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"sockscript", "test", "-j", "2", "--sandbox", "--allow", "raw"}
	names := make(map[string]bool)
	for _, c := range cases {
		if !slices.ContainsFunc(c.Scenario.Outside(""), func(n scenarios.Need) bool { return n.Access == string(value.Exec) }) {
			names[c.Scenario.Title()] = true
		}
	}
	for _, f := range suite.Shipped() {
		if name := strings.TrimSuffix(f.Path, ".yaml"); names[name] {
			args = append(args, name)
		}
	}
	if len(args) < 100 {
		t.Fatalf("only %d arguments: %v", len(args), args)
	}
	run := func(t *testing.T, attr *syscall.SysProcAttr) {
		skipped := runShipped(t, attr, args)
		if len(skipped) > 0 {
			outside := runShipped(t, attr, append([]string{"sockscript", "test", "-j", "2"}, skipped...))
			if !slices.Equal(skipped, outside) {
				t.Errorf("skipped in the sandbox are %v, outside %v", skipped, outside)
			}
		}
	}
	t.Run("self", func(t *testing.T) { run(t, nil) })
	if os.Geteuid() == 0 {
		t.Run("nobody", func(t *testing.T) {
			run(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
		})
	}
}

// runShipped runs shipped scenarios, of which none may fail, and returns the names
// of those that were skipped.
func runShipped(t *testing.T, attr *syscall.SysProcAttr, args []string) []string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args, cmd.Dir, cmd.SysProcAttr = args, "/", attr
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), " failed") {
		t.Errorf("%v\n%s", err, out)
	}
	var skipped []string
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "skip  "); ok {
			skipped = append(skipped, strings.Fields(rest)[0])
		}
	}
	return skipped
}

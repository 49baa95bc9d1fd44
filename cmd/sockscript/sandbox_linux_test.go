package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/value"
)

// Every shipped scenario that runs no program has the same transcript in a
// sandbox. What is skipped there is skipped outside too.
func TestShippedInSandbox(t *testing.T) {
	t.Parallel()
	needsSandbox(t)
	runInSandbox(t, nil, share(withoutPrograms(t), 0))
}

// So it is for an ordinary user, who runs both tests unless root does.
func TestShippedInSandboxOfOrdinaryUser(t *testing.T) {
	t.Parallel()
	needsSandbox(t)
	var attr *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	runInSandbox(t, attr, share(withoutPrograms(t), 1))
}

// withoutPrograms are the names of the shipped scenarios that run no program.
func withoutPrograms(t *testing.T) []string {
	t.Helper()
	inside := make(map[string]bool)
	for _, c := range shippedCases(t) {
		if !slices.ContainsFunc(c.Scenario.Outside(""), func(n scenarios.Need) bool { return n.Access == string(value.Exec) }) {
			inside[c.Scenario.Title()] = true
		}
	}
	var names []string
	for _, f := range suite.Shipped() {
		if name := strings.TrimSuffix(f.Path, ".yaml"); inside[name] {
			names = append(names, name)
		}
	}
	if len(names) < 100 {
		t.Fatalf("only %d scenarios: %v", len(names), names)
	}
	return names
}

// share is what one of two tests runs. Where root runs them in continuous
// integration, and so there are two users, that is all; else they take turns,
// with half of all on a user's machine.
func share(names []string, user int) []string {
	if ci.Runs(1, 2) == 2 && os.Geteuid() == 0 {
		return names
	}
	var list []string
	for i := user; i < len(names); i += ci.Rounds(4, 2) {
		list = append(list, names[i])
	}
	return list
}

func runInSandbox(t *testing.T, attr *syscall.SysProcAttr, names []string) {
	t.Helper()
	test := []string{"sockscript", "test", "-j", "8"}
	skipped := runShipped(t, attr, slices.Concat(test, []string{"--sandbox", "--allow", "raw"}, names))
	if len(skipped) == 0 {
		return
	}
	outside := runShipped(t, attr, slices.Concat(test, skipped))
	if !slices.Equal(skipped, outside) {
		t.Errorf("skipped in the sandbox are %v, outside %v", skipped, outside)
	}
}

// runShipped runs shipped scenarios, of which none may fail, and returns the
// names of those that were skipped.
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

// A sandbox costs one more start of this binary: what makes it needs none.
func TestOneStartOfSandbox(t *testing.T) {
	t.Parallel()
	needsSandbox(t)
	needsStrace(t)
	trace := filepath.Join(t.TempDir(), "trace")
	out, err := exec.Command("strace", "-f", "-qq", "-o", trace, "-e", "signal=none", "-e", "trace=execve",
		"sockscript", "run", "-q", "--sandbox", "tcp-hello").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "execve("); n != 2 {
		t.Errorf("%d programs are run:\n%s", n, text)
	}
}

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What the packages make before main begins is paid by every start, three times
// by that of a sandbox: a pattern is compiled, and a large table made, when it
// is first used.
func TestLittleBeforeMain(t *testing.T) {
	const (
		most      = 150      // allocations of one package; a large table has more
		mostBytes = 10 << 10 // likewise
		mostElse  = 320      // allocations of a package of somebody else
	)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "version")
	cmd.Args[0] = "sockscript"
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		rest, ok := strings.CutPrefix(line, "init ")
		if !ok {
			continue
		}
		var name string
		var at, clock float64
		var bytes, allocations int
		if _, err := fmt.Sscanf(rest, "%s @%f ms, %f ms clock, %d bytes, %d allocs", &name, &at, &clock, &bytes, &allocations); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		name, ours := strings.CutPrefix(name, module+"/")
		if !ours {
			if allocations > mostElse {
				t.Errorf("%s makes %d things before main begins; do without it", name, allocations)
			}
			continue
		}
		if seen++; allocations > most {
			t.Errorf("%s makes %d things before main begins; make them when they are first used", name, allocations)
		}
		if bytes > mostBytes {
			t.Errorf("%s makes %d bytes before main begins; make them when they are first used", name, bytes)
		}
	}
	if seen < 5 {
		t.Errorf("only %d packages were seen:\n%s", seen, out)
	}
}

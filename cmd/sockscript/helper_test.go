package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// lacks skips a test of something that the machine lacks; where SOCKSCRIPT_CI
// is set, that is a failure.
func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SOCKSCRIPT_CI") != "" {
		t.Fatalf("SOCKSCRIPT_CI is set, and the machine lacks something: %s", what)
	}
	t.Skip(what)
}

// awaitGone waits until no process has this setting in its environment, and
// returns those that are left when the time is over. Without a time it does not
// wait.
func awaitGone(within time.Duration, mark string) []string {
	late := time.Now().Add(within)
	for {
		left := marked(mark)
		if len(left) == 0 || !time.Now().Before(late) {
			return left
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// marked are the processes that have a setting in their environment, whatever
// has become of their parents. A zombie has none.
func marked(mark string) []string {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var found []string
	for _, dir := range folders {
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		if slices.ContainsFunc(bytes.Split(env, []byte{0}), func(s []byte) bool { return string(s) == mark }) {
			args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
			found = append(found, fmt.Sprintf("%s %q", filepath.Base(dir), args))
		}
	}
	return found
}

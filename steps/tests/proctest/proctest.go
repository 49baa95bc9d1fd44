// Package proctest finds processes for tests, in all pid namespaces below this
// one, whatever has become of their parents.
package proctest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// A Process is one that lives. Of another user's nothing is known.
type Process struct {
	Pid       int
	Args, Env []string
}

// String is the process's id and arguments.
func (p Process) String() string { return fmt.Sprintf("%d %q", p.Pid, p.Args) }

// Find returns the processes that are as they should be.
func Find(is func(Process) bool) []Process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// A zombie has neither.
		if p := (Process{pid, words(pid, "cmdline"), words(pid, "environ")}); is(p) {
			found = append(found, p)
		}
	}
	return found
}

func words(pid int, file string) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

// AwaitNone waits until no process is so, and returns those that are left when
// the time is over. Without a time it does not wait.
func AwaitNone(within time.Duration, is func(Process) bool) []Process {
	late := time.Now().Add(within)
	for {
		left := Find(is)
		if len(left) == 0 || !time.Now().Before(late) {
			return left
		}
		time.Sleep(5 * time.Millisecond)
	}
}

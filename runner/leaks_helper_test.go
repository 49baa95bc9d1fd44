package runner_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// All tests have one temporary folder, in which leaks are looked for.
func TestMain(m *testing.M) {
	tmp, err := os.MkdirTemp("", "runner-test-")
	if err == nil {
		err = os.Setenv("TMPDIR", tmp)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The collector closes a file that nobody refers to any more, and hides
	// that it was left open. It runs where a test asks for it, or before the
	// memory becomes short.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(512 << 20)
	ci.Together()
	status := m.Run()
	os.RemoveAll(tmp)
	os.Exit(status)
}

// warmUp makes what the Go runtime keeps for good: the poller's descriptors,
// and the loop that hands signals on.
var warmUp = sync.OnceFunc(func() {
	for _, how := range []string{"true", "false"} {
		list, _ := scenarios.Parse("warm-up.yaml", []byte("actors: {a: [{socketpair: unix, as: [x, y], blocking: "+how+"}, {recv: x, timeout: 1ms}]}"))
		runner.Run(context.Background(), list[0], runner.Options{})
	}
})

// together are the tests under way that look for leaks. What one of them has
// open, another cannot tell from a leak: the last to end looks, for all.
var together struct {
	sync.Mutex
	running int
	names   []string // also of those that have ended since the first one began
	before  inventory
}

// checkLeaks makes the test fail when a descriptor, a goroutine or a file in
// the temporary folder is left at its end; of parallel tests, at the end of the
// last of those that ran at the same time. No other begins while it looks.
func checkLeaks(t *testing.T) {
	t.Helper()
	warmUp()
	together.Lock()
	defer together.Unlock()
	if together.running == 0 {
		together.names, together.before = nil, takeInventory()
	}
	together.running++
	together.names = append(together.names, t.Name())
	t.Cleanup(func() {
		together.Lock()
		defer together.Unlock()
		if together.running--; together.running > 0 {
			return
		}
		// The packet socket of a network is closed beside the run.
		left := takeInventory().without(together.before)
		for end := time.Now().Add(patience); left.open() && time.Now().Before(end); left = takeInventory().without(together.before) {
			time.Sleep(time.Millisecond)
		}
		if text := left.String(); text != "" {
			t.Errorf("left by %s:\n%s", strings.Join(together.names, ", "), text)
		}
	})
}

// An inventory is what a run can leave behind.
type inventory struct {
	descriptors map[string]string // their numbers, with what they stand for
	goroutines  map[string]string // their numbers, with their stacks
	files       map[string]string
}

func takeInventory() inventory {
	files := make(map[string]string)
	names, _ := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	for _, name := range names {
		files[name] = name
	}
	return inventory{descriptors(), goroutines(), files}
}

// without is what is there now and was not before.
func (i inventory) without(before inventory) inventory {
	for _, kind := range [][2]map[string]string{
		{i.descriptors, before.descriptors}, {i.files, before.files},
	} {
		maps.DeleteFunc(kind[0], func(name, what string) bool { return kind[1][name] == what })
	}
	maps.DeleteFunc(i.goroutines, func(id, _ string) bool { return before.goroutines[id] != "" })
	return i
}

// open reports whether something is left that may be about to end.
func (i inventory) open() bool { return len(i.descriptors) > 0 || len(i.goroutines) > 0 }

func (i inventory) String() string {
	var b strings.Builder
	for fd, what := range i.descriptors {
		fmt.Fprintf(&b, "descriptor %s: %s\n", fd, what)
	}
	for _, stack := range i.goroutines {
		fmt.Fprintln(&b, stack)
	}
	for name := range i.files {
		fmt.Fprintf(&b, "file %s\n", name)
	}
	return b.String()
}

// descriptors are the open descriptors with what they stand for.
func descriptors() map[string]string {
	open := make(map[string]string)
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		// The descriptor that lists the folder is closed by now.
		if what, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open[e.Name()] = what
		}
	}
	return open
}

// stacks has room for the stacks of all goroutines.
var stacks = make([]byte, 8<<20)

// goroutines are the stacks of all goroutines but those of tests, by numbers
// that are never given again.
func goroutines() map[string]string {
	list := make(map[string]string)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		id, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		if !strings.Contains(stack, "\ncreated by testing.(*T).Run ") {
			list[id] = stack
		}
	}
	return list
}

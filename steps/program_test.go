package steps_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
	"github.com/sockscript/sockscript/steps/tests/proctest"
)

// Whatever a program leaves behind in its group is gone when the scenario is,
// however that ends. The scenarios run at once: most of their time is the grace
// that programs have.
func TestProgramsAreGone(t *testing.T) {
	children, both := []string{"", "deaf"}, []string{"stay", "stay deaf"}
	gone := marked(t)
	tidy(t, func(t *testing.T) {
		var all sync.WaitGroup
		for _, end := range []struct {
			name, steps string
			how         []string
			status      history.Status
		}{
			{"passes", "- print: done\n", append(children, both...), history.Passed},
			{"fails", "- assert: 1 == 2\n", append(children, both...), history.Failed},
			{"times out", "- sleep: 1h\n  timeout: 10ms\n", append(children, both...), history.Failed},
			{"is interrupted", "- sleep: 1h\n  timeout: 2h\n", append(children, both...), history.Cancelled},
			{"is killed", "- kill: p\n  with: KILL\n- join: p\n", both, history.Passed},
			{"is waiting", "- join: p\n  timeout: 10ms\n", both, history.Failed},
			{"was stopped", "- kill: p\n  with: STOP\n", both, history.Passed},
		} {
			for _, how := range end.how {
				all.Go(func() {
					t.Run(end.name+" "+how, func(t *testing.T) { leavesNoFamily(t, how, end.steps, end.status) })
				})
			}
		}
		for _, how := range children {
			all.Go(func() { t.Run("was joined "+how, func(t *testing.T) { joinLeavesNothing(t, how) }) })
			all.Go(func() { t.Run("of exec "+how, func(t *testing.T) { execLeavesNothing(t, how) }) })
		}
		all.Go(func() { t.Run("of a terminal", terminalLeavesNothing) })
		all.Go(func() { t.Run("ignores SIGTERM", ignoresSIGTERM) })
		all.Wait()
	})
	gone()
}

// leavesNoFamily runs a scenario that starts a program with a child, and then
// has these steps.
func leavesNoFamily(t *testing.T, how, steps string, want history.Status) {
	file := filepath.Join(t.TempDir(), "pid")
	s := parse(t, one(program(t, "start", "family", file, how)+"  as: p\n- recv: p.stdout\n  until: \"ready\\n\"\n  timeout: 30s\n"+steps))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if want == history.Cancelled {
		go cancelOnce(cancel, file)
	}
	if r := runner.Run(ctx, s, runner.Options{Timeout: time.Hour}); r.Status != want {
		t.Errorf("%s: %s", r.Status, reason(r))
	}
	familyIsGone(t, file)
}

// familyIsGone fails the test where a process of a family lives. It has lived:
// its child has written a file.
func familyIsGone(t *testing.T, file string) {
	t.Helper()
	pidIn(t, file)
	left := proctest.Find(func(p proctest.Process) bool { return slices.Contains(p.Args, file) })
	if len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

func cancelOnce(cancel func(), file string) {
	defer cancel()
	for range 30_000 {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Children that outlive their parent are gone as well, though it was waited
// for.
func joinLeavesNothing(t *testing.T, how string) {
	file := filepath.Join(t.TempDir(), "pid")
	passes(t, one(program(t, "start", "family", file, how)+"  as: p\n- join: p\n  timeout: 30s\n- kill: p\n  with: CONT\n  note: the child takes it\n"))
	familyIsGone(t, file)
}

// What a program leaves behind in its group goes with it, and nobody waits for
// the pipe that it holds.
func execLeavesNothing(t *testing.T, how string) {
	file := filepath.Join(t.TempDir(), "pid")
	passes(t, one(program(t, "exec", "family", file, how)+"  timeout: 30s\n  expect: {stdout: \"ready\\n\"}"))
	familyIsGone(t, file)
}

// A shell with job control puts what it runs into groups of their own; they go
// with its session.
func terminalLeavesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	passes(t, one(`
- start: [sh, -m]
  env: {SOCKSCRIPT_TEST_SESSION: `+file+`}
  pty: true
  as: p
- send: p.stdin
  data: "sleep 1000 & echo $! >`+file+`; echo do''ne\n"
- recv: p.stdout
  expect: {contains: done}
`))
	pidIn(t, file) // it has lived
	left := proctest.Find(func(p proctest.Process) bool { return slices.Contains(p.Env, "SOCKSCRIPT_TEST_SESSION="+file) })
	if len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// A program that ends when it is asked to is not killed, nor are its children.
// They have half a second, so no other test here runs meanwhile.
func TestProgramsMayTidyUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tidy")
	child := fmt.Sprintf(`trap 'sleep 0.1; echo >>%s; exit' TERM; echo ready; while :; do sleep 0.01; done`, file)
	passes(t, one(fmt.Sprintf("- start: \"(%s) & (%s) & read x\"\n  shell: true\n  as: p\n- recv: p.stdout\n  size: 12\n  expect: \"ready\\nready\\n\"", child, child)))
	if got := readFile(t, file); got != "\n\n" {
		t.Errorf("%q", got)
	}
}

// SIGTERM comes first, SIGKILL after a grace.
func ignoresSIGTERM(t *testing.T) {
	start := time.Now()
	passes(t, one(program(t, "start", "obstinate")+"  as: p\n- recv: p.stdout\n  until: \"\\n\"\n  timeout: 30s"))
	if took := time.Since(start); took < 500*time.Millisecond {
		t.Errorf("the program had no grace: %s", took)
	}
}

// Many programs leave no process and no descriptor behind.
func TestManyPrograms(t *testing.T) {
	n := ci.Runs(20, 1000)
	for name, text := range map[string]string{
		"at once": fmt.Sprintf(`
actors:
  one:
    count: %d
    timeout: 5m
    steps:
      - start: [sleep, "1000"]
        as: p
        timeout: 2m
      - barrier: all
        timeout: 3m
`, n),
		"one after the other": one(fmt.Sprintf(`
- repeat: %d
  timeout: 5m
  steps:
    - start: [cat]
      as: p
    - send: p.stdin
      data: hello
    - recv: p.stdout
      expect: hello
    - kill: p
    - join: p
`, n)),
		"never joined": one(fmt.Sprintf(`
- repeat: %d
  timeout: 5m
  steps:
    - start: ["true"]
`, n)),
	} {
		t.Run(name, func(t *testing.T) {
			tidy(t, func(t *testing.T) { passesWith(t, text, runner.Options{Timeout: 5 * time.Minute}) })
		})
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	for _, sig := range []string{"TERM", "SIGTERM", "sigterm", "term", "15", `"15"`} {
		lines := passes(t, one("- start: [sleep, \"60\"]\n  as: p\n- kill: p\n  with: "+sig+"\n- join: p\n  expect: {signal: "+sig+"}"))
		parsetest.WantLines(t, lines, `start(["sleep", "60"]) = p`, "kill(p, SIGTERM) = 0", "join(p) = killed by SIGTERM")
	}
	for _, sig := range []string{"HUP", "INT", "QUIT", "KILL", "USR1", "ALRM", "PIPE", "ABRT"} {
		lines := passes(t, one("- start: [sleep, \"60\"]\n  as: p\n- kill: p\n  with: "+sig+"\n- join: p\n  as: r\n- assert: r.signal == '"+sig+"' && r.exit == -1"))
		wantText(t, lines[2], "join(p) = killed by SIG"+sig)
	}
	// A program may take a signal as it likes.
	passes(t, one(`
- start: trap 'echo usr1' USR1; trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done
  shell: true
  as: p
- recv: p.stdout
  until: "ready\n"
- kill: p
  with: USR1
- recv: p.stdout
  until: "usr1\n"
- kill: p
  with: STOP
- kill: p
  with: CONT
- kill: p
- join: p
  expect: {exit: 7}
`))
}

// One that has ended takes signals until somebody waits for it, as a child of a
// process does.
func TestKillEnded(t *testing.T) {
	t.Parallel()
	lines := passes(t, one("- start: [\"true\"]\n  as: p\n- recv: p.stdout\n  eof: true\n- kill: p\n- join: p\n- kill: p\n  expect: {error: ESRCH}\n- kill: p\n  expect: {error: ESRCH}"))
	if lines[2] != "kill(p, SIGTERM) = 0" || lines[4] != "kill(p, SIGTERM) = -1 ESRCH (No such process)" {
		t.Error(lines)
	}
	f, _ := fails(t, one("- start: [\"true\"]\n  as: p\n- join: p\n- kill: p"))
	wantText(t, f.Err.Error(), "unexpected ESRCH (No such process, errno 3); the program has ended, and a join step has waited for it")
	f, _ = fails(t, one("- let: {p: 1, which: p}\n- kill: ${which}"))
	wantText(t, f.Err.Error(), `"p" is not the name of a program or of a forked process`)
}

func TestJoinProgram(t *testing.T) {
	t.Parallel()
	lines := passes(t, one(`
- start: exit 3
  shell: true
  as: p
- join: p
  expect: {exit: 3}
  as: first
- join: p
  expect: {exit: "1..5"}
  as: second
- assert: first.exit == 3 && first == second
`))
	parsetest.WantLines(t, lines, `start("exit 3") = p`, "join(p) = exit 3", "join(p) = exit 3", "assert first.exit == 3 && first == second")
	for steps, want := range map[string]string{
		"- start: exit 3\n  shell: true\n  as: p\n- join: p":                              "expected exit 0, got exit 3",
		"- start: exit 3\n  shell: true\n  as: p\n- join: p\n  expect: {exit: 4}":         "expected exit 4, got exit 3",
		"- start: exit 0\n  shell: true\n  as: p\n- join: p\n  expect: {signal: TERM}":    "expected the program to be killed by SIGTERM, got exit 0",
		"- start: kill -9 $$\n  shell: true\n  as: p\n- join: p":                          "the program was killed by SIGKILL",
		"- start: [cat]\n  as: p\n- kill: p\n  with: INT\n- join: p\n  expect: {exit: 0}": "expected exit 0, got killed by SIGINT",
		"- start: kill -9 $$\n  shell: true\n  as: p\n- join: p\n  expect: {signal: INT}": "expected the program to be killed by SIGINT, got killed by SIGKILL",
		"- start: [sleep, \"60\"]\n  as: p\n- join: p\n  timeout: 50ms":                   "timed out after 50ms (the step's timeout): p is still running",
		"- start: [cat]\n  as: p\n- send: p.stdin\n  data: x\n- join: p\n  timeout: 50ms": "timed out after 50ms (the step's timeout): p is still running; p.stdin is still open",
		"- start: [cat]\n  as: p\n- let: {x: y}\n- join: ${x}":                            `"y" is not the name of a spawned branch or of a program`,
	} {
		f, _ := fails(t, one(steps))
		wantText(t, f.Err.Error(), want)
	}
	// Another branch may end it.
	passes(t, one("- start: [sleep, \"60\"]\n  as: p\n- parallel:\n    a:\n      - join: p\n    b:\n      - kill: p\n"))
}

func TestKillCheck(t *testing.T) {
	t.Parallel()
	start := "- start: [cat]\n  as: prog\n"
	for steps, want := range map[string]string{
		start + "- kill: porg":                      `5:13: there is no program or process "porg" here; did you mean "prog"?`,
		start + "- join: porg":                      `5:13: there is no branch, process or program "porg" here; did you mean "prog"?`,
		"- kill: p":                                 `3:13: there is no program or process "p" here; name a program with as: on its start step, a process on its fork step`,
		"- let: {s: 1}\n- print: ${s}\n- kill: s":   `5:13: there is no program or process "s" here; name a program with as: on its start step, a process on its fork step`,
		start + "- kill: prog\n  with: TREM":        `6:13: unknown signal "TREM"; did you mean "SIGTERM"?`,
		start + "- kill: prog\n  with: 0":           `6:13: unknown signal "0"; write its name, such as TERM or SIGTERM, or a number from 1 to 64; see signal(7)`,
		start + "- kill: prog\n  with: 99":          `6:13: unknown signal "99"; write its name, such as TERM or SIGTERM, or a number from 1 to 64; see signal(7)`,
		start + "- kill: prog\n  with: [TERM]":      `6:13: a signal is a name or a number, not a list`,
		"- join: p\n- start: [cat]\n  as: p":        `3:13: p is used before the step that makes it; move this step after the one with as: p`,
		start + "- kill: prog\n  wiht: TERM":        `6:7: unknown key "wiht" in kill; did you mean "with"?`,
		start + "- kill: prog\n  expect: {exit: 0}": `6:16: unknown key "exit" in expect of kill; it takes error or took`,
	} {
		parsetest.WantLines(t, findings(one(steps)), want)
	}
}

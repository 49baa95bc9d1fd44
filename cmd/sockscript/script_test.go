package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sockscript/sockscript/runner/jail"
	"github.com/sockscript/sockscript/runner/userns"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	userns.Main()
	jail.Main()
	// A script waits, for programs and for time limits, more than it computes.
	// What -parallel says counts.
	if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	testscript.Main(tests{m}, commands)
}

// tests are what this binary runs where it is not called as a command.
type tests struct{ *testing.M }

func (t tests) Run() int {
	ci.Spacious()
	return t.M.Run()
}

// commands are the programs that this binary is when it is called by their
// names.
var commands = map[string]func(){
	"sockscript": func() { os.Exit(Main()) },
	"testserver": testServer,
}

// TestScripts runs testdata/script. Beside the usual commands the scripts have:
//
//	status N COMMAND...  run the command; it must exit with the status N
//	often N COMMAND...   run the command, which is one of sockscript's, with
//	                     --count N where SOCKSCRIPT_CI is set, and with
//	                     --count 2 elsewhere; all runs must pass
//	interrupt SIGNAL N PATH COMMAND...
//	                     run the command until PATH exists, send it the
//	                     signal, "twice" two of them; it must exit with the
//	                     status N
//	report N COMMAND...  run the command; it must exit with the status N;
//	                     <time> stands for each time in its output
//	unread N COMMAND...  run the command with nobody to read its output; it
//	                     must exit with the status N
//	tidy                 no scenario's temporary folder may be left
//	gone [DURATION]      no process may live any more that has this script's
//	                     WORK in its environment; after the time, if it is
//	                     given
//
// and the conditions [root], [netadmin], [netns], [ipv6], [sandbox], [prove]
// and [xmllint]. Where SOCKSCRIPT_CI is set, what they ask for must be there.
func TestScripts(t *testing.T) {
	t.Parallel()
	passHangups(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// What the machine says of terminals and colours is not the
			// scripts'.
			env.Setenv("TERM", "xterm")
			env.Setenv("NO_COLOR", "")
			// What is remembered from run to run goes with the script's folder.
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_CACHE_HOME", "")
			env.Setenv("SOCKSCRIPT_CI", "")
			// The race detector would let each process sleep for a second at
			// its end.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    cmdStatus,
			"often":     cmdOften,
			"interrupt": cmdInterrupt,
			"report":    cmdReport,
			"unread":    cmdUnread,
			"tidy":      cmdTidy,
			"gone":      cmdGone,
		},
	})
}

func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	checkStatus(ts, err, args[0])
}

func cmdOften(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: often N COMMAND...")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	n = ci.Runs(2, n)
	ts.Check(ts.Exec(args[1], append(args[2:], "--count", strconv.Itoa(n))...))
	if want := fmt.Sprintf("(%d runs of each)\n", n); !strings.HasSuffix(ts.ReadFile("stdout"), want) {
		ts.Fatalf("it has not told that there were %s", want)
	}
}

// checkStatus compares how a command ended with the status that it must have.
func checkStatus(ts *testscript.TestScript, err error, want string) {
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != want {
		ts.Fatalf("exit status %d; want %s", got, want)
	}
}

// command is a command of a script, in its folder and environment.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := args[0]
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if file := filepath.Join(dir, args[0]); !strings.Contains(args[0], "/") && isExecutable(file) {
			path = file
			break
		}
	}
	c := exec.Command(path, args[1:]...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WORK", "TERM", "NO_COLOR", "GORACE"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	c.Stdout, c.Stderr = ts.Stdout(), ts.Stderr()
	return c
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

func cmdInterrupt(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string][]os.Signal{
		"INT": {os.Interrupt}, "TERM": {syscall.SIGTERM}, "HUP": {syscall.SIGHUP}, "twice": {os.Interrupt, syscall.SIGTERM},
	}
	if neg || len(args) < 4 || signals[args[0]] == nil {
		ts.Fatalf("usage: interrupt INT|TERM|HUP|twice N PATH COMMAND...")
	}
	c := command(ts, args[3:])
	ts.Check(c.Start())
	appeared := waitFor(ts.MkAbs(args[2]))
	for _, sig := range signals[args[0]] {
		ts.Check(c.Process.Signal(sig))
	}
	err := c.Wait()
	if !appeared {
		ts.Fatalf("%s did not come into being", args[2])
	}
	checkStatus(ts, err, args[1])
}

// hangupsIgnored reports whether the tests were started without SIGHUP.
var hangupsIgnored = signal.Ignored(syscall.SIGHUP)

// passHangups lets the commands of a test hear SIGHUP where the tests are run
// without it, as by nohup: what a process ignores, its children do too.
func passHangups(t *testing.T) {
	if hangupsIgnored {
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		t.Cleanup(func() { signal.Stop(hangups) })
	}
}

// waitFor waits until a path exists, and reports whether it does.
func waitFor(path string) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		if _, err := os.Lstat(path); err == nil {
			return true
		}
		select {
		case <-tick.C:
		case <-deadline:
			return false
		}
	}
}

// elapsed is a time as reports write it: "for 0.3s", "for less than 0.1s", "in
// 1.2s", "it took 17ms".
var elapsed = source.Pattern(`\b(for|in|took) (?:less than )?[0-9.]+(ns|µs|ms|s)\b`)

func cmdReport(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: report N COMMAND...")
	}
	var out bytes.Buffer
	c := command(ts, args[1:])
	c.Stdout = &out
	err := c.Run()
	_, werr := ts.Stdout().Write(elapsed().ReplaceAll(out.Bytes(), []byte("$1 <time>")))
	ts.Check(werr)
	checkStatus(ts, err, args[0])
}

// capNetAdmin is the bit of CAP_NET_ADMIN (capabilities(7)).
const capNetAdmin = 12

// What many scripts ask for, and what takes processes to find out.
var (
	hasNetns = sync.OnceValue(func() bool {
		return exec.Command("unshare", "-n", "ip", "link", "set", "lo", "up").Run() == nil
	})
	hasSandbox = sync.OnceValue(func() bool { return len(jail.Missing()) == 0 })
)

// condition reports whether the machine has what a part of a script needs.
func condition(name string) (bool, error) {
	met := false
	switch name {
	case "root":
		met = os.Geteuid() == 0
	case "netadmin":
		status, _ := os.ReadFile("/proc/self/status")
		_, caps, _ := strings.Cut(string(status), "\nCapEff:\t")
		caps, _, _ = strings.Cut(caps, "\n")
		bits, _ := strconv.ParseUint(caps, 16, 64)
		met = bits>>capNetAdmin&1 == 1 // a container's root may lack it
	case "netns":
		met = hasNetns()
	case "sandbox":
		if runtime.GOARCH == "386" {
			return false, nil // there is none for a program of 32 bits
		}
		met = hasSandbox()
	case "prove", "xmllint", "tshark":
		_, err := exec.LookPath(name)
		met = err == nil
	case "ipv6":
		l, err := net.Listen("tcp", "[::1]:0")
		if met = err == nil; met {
			l.Close()
		}
	default:
		return false, fmt.Errorf("unknown condition %q", name)
	}
	if !met && os.Getenv("SOCKSCRIPT_CI") != "" {
		return false, fmt.Errorf("SOCKSCRIPT_CI is set, and the machine does not meet %s", name)
	}
	return met, nil
}

func cmdUnread(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: unread N COMMAND...")
	}
	r, w, err := os.Pipe()
	ts.Check(err)
	ts.Check(r.Close())
	defer w.Close()
	c := command(ts, args[1:])
	c.Stdout = w
	checkStatus(ts, c.Run(), args[0])
}

// cmdTidy fails where a scenario has left its temporary folder behind.
func cmdTidy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: tidy")
	}
	left, err := filepath.Glob(filepath.Join(ts.Getenv("TMPDIR"), "sockscript-*"))
	ts.Check(err)
	if len(left) > 0 {
		ts.Fatalf("left behind: %s", strings.Join(left, " "))
	}
}

// cmdGone fails where a process lives that a scenario of the script has
// started, whatever has become of its parent, or one of sockscript itself.
func cmdGone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: gone [DURATION]")
	}
	var within time.Duration
	if len(args) == 1 {
		var err error
		within, err = time.ParseDuration(args[0])
		ts.Check(err)
	}
	mark := "WORK=" + ts.Getenv("WORK")
	if left := awaitGone(within, mark); len(left) > 0 {
		ts.Fatalf("left behind: %s", left)
	}
}

package steps_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/term"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/tests/proctest"
)

// programVar makes the test binary one of the programs below.
const programVar = "SOCKSCRIPT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(programVar); name != "" {
		os.Exit(programs[name](os.Args[1:]))
	}
	ci.Together()
	ci.Spacious()
	os.Exit(m.Run())
}

// programs are what the scenarios of the tests start.
var programs = map[string]func(args []string) int{
	"serve":     serve,
	"handed":    handed,
	"inetd":     inetd,
	"tty":       tty,
	"family":    family,
	"flood":     flood,
	"fds":       fds,
	"obstinate": obstinate,
}

// program is the start of a step, exec or start, that runs a test program.
func program(t testing.TB, verb, name string, args ...string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	argv := []string{exe}
	for _, arg := range args {
		argv = append(argv, strconv.Quote(arg))
	}
	return fmt.Sprintf("- %s: [%s]\n  env: {%s: %s, GORACE: atexit_sleep_ms=0}\n", verb, strings.Join(argv, ", "), programVar, name)
}

// serve echoes what comes in on a TCP connection, one after the other.
func serve(args []string) int {
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("listening at", l.Addr())
	return echoAll(l)
}

func echoAll(l net.Listener) int {
	for {
		c, err := l.Accept()
		if err != nil {
			return 1
		}
		io.Copy(c, c)
		c.Close()
	}
}

// handed serves the listening sockets that it is handed as systemd does.
func handed([]string) int {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		fmt.Fprintf(os.Stderr, "LISTEN_PID is %q, this is %d\n", os.Getenv("LISTEN_PID"), os.Getpid())
		return 1
	}
	n, _ := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	for i := range n {
		l, err := net.FileListener(os.NewFile(uintptr(3+i), "handed"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		go echoAll(l)
	}
	fmt.Println("serving", n, os.Getenv("LISTEN_FDNAMES"))
	sleepForEver()
	return 0
}

// inetd answers one line on its standard input, which is a socket.
func inetd([]string) int {
	c, err := net.FileConn(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Fprintf(os.Stderr, "%s from %s\n", strings.TrimSpace(line), c.RemoteAddr().Network())
	fmt.Printf("you said %s", line)
	return 0
}

// tty says which of its streams are a terminal, and answers one line.
func tty([]string) int {
	for fd := range 3 {
		fmt.Printf("%d:%t ", fd, term.IsTerminal(fd))
	}
	fmt.Println()
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Printf("<%s>\n", strings.TrimSpace(line))
	return 0
}

// family leaves a child behind in its own group, and writes the child's process
// id into a file. "stay" stays beside it, "deaf" makes both ignore SIGTERM.
func family(args []string) int {
	file, how := args[0], strings.Join(args[1:], " ")
	if strings.Contains(how, "deaf") {
		signal.Ignore(syscall.SIGTERM)
	}
	if strings.Contains(how, "child") {
		if err := os.WriteFile(file+".new", []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			return 1
		}
		os.Rename(file+".new", file)
		sleepForEver()
	}
	c := exec.Command(os.Args[0], file, "child", how)
	c.Stdout = os.Stdout // held open, so that nobody can wait for its end of file
	if err := c.Start(); err != nil {
		return 1
	}
	for {
		if _, err := os.Stat(file); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Println("ready")
	if strings.Contains(how, "stay") {
		sleepForEver()
	}
	return 0
}

// flood writes this number of bytes to both outputs, and then makes a file.
func flood(args []string) int {
	n, _ := strconv.Atoi(args[0])
	chunk := strings.Repeat("0123456789abcde\n", 1024)
	for sent := 0; sent < n; sent += len(chunk) {
		os.Stdout.WriteString(chunk)
		os.Stderr.WriteString(chunk)
	}
	fmt.Println("that is all")
	if len(args) > 1 {
		os.WriteFile(args[1], nil, 0o600)
	}
	return 0
}

// fds says which descriptors it has.
func fds([]string) int {
	for fd := range 64 {
		var st syscall.Stat_t
		if syscall.Fstat(fd, &st) == nil && !isPoller(fd) {
			fmt.Print(fd, " ")
		}
	}
	return 0
}

// isPoller says what Go's runtime has opened itself.
func isPoller(fd int) bool {
	name, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	return strings.HasPrefix(name, "anon_inode:") || strings.HasPrefix(name, "/sys/") || strings.HasPrefix(name, "/proc/")
}

// sleepForEver waits without an end. Without cgo the runtime ends a program
// that waits for nothing.
func sleepForEver() {
	for {
		time.Sleep(time.Hour)
	}
}

// obstinate ignores SIGTERM.
func obstinate([]string) int {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("ready")
	sleepForEver()
	return 0
}

// marked marks all programs that the test starts, and returns what fails
// the test where one of them lives.
func marked(t *testing.T) (gone func()) {
	const name = "SOCKSCRIPT_TEST_MARK"
	t.Helper()
	mark := t.TempDir()
	t.Setenv(name, mark)
	return func() {
		t.Helper()
		left := proctest.Find(func(p proctest.Process) bool { return slices.Contains(p.Env, name+"="+mark) })
		if len(left) > 0 {
			t.Errorf("left behind: %s", left)
		}
	}
}

// pidIn reads a process id that a program has written down.
func pidIn(t testing.TB, file string) int {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func readFile(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// inventory are the open descriptors and the children of this process.
func inventory(t testing.TB) (descriptors, children int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		ci.Lacks(t, err)
	}
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range tasks {
		text, _ := os.ReadFile(file)
		children += len(strings.Fields(string(text)))
	}
	return len(entries), children
}

// tidy fails the test where a scenario has left descriptors or processes
// behind. Scenarios that wait are parallel subtests: it looks when the last of
// them has ended.
func tidy(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	runner.Run(context.Background(), parse(t, one("- exec: [\"true\"]")), runner.Options{}) // what is opened once is open
	descriptors, children := inventory(t)
	t.Run("together", run)
	d, c := inventory(t)
	if d > descriptors || c > children {
		t.Errorf("%d descriptors and %d children before, %d and %d after", descriptors, children, d, c)
	}
}

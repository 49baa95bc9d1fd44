package program

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/tests/proctest"
	"golang.org/x/sys/unix"
)

// holdVar makes the test binary a process that starts a family and waits.
const (
	holdVar = "SOCKSCRIPT_TEST_HOLD"
	markVar = "SOCKSCRIPT_TEST_MARK"
)

func TestMain(m *testing.M) {
	if how := os.Getenv(holdVar); how != "" {
		os.Exit(hold(how))
	}
	os.Exit(m.Run())
}

// hold starts a family and does what is asked for on the standard input.
func hold(how string) int {
	s, err := openSet(how)
	if err != nil {
		fmt.Println("lacks:", err)
		return 0
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 1
	}
	spec := Spec{
		Path: "/bin/sh", Argv: []string{"sh", "-c", familyScript}, Env: os.Environ(), Dir: "/",
		Files: []*os.File{os.Stdin, w, os.Stderr},
	}
	if _, err := s.Start(spec); err != nil {
		fmt.Println(err)
		return 1
	}
	w.Close()
	lines := bufio.NewScanner(r)
	for lines.Scan() && lines.Text() != "ready" {
	}
	fmt.Println("ready")
	word, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	switch strings.TrimSpace(word) {
	case "close":
		s.Close()
	case "hurry":
		s.Hurry()
		s.Close()
	}
	fmt.Println("done")
	for { // without cgo the runtime ends a program that waits for nothing
		time.Sleep(time.Hour)
	}
}

// familyScript leaves its group and session in all ways, and much of it does
// not end when it is asked to.
const familyScript = `
trap '' TERM HUP INT
sleep 1000 &
setsid sleep 1000 &
(setsid sh -c '(trap "" TERM; sleep 1000) &' &)
(setsid sh -c 'kill -STOP $$' &)
(trap - TERM; exec sleep 1000) </dev/null >/dev/null 2>&1 &
echo ready
wait
`

func openSet(how string) (*Set, error) {
	o, err := openOffice(&starting{forks: new(sync.Mutex)}, how)
	if err != nil {
		return nil, err
	}
	return &Set{Forks: new(sync.Mutex), office: o}, nil
}

// Whatever the programs have started is gone when the set is closed, and also
// when the process that has started them is killed.
func TestNothingIsLeft(t *testing.T) {
	users := map[string]*syscall.Credential{"own": nil}
	if os.Geteuid() == 0 {
		users["nobody"] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for user, credential := range users {
		for _, how := range []string{asInit, asSubreaper} {
			for _, end := range []string{"close", "hurry", "kill"} {
				t.Run(user+" "+how+" "+end, func(t *testing.T) {
					t.Parallel()
					leavesNothing(t, credential, how, end)
				})
			}
		}
	}
}

// newMark tells the processes of one test from all others on the machine, also
// from those of the same test that somebody else runs.
func newMark() string { return rand.Text() }

// marked says which processes bear a mark.
func marked(mark string) func(proctest.Process) bool {
	return func(p proctest.Process) bool { return slices.Contains(p.Env, markVar+"="+mark) }
}

func leavesNothing(t *testing.T, as *syscall.Credential, how, end string) {
	mark := newMark()
	ours := marked(mark)
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), holdVar+"="+how, markVar+"="+mark)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("it says nothing")
	}
	if lacks, yes := strings.CutPrefix(lines.Text(), "lacks: "); yes {
		ci.Lacks(t, lacks)
	}
	// That process, the reaper, the starter and the family.
	for len(proctest.Find(ours)) < 9 {
		time.Sleep(time.Millisecond)
	}
	if end == "kill" {
		c.Process.Kill()
		c.Wait()
		if left := proctest.AwaitNone(30*time.Second, ours); len(left) > 0 {
			t.Errorf("left behind: %s", left)
		}
		return
	}
	io.WriteString(in, end+"\n")
	lines.Scan()
	if left := proctest.Find(ours); len(left) != 1 {
		t.Errorf("left behind beside the process itself: %s", left)
	}
	c.Process.Kill()
	c.Wait()
}

// A program is identified by its own id, its end by its status, whichever way
// it is looked after.
func TestProcess(t *testing.T) {
	for _, how := range []string{asInit, asSubreaper, "here"} {
		t.Run(how, func(t *testing.T) {
			mark := newMark()
			t.Setenv(markVar, mark)
			defer func() {
				for _, p := range proctest.Find(marked(mark)) {
					if how != "here" {
						t.Errorf("left behind: %v", p)
					}
					// In this process, what has left its group is not found.
					syscall.Kill(p.Pid, syscall.SIGKILL)
				}
			}()
			s := &Set{Forks: new(sync.Mutex), office: newHere(&starting{forks: new(sync.Mutex)})}
			if how != "here" {
				var err error
				if s, err = openSet(how); err != nil {
					ci.Lacks(t, err)
				}
			}
			defer s.Close()
			testProcess(t, s, how != "here")
		})
	}
}

func testProcess(t *testing.T, s *Set, finds bool) {
	p, text := output(t, s, "echo $$; exec sleep 1000")
	if fmt.Sprintln(p.Pid) != text+"\n" {
		t.Errorf("it is %d, and says %s", p.Pid, text)
	}
	if !p.Left() || !s.Left() || p.Ending() {
		t.Errorf("left %t, %t, ending %t", p.Left(), s.Left(), p.Ending())
	}
	if err := p.Signal(syscall.SIGUSR1); err != nil {
		t.Error(err)
	}
	<-p.Done()
	if p.Status() != (Status{Exit: -1, Signal: syscall.SIGUSR1}) {
		t.Error(p.Status())
	}
	if err := p.Signal(syscall.SIGTERM); err != nil || p.Lives() || p.Left() || s.Left() {
		t.Errorf("a zombie: %v, lives %t, left %t, %t", err, p.Lives(), p.Left(), s.Left())
	}
	p.Reap()
	if err := p.Signal(syscall.SIGTERM); err != syscall.ESRCH {
		t.Error(err)
	}
	if q := run(t, s, "false"); wait(q) != (Status{Exit: 1}) {
		t.Error(q.Status())
	}
	if _, err := s.Start(Spec{Path: "/nowhere", Argv: []string{"x"}, Dir: "/"}); err != syscall.ENOENT {
		t.Error(err)
	}
	// One that goes into the background is left; what another has started is
	// not it.
	other, _ := output(t, s, "setsid sleep 1000 & echo up; wait")
	d, _ := output(t, s, "setsid sh -c 'sleep 1000 & echo up'; exit 7")
	if wait(d) != (Status{Exit: 7}) || d.Left() != finds || d.Lives() {
		t.Errorf("%v, left %t, lives %t", d.Status(), d.Left(), d.Lives())
	}
	gone, _ := output(t, s, "echo up; exit 8")
	other.Signal(syscall.SIGKILL)
	wait(other) // a killed process lives until the kernel has ended it
	if wait(gone) != (Status{Exit: 8}) || gone.Left() {
		t.Errorf("%v, left %t", gone.Status(), gone.Left())
	}
	if s.Left() != finds {
		t.Errorf("left %t", s.Left())
	}
}

func wait(p *Process) Status {
	<-p.Done()
	return p.Status()
}

// output runs a shell and returns the first line that it writes.
func output(t *testing.T, s *Set, script string) (*Process, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	p, err := s.Start(Spec{
		Path: "/bin/sh", Argv: []string{"sh", "-c", script}, Env: os.Environ(), Dir: "/", Files: []*os.File{null, w, null},
	})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r)
	lines.Scan()
	return p, lines.Text()
}

// Process ids that a socket returns are those of the pid namespace.
func TestInside(t *testing.T) {
	s, err := openSet(asInit)
	if err != nil {
		ci.Lacks(t, err)
	}
	defer s.Close()
	mark := newMark()
	t.Setenv(markVar, mark)
	// The child itself says its id: in the midst of execve(2) it could not be
	// found, as it has no environment.
	p, child := output(t, s, "sh -c 'echo $$; kill -STOP $$' & wait")
	found := proctest.Find(marked(mark))
	var inside []string
	outer := 0
	for _, q := range found {
		inside = append(inside, fmt.Sprint(s.Inside(q.Pid)))
		if s.Inside(q.Pid) == p.Pid {
			outer = q.Pid
		}
	}
	slices.Sort(inside)
	want := []string{fmt.Sprint(p.Pid), child}
	slices.Sort(want)
	if !slices.Equal(inside, want) {
		t.Errorf("%s are %s inside, want %s", found, inside, want)
	}
	if own := s.Inside(os.Getpid()); own != os.Getpid() {
		t.Errorf("this process is %d inside", own)
	}
	p.Signal(syscall.SIGKILL)
	<-p.Done()
	p.Reap()
	if s.Inside(outer) != p.Pid {
		t.Errorf("%d has ended and is %d inside", outer, s.Inside(outer))
	}
}

// Arguments are bytes.
func TestArguments(t *testing.T) {
	s, err := openSet(asSubreaper)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	args := []string{"", "\xff\xfe", "a\nb", strings.Repeat("x", 100_000), ""}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Start(Spec{
		Path: "/bin/sh", Argv: append([]string{"sh", "-c", `printf '<%s>' "$E" "$@"`, "sh"}, args...), Env: []string{"E=\xe9"},
		Dir: "/", Files: []*os.File{w, w, w},
	})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if want := "<\xe9><" + strings.Join(args, "><") + ">"; err != nil || string(got) != want {
		t.Errorf("%.60q, %d bytes; %v", got, len(got), err)
	}
	<-p.Done()
	if _, err := s.Start(Spec{Path: "/bin/sh", Argv: []string{"a\x00b"}, Dir: "/"}); err != syscall.EINVAL {
		t.Error(err)
	}
}

// A program has the descriptors that it is given, and none that this process
// has without FD_CLOEXEC.
func TestDescriptorsOfProgram(t *testing.T) {
	const number = 77
	null, err := unix.Open(os.DevNull, unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Dup3(null, number, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(number)
	defer unix.Close(null)
	s, err := openSet(asSubreaper)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := s.Start(Spec{Path: "/bin/sh", Argv: []string{"sh", "-c", fmt.Sprintf("test ! -e /proc/self/fd/%d", number)}, Dir: "/"})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if status := p.Status(); status.Exit != 0 {
		t.Errorf("the program has the descriptor %d", number)
	}
}

// A set that is hurried asks no program to end.
func TestHurry(t *testing.T) {
	for _, how := range []string{asInit, asSubreaper} {
		for _, hurried := range []bool{false, true} {
			s, err := openSet(how)
			if err != nil {
				ci.Lacks(t, err)
			}
			asked := t.TempDir() + "/asked"
			output(t, s, "trap 'echo >"+asked+"; exit' TERM; echo ready; while :; do sleep 0.01; done")
			if hurried {
				s.Hurry()
			}
			s.Close()
			if _, err := os.Stat(asked); (err == nil) == hurried {
				t.Errorf("%s, hurried %t: %v", how, hurried, err)
			}
			if _, err := s.Start(Spec{Path: "/bin/true", Argv: []string{"true"}, Dir: "/"}); err != os.ErrClosed {
				t.Error(err)
			}
		}
	}
}

//go:build amd64 || 386 || arm64

package bare

import (
	"bufio"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// made starts a process that makes the calls of a list, and returns what it has
// written to its descriptor 1 when it has ended, and what has failed.
func made(t *testing.T, fill func(l *List)) (string, error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var l List
	fill(&l)
	s := Start{Files: []*os.File{null, w, null, null}, Kept: 3, Forks: new(sync.Mutex)}
	p, err := s.Process(&l)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	failed := p.Executed()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if failed == nil {
		p.reap()
	}
	return string(text), failed
}

func say(l *List, text string) *Call {
	return l.Add("write", unix.SYS_WRITE, Num(1), Text(text), Num(len(text)))
}

// A list goes on, goes elsewhere or ends, as each call of it succeeds or fails.
func TestList(t *testing.T) {
	same, other := uint64(5), uint64(6)
	for name, test := range map[string]struct {
		fill func(l *List)
		text string
		err  string
	}{
		"in turn":     {func(l *List) { say(l, "one "); say(l, "two") }, "one two", ""},
		"ends":        {func(l *List) { say(l, "one "); l.Add("fchdir", unix.SYS_FCHDIR, Num(99)); say(l, "two") }, "one ", "fchdir: bad file descriptor"},
		"ignored":     {func(l *List) { l.Add("fchdir", unix.SYS_FCHDIR, Num(99)).Ignore(unix.EBADF); say(l, "two") }, "two", ""},
		"other errno": {func(l *List) { l.Add("fchdir", unix.SYS_FCHDIR, Num(99)).Ignore(unix.EPERM); say(l, "two") }, "", "fchdir: bad file descriptor"},
		"wrapped": {func(l *List) {
			l.Wrap(func(err error) error { return errors.Join(err, err) }, func() { l.Add("fchdir", unix.SYS_FCHDIR, Num(99)) })
		}, "", "fchdir: bad file descriptor\nfchdir: bad file descriptor"},
		"in words": {func(l *List) {
			l.Add("fchdir", unix.SYS_FCHDIR, Num(99)).Why(func(errno syscall.Errno) error { return errors.New(unix.ErrnoName(errno)) })
		}, "", "EBADF"},
		"else": {func(l *List) {
			to := new(Label)
			l.Add("fchdir", unix.SYS_FCHDIR, Num(99)).Else(to)
			say(l, "one ")
			l.Here(to)
			say(l, "two")
		}, "two", ""},
		"then":       {func(l *List) { to := new(Label); say(l, "one ").Then(to); say(l, "two "); l.Here(to); say(l, "three") }, "one three", ""},
		"to the end": {func(l *List) { to := new(Label); say(l, "one").Then(to); say(l, " two"); l.Here(to) }, "one", ""},
		"same": {func(l *List) {
			to := new(Label)
			l.Same(&same, new(same)).Then(to)
			say(l, "one ")
			l.Here(to)
			say(l, "two")
		}, "two", ""},
		"not the same": {func(l *List) {
			to := new(Label)
			l.Same(&same, &other).Else(to)
			say(l, "one ")
			l.Here(to)
			say(l, "two")
		}, "two", ""},
		"a value": {func(l *List) {
			fd := new(Value)
			l.Add("openat", unix.SYS_OPENAT, Num(unix.AT_FDCWD), Text("/dev/null"), Num(unix.O_PATH|unix.O_CLOEXEC)).Into(fd)
			l.Add("fchdir", unix.SYS_FCHDIR, fd.Arg())
		}, "", "fchdir: not a directory"},
		"0 in a text": {func(l *List) { l.Add("chdir", unix.SYS_CHDIR, Text("/\x00")) }, "", "chdir: no such file or directory"},
	} {
		text, err := made(t, test.fill)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if text != test.text || got != test.err {
			t.Errorf("%s: %q %q", name, text, got)
		}
	}
}

// The program that is run has the descriptors that it is given and no others,
// the actions for signals that are usual, and blocks none.
func TestProgram(t *testing.T) {
	inherited, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(inherited)
	env, err := Texts([]string{"PATH=/usr/bin:/bin", "NAME=value"})
	if err != nil {
		t.Fatal(err)
	}
	const script = "echo $NAME; ls /proc/$$/fd; cat /proc/self/status | grep -E 'Sig(Blk|Cgt)'"
	argv, err := Texts([]string{"sh", "-c", script})
	if err != nil {
		t.Fatal(err)
	}
	text, err := made(t, func(l *List) { l.Add("execve", unix.SYS_EXECVE, Text("/bin/sh"), argv, env) })
	want := "value\n0\n1\n2\nSigBlk:\t0000000000000000\nSigCgt:\t0000000000000000\n"
	if err != nil || text != want {
		t.Errorf("%v %q", err, text)
	}
	if _, err := Texts([]string{"\x00"}); err == nil {
		t.Error("a text with a 0 is taken")
	}
}

// Descriptors get their numbers whatever they have been.
func TestNumbers(t *testing.T) {
	var files []*os.File
	for _, text := range []string{"a", "b", "c", "d", "e", "f"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		io.WriteString(w, text)
		w.Close()
		files = append(files, r)
	}
	// Those that have low numbers come last.
	slices.Reverse(files)
	files = append(files[:5:5], os.Stdin, files[5], files[0])
	var l List
	var text [1]byte
	out := 8
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, at := range []int{0, 1, 2, 3, 4, 6} {
		l.Add("read", unix.SYS_READ, Num(at), Memory(&text), Num(1))
		l.Add("write", unix.SYS_WRITE, Num(out), Memory(&text), Num(1))
	}
	s := Start{Files: append(files, w), Forks: new(sync.Mutex)}
	p, err := s.Process(&l)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Executed(); err != nil {
		t.Fatal(err)
	}
	p.reap()
	if got, err := io.ReadAll(r); err != nil || string(got) != "fedcba" {
		t.Errorf("%q %v", got, err)
	}
}

// Where something fails before the calls, there is no process.
func TestBefore(t *testing.T) {
	var pid int
	s := Start{Forks: new(sync.Mutex), Before: func(p int) error {
		pid = p
		return io.ErrUnexpectedEOF
	}}
	if _, err := s.Process(new(List)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if err := unix.Kill(pid, 0); err != unix.ESRCH {
		t.Errorf("there is a process: %v", err)
	}
	s = Start{Flags: unix.CLONE_NEWUSER | unix.CLONE_FS, Forks: new(sync.Mutex)}
	if _, err := s.Process(new(List)); !errors.Is(err, unix.EINVAL) {
		t.Error(err)
	}
}

// What the kernel interrupts goes on, and a process that was killed has made no
// call that failed.
func TestKilled(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var l List
	say(&l, "ready\n")
	l.Add("ppoll", unix.SYS_PPOLL, Num(0), Num(0), Num(0), Num(0))
	s := Start{Files: []*os.File{os.Stdin, w}, Forks: new(sync.Mutex)}
	p, err := s.Process(&l)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || !strings.HasPrefix(line, "ready") {
		t.Error(line, err)
	}
	late := time.AfterFunc(time.Minute, func() { panic("the process goes on") })
	defer late.Stop()
	unix.Kill(p.Pid, unix.SIGKILL)
	if err := p.Executed(); err != nil {
		t.Error(err)
	}
	p.reap()
}

// A process that ends before it has made its calls is an error, and nobody
// waits for it.
func TestEndsAtOnce(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	s := Start{Files: []*os.File{null}, Kept: 1, Forks: new(sync.Mutex), Before: func(pid int) error {
		unix.Kill(pid, unix.SIGKILL)
		return unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}}
	// It may have said that it is ready before the signal came.
	if _, err := s.Process(new(List)); !errors.Is(err, errEnded) && !errors.Is(err, unix.EPIPE) {
		t.Errorf("%v, want %v", err, errEnded)
	}
}

// Processes are forked beside, which do without Go's heap. One that is made at
// that moment has it.
func TestBesideForks(t *testing.T) {
	var forks sync.Mutex
	over := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		var space forked.Space
		for {
			select {
			case <-over:
				return
			default:
			}
			p, err := space.Start(forked.Parts{Forks: &forks, Within: func(f func()) { f() }})
			if err != nil {
				t.Error(err)
				return
			}
			p.Signal(unix.SIGKILL)
			<-p.Done()
			p.Reap()
			p.Release()
		}
	})
	for range 200 {
		if text, err := made(t, func(l *List) { say(l, "hello") }); text != "hello" || err != nil {
			t.Fatalf("%q %v", text, err)
		}
	}
	close(over)
	all.Wait()
}

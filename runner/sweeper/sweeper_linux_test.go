package sweeper

import (
	"bytes"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// inDir names the folder in which a copy of the test plays a process that is
// killed.
const inDir = "SOCKSCRIPT_TEST_SWEEPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inDir); dir != "" {
		beKilled(dir)
	}
	os.Exit(m.Run())
}

// beKilled makes files of two runs at a time, of which one closes, and then is
// killed.
func beKilled(dir string) {
	defer Hold()()
	var ended, lasting Sweeper
	hand(&ended, makeFile(dir, "ended"))
	hand(&lasting, makeFile(dir, "lasting"))
	// These were just being made, and nothing was said of them afterwards.
	lasting.File(sock.File{Path: listenAt(dir, "coming").Path})
	lasting.File(listenAt(dir, "there before"))
	if _, err := lasting.Make(dir, "folder"); err != nil {
		panic(err)
	}
	ended.Close()
	unix.Kill(os.Getpid(), unix.SIGKILL)
}

// hand hands over a file that has been made.
func hand(s *Sweeper, f sock.File) { s.File(sock.File{Path: f.Path})(&f) }

// listenAt makes a socket at a path.
func listenAt(dir, name string) sock.File {
	l, err := net.Listen("unix", filepath.Join(dir, name))
	if err != nil {
		panic(err)
	}
	return fileOf(l.Addr().String())
}

func makeFile(dir, name string) sock.File {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		panic(err)
	}
	return fileOf(path)
}

func fileOf(path string) sock.File {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		panic(err)
	}
	return sock.File{Path: path, Dev: uint64(st.Dev), Ino: st.Ino}
}

// What goes through the pipe arrives as it was, also a path that is not text.
func TestItems(t *testing.T) {
	var pipe bytes.Buffer
	want := []item{
		newItem(itemFolder, sock.File{Path: "/tmp/a folder\xff\n"}),
		newItem(itemMade, sock.File{Path: strings.Repeat("x", 4000), Dev: 1 << 40, Ino: math.MaxUint64}),
		{itemHead: itemHead{Run: 7, Kind: itemDone}},
	}
	for _, i := range want {
		if err := i.write(&pipe); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range want {
		if got, err := readItem(&pipe); err != nil || got != w {
			t.Errorf("%+v arrives as %+v, %v", w, got, err)
		}
	}
	if _, err := readItem(&pipe); err != io.EOF {
		t.Errorf("after the last comes %v", err)
	}
}

// What a killed process has left is removed, but for files of runs that had
// ended: they may be somebody else's by then.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), inDir+"="+dir)
	cmd.Run() // it is killed
	if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended otherwise: %v", cmd.ProcessState)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range left {
			left[i] = filepath.Base(path)
		}
		if slices.Equal(left, []string{"ended", "there before"}) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("left are %q; want the file of the run that had ended, and what was there before", left)
		}
	}
}

// The process serves all runs that overlap, and is gone with the last of them.
func TestOneForAll(t *testing.T) {
	dir := t.TempDir()
	release := Hold()
	if helper.pipe != nil {
		t.Fatal("there is a process before the first file")
	}
	var first, second Sweeper
	hand(&first, makeFile(dir, "first"))
	if helper.pipe == nil {
		t.Fatal("there is no process")
	}
	pid := helper.pid
	first.Close()
	hand(&second, makeFile(dir, "second"))
	if helper.pid != pid {
		t.Errorf("the second run has process %d; want that of the first, %d", helper.pid, pid)
	}
	release()
	if unix.Kill(pid, 0) != nil {
		t.Error("the process is gone before the last run has ended")
	}
	second.Close()
	if unix.Kill(pid, 0) != unix.ESRCH {
		t.Error("the process is still there")
	}
}

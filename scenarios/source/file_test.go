package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := syscall.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("full"), make([]byte, MaxFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("more"), make([]byte, MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		at("fifo"):    " is a FIFO, not a file",
		"/dev/zero":   "/dev/zero is a device, not a file",
		dir:           " is a directory, not a file",
		at("more"):    "more has more than 16MiB",
		at("missing"): "no such file or directory",
	} {
		if _, err := ReadFile(path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want …%s", path, err, want)
		}
	}
	if data, err := ReadFile(at("full")); err != nil || len(data) != MaxFile {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	_, problems := Parse("f", make([]byte, MaxFile+1))
	if len(problems) != 1 || problems[0].Msg != "the file has more than 16MiB" {
		t.Errorf("got %v", problems)
	}
}

// A regular file of proc(5) may have nothing to read yet: no read waits for it.
func TestReadFileThatWaits(t *testing.T) {
	t.Parallel()
	const path = "/proc/kmsg"
	f, _, err := Open(path)
	if err != nil {
		ci.Lacks(t, err) // it is for the administrator of a Linux machine
	}
	defer f.Close()
	if err := f.SetReadDeadline(time.Now()); !errors.Is(err, os.ErrNoDeadline) {
		t.Errorf("the poller has the file, and would wait: %v", err)
	}
	if _, err := ReadAll(path, f); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("got %v, want EAGAIN", err)
	}
}

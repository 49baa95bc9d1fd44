package payload

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// An errno of a payload's file is none of the step's call, so no step may
// expect it.
func TestErrnoOfFile(t *testing.T) {
	f, err := os.Open("/proc/self/mem") // whose first page nobody has
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&fileReader{f}).Read(make([]byte, 1))
	var errno syscall.Errno
	if err == nil || errors.As(err, &errno) {
		t.Errorf("got %v with %v, want an error without an errno", err, errno)
	}
}

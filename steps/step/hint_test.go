package step

import (
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// A program that cannot be started for want of descriptors has no remedy of its
// own. It has that of every call.
func TestHintOfEveryCall(t *testing.T) {
	err := &value.HintedError{Err: &sock.Error{Call: "execve", Err: syscall.EMFILE}}
	if got := hintOf(new(Kind), err, nil, syscall.EMFILE); got != hints[syscall.EMFILE] {
		t.Errorf("the hint is %q", got)
	}
	err.Hint = "its own"
	if got := hintOf(new(Kind), err, nil, syscall.EMFILE); got != "its own" {
		t.Errorf("the hint is %q", got)
	}
}

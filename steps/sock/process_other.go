//go:build !linux

package sock

import (
	"io"
	"io/fs"
	"syscall"
	"time"
)

// SetIDs is for Linux only, as all of a Process.
func (*Process) SetIDs(_, _ *uint32, _ []uint32) error { return ErrDied }

// Umask is for Linux only.
func (*Process) Umask(fs.FileMode) error { return ErrDied }

// Chdir is for Linux only.
func (*Process) Chdir(string) error { return ErrDied }

// Unlink is for Linux only.
func (*Process) Unlink(string) error { return ErrDied }

// LimitNames lists nothing here.
func LimitNames() []string { return nil }

// SetLimit is for Linux only.
func (*Process) SetLimit(string, *uint64, *uint64) error { return ErrDied }

// A SignalInfo is what sigtimedwait(2) says of a signal.
type SignalInfo struct {
	Signal syscall.Signal
	Code   int
	FD     int
}

// CodeName is the C name of the code.
func (s SignalInfo) CodeName() string { return itoa(s.Code) }

// CodeNames are none.
func CodeNames() []string { return nil }

// AwaitSignal is for Linux only.
func (*Process) AwaitSignal(Wait, uint64, *time.Duration) (SignalInfo, error) {
	return SignalInfo{}, ErrDied
}

// WriteFile is for Linux only.
func (*Process) WriteFile(string, int, fs.FileMode, io.Reader) (int64, error) { return 0, ErrDied }

func (*Process) absolute(path string) string { return path }

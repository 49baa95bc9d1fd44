//go:build !linux

package program

import (
	"fmt"
	"os"
	"runtime"
)

// OpenPTY fails: pseudo-terminals are supported on Linux only.
func OpenPTY() (master, slave *os.File, err error) {
	return nil, nil, fmt.Errorf("pty is not supported on %s", runtime.GOOS)
}

//go:build !linux

package program

import (
	"fmt"
	"os"
	"runtime"
)

func OpenPTY() (master, slave *os.File, err error) {
	return nil, nil, fmt.Errorf("pty is not supported on %s", runtime.GOOS)
}

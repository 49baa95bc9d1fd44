//go:build !linux

package steps

import (
	"fmt"
	"os"
	"runtime"
)

func openPTY() (master, slave *os.File, err error) {
	return nil, nil, fmt.Errorf("pty is not supported on %s", runtime.GOOS)
}

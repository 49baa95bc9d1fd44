//go:build !linux

package sock

import (
	"fmt"
	"runtime"
)

// AttachFilter is not supported on this system.
func (s *Socket) AttachFilter(int, []byte) error {
	return fmt.Errorf("SO_ATTACH_FILTER is not supported on %s", runtime.GOOS)
}

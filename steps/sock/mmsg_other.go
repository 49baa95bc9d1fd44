//go:build !linux

package sock

import (
	"fmt"
	"runtime"
)

// Sendmmsg is not supported on this system.
func (s *Socket) Sendmmsg(Wait, []*Message, int) ([]int, error) {
	return nil, fmt.Errorf("sendmmsg is not supported on %s", runtime.GOOS)
}

// Recvmmsg is not supported on this system.
func (s *Socket) Recvmmsg(Wait, []*Message, int) ([]int, error) {
	return nil, fmt.Errorf("recvmmsg is not supported on %s", runtime.GOOS)
}

//go:build !linux

package runner

import (
	"sync"

	"golang.org/x/sys/unix"
)

// claimed are the ports that runs of this process have.
var claimed sync.Map

// claimPort claims a port for a run of this process. Other processes do not
// know: only Linux has names that vanish with who has them.
func claimPort(port int) (release func(), err error) {
	if _, taken := claimed.LoadOrStore(port, true); taken {
		return nil, unix.EADDRINUSE
	}
	return func() { claimed.Delete(port) }, nil
}

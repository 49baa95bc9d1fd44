//go:build !linux

package runner

import "time"

// monotonic is 0: the clock of the kernel's own records is not known.
func monotonic() time.Duration { return 0 }

//go:build linux && race && amd64

package forked

// What the race detector notes of the heap, it notes here.
const (
	shadowAt   = 0x2000_0000_0000
	shadowSize = 0x1100_0000_0000
)

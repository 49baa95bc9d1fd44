//go:build !linux

package sock

// networkID is 0: only Linux has network namespaces.
func networkID() uint64 { return 0 }

// networkOfSocket is 0, likewise.
func networkOfSocket(int) uint64 { return 0 }

//go:build !linux

package sock

// unixDiag has no answers: only Linux reports the peer of an AF_UNIX socket.
type unixDiag struct{}

func (*unixDiag) in(*network) {}

func (*unixDiag) peer(uint64) uint64 { return 0 }

func (*unixDiag) gone(uint64) bool { return false }

func (*unixDiag) close() {}

// DatagramBacklog is 0: how many datagrams wait at an AF_UNIX receiver is known
// on Linux only.
func DatagramBacklog() int { return 0 }

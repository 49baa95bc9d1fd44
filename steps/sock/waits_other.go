//go:build !linux

package sock

// Only on Linux calls are made on threads of their own, so that the options
// which change how a call waits can be followed.
const (
	receiveTimed = 1 << iota
	sendTimed
	lowWater
	deferredOpen
)

func changesWaits(_, _ int) bool { return false }

func (s *Socket) learnWaits() {}

func (d *direction) settleAgain() {}

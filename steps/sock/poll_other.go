//go:build !linux

package sock

import (
	"fmt"
	"runtime"
)

// A PollItem is one socket of a poll(2), with the events asked for and those
// that came.
type PollItem struct {
	Socket  *Socket
	Events  int16
	Revents int16
}

// Poll is not supported on this system: it rests on epoll(7).
func (g *Group) Poll(Wait, []PollItem) (int, error) {
	return 0, fmt.Errorf("poll is not supported on %s", runtime.GOOS)
}

var morePollEvents []constant

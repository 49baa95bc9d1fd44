package sock

import (
	"time"
)

// Alarm says when a moment has come; never where it is the zero one.
func Alarm(at time.Time) (<-chan time.Time, func() bool) {
	if at.IsZero() {
		return nil, func() bool { return false }
	}
	timer := time.NewTimer(time.Until(at))
	return timer.C, timer.Stop
}

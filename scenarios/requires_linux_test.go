package scenarios

import (
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/sock"
)

// While a probe starts a program, no descriptor of a scenario is closed: the
// child would have a copy of it.
func TestProbeOfNetnsForksUnderTheLock(t *testing.T) {
	r, _ := parseRequirement("netns")
	var network entered
	ended := make(chan struct{})
	sock.Forks.Lock()
	go func() {
		defer close(ended)
		r.Unmet(t.Context(), &network)
	}()
	select {
	case <-ended:
		t.Error("the probe has started a program although the lock is held")
	case <-time.After(50 * time.Millisecond):
	}
	sock.Forks.Unlock()
	<-ended
}

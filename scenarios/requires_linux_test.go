package scenarios

import (
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/sock"
)

// While a probe starts a program, no descriptor of a scenario is closed: the
// child would have a copy of it.
func TestProbeOfNetnsForksUnderTheLock(t *testing.T) {
	t.Parallel()
	r, _ := parseRequirement("netns")
	var network entered
	ended := make(chan struct{})
	closes := sock.Forks.(interface {
		RLock()
		RUnlock()
	})
	closes.RLock()
	go func() {
		defer close(ended)
		r.Unmet(t.Context(), &network)
	}()
	select {
	case <-ended:
		t.Error("the probe has started a program while a descriptor is closed")
	case <-time.After(50 * time.Millisecond):
	}
	closes.RUnlock()
	<-ended
}

package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// errTimeout is the cause of a scenario that ran out of its own time.
type errTimeout struct{ after time.Duration }

func (e errTimeout) Error() string { return fmt.Sprintf("the scenario timed out after %s", e.after) }

// errLost is the cause of a scenario whose network has lost a frame of its own
// accord: what its steps saw after that says nothing.
type errLost struct{ err error }

func (e errLost) Error() string { return e.err.Error() }

func (e errLost) Unwrap() error { return e.err }

// fail notes the first failure, with what all others are doing, and cancels
// them.
func (r *run) fail(b *branch, err error) error {
	err = r.noteFailure(b, err)
	r.cancel(err)
	return err
}

func (r *run) noteFailure(b *branch, err error) error {
	if errors.Is(err, step.ErrCancelled) {
		return step.ErrCancelled
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil || r.stopped != nil {
		return step.ErrCancelled
	}
	r.failure = failure(err)
	if in := (*step.Error)(nil); errors.As(err, &in) {
		r.quiet = in.Quiet
	}
	r.failure.Actor, r.failure.Others = b.label(), r.doing(b)
	return err
}

// exceed fails the run where a step goes beyond what all of it may keep.
func (r *run) exceed(b *branch, most *value.Maximum, remedy string) {
	err := fmt.Errorf("the most for %s is %s; %s", most.What, most, remedy)
	if place := b.step.Load(); place != nil {
		err = &step.Error{Place: place, Err: err}
	}
	r.fail(b, err)
}

// stop notes why the run ends from outside and what all actors are doing.
func (r *run) stop(cause error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped == nil {
		r.stopped = history.NewFailure(cause)
		r.stopped.Others = r.doing(nil)
	}
	return cause
}

// watchNetwork ends the run when its network has lost a frame that it should
// have carried.
func (r *run) watchNetwork(ctx context.Context, lost <-chan struct{}) {
	select {
	case <-lost:
		r.cancel(r.stop(errLost{r.network.Err()}))
	case <-ctx.Done():
	}
}

// lose makes the loss of a frame the reason of the failure, whatever else has
// failed: that may be its consequence.
func (r *run) lose(err error) {
	if was := (errLost{}); r.stopped == nil || !errors.As(r.stopped.Err, &was) {
		r.stopped = history.NewFailure(errLost{err})
	}
	r.failure = nil
}

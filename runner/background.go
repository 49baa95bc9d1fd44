package runner

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/sockscript/sockscript/steps/event"
)

// errServed ends the actors in the background once all others have ended and
// nothing is left for them to do. It is not a failure.
var errServed = errors.New("the actors that it served have ended")

// longBlocked is how long the calls of the background must have waited before
// they are ended: what a program does is on its way until then.
const longBlocked = 20 * time.Millisecond

// ended is how the run has ended, whose actors ended with an error or nil. That
// the background was ended is not a failure.
func (r *run) ended(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.served.Load() && r.failure == nil && r.stopped == nil {
		return nil
	}
	return err
}

// playAll runs all actors, and ends those in the background after the others.
func (r *run) playAll(ctx context.Context) error {
	var plays []func() error
	background := false
	for _, m := range r.members {
		play := func() error { return r.play(ctx, m) }
		switch {
		case m.actor.Background:
			background = true
			r.group.Go(play)
		case !m.actor.Turns:
			plays = append(plays, play)
		}
	}
	if r.sequence != nil {
		plays = append(plays, r.sequence.conduct)
	}
	err := r.together(plays)
	if background {
		err = cmp.Or(err, r.dismiss(ctx))
	}
	return cmp.Or(err, r.group.Wait(), r.survivors())
}

// together runs plays to their ends: the last one on this goroutine, which
// would only wait otherwise.
func (r *run) together(plays []func() error) error {
	if len(plays) == 0 {
		return nil
	}
	last := len(plays) - 1
	for _, play := range plays[:last] {
		r.actors.Go(play)
	}
	err := plays[last]()
	return cmp.Or(r.actors.Wait(), err)
}

// A pose is where a branch is: in which call, and since when.
type pose struct {
	step  *event.Place
	since int64
}

// dismiss ends the background, once each of its branches stays inside a call
// for which nothing is on its way.
func (r *run) dismiss(ctx context.Context) error {
	const look = time.Millisecond
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	poses, from := r.poses(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := r.poses()
		stayed := time.Since(from)
		switch {
		case now == nil || !same(poses, now):
			poses, from = now, time.Now()
		case stayed < longBlocked:
		case stayed < r.shared.StepTimeout && r.shared.Sockets.Pending():
			// A busy machine has not come to it yet, or the kernel sends it
			// again.
		default:
			r.served.Store(true)
			r.cancel(errServed)
			return nil
		}
	}
}

// poses are where the branches of the background are that have not ended; nil
// where one of them is in no call that waits.
func (r *run) poses() map[*branch]pose {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[*branch]pose)
	for _, b := range r.branches {
		if b.over.Load() {
			continue
		}
		at := pose{b.step.Load(), b.since.Load()}
		if !b.stall.Load() && b.waits.Load() == nil {
			return nil
		}
		all[b] = at
	}
	return all
}

// same reports whether all branches are where they were.
func same(a, b map[*branch]pose) bool {
	if a == nil || len(a) != len(b) {
		return false
	}
	for s, at := range a {
		if b[s] != at {
			return false
		}
	}
	return true
}

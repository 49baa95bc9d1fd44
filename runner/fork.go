package runner

import (
	"fmt"
	"slices"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// Fork implements [step.World]. The branch's first event comes after the
// parent's latest.
func (b *branch) Fork(name string, by *event.Place, alike bool, run func(step.World) error) step.Branch {
	forked := b.run.fork(b, b.record.Fork(name, by, alike))
	if b.run.alive.Add(1) > value.MaxBranches.Most {
		b.run.exceed(b, &value.MaxBranches, "join those that have ended before others are started")
	}
	if b.run.scenario.Shared[b.member.actor.Name][name] {
		b.run.hub.forked(forked, name)
	}
	b.run.group.Go(func() error {
		defer close(forked.done)
		defer b.run.alive.Add(-1)
		forked.err = b.run.perform(forked, func() error { return run(forked) })
		return forked.err
	})
	return forked
}

// Join implements [step.World]. The next event of the one that joins comes
// after all that the branch has done.
func (b *branch) Join(of step.Branch, deadline time.Time) error {
	other := of.(*branch)
	if err := other.await(b, deadline); err != nil {
		return err
	}
	// The branch comes after all that the fork came after: that need not be
	// kept twice.
	if n := len(other.forked); n <= len(b.joined) && slices.Equal(b.joined[:n], other.forked) {
		b.joined = b.joined[n:]
	}
	b.joined = append(b.joined, other.latest(nil)...)
	if other.err != nil {
		return step.ErrCancelled
	}
	return nil
}

// await lets another branch wait for the end of this one.
func (b *branch) await(waiter *branch, deadline time.Time) error {
	h := waiter.run.hub
	if !h.join(waiter, b) {
		<-b.done
		return nil
	}
	waiter.Stalls(true)
	defer waiter.Stalls(false)
	late, stop := timer(deadline)
	defer stop()
	select {
	case <-b.done:
		return nil
	case <-h.ctx.Done():
	case <-late:
	case <-waiter.gone:
		h.unjoin(waiter, b)
		return sock.ErrDied
	}
	h.unjoin(waiter, b)
	if h.ctx.Err() != nil {
		<-b.done
		return step.ErrCancelled
	}
	return &step.WaitTimeout{What: "the branch " + b.record.Label}
}

// longCall is how long a call takes that does not say that it waits and yet
// blocks: it is behind another call on the same TLS connection, say.
const longCall = time.Second

// Blocked implements [step.Branch]. A branch that is in the same step after the
// time as before it has not moved; and it must wait, for the kernel or for
// somebody: a busy machine may just not have come to it.
func (b *branch) Blocked(stays time.Duration, deadline time.Time) (string, event.Cause, error) {
	const look = time.Millisecond
	held := event.Cause{Branch: b.record.ID}
	ticker := time.NewTicker(min(stays, look))
	defer ticker.Stop()
	at, since := b.step.Load(), b.since.Load()
	from := time.Now()
	for {
		select {
		case <-b.done:
			return "", held, fmt.Errorf("the branch %s has ended; it is in no call", b.record.Label)
		case <-b.run.hub.ctx.Done():
			return "", held, step.ErrCancelled
		case now := <-ticker.C:
			s, t, stayed := b.step.Load(), b.since.Load(), now.Sub(from)
			switch {
			case s != at || t != since:
				at, since, from = s, t, now
			case s != nil && stayed >= stays && (b.stall.Load() || b.rest.Load() || stayed >= longCall):
				return s.Title, held, nil
			case !deadline.IsZero() && now.After(deadline):
				return "", held, &step.WaitTimeout{What: "the branch " + b.record.Label + " to stay inside a call"}
			}
		}
	}
}

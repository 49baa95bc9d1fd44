package step

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Error is a step that failed.
type Error struct {
	Place *event.Place
	Err   error
	Via   []event.Via // the do steps and the loops that it is in, the innermost first
	Quiet int         // the outermost quiet step that it belongs to, as in [event.Event]
}

// Error says the step and what went wrong.
func (e *Error) Error() string { return e.Place.Title + ": " + e.Err.Error() }

// Unwrap is what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Run runs a block's steps in order, up to the first that fails.
func (t *Task) Run(b *Block) error {
	for _, s := range b.Steps {
		if err := t.run(s); err != nil {
			return err
		}
	}
	return nil
}

// run runs one step: its condition, its call, its expectations, its event.
func (t *Task) run(s *Step) error {
	if t.Ctx.Err() != nil {
		return ErrCancelled
	}
	outer, began, held, quiet := t.Step, t.began, len(t.held), t.quiet
	t.Step, t.began, t.measured = s, time.Time{}, nil
	err := t.attempt(s)
	inside := t.quiet
	t.Step, t.began, t.quiet = outer, began, quiet
	t.letGo(held)
	if err == nil {
		return nil
	}
	if t.isCancelled(err) {
		return ErrCancelled
	}
	if errors.Is(err, ErrEnded) {
		return ErrEnded
	}
	var inner *Error
	if errors.As(err, &inner) {
		if s.calls != nil {
			inner.Via = append(inner.Via, event.Via{Place: &s.Place})
		}
		return err
	}
	return &Error{Place: &s.Place, Err: err, Quiet: inside}
}

func (t *Task) attempt(s *Step) error {
	start := time.Now()
	bound, err := t.limitOf(s, start)
	if err != nil {
		return err
	}
	t.Bound, t.Deadline, t.Missing = bound, bound.At, ""
	if !bound.At.IsZero() && start.After(bound.At) {
		return &TimeoutError{After: bound.After, Whose: bound.Whose}
	}
	t.World.At(&s.Place, start)
	if t.Process != nil {
		t.Event = event.Event{Place: &s.Place}
		if err := t.alive(); err != nil {
			return err
		}
	}
	if s.When.Given() {
		switch run, err := s.When.Truth(t); {
		case err != nil:
			return t.settle(s, err, 0)
		case !run:
			return nil
		}
	}
	if s, err = s.settled(t); err != nil {
		return err
	}
	t.Step = s
	if s.Quiet.On && t.quiet == 0 {
		t.quiet = s.Place.ID + 1
	}
	t.Event = event.Event{Place: &s.Place}
	if t.Event.Note, err = s.Note.Marked(t); err != nil {
		return err
	}
	err = s.Action.Run(t)
	ended := time.Now()
	err = t.settle(s, err, t.took(ended))
	if err != nil {
		var above *expectedAbove
		t.Event.Failed = !errors.As(err, &above)
	}
	switch {
	case t.Event.Call != "" && (err == nil || !t.isCancelled(err)):
		t.record(ended)
	case err == nil: // nothing was done, and yet it may have given a name its value
		t.giveNames(t.Last)
	case t.hasSent(err):
		t.quiet = event.CutOff
		t.record(ended)
	}
	return err
}

// hasSent reports whether the call had sent bytes of a stream when the end of
// the run cut it off.
func (t *Task) hasSent(err error) bool {
	if also := t.Event.Also; also != nil {
		return len(also.Hops) > 0
	}
	return t.Event.Op == event.OpSend && doneBefore(err).Count > 0
}

// took is how long the step's call took, or all that is in the step.
func (t *Task) took(ended time.Time) time.Duration {
	switch {
	case t.measured != nil:
		return *t.measured
	case t.began.IsZero():
		return 0
	}
	return ended.Sub(t.began)
}

// settle compares what the action returned with what the step expects.
func (t *Task) settle(s *Step, err error, took time.Duration) error {
	if err == nil {
		return t.settleSuccess(s, took)
	}
	if errors.Is(err, ErrEnded) {
		return err
	}
	var inner *Error
	if errors.As(err, &inner) {
		return t.settleCalled(s, err, inner, took)
	}
	if t.Process != nil && errors.Is(err, sock.ErrDied) {
		return t.died()
	}
	var waited *WaitTimeout
	if errors.As(err, &waited) {
		t.Missing, err = waited.Error(), sock.ErrTimeout
	}
	if IsTimeout(err) {
		err = &TimeoutError{After: t.Bound.After, Whose: t.Bound.Whose, What: t.Missing}
	}
	errno, isErrno := sock.ErrnoOf(err)
	done := doneBefore(err)
	if isErrno && errno == syscall.EINTR {
		t.Interrupted()
	}
	if isErrno {
		t.Event.Errno = errno
		t.Return(done.shown(errno)...)
	}
	switch {
	case t.isCancelled(err):
		return err
	case s.Expect.Error.Given():
		err = t.settleErrno(s, err, isErrno, done.Count)
	case isErrno:
		err = t.unexpected(s.Kind, err, errno)
		if t.expected(errno) {
			err = &expectedAbove{err, errno, done.Count}
		}
	}
	if err != nil {
		return err
	}
	return t.settleTook(s, took)
}

func (t *Task) settleSuccess(s *Step, took time.Duration) error {
	if want := &s.Expect.Error; want.Given() && !want.Has("0") {
		return value.Mismatchf("expected %s, but the call succeeded", want)
	}
	return t.settleTook(s, took)
}

// unexpected reports an errno that the step does not expect, what had been done
// before it came, and what helps.
func (t *Task) unexpected(k *Kind, err error, errno syscall.Errno) error {
	done := t.Missing
	if done == NothingCame {
		done = "" // the errno says so
	}
	return fmt.Errorf("unexpected %s (%s, errno %d)%s%s", sock.ErrnoName(errno), sock.ErrnoMessage(errno), errno,
		value.Prefixed("; ", done), value.Prefixed("; ", hintOf(k, err, t.Event.Args, errno)))
}

// settleErrno compares an errno with the expectation. Count is how much the
// step had done before.
func (t *Task) settleErrno(s *Step, err error, isErrno bool, count int) error {
	want := &s.Expect.Error
	if !isErrno {
		return err
	}
	name := sock.ErrnoName(t.Event.Errno)
	if !want.Has(name) {
		return value.Mismatchf("expected %s, got %s (%s)", want, name, sock.ErrnoMessage(t.Event.Errno))
	}
	return t.setErrno(t.Event.Errno, count)
}

// setErrno sets the step's name to the errno in which it ended.
func (t *Task) setErrno(errno syscall.Errno, count int) error {
	return t.SetAs(0, &value.ErrnoValue{
		Name: sock.ErrnoName(errno), Message: sock.ErrnoMessage(errno), Number: int(errno), Count: count,
	})
}

func (t *Task) settleTook(s *Step, took time.Duration) error {
	if !s.Expect.Took.Given() {
		return nil
	}
	ok, want, err := s.Expect.Took.Holds(t, int64(took))
	if err == nil && !ok {
		err = value.Mismatchf("expected the step to take %s, it took %s", want, took.Round(time.Millisecond/10))
	}
	return err
}

// ownTimeout is whose limit the timeout of the step itself is.
const ownTimeout = "the step's timeout"

// limitOf is the moment that the step must not pass: its own timeout, the
// scenario's step timeout, or the limit of what it is in.
func (t *Task) limitOf(s *Step, start time.Time) (Limit, error) {
	limit := Limit{After: t.Actor.Run.StepTimeout, Whose: "the step timeout"}
	if s.Timeout.Given() {
		d, err := s.Timeout.Eval(t)
		if err != nil {
			return limit, err
		}
		limit = Limit{After: d, Whose: ownTimeout}
	} else if _, own := s.Action.(unhurried); own || t.Actor.Background {
		return t.Limit, nil
	}
	limit.At = start.Add(limit.After)
	if t.Limit.before(limit) {
		limit = t.Limit
	}
	return limit, nil
}

// unhurried marks actions that the step timeout does not bound, because
// they last as long as what is in them.
type unhurried interface{ Unhurried() }

// Record hands the event over, which ends now, and publishes what it made. A
// step that makes several calls records all but the last.
func (t *Task) Record() { t.record(time.Now()) }

func (t *Task) record(ended time.Time) {
	t.Event.End = ended.Sub(t.Actor.Run.Epoch)
	t.Event.After, t.Event.Uses = t.Causes, t.uses
	if t.Process != nil {
		t.Event.Process = t.Process.ID()
	}
	t.Event.Mask, t.Event.AnyErrno, t.Event.Quiet = t.mask(), t.Step.Expect.Error.Several(), t.quiet
	place := t.World.Record(&t.Event)
	t.Last, t.Causes = place, t.Causes[:0]
	for _, c := range t.arrived {
		c.By = place
	}
	clear(t.arrived)
	t.arrived = t.arrived[:0]
	t.giveNames(place)
	t.uses, t.lastSock = nil, t.Event.Sock
	t.Event = event.Event{Place: t.Event.Place}
}

// Follows reports whether the last event was one of this socket or far end.
func (t *Task) Follows(sock uint64) bool { return sock != 0 && t.lastSock == sock }

// A gift is a shared name with the value that a step has given it. Another
// branch may give the name another value before this one is published.
type gift struct {
	name  string
	value any
}

// give notes a value to be published; of two for one name it is the last.
func (t *Task) give(name string, v any) {
	if i := slices.IndexFunc(t.given, func(g gift) bool { return g.name == name }); i >= 0 {
		t.given[i].value = v
		return
	}
	t.given = append(t.given, gift{name, v})
}

// giveNames publishes the shared names that have got their values.
func (t *Task) giveNames(by event.Cause) {
	for _, g := range t.given {
		t.World.Give(g.name, value.Pass(t.ValueOf(g.value)), by)
	}
	clear(t.given)
	t.given = t.given[:0]
}

// giveUnrecorded publishes the shared names that a round without an event has
// given values: others may wait for them, and there may never be an event.
func (t *Task) giveUnrecorded() {
	if len(t.given) > 0 {
		t.giveNames(t.World.Latest(t.Causes))
	}
}

// IsTimeout reports whether an error says that a time has passed.
func IsTimeout(err error) bool { return errors.Is(err, sock.ErrTimeout) }

// Pause waits for a duration as a part of a call that waits for somebody, or
// until the step's time is up or the run over.
func (t *Task) Pause(d time.Duration) error { return t.PauseUntil(nil, d) }

// PauseUntil is Pause that ends early where over is closed.
func (t *Task) PauseUntil(over <-chan struct{}, d time.Duration) error {
	t.World.Stalls(true)
	defer t.World.Stalls(false)
	return t.sleep(over, d)
}

// Sleep is Pause for a step that waits for nobody.
func (t *Task) Sleep(d time.Duration) error {
	t.World.Rests(true)
	defer t.World.Rests(false)
	return t.sleep(nil, d)
}

func (t *Task) sleep(over <-chan struct{}, d time.Duration) error {
	end := time.Now().Add(d)
	late := !t.Deadline.IsZero() && t.Deadline.Before(end)
	if late {
		end = t.Deadline
	}
	ctx, cancel := context.WithDeadline(t.Ctx, end)
	defer cancel()
	select {
	case <-over:
		late = false
	case <-t.gone():
		return sock.ErrDied
	case <-ctx.Done():
	}
	switch {
	case t.Ctx.Err() != nil:
		return ErrCancelled
	case late:
		return sock.ErrTimeout
	}
	return nil
}

// NothingCame is what a receive says that timed out without a byte.
const NothingCame = "nothing has come"

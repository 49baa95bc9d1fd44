package step

import (
	"errors"
	"fmt"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// Within runs a block under the limit of the step it is in.
func (t *Task) Within(b *Block) error {
	if t.began.IsZero() {
		t.began = time.Now()
	}
	outer := t.Limit
	t.Limit = t.Inner()
	err := t.Run(b)
	t.Limit = outer
	return err
}

// Round runs the body of a loop once. A failure in it says in which round that
// was.
func (t *Task) Round(body *Block, round func() string) error {
	place := &t.Step.Place
	err := t.Within(body)
	if err == nil {
		t.giveUnrecorded()
		return nil
	}
	var inner *Error
	if errors.As(err, &inner) {
		inner.Via = append(inner.Via, event.Via{Place: place, Round: round()})
	}
	return err
}

// NextRound begins a round of a loop, whose bound is the step's again. Each
// step looks at the clock; where the body has none, the loop does.
func (t *Task) NextRound(bound Limit, body *Block) error {
	t.Bound, t.Deadline = bound, bound.At
	if len(body.Steps) > 0 {
		return nil
	}
	return t.Overdue()
}

// Overdue implements [value.Env]. It reports whether the step's time is up, or
// the run over: for work that makes no call that would notice.
func (t *Task) Overdue() error {
	switch {
	case t.Ctx.Err() != nil:
		return ErrCancelled
	case !t.Deadline.IsZero() && time.Now().After(t.Deadline):
		return sock.ErrTimeout
	}
	return nil
}

// Inner is the limit of the step under way for the steps that are in it.
func (t *Task) Inner() Limit {
	limit := t.Bound
	if limit.Whose == ownTimeout {
		limit.Whose = fmt.Sprintf("the timeout of the %s at line %d", t.Step.Kind.Name, t.Step.Place.Pos.Line)
	}
	return limit
}

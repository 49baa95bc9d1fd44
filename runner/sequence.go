package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A sequence lets the actors of a scenario take turns, one after the other, on
// a goroutine of its own. It is the world of the steps around the turns: loops
// and conditions.
type sequence struct {
	*branch // its own, which records nothing
	task    *step.Task
	players map[string]*player
	order   []*player     // by their places
	others  []*step.Task  // of branches that have had turns
	after   []event.Cause // what the next turn comes after
	blamed  *branch       // the one whose step has failed; nil where it is one around the turns
}

// A player is an actor of a sequence.
type player struct {
	member *member
	task   *step.Task
	limit  step.Limit    // of all its turns together
	spent  time.Duration // in the turns so far
}

// sequenceName is what reports call the sequence where a step around the turns
// fails.
const sequenceName = "sequence"

// arrange makes the sequence of a scenario, in which all its actors live one
// life: whoever waits in a turn keeps all others from theirs.
func (r *run) arrange(ctx context.Context) {
	m := &member{actor: &scenarios.Actor{Name: sequenceName}, count: 1, life: new(life)}
	b := &branch{run: r, member: m, record: &record.Branch{Actor: sequenceName, Count: 1}}
	m.main = b
	q := &sequence{branch: b, players: make(map[string]*player)}
	q.task = &step.Task{Ctx: ctx, World: q, Turns: q, Actor: &step.Actor{Name: sequenceName, Count: 1, Run: &r.shared}}
	r.sequence = q
	r.hub.enter(b)
}

// add adds an actor to the sequence.
func (q *sequence) add(m *member) {
	p := &player{member: m, task: q.run.task(q.task.Ctx, m)}
	q.players[m.actor.Name], q.order = p, append(q.order, p)
	q.task.Actor.Lead(p.task.Actor)
}

// conduct runs all turns, and then waits for the branches of their actors.
func (q *sequence) conduct() error {
	return q.run.perform(q.branch, func() error {
		err := q.turns()
		if err != nil {
			err = q.run.fail(cmp.Or(q.blamed, q.branch), err)
		}
		for _, p := range q.order {
			p.member.main.over.Store(true)
		}
		return err
	})
}

func (q *sequence) turns() error {
	for _, p := range q.order {
		limit, err := q.run.limit(p.task, p.member)
		if err != nil {
			return q.blame(p.member.main, err)
		}
		p.limit = limit
		if p.member.actor.Process {
			if err := p.task.Become(p.member.label(), p.member.actor.Body); err != nil {
				return q.blame(p.member.main, err)
			}
			q.others = append(q.others, p.task)
		}
	}
	if err := q.task.Run(q.run.scenario.Sequence); err != nil {
		return err
	}
	for _, p := range q.order {
		if err := p.task.Finish(); err != nil {
			return q.blame(p.member.main, err)
		}
	}
	for _, t := range q.others {
		if err := q.conclude(t); err != nil {
			return q.blame(t.World.(*branch), err)
		}
	}
	return nil
}

// conclude ends a branch that has had turns, or a process.
func (q *sequence) conclude(t *step.Task) error {
	if t.Process == nil {
		return t.Finish()
	}
	b := t.World.(*branch)
	b.joined = merged(b.joined, q.after)
	if err := t.Conclude(); err != nil && !errors.Is(err, step.ErrEnded) {
		return err
	}
	return q.run.survived(t)
}

// blame notes whose step has failed.
func (q *sequence) blame(b *branch, err error) error {
	q.blamed = b
	return err
}

// Take implements [step.TurnTaker].
func (q *sequence) Take(t *step.Task, turn *step.Turn) error {
	p := q.players[turn.Actor]
	task, b := p.task, p.member.main
	for _, name := range turn.Branch {
		spawned, err := q.spawned(t, task, turn, name)
		if err != nil {
			return err
		}
		task, b = spawned.Task, spawned.Branch.(*branch)
	}
	begun := time.Now()
	task.AsQuiet(t)
	task.Limit = t.Limit
	if p.limit.After > 0 {
		own := p.limit
		own.At = begun.Add(own.After - p.spent)
		task.Limit = own.Sooner(t.Limit)
	}
	err := q.play(b, task, turn)
	p.spent += time.Since(begun)
	return err
}

// spawned is the branch of a name, once its own steps are done.
func (q *sequence) spawned(t, of *step.Task, turn *step.Turn, name string) (*step.Spawned, error) {
	v, _ := of.Get(name)
	spawned, ok := v.(*step.Spawned)
	if !ok {
		return nil, fmt.Errorf("%s has no branch %s", turn.Actor, value.Quote(name))
	}
	b := spawned.Branch.(*branch)
	after := q.run.shared.StepTimeout
	limit := step.Limit{At: time.Now().Add(after), After: after, Whose: "the step timeout"}.Sooner(t.Limit)
	if err := b.await(q.branch, limit.At); err != nil {
		var waited *step.WaitTimeout
		if errors.As(err, &waited) {
			err = &step.TimeoutError{After: limit.After, Whose: limit.Whose, What: waited.Error()}
		}
		return nil, q.blame(b, err)
	}
	if b.err != nil {
		return nil, step.ErrCancelled
	}
	if !slices.Contains(q.others, spawned.Task) {
		q.others = append(q.others, spawned.Task)
		q.task.Actor.Lead(spawned.Actor)
	}
	return spawned, nil
}

// play runs a turn, whose first event comes after the turn before.
func (q *sequence) play(b *branch, task *step.Task, turn *step.Turn) error {
	b.turned = slices.Clone(q.after)
	b.joined = merged(b.joined, b.turned)
	b.turn.Store(q.step.Load())
	b.over.Store(false)
	err := task.Run(turn.Body)
	if err != nil && !errors.Is(err, step.ErrEnded) {
		return q.blame(b, err)
	}
	b.turn.Store(nil)
	b.turned = nil
	b.over.Store(b.done != nil)
	q.after = merged(append(q.after[:0], b.record.Last()), b.joined, task.Causes)
	return nil
}

// merged are all causes, of each branch the latest only.
func merged(list []event.Cause, more ...[]event.Cause) []event.Cause {
	for _, c := range slices.Concat(more...) {
		i := slices.IndexFunc(list, func(x event.Cause) bool { return x.Branch == c.Branch })
		switch {
		case i < 0:
			list = append(list, c)
		case list[i].Seq < c.Seq:
			list[i] = c
		}
	}
	return list
}

// Record implements [step.World]. The actor of the first turn in a loop
// reports a note of the loop.
func (q *sequence) Record(e *event.Event) event.Cause {
	b := q.players[step.FirstTurn(q.run.scenario.Sequence, e.Place)].member.main
	b.joined = merged(b.joined, q.after)
	cause := b.Record(e)
	q.after = append(q.after[:0], cause)
	return cause
}

// Loop implements [step.World]: each actor's own events of the rounds fold.
func (q *sequence) Loop() step.Loop {
	l := &loops{sequence: q}
	for _, p := range q.order {
		l.each = append(l.each, p.member.main.record.Loop(q.step.Load()))
	}
	return l
}

// loops fold the rounds of several actors.
type loops struct {
	sequence *sequence
	each     []step.Loop
}

// Round implements [step.Loop]. What comes next comes after all turns of the
// round, also where they are folded.
func (l *loops) Round() {
	q := l.sequence
	for i, p := range q.order {
		l.each[i].Round()
		q.after = merged(q.after, []event.Cause{p.member.main.record.Last()})
	}
}

package runner

import (
	"errors"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// hubOf is a hub with one actor for each name. All of them have begun; each may
// raise any signal and comes to the barrier b.
func hubOf(t *testing.T, names ...string) (*hub, []*branch) {
	r := &run{hub: newHub(t.Context())}
	var mains []*branch
	for i, name := range names {
		m := &member{
			actor: &scenarios.Actor{Name: name}, place: i, count: 1, life: new(life),
			roles: step.Roles{AnySign: true, Barriers: map[string]bool{"b": true}},
		}
		m.main = &branch{run: r, member: m, record: &record.Branch{Actor: name, Place: i}, done: make(chan struct{})}
		r.hub.add(m)
		mains = append(mains, m.main)
	}
	for _, b := range mains {
		r.hub.enter(b)
	}
	return r.hub, mains
}

// Who has given up a wait does not count as one who waits: others may still
// hope for what it gives.
func TestWaitsGivenUp(t *testing.T) {
	gone := make(chan struct{})
	close(gone)
	for _, wait := range []struct {
		name string
		of   func(h *hub, a, b *branch, deadline time.Time) error
	}{
		{"join", func(_ *hub, a, b *branch, deadline time.Time) error { return b.await(a, deadline) }},
		{"signal", func(h *hub, a, _ *branch, deadline time.Time) error {
			_, err := h.wait(a, deadline, "s")
			return err
		}},
		{"barrier", func(h *hub, a, _ *branch, deadline time.Time) error {
			_, err := h.barrier(a, deadline, "b", 0, nil)
			return err
		}},
	} {
		for _, end := range []struct {
			name   string
			gone   chan struct{}
			within time.Duration
			is     func(error) bool
		}{
			{"at its deadline", nil, -time.Second, func(err error) bool { return errors.As(err, new(*step.WaitTimeout)) }},
			{"with its process", gone, time.Minute, func(err error) bool { return errors.Is(err, sock.ErrDied) }},
		} {
			t.Run(wait.name+" "+end.name, func(t *testing.T) {
				h, mains := hubOf(t, "a", "b")
				a, b := mains[0], mains[1]
				a.gone = end.gone
				if err := wait.of(h, a, b, time.Now().Add(end.within)); !end.is(err) {
					t.Errorf("the wait ends with %v", err)
				}
				if l := a.member.life; l.waiting != 0 || !l.runs() || h.idle != 0 || len(h.waiters) != 0 || len(b.joiners) != 0 {
					t.Errorf("it still counts: %d of a wait, %d members are idle, %d waiters, %d joiners", l.waiting, h.idle, len(h.waiters), len(b.joiners))
				}
			})
		}
	}
}

// A member of which one branch has come to a barrier and another still runs is
// not idle. One who has ended without coming is found all the same.
func TestBarrierWithBranches(t *testing.T) {
	h, mains := hubOf(t, "a", "b")
	a, b := mains[0], mains[1]
	h.enter(&branch{run: a.run, member: a.member, parent: a, record: &record.Branch{Actor: "a"}})
	h.leave(b)
	if _, err := h.barrier(a, time.Now().Add(10*time.Second), "b", 0, nil); !errors.As(err, new(*step.DeadlockError)) {
		t.Errorf("the wait ends with %v", err)
	}
}

// Of waits in vain, the report is of one in the foreground, also where one in
// the background waits for an actor that has ended.
func TestDeadlockInForeground(t *testing.T) {
	h, mains := hubOf(t, "front", "back", "ended")
	front, back, ended := mains[0], mains[1], mains[2]
	back.member.actor.Background = true
	h.leave(ended)
	stuck := []*waiter{
		{branch: front, givers: []*member{back.member}},
		{branch: back, givers: []*member{ended.member}},
	}
	for _, w := range stuck {
		w.done = make(chan struct{})
		h.waiters[w] = true
	}
	h.giveUp(stuck)
	if stuck[0].err == nil || stuck[1].err != nil {
		t.Errorf("the wait in front: %v; the one behind: %v", stuck[0].err, stuck[1].err)
	}
}

// A round of a barrier comes after those who came to it, not after those of
// rounds before.
func TestBarrierRounds(t *testing.T) {
	h, mains := hubOf(t, "a")
	for seq := range 3 {
		if _, err := h.barrier(mains[0], time.Time{}, "b", 0, []event.Cause{{Seq: seq}}); err != nil {
			t.Fatal(err)
		}
		if got := h.meetings[seq]; len(got) != 1 || got[0].Seq != seq {
			t.Errorf("round %d comes after %v", seq, got)
		}
	}
}

// A name that is given the same value again is not given twice: only different
// values are a race.
func TestGivenTwice(t *testing.T) {
	for _, test := range []struct {
		first, second any
		gave          int // how many events are looked at for races
	}{
		{"x", "x", 0},
		{"x", "y", 2},
	} {
		h, mains := hubOf(t, "a")
		for seq, v := range []any{test.first, test.second} {
			h.give(mains[0].member, "n", value.Pass(v), event.Cause{Seq: seq})
		}
		gave := 0
		for _, causes := range again(h.names) {
			gave += len(causes)
		}
		if gave != test.gave {
			t.Errorf("%v, then %v: %d events gave a value; want %d", test.first, test.second, gave, test.gave)
		}
	}
}

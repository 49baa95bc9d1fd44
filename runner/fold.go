package runner

import (
	"time"

	"github.com/sockscript/sockscript/steps"
)

// A Fold stands for the rounds of a repetition that print like the first of
// their run and are neither the first nor the last of it. Their events are not
// kept; what other events need of them for their order is.
type Fold struct {
	Rounds int
	Place  *steps.Place // of the repetition

	Start time.Duration // of the first of the rounds' events, since the run's start
	End   time.Duration // of the last

	first, last int              // the events' places in their strand
	sent        map[uint64]int64 // by description: how far sending had come
	received    map[uint64]int64 // by description: how far receiving had come
	links       []folded
	after       []steps.Cause // of the latest round
}

// folded is what remains of an event that tied a socket to another.
type folded struct {
	op   steps.Op
	sock uint64
	link *steps.Link
}

// loop folds the rounds of one repetition while it runs, so that a million
// rounds take no more memory than three. In the strand's entries stand, from
// here on: the run's first round, its fold, its last round.
type loop struct {
	s     *strand
	place *steps.Place
	start int // of the round under way
	alike int // rounds of the run so far
	first span
	last  span
	fold  int // index of the fold, valid when alike > 2
}

// A span is a range of a strand's entries.
type span struct{ low, high int }

func (p span) len() int { return p.high - p.low }

// Loop implements steps.World.
func (s *strand) Loop() steps.Loop {
	return &loop{s: s, place: s.step.Load(), start: len(s.entries)}
}

// End implements steps.Loop.
func (l *loop) End() {}

// Round implements steps.Loop.
func (l *loop) Round() {
	round := span{l.start, len(l.s.entries)}
	switch {
	case l.alike == 0 || !l.s.alike(l.first, round):
		l.first, l.alike = round, 1
	case l.alike == 1:
		l.last, l.alike = round, 2
	case round.len() == 0:
	default:
		l.absorb(round)
	}
	l.start = len(l.s.entries)
}

// absorb moves the last round into the fold and puts the new one in its place.
func (l *loop) absorb(round span) {
	e := l.s.entries
	l.s.drop(e[l.last.low:l.last.high])
	if l.alike == 2 {
		f := &Fold{Place: l.place, first: e[l.last.low].firstSeq()}
		f.take(e[l.last.low:l.last.high])
		l.fold = l.last.low
		e[l.fold] = entry{fold: f}
		l.last = span{l.fold + 1, l.fold + 1}
	} else {
		e[l.fold].fold.take(e[l.last.low:l.last.high])
	}
	e[l.fold].fold.Rounds++
	l.alike++
	n := copy(e[l.fold+1:], e[round.low:round.high])
	end := l.fold + 1 + n
	clear(e[end:])
	l.last = span{l.fold + 1, end}
	l.s.entries = e[:end]
}

// alike tells whether two rounds print the same.
func (s *strand) alike(a, b span) bool {
	if a.len() != b.len() {
		return false
	}
	for i := range a.len() {
		x, y := s.entries[a.low+i], s.entries[b.low+i]
		if (x.fold == nil) != (y.fold == nil) {
			return false
		}
		if x.fold != nil {
			if x.fold.Rounds != y.fold.Rounds || x.fold.Place != y.fold.Place {
				return false
			}
			continue
		}
		if !x.event.Alike(y.event, nil) && !x.event.Alike(y.event, s.sameText(a, b)) {
			return false
		}
	}
	return true
}

// sameText compares texts of two rounds with the ports masked that the kernel
// chose in each.
func (s *strand) sameText(a, b span) func(x, y string, line bool) bool {
	masksOf := func(round span) *masks {
		m := &masks{owners: make(map[uint16][]owner)}
		for _, e := range s.entries[round.low:round.high] {
			if e.event != nil && e.event.Link != nil {
				m.own(e.event.Sock, e.event.Link, 0)
			}
		}
		return m
	}
	before, after := masksOf(a), masksOf(b)
	return func(x, y string, line bool) bool {
		if line {
			return before.line(x, 0) == after.line(y, 0)
		}
		return before.data(x, 0) == after.data(y, 0)
	}
}

func (e entry) firstSeq() int {
	if e.fold != nil {
		return e.fold.first
	}
	return e.event.Seq
}

// take keeps of a round's entries what the order of other events needs.
func (f *Fold) take(round []entry) {
	made := make(map[uint64]bool)
	f.after = f.after[:0]
	for _, e := range round {
		if e.fold != nil {
			f.takeFold(e.fold)
			continue
		}
		ev := e.event
		f.lasts(ev.Start, ev.End)
		f.last = ev.Seq
		f.after = append(f.after, ev.After...)
		if ev.Op == steps.OpAccept && ev.Link == nil {
			continue
		}
		switch ev.Op {
		case steps.OpPair:
			made[ev.Sock], made[ev.Link.Peer] = true, true
		case steps.OpListen, steps.OpConnect, steps.OpAccept:
			f.links = append(f.links, folded{ev.Op, ev.Sock, ev.Link})
		case steps.OpSend:
			if !made[ev.Sock] {
				note(&f.sent, ev.Sock, ev.Offset)
			}
		case steps.OpRecv, steps.OpHandshake:
			if !made[ev.Sock] {
				note(&f.received, ev.Sock, ev.Offset)
			}
			if ev.Also != nil {
				note(&f.sent, ev.Also.Sock, ev.Also.Offset)
			}
		}
	}
}

// lasts notes when events of the fold began and ended.
func (f *Fold) lasts(start, end time.Duration) {
	if f.End == 0 {
		f.Start = start
	}
	f.Start, f.End = min(f.Start, start), max(f.End, end)
}

func (f *Fold) takeFold(inner *Fold) {
	f.lasts(inner.Start, inner.End)
	f.last = inner.last
	f.links = append(f.links, inner.links...)
	f.after = append(f.after, inner.after...)
	for sock, offset := range inner.sent {
		note(&f.sent, sock, offset)
	}
	for sock, offset := range inner.received {
		note(&f.received, sock, offset)
	}
}

// note keeps how far one direction of a description had come.
func note(m *map[uint64]int64, sock uint64, offset int64) {
	if *m == nil {
		*m = make(map[uint64]int64)
	}
	(*m)[sock] = max((*m)[sock], offset)
}

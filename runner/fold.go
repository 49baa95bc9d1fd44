package runner

import (
	"slices"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

// A Fold stands for the rounds of a repetition that print like the first of
// their run and are neither the first nor the last of it. Their events are not
// kept; what other events need of them for their order is.
type Fold struct {
	Rounds int
	Mixed  bool         // the rounds need not print alike: see Options.FoldAll
	Place  *event.Place // of the repetition

	Start time.Duration // of the first of the rounds' events, since the run's start
	End   time.Duration // of the last

	first, last int              // the events' places in their strand
	sent        map[uint64]int64 // by description: how far sending had come
	received    map[uint64]int64 // by description: how far receiving had come
	links       []folded
	after       []event.Cause // of the latest round

	// Guarded by the run's foldedEnds.
	into    *Fold              // that this one has become part of; nil while it stands by itself
	reached map[sock.Addr]bool // where connects went of which nothing else remains
}

// folded is what remains of an event that tied a socket to another.
type folded struct {
	op   event.Op
	sock uint64
	link *event.Link
}

// loop folds the rounds of one repetition while it runs, so that a million
// rounds take no more memory than three. In the strand's entries stand, from
// here on: the run's first round, its fold, its last round.
type loop struct {
	s     *strand
	place *event.Place
	start int // of the round under way
	alike int // rounds of the run so far
	first stretch
	last  stretch
	fold  int // index of the fold, valid when alike > 2
	forks int // of the strand, when the round under way began
}

// A stretch is a range of a strand's entries.
type stretch struct {
	low, high int
	shared    bool // a branch may have used what was made in it
}

func (p stretch) len() int { return p.high - p.low }

// Loop implements steps.World.
func (s *strand) Loop() step.Loop {
	return &loop{s: s, place: s.step.Load(), start: len(s.entries), forks: s.forks}
}

// End implements steps.Loop.
func (l *loop) End() {}

// Round implements steps.Loop.
func (l *loop) Round() {
	round := stretch{l.start, len(l.s.entries), l.s.parent != nil || l.s.forks != l.forks}
	l.forks = l.s.forks
	all := l.s.run.options.FoldAll
	switch {
	case all && round.len() == 0:
	case l.alike == 0 || !all && !l.s.alike(l.first, round):
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
func (l *loop) absorb(round stretch) {
	e := l.s.entries
	dropped := e[l.last.low:l.last.high]
	if l.alike == 2 {
		l.fold = l.last.low
		f := &Fold{Place: l.place, Mixed: l.s.run.options.FoldAll, first: dropped[0].firstSeq()}
		f.take(dropped, l.last.shared, &l.s.run.ends)
		l.s.drop(dropped)
		e[l.fold] = entry{fold: f}
	} else {
		e[l.fold].fold.take(dropped, l.last.shared, &l.s.run.ends)
		l.s.drop(dropped)
	}
	e[l.fold].fold.Rounds++
	l.alike++
	n := copy(e[l.fold+1:], e[round.low:round.high])
	end := l.fold + 1 + n
	clear(e[end:])
	l.last = stretch{l.fold + 1, end, round.shared}
	l.s.entries = e[:end]
}

// alike tells whether two rounds print the same.
func (s *strand) alike(a, b stretch) bool {
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

// sameText compares texts that came in two rounds with the addresses masked that
// the kernel chose in each.
func (s *strand) sameText(a, b stretch) func(x, y string) bool {
	masksOf := func(round stretch) *masks {
		m := &masks{owners: make(map[string][]owner), own: make(map[uint64]owner), named: make(map[string]map[string]bool)}
		for _, e := range s.entries[round.low:round.high] {
			if e.event != nil && e.event.Link != nil {
				m.note(s, e.event.Op, e.event.Sock, e.event.Link, nil)
			}
		}
		return m
	}
	before, after := masksOf(a), masksOf(b)
	return func(x, y string) bool {
		as := func(s string) string { return s }
		return before.masked(x, before.guess(x, 0), as) == after.masked(y, after.guess(y, 0), as)
	}
}

func (e entry) firstSeq() int {
	if e.fold != nil {
		return e.fold.first
	}
	return e.event.Seq
}

// take keeps of a round's entries what the order of other events needs.
func (f *Fold) take(round []entry, shared bool, ends *foldedEnds) {
	t := taker{Fold: f}
	if !shared {
		t.ends = endsOf(round)
	}
	f.after = f.after[:0]
	for _, e := range round {
		if e.fold != nil {
			t.takeFold(e.fold)
			ends.becomes(e.fold, f)
			continue
		}
		ev := e.event
		f.lasts(ev.Start, ev.End)
		f.last = ev.Seq
		f.after = append(f.after, ev.After...)
		if ev.Op == event.OpAccept && ev.Link == nil {
			continue
		}
		switch ev.Op {
		case event.OpPair:
			t.made = append(t.made, ev.Sock, ev.Link.Peer)
		case event.OpListen, event.OpConnect, event.OpAccept:
			if ev.Link != nil && ev.Errno == 0 {
				t.link(ev)
			}
		case event.OpSend:
			t.sends(ev.Sock, ev.Offset)
		case event.OpRecv, event.OpHandshake:
			t.receives(ev.Sock, ev.Offset)
			if ev.Also != nil {
				t.sends(ev.Also.Sock, ev.Also.Offset)
			}
		}
	}
	for _, e := range t.ends {
		e.fold = f
		ends.add(e)
	}
}

// A taker takes one round into a fold.
type taker struct {
	*Fold
	made []uint64    // descriptions of pairs, of which nothing need be kept
	ends []foldedEnd // connections that the round has made and closed
}

func (t *taker) link(e *event.Event) {
	made := e.Sock
	if e.Op == event.OpAccept {
		made = e.Link.Made
	}
	if e.Op == event.OpListen || endOf(t.ends, made) == nil {
		t.links = append(t.links, folded{e.Op, e.Sock, e.Link})
	}
}

func (t *taker) sends(sock uint64, offset int64) {
	if end := endOf(t.ends, sock); end != nil {
		end.sent = max(end.sent, offset)
	} else if !slices.Contains(t.made, sock) {
		note(&t.sent, sock, offset)
	}
}

func (t *taker) receives(sock uint64, offset int64) {
	if end := endOf(t.ends, sock); end != nil {
		end.received = max(end.received, offset)
	} else if !slices.Contains(t.made, sock) {
		note(&t.received, sock, offset)
	}
}

// lasts notes when events of the fold began and ended.
func (f *Fold) lasts(start, end time.Duration) {
	if f.End == 0 {
		f.Start = start
	}
	f.Start, f.End = min(f.Start, start), max(f.End, end)
}

func (t *taker) takeFold(inner *Fold) {
	t.lasts(inner.Start, inner.End)
	t.last = inner.last
	t.links = append(t.links, inner.links...)
	t.after = append(t.after, inner.after...)
	for sock, offset := range inner.sent {
		t.sends(sock, offset)
	}
	for sock, offset := range inner.received {
		t.receives(sock, offset)
	}
}

// note keeps how far one direction of a description had come.
func note(m *map[uint64]int64, sock uint64, offset int64) {
	if *m == nil {
		*m = make(map[uint64]int64)
	}
	(*m)[sock] = max((*m)[sock], offset)
}

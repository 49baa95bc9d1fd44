package record

import (
	"slices"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A Loop folds the rounds of one repetition while it runs, so that a million
// rounds take no more memory than three. The branch's entries are, from here
// on: the first round of those alike, their fold, the last round.
type Loop struct {
	b     *Branch
	place *event.Place
	start int // of the round under way
	alike int // rounds alike so far
	first stretch
	last  stretch
	fold  int // index of the fold, valid when alike > 2
	forks int // of the branch, when the round under way began
}

// A stretch is a range of a branch's entries.
type stretch struct {
	low, high int
	shared    bool     // a branch may have used what was made in it
	peers     []string // the names of the sockets that it shows by their addresses
}

func (p stretch) len() int { return p.high - p.low }

// Loop begins a repetition at a step of the branch.
func (b *Branch) Loop(at *event.Place) *Loop {
	return &Loop{b: b, place: at, start: len(b.Entries), forks: b.forks}
}

// Round ends a round of the repetition.
func (l *Loop) Round() {
	round := stretch{l.start, len(l.b.Entries), l.b.Parent != nil || l.b.forks != l.forks, nil}
	l.forks = l.b.forks
	all := l.b.recorder.foldAll
	if !all {
		round.peers = l.b.peers(round)
	}
	switch {
	case round.len() == 0 && (all || l.alike > 0 && l.b.silent(l.first)):
	case l.alike == 0 || !all && !l.b.alike(l.first, round):
		l.first, l.alike = round, 1
	case l.alike == 1:
		l.last, l.alike = round, 2
	default:
		l.absorb(round)
	}
	l.start = len(l.b.Entries)
}

// absorb moves the last round into the fold and puts the new one in its place.
func (l *Loop) absorb(round stretch) {
	e := l.b.Entries
	dropped := e[l.last.low:l.last.high]
	if l.alike == 2 {
		l.fold = l.last.low
		f := &Fold{peers: l.last.peers, ID: l.b.recorder.ends.newID(), Place: l.place, Mixed: l.b.recorder.foldAll, First: dropped[0].First()}
		if l.b.silent(l.last) {
			f.Quiet = dropped[0].quiet()
		}
		f.take(dropped, l.last.shared, &l.b.recorder.ends)
		l.b.drop(dropped)
		e[l.fold] = Entry{Fold: f}
	} else {
		e[l.fold].Fold.take(dropped, l.last.shared, &l.b.recorder.ends)
		l.b.drop(dropped)
	}
	e[l.fold].Fold.Rounds++
	l.alike++
	n := copy(e[l.fold+1:], e[round.low:round.high])
	end := l.fold + 1 + n
	clear(e[end:])
	l.last = stretch{l.fold + 1, end, round.shared, round.peers}
	l.b.Entries = e[:end]
}

// loud is the first entry from a place on that is not quiet.
func (b *Branch) loud(at, end int) int {
	for at < end && b.Entries[at].quiet() != 0 {
		at++
	}
	return at
}

// silent reports whether nothing of a round is printed.
func (b *Branch) silent(p stretch) bool { return b.loud(p.low, p.high) == p.high }

// alike reports whether two rounds print the same.
func (b *Branch) alike(p, q stretch) bool {
	if !slices.Equal(p.peers, q.peers) {
		return false
	}
	for i, j := p.low, q.low; ; i, j = i+1, j+1 {
		i, j = b.loud(i, p.high), b.loud(j, q.high)
		if i == p.high || j == q.high {
			return i == p.high && j == q.high
		}
		x, y := b.Entries[i], b.Entries[j]
		if (x.Fold == nil) != (y.Fold == nil) {
			return false
		}
		if x.Fold != nil {
			if x.Fold.Rounds != y.Fold.Rounds || x.Fold.Place != y.Fold.Place {
				return false
			}
			continue
		}
		if !x.Event.Alike(y.Event, nil) && !x.Event.Alike(y.Event, b.recorder.same(b, b.Entries[p.low:p.high], b.Entries[q.low:q.high])) {
			return false
		}
	}
}

// peer is the name of the socket at an address that a call has shown. Where it
// is not known, one that may be of the kernel's choice stands for itself, but
// for a port of IP.
func (r *Recorder) peer(l *event.Endpoints, a sock.Addr) string {
	name := r.NameOf(l.Host, a, l.Space(a))
	if name == "" && a.LooksChosen() {
		return a.String()
	}
	return name
}

// peers are the names of those from whom connections and datagrams came in a
// round, as far as it shows them by their addresses.
func (b *Branch) peers(p stretch) []string {
	var list []string
	for _, en := range b.Entries[p.low:p.high] {
		switch e := en.Event; {
		case e == nil:
			list = append(list, en.Fold.peers...)
		case e.Quiet != 0 || e.Endpoints == nil || b.recorder.NameOf == nil:
		case e.Op == event.OpAccept || e.Op == event.OpRecv:
			for _, part := range e.Result(false) {
				if kept, ok := part.(event.Lasting); ok {
					part = kept.Part
				}
				if a, ok := part.(sock.Addr); ok {
					list = append(list, b.recorder.peer(e.Endpoints, a))
				}
			}
		}
	}
	return list
}

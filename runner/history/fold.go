package history

import (
	"slices"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A Fold stands for the rounds of a repetition that print like the first of
// their run and are neither the first nor the last of it. Their events are not
// kept; what other events need of them for their order is.
type Fold struct {
	id int // among the folds of its run

	Rounds int
	Mixed  bool         // the rounds need not print alike: see NewRecorder
	Place  *event.Place // of the repetition
	Quiet  int          // the quiet step that all its events belong to, as in [event.Event]

	Start time.Duration // of the first of the rounds' events, since the run's start
	End   time.Duration // of the last

	first, last int              // the events' places in their branch
	sent        map[uint64]int64 // by description: how far sending had come
	received    map[uint64]int64 // by description: how far receiving had come
	marked      []markedRange    // what of the bytes that were sent is masked
	endpoints   []folded
	after       []event.Cause // of the latest round
	peers       []string      // as in a stretch

	// Guarded by the recorder's foldedEnds.
	into    *Fold         // that this one has become part of; nil while it is by itself
	reached map[spot]bool // where connects went of which nothing else remains
}

// folded is what remains of an event that tied a socket to another.
type folded struct {
	op        event.Op
	sock      uint64
	endpoints *event.Endpoints
}

// Sent is how far sending had come on each description that the rounds sent on.
func (f *Fold) Sent() map[uint64]int64 { return f.sent }

// Received is how far receiving had come on each description.
func (f *Fold) Received() map[uint64]int64 { return f.received }

// First names the first of the events.
func (f *Fold) First(b *Branch) event.Cause { return event.Cause{Branch: b.ID, Seq: f.first} }

// A Joint is what remains of an event of a fold that tied a socket to another.
type Joint struct {
	Op        event.Op
	Sock      uint64
	Endpoints *event.Endpoints
}

// Joints are those of the rounds.
func (f *Fold) Joints() []Joint {
	list := make([]Joint, 0, len(f.endpoints))
	for _, e := range f.endpoints {
		list = append(list, Joint{e.op, e.sock, e.endpoints})
	}
	return list
}

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
		f := &Fold{peers: l.last.peers, id: l.b.recorder.ends.newID(), Place: l.place, Mixed: l.b.recorder.foldAll, first: dropped[0].firstSeq()}
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
		if !x.Event.Alike(y.Event, nil) && !x.Event.Alike(y.Event, b.sameText(p, q)) {
			return false
		}
	}
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
			for _, part := range came(e, Form{}) {
				if kept, ok := part.(event.Lasting); ok {
					part = kept.Part
				}
				if a, ok := part.(sock.Addr); ok {
					list = append(list, b.recorder.NameOf(a, e.Endpoints.Type))
				}
			}
		}
	}
	return list
}

// sameText compares texts that came in two rounds with the addresses masked
// that the kernel chose in each.
func (b *Branch) sameText(p, q stretch) func(x, y string) bool {
	masksOf := func(round stretch) *masks {
		m := &masks{owners: make(map[string][]*owner), own: make(map[uint64]*owner), named: make(map[string][]string), hosts: make(map[uint64]string)}
		for _, e := range b.Entries[round.low:round.high] {
			if e.Event != nil && e.Event.Endpoints != nil {
				m.note(b, e.Event.Op, e.Event.Sock, e.Event.Endpoints, nil)
			}
		}
		return m
	}
	before, after := masksOf(p), masksOf(q)
	return func(x, y string) bool {
		as := func(text string) string { return text }
		return before.masked(x, before.guess(x, 0), as) == after.masked(y, after.guess(y, 0), as)
	}
}

func (e Entry) firstSeq() int {
	if e.Fold != nil {
		return e.Fold.first
	}
	return e.Event.Seq
}

// take keeps of a round's entries what the order of other events needs.
func (f *Fold) take(round []Entry, shared bool, ends *foldedEnds) {
	t := taker{Fold: f}
	if !shared {
		t.ends = endsOf(round)
	}
	f.after = f.after[:0]
	for _, e := range round {
		if e.Fold != nil {
			t.takeFold(e.Fold)
			ends.becomes(e.Fold, f)
			continue
		}
		ev := e.Event
		f.lasts(ev.Start, ev.End)
		f.last = ev.Seq
		f.after = append(f.after, ev.After...)
		if ev.Op == event.OpAccept && ev.Endpoints == nil {
			continue
		}
		switch ev.Op {
		case event.OpPair:
			t.made = append(t.made, ev.Sock, ev.Endpoints.Peer)
		case event.OpListen, event.OpConnect, event.OpAccept:
			if ev.Endpoints != nil && ev.Errno == 0 {
				t.noteEndpoints(ev)
			}
		case event.OpSend:
			t.sends(ev.Sock, ev.Offset)
			t.marks(ev)
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

func (t *taker) noteEndpoints(e *event.Event) {
	made := e.Sock
	if e.Op == event.OpAccept {
		made = e.Endpoints.Made
	}
	if e.Op == event.OpListen || endOf(t.ends, made) == nil {
		t.endpoints = append(t.endpoints, folded{e.Op, e.Sock, e.Endpoints})
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
	t.endpoints = append(t.endpoints, inner.endpoints...)
	t.after = append(t.after, inner.after...)
	for sock, offset := range inner.sent {
		t.sends(sock, offset)
	}
	for sock, offset := range inner.received {
		t.receives(sock, offset)
	}
	for _, r := range inner.marked {
		t.keep(r)
	}
}

// note keeps how far one direction of a description had come.
func note(m *map[uint64]int64, sock uint64, offset int64) {
	if *m == nil {
		*m = make(map[uint64]int64)
	}
	(*m)[sock] = max((*m)[sock], offset)
}

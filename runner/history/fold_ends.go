package history

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// A foldedEnd is one end of a connection that a round made and closed, when the
// round was folded: no event that is kept speaks of it.
type foldedEnd struct {
	fold           *Fold
	op             event.Op // OpConnect or OpAccept
	sock           uint64
	endpoints      *event.Endpoints
	errno          unix.Errno // of the connect
	closed         bool
	sent, received int64 // how far each direction had come
}

// endsOf finds the ends of connections that a round made and closed, which
// nobody else can have used. Connects that came twice are not among them.
func endsOf(round []Entry) []foldedEnd {
	var ends []foldedEnd
	for _, e := range round {
		ev := e.Event
		switch {
		case ev == nil:
		case ev.Op == event.OpConnect && ofConnections(ev.Endpoints.Type):
			ends = append(ends, foldedEnd{op: ev.Op, sock: ev.Sock, endpoints: ev.Endpoints, errno: ev.Errno})
		case ev.Op == event.OpAccept && ev.Errno == 0:
			ends = append(ends, foldedEnd{op: ev.Op, sock: ev.Endpoints.Made, endpoints: ev.Endpoints})
		case ev.Op == event.OpClose && ev.Alone:
			if e := endOf(ends, ev.Sock); e != nil {
				e.closed = true
			}
		}
	}
	return slices.DeleteFunc(ends, func(e foldedEnd) bool {
		twice := 0
		for _, o := range ends {
			if o.sock == e.sock {
				twice++
			}
		}
		return !e.closed || twice > 1
	})
}

func ofConnections(typ int) bool { return typ == unix.SOCK_STREAM || typ == unix.SOCK_SEQPACKET }

func endOf(ends []foldedEnd, sock uint64) *foldedEnd {
	for i := range ends {
		if ends[i].sock == sock {
			return &ends[i]
		}
	}
	return nil
}

// key identifies the connection; a local socket's accept has none where the
// peer had closed before.
func (e *foldedEnd) key() (connectKey, bool) {
	if e.op == event.OpConnect {
		return clientKey(e.endpoints, e.endpoints.Local, e.endpoints.Remote.Port, e.endpoints.Inode)
	}
	return clientKey(e.endpoints, e.endpoints.Remote, e.endpoints.Local.Port, e.endpoints.PeerNode)
}

// failed reports a connect that no accept can belong to.
func (e *foldedEnd) failed() bool {
	return e.errno != 0 && e.errno != unix.EINPROGRESS && e.errno != unix.EALREADY && e.errno != unix.EINTR
}

// foldedEnds joins the two ends of each connection that folds have taken whole.
// Of such a connection nothing remains but which fold comes after which: so
// rounds that connect take no memory.
type foldedEnds struct {
	mu      sync.Mutex
	waiting map[connectKey][]foldedEnd // for their other end
	after   map[[2]int][2]*Fold        // by their ids: the first comes after the second
	most    int                        // pairs in after that are not looked through yet
	ids     atomic.Int64
}

// newID is an id for a fold.
func (x *foldedEnds) newID() int { return int(x.ids.Add(1)) }

// add takes an end, and joins it to the other one if that has come.
func (x *foldedEnds) add(e foldedEnd) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.op == event.OpConnect {
		e.fold.reaches(remoteSpot(e.endpoints))
		if e.failed() {
			return
		}
	}
	key, known := e.key()
	if !known {
		key = connectKey{host: e.endpoints.Host, client: e.endpoints.Local}
	}
	if other, ok := x.take(key, e); ok {
		x.join(e, other)
		return
	}
	if x.waiting == nil {
		x.waiting = make(map[connectKey][]foldedEnd)
	}
	x.waiting[key] = append(x.waiting[key], e)
}

// take finds the other end of e, and takes it out of those that wait.
func (x *foldedEnds) take(key connectKey, e foldedEnd) (foldedEnd, bool) {
	list := x.waiting[key]
	i := slices.IndexFunc(list, func(o foldedEnd) bool { return o.op != e.op })
	if i < 0 {
		return foldedEnd{}, false
	}
	other := list[i]
	if list = slices.Delete(list, i, i+1); len(list) == 0 {
		delete(x.waiting, key)
	} else {
		x.waiting[key] = list
	}
	return other, true
}

// join notes what the two ends of a connection make of their folds: the accept
// comes after the connect, and who has received after who has sent.
func (x *foldedEnds) join(a, b foldedEnd) {
	for _, e := range [2][2]foldedEnd{{a, b}, {b, a}} {
		if e[0].op == event.OpAccept || e[0].received > 0 {
			x.comes(e[0].fold, e[1].fold)
		}
	}
}

// comes makes a fold come after another. Folds of inner repetitions have become
// part of others by and by.
func (x *foldedEnds) comes(f, after *Fold) {
	if x.after == nil {
		x.after, x.most = make(map[[2]int][2]*Fold), 64
	}
	x.order(f, after)
	if len(x.after) < x.most {
		return
	}
	pairs := x.after
	x.after = make(map[[2]int][2]*Fold)
	for _, p := range pairs {
		x.order(p[0], p[1])
	}
	x.most = max(64, 2*len(x.after))
}

// order keeps that one fold comes after another.
func (x *foldedEnds) order(f, after *Fold) {
	f, after = f.whole(), after.whole()
	x.after[[2]int{f.id, after.id}] = [2]*Fold{f, after}
}

// orders are the pairs of ids of folds of which the first comes after the
// second.
func (x *foldedEnds) orders() [][2]int {
	var list [][2]int
	for _, p := range x.after {
		list = append(list, [2]int{p[0].whole().id, p[1].whole().id})
	}
	slices.SortFunc(list, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// becomes makes a fold part of another.
func (x *foldedEnds) becomes(inner, f *Fold) {
	x.mu.Lock()
	defer x.mu.Unlock()
	inner.into = f
	for addr := range inner.reached {
		f.reaches(addr)
	}
}

// whole is the fold that a fold has become part of.
func (f *Fold) whole() *Fold {
	for f.into != nil {
		f = f.into
	}
	return f
}

// reaches notes where a connect of the fold went.
func (f *Fold) reaches(to spot) {
	if f.reached == nil {
		f.reached = make(map[spot]bool)
	}
	f.reached[to] = true
}

// giveBack hands the ends whose other end no fold has taken to their folds: an
// event that is kept may belong to it.
func (x *foldedEnds) giveBack() {
	var rest []foldedEnd
	for _, list := range x.waiting {
		rest = append(rest, list...)
	}
	x.waiting = nil
	slices.SortFunc(rest, func(a, b foldedEnd) int { return cmp.Compare(a.sock, b.sock) })
	for _, e := range rest {
		f, of := e.fold.whole(), e.sock
		if e.op == event.OpAccept {
			of = 0
		}
		f.endpoints = append(f.endpoints, folded{e.op, of, e.endpoints})
		if e.sent > 0 {
			note(&f.sent, e.sock, e.sent)
		}
		if e.received > 0 {
			note(&f.received, e.sock, e.received)
		}
	}
}

// A markedRange is a range of the bytes that a description sent, with their marks.
// A fold keeps it for those who received the bytes.
type markedRange struct {
	sock     uint64
	from, to int64
	sum      uint64       // of a datagram: the hash of its bytes; it has no range
	marks    []event.Mark // by their places in the range
}

// mostMarked is how many ranges a fold keeps. Beyond it nothing is known of what
// was sent.
const mostMarked = 1 << 14

// marks keeps the marks of what an event sent on a stream.
func (t *taker) marks(e *event.Event) {
	n, counted := sentBytes(e)
	if e.Endpoints != nil && counted && len(e.Sums) == 1 && slices.ContainsFunc(e.Args, hasMarks) {
		t.keep(markedRange{sock: e.Sock, sum: e.Sums[0].Sum, marks: joined(dataParts(e.Args))})
	}
	if e.Endpoints != nil || !counted || endOf(t.ends, e.Sock) != nil || slices.Contains(t.made, e.Sock) {
		return
	}
	var marks []event.Mark
	if slices.ContainsFunc(e.Args, hasMarks) {
		marks = joined(dataParts(e.Args))
	}
	t.keep(markedRange{sock: e.Sock, from: e.Offset - n, to: e.Offset, marks: marks})
}

// hasMarks reports whether a part may have marks.
func hasMarks(part any) bool {
	switch p := part.(type) {
	case event.Data:
		return len(p.Marks) > 0
	case []any:
		return slices.ContainsFunc(p, hasMarks)
	}
	return false
}

// keep adds a range. One without marks is joined to another before it.
func (f *Fold) keep(r markedRange) {
	if k := len(f.marked) - 1; k >= 0 && len(r.marks) == 0 {
		if last := &f.marked[k]; last.sock == r.sock && last.to == r.from && len(last.marks) == 0 {
			last.to = r.to
			return
		}
	}
	if len(f.marked) < mostMarked {
		f.marked = append(f.marked, r)
	}
}

// markedIn are the ranges of all folds, by description and in order; datagrams are
// by their hashes.
func (m *matcher) markedIn() map[uint64][]markedRange {
	ranges := make(map[uint64][]markedRange)
	for i := range m.g.nodes[:m.g.meets] {
		if f := m.g.nodes[i].entry().Fold; f != nil {
			for _, r := range f.marked {
				key := cmp.Or(r.sum, r.sock)
				ranges[key] = append(ranges[key], r)
			}
		}
	}
	for _, list := range ranges {
		slices.SortFunc(list, func(a, b markedRange) int { return cmp.Compare(a.from, b.from) })
	}
	return ranges
}

// foldedDatagram are the marks of a datagram that a fold sent, by the hash of its
// bytes.
func (m *masks) foldedDatagram(sum uint64) ([]event.Mark, bool) {
	if m.ranges == nil {
		m.ranges = m.graph.kernel.markedIn()
	}
	for _, r := range m.ranges[sum] {
		if r.sum == sum {
			return r.marks, true
		}
	}
	return nil, false
}

// folded are the marks of what folds sent on a description, from one place up to
// another or to where they know no more, which it returns too.
func (m *masks) folded(sock uint64, from, to int64) ([]event.Mark, int64) {
	if m.ranges == nil {
		m.ranges = m.graph.kernel.markedIn()
	}
	list := m.ranges[sock]
	k, _ := slices.BinarySearchFunc(list, from+1, func(r markedRange, at int64) int { return cmp.Compare(r.to, at) })
	var marks []event.Mark
	at := from
	for ; k < len(list) && list[k].from <= at && at < to; k++ {
		marks = append(marks, moved(list[k].marks, int(list[k].from-from))...)
		at = list[k].to
	}
	return marks, at
}

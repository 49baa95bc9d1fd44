package record

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
func (e *foldedEnd) key() (event.ConnectionKey, bool) {
	if e.op == event.OpConnect {
		return e.endpoints.ConnectKey()
	}
	return e.endpoints.AcceptKey()
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
	waiting map[event.ConnectionKey][]foldedEnd // for their other end
	after   map[[2]int][2]*Fold                 // by their ids: the first comes after the second
	most    int                                 // pairs in after that are not looked through yet
	ids     atomic.Int64
}

// newID is an id for a fold.
func (x *foldedEnds) newID() int { return int(x.ids.Add(1)) }

// add takes an end, and joins it to the other one if that has come.
func (x *foldedEnds) add(e foldedEnd) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.op == event.OpConnect {
		e.fold.Reach(e.endpoints.RemoteAddr())
		if e.failed() {
			return
		}
	}
	key, known := e.key()
	if !known {
		key = event.ConnectionKey{Host: e.endpoints.Host, Client: e.endpoints.Local}
	}
	if other, ok := x.take(key, e); ok {
		x.join(e, other)
		return
	}
	if x.waiting == nil {
		x.waiting = make(map[event.ConnectionKey][]foldedEnd)
	}
	x.waiting[key] = append(x.waiting[key], e)
}

// take finds the other end of e, and takes it out of those that wait.
func (x *foldedEnds) take(key event.ConnectionKey, e foldedEnd) (foldedEnd, bool) {
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
	x.after[[2]int{f.ID, after.ID}] = [2]*Fold{f, after}
}

// orders are the pairs of ids of folds of which the first comes after the
// second.
func (x *foldedEnds) orders() [][2]int {
	var list [][2]int
	for _, p := range x.after {
		list = append(list, [2]int{p[0].whole().ID, p[1].whole().ID})
	}
	slices.SortFunc(list, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// becomes makes a fold part of another.
func (x *foldedEnds) becomes(inner, f *Fold) {
	x.mu.Lock()
	defer x.mu.Unlock()
	inner.into = f
	for addr := range inner.Reached {
		f.Reach(addr)
	}
}

// whole is the fold that a fold has become part of.
func (f *Fold) whole() *Fold {
	for f.into != nil {
		f = f.into
	}
	return f
}

// Reach notes where a connect of the fold went.
func (f *Fold) Reach(to event.HostAddr) {
	if f.Reached == nil {
		f.Reached = make(map[event.HostAddr]bool)
	}
	f.Reached[to] = true
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
		f.Joints = append(f.Joints, Joint{e.op, of, e.endpoints})
		if e.sent > 0 {
			note(&f.Sent, e.sock, e.sent)
		}
		if e.received > 0 {
			note(&f.Received, e.sock, e.received)
		}
	}
}

// A MarkedRange is a range of the bytes that a description sent, with their
// marks. A fold keeps it for those who received the bytes.
type MarkedRange struct {
	Sock     uint64
	From, To int64
	Sum      uint64       // of a datagram: the hash of its bytes; it has no range
	Marks    []event.Mark // by their places in the range
}

// mostMarked is how many ranges a fold keeps. Beyond it nothing is known of
// what was sent.
const mostMarked = 1 << 14

// marks keeps the marks of what an event sent on a stream.
func (t *taker) marks(e *event.Event) {
	n, counted := e.SentBytes()
	if e.Endpoints != nil && counted && len(e.Sums) == 1 && slices.ContainsFunc(e.Args, event.HasMarks) {
		t.Keep(MarkedRange{Sock: e.Sock, Sum: e.Sums[0].Sum, Marks: event.JoinedMarks(event.DataOf(e.Args))})
	}
	if e.Endpoints != nil || !counted || endOf(t.ends, e.Sock) != nil || slices.Contains(t.made, e.Sock) {
		return
	}
	var marks []event.Mark
	if slices.ContainsFunc(e.Args, event.HasMarks) {
		marks = event.JoinedMarks(event.DataOf(e.Args))
	}
	t.Keep(MarkedRange{Sock: e.Sock, From: e.Offset - n, To: e.Offset, Marks: marks})
}

// Keep adds a range. One without marks is joined to another before it.
func (f *Fold) Keep(r MarkedRange) {
	if k := len(f.Marked) - 1; k >= 0 && len(r.Marks) == 0 {
		if last := &f.Marked[k]; last.Sock == r.Sock && last.To == r.From && len(last.Marks) == 0 {
			last.To = r.To
			return
		}
	}
	if len(f.Marked) < mostMarked {
		f.Marked = append(f.Marked, r)
	}
}

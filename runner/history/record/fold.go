package record

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// A Fold stands for the rounds of a repetition that print like the first of
// their run and are neither the first nor the last of it. Their events are not
// kept; what other events need of them for their order is.
type Fold struct {
	ID int // among the folds of its run

	Rounds int
	Mixed  bool         // the rounds need not print alike: see NewRecorder
	Place  *event.Place // of the repetition
	Quiet  int          // the quiet step that all its events belong to, as in [event.Event]

	Start time.Duration // of the first of the rounds' events, since the run's start
	End   time.Duration // of the last

	First, Last int              // the events' places in their branch
	Sent        map[uint64]int64 // by description: how far sending had come
	Received    map[uint64]int64 // by description: how far receiving had come
	Marked      []MarkedRange    // what of the bytes that were sent is masked
	Joints      []Joint
	After       []event.Cause // of the latest round
	peers       []string      // as in a stretch

	// Reached is where connects went of which nothing else remains.
	Reached map[event.HostAddr]bool

	// into is the fold that this one has become part of; nil while it is by
	// itself. While the run is under way it and Reached are guarded by the
	// recorder's foldedEnds.
	into *Fold
}

// A Joint is what remains of an event of a fold that tied a socket to another.
type Joint struct {
	Op        event.Op
	Sock      uint64
	Endpoints *event.Endpoints
}

// take keeps of a round's entries what the order of other events needs.
func (f *Fold) take(round []Entry, shared bool, ends *foldedEnds) {
	t := taker{Fold: f}
	if !shared {
		t.ends = endsOf(round)
	}
	f.After = f.After[:0]
	for _, e := range round {
		if e.Fold != nil {
			t.takeFold(e.Fold)
			ends.becomes(e.Fold, f)
			continue
		}
		ev := e.Event
		f.lasts(ev.Start, ev.End)
		f.Last = ev.Seq
		f.After = append(f.After, ev.After...)
		if ev.Op == event.OpAccept && ev.Endpoints == nil {
			continue
		}
		switch ev.Op {
		case event.OpPair:
			t.made = append(t.made, ev.Sock, ev.Endpoints.Peer)
		case event.OpListen, event.OpConnect, event.OpAccept:
			if ev.Endpoints != nil && (ev.Errno == 0 || ev.Errno == unix.EINPROGRESS) {
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
		t.Joints = append(t.Joints, Joint{e.Op, e.Sock, e.Endpoints})
	}
}

func (t *taker) sends(sock uint64, offset int64) {
	if end := endOf(t.ends, sock); end != nil {
		end.sent = max(end.sent, offset)
	} else if !slices.Contains(t.made, sock) {
		note(&t.Sent, sock, offset)
	}
}

func (t *taker) receives(sock uint64, offset int64) {
	if end := endOf(t.ends, sock); end != nil {
		end.received = max(end.received, offset)
	} else if !slices.Contains(t.made, sock) {
		note(&t.Received, sock, offset)
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
	t.Last = inner.Last
	t.Joints = append(t.Joints, inner.Joints...)
	t.After = append(t.After, inner.After...)
	for sock, offset := range inner.Sent {
		t.sends(sock, offset)
	}
	for sock, offset := range inner.Received {
		t.receives(sock, offset)
	}
	for _, r := range inner.Marked {
		t.Keep(r)
	}
}

// note keeps how far one direction of a description had come.
func note(m *map[uint64]int64, sock uint64, offset int64) {
	if *m == nil {
		*m = make(map[uint64]int64)
	}
	(*m)[sock] = max((*m)[sock], offset)
}

package history

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// A receipt is what is known of the bytes that an event received: the marks of
// the sends that they come from.
type receipt struct {
	marks []event.Mark
	known bool
}

// mostPassed bounds how many pieces of relays are followed in one record, and
// mostDepth through how many receives a value is followed back.
const (
	mostPassed = 1 << 20
	mostDepth  = 10_000
)

// came are the masked pieces of bytes that came. Of what a program has sent, or
// what went through one, nothing is known but what can be read in it.
func (m *masks) came(c *event.Came, at time.Duration) []span {
	if m.graph != nil {
		if i := m.graph.Find(c.By); i >= 0 && m.graph.Event(i) != nil {
			e := m.graph.Event(i)
			return m.cameIn(e, c.From, c.Text)
		}
	}
	return m.guess(c.Text, at)
}

// cameIn are the masked pieces of data that an event received, from a place in
// all of it.
func (m *masks) cameIn(e *event.Event, from int, text string) []span {
	if i, ok := m.receives[e]; ok {
		if r := m.receipt(i, e); r.known {
			return cutSpans(m.spans(event.Marked{Marks: r.marks}, e.End), from, from+len(text))
		}
	}
	list := m.guess(text, e.End)
	if len(e.Known) == 0 {
		return list
	}
	list = append(list, cutSpans(m.spans(event.Marked{Marks: e.Known}, e.End), from, from+len(text))...)
	slices.SortStableFunc(list, func(a, b span) int { return a.from - b.from })
	return list
}

// cutSpans are the spans of a piece of a text, from its beginning.
func cutSpans(spans []span, from, to int) []span {
	var list []span
	for _, s := range spans {
		a, b := max(s.from, from), min(s.to, to)
		if a < b || a == b && s.from == s.to && (a > from || a == 0) {
			s.from, s.to = a-from, b-from
			list = append(list, s)
		}
	}
	return list
}

// receipt finds out where the bytes of a receive come from, once.
func (m *masks) receipt(i int, e *event.Event) receipt {
	if r, done := m.received[e]; done {
		return r
	}
	m.received[e] = receipt{} // nothing comes from itself
	if m.depth >= mostDepth {
		return receipt{}
	}
	m.depth++
	defer func() { m.depth-- }()
	r := m.find(i, e)
	m.received[e] = r
	return r
}

func (m *masks) find(i int, e *event.Event) receipt {
	if e.Op != event.OpRecv || e.Also != nil || e.Urgent || e.Look != (event.Look{}) {
		return receipt{}
	}
	got := extentOf(e.Ret)
	if got.uncounted {
		return receipt{}
	}
	if e.Endpoints == nil {
		marks, known := m.stream(e.Sock, e.Offset-int64(got.length), e.Offset)
		return receipt{marks, known}
	}
	return m.datagrams(i, e, event.DataOf(e.Ret))
}

// An extent is how much data there is among parts, those in lists too.
type extent struct {
	pieces, length int
	marked         bool // some of it has marks
	uncounted      bool // the counters of a socket do not count some of it
}

func extentOf(parts []any) (x extent) {
	for _, p := range parts {
		switch p := p.(type) {
		case event.Data:
			x.add(extent{1, p.Len, len(p.Marks) > 0, !p.Counted})
		case []any:
			x.add(extentOf(p))
		}
	}
	return x
}

func (x *extent) add(y extent) {
	x.pieces, x.length = x.pieces+y.pieces, x.length+y.length
	x.marked, x.uncounted = x.marked || y.marked, x.uncounted || y.uncounted
}

// stream are the marks of a range of the bytes that a description received. All
// of them must have been sent by calls that are on record, maybe through a
// relay.
func (m *masks) stream(receiver uint64, from, to int64) ([]event.Mark, bool) {
	return m.relayed(receiver, from, to, 0)
}

// relayed is stream behind a number of relays. Two that relay to each other
// pass bytes on for ever.
func (m *masks) relayed(receiver uint64, from, to int64, relays int) ([]event.Mark, bool) {
	if m.relays += min(relays, 1); relays > causal.MostRelays || m.relays > mostPassed {
		return nil, false
	}
	g := m.graph
	peer := g.Peer(receiver)
	if peer == 0 {
		return nil, false
	}
	list := g.Sends(peer)
	k := sort.Search(len(list), func(k int) bool { return g.SentBy(list[k], peer) > from })
	var marks []event.Mark
	at := from
	for ; k < len(list) && at < to; k++ {
		e := g.Event(list[k])
		end := g.SentBy(list[k], peer)
		n, counted := e.SentBytes()
		begin := end - n
		if begin > at {
			more, up := m.folded(peer, at, min(begin, to))
			marks, at = append(marks, event.MovedMarks(more, int(at-from))...), up
			if at >= to {
				break
			}
		}
		if !counted || begin > at {
			return nil, false
		}
		if e.Also != nil {
			part := min(end, to)
			inner, known := m.relayed(e.Sock, e.Offset-(end-at), e.Offset-(end-part), relays+1)
			if !known {
				return nil, false
			}
			marks = append(marks, event.MovedMarks(inner, int(at-from))...)
		} else {
			marks = append(marks, event.MovedMarks(event.JoinedMarks(event.DataOf(e.Args)), int(begin-from))...)
		}
		at = end
	}
	if at < to {
		more, up := m.folded(peer, at, to)
		marks, at = append(marks, event.MovedMarks(more, int(at-from))...), up
	}
	return marks, at >= to
}

// lengthVaries reports whether the data of an event holds a masked text that
// may be longer in another run.
func (m *masks) lengthVaries(e *event.Event) bool {
	if m.holdsFolder(e.Args) || m.holdsFolder(e.Ret) {
		return true
	}
	var marks []event.Mark
	total := 0
	if sent := extentOf(e.Args); sent.pieces > 0 {
		total = sent.length
		if sent.marked {
			marks = event.JoinedMarks(event.DataOf(e.Args))
		}
	} else if i, ok := m.receives[e]; ok {
		total = extentOf(e.Ret).length
		if r := m.receipt(i, e); r.known {
			marks = r.marks
		} else {
			marks = e.Known
		}
	}
	spans := m.spans(event.Marked{Marks: marks}, e.End)
	return slices.ContainsFunc(spans, func(s span) bool { return s.varies && (s.from == s.to || s.to > 0 && s.from < total) })
}

// holdsFolder reports whether data among parts holds the temporary folder, as
// far as it is kept: that a program has written it is not known otherwise.
func (m *masks) holdsFolder(parts []any) bool {
	return m.tmp != "" && slices.ContainsFunc(event.DataOf(parts), func(d event.Data) bool {
		return strings.Contains(string(d.Bytes)+string(d.Rest), m.tmp)
	})
}

// digitsVary reports whether some ports of a range have more digits than
// others.
func digitsVary(r record.PortRange) bool {
	return len(strconv.Itoa(int(r.Low))) != len(strconv.Itoa(int(r.High)))
}

// datagrams are the marks of the messages that an event received.
func (m *masks) datagrams(i int, e *event.Event, parts []event.Data) receipt {
	var sends []int
	for _, p := range m.graph.Pairs {
		if p.Effect == i {
			sends = append(sends, p.Cause)
		}
	}
	messages := [][]event.Data{parts}
	if len(e.Sums) > 1 {
		messages = nil
		for _, d := range parts {
			messages = append(messages, []event.Data{d})
		}
	}
	if len(sends) == 0 && len(messages) == 1 && len(e.Sums) == 1 {
		marks, known := m.foldedDatagram(e.Sums[0].Sum)
		return receipt{marks, known}
	}
	if len(sends) != len(messages) || len(e.Sums) != len(messages) {
		return receipt{}
	}
	var marks []event.Mark
	at := 0
	for k, message := range messages {
		sent, known := sentMessage(m.graph.Event(sends[k]), e.Sums[k].Sum)
		if !known {
			return receipt{}
		}
		marks = append(marks, event.MovedMarks(event.JoinedMarks(sent), at)...)
		for _, d := range message {
			at += d.Len
		}
	}
	return receipt{marks, true}
}

// sentMessage is the data of the message with a sum, of those that an event
// sent.
func sentMessage(e *event.Event, sum uint64) ([]event.Data, bool) {
	if e.Endpoints == nil {
		return nil, false
	}
	parts := event.DataOf(e.Args)
	if len(e.Sums) == 1 {
		return parts, e.Sums[0].Sum == sum
	}
	for i, d := range e.Sums {
		if d.Sum == sum && i < len(parts) {
			return parts[i : i+1], true
		}
	}
	return nil, false
}

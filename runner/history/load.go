package history

import (
	"fmt"
	"slices"
	"time"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// result makes a result of what a file has. All that is referred to is checked
// here, so that the functions over a record need not doubt it.
func (s *savedResult) result() (*Result, error) {
	if s == nil {
		return nil, nil
	}
	if s.Status < Passed || s.Status > Cancelled {
		return nil, fmt.Errorf("the status %d is not known", s.Status)
	}
	r := &Result{
		Scenario: s.Scenario, Status: s.Status, Reason: s.Reason, Failure: s.Failure, Elapsed: s.Elapsed, Kept: s.Kept,
		Record: &Record{Record: record.Record{
			Meetings: s.Meetings, Values: s.Values, Raised: s.Raised, FoldOrder: s.Folds, Tmp: s.Tmp, Ports: s.Ports,
			Dynamic: s.Dynamic, Hosts: s.Hosts, Unasked: s.Unasked, Frames: s.Frames, Slow: s.Slow, Shows: s.Shows, DatagramQueue: s.DatagramQueue, Epoch: s.Epoch,
		}},
	}
	c := checker{branches: len(s.Branches), meetings: len(s.Meetings)}
	c.times(s.Elapsed)
	c.failure(s.Status, s.Failure)
	for _, lists := range [][][]event.Cause{s.Meetings, s.Values, s.Raised} {
		for _, list := range lists {
			c.events(list)
		}
	}
	for _, u := range s.Unasked {
		c.check(u.Place != nil, "a packet that was not asked for has no place")
	}
	c.frames(s.Frames)
	for i := range s.Branches {
		b := s.Branches[i].branch(r.Branches, &c)
		if c.err != nil {
			return nil, c.err
		}
		r.Branches = append(r.Branches, b)
	}
	return r, c.err
}

func (s *savedBranch) branch(before []*record.Branch, c *checker) *record.Branch {
	b := &record.Branch{
		ID: len(before), Actor: s.Actor, Host: s.Host, Place: s.Place, Index: s.Index, Count: s.Count, Label: s.Label, Path: s.Path,
		Origin: s.Origin, Alike: s.Alike,
	}
	c.branch(s, before)
	if c.err != nil {
		return nil
	}
	if s.Parent > 0 {
		b.Parent = before[s.Parent-1]
	}
	next := 0
	for _, en := range s.Entries {
		switch e, f := en.Event, en.Fold; {
		case (e == nil) == (f == nil):
			c.fail("an entry is neither an event nor a fold, or both")
		case e != nil:
			c.inTurn(&next, e.Seq, e.Seq)
			c.event(e)
			b.Entries = append(b.Entries, record.Entry{Event: e})
		default:
			c.inTurn(&next, f.First, f.Last)
			c.fold(f)
			b.Entries = append(b.Entries, record.Entry{Fold: f.fold()})
		}
		if c.err != nil {
			return nil
		}
	}
	return b
}

func (s *savedFold) fold() *record.Fold {
	f := &record.Fold{
		ID: s.ID, Rounds: s.Rounds, Mixed: s.Mixed, Quiet: s.Quiet, Place: s.Place, Start: s.Start, End: s.End, First: s.First, Last: s.Last,
		Joints: s.Endpoints, After: s.After,
	}
	f.Sent, f.Received = loadedOffsets(s.Sent), loadedOffsets(s.Received)
	for _, r := range s.Marked {
		f.Keep(r)
	}
	for _, to := range s.Reached {
		f.Reach(to)
	}
	return f
}

func loadedOffsets(list []savedOffset) map[uint64]int64 {
	if len(list) == 0 {
		return nil
	}
	m := make(map[uint64]int64)
	for _, o := range list {
		m[o.Sock] = max(m[o.Sock], o.Offset)
	}
	return m
}

// most bounds the counts and offsets of a record, so that sums of them stay in
// their range.
const most = 1 << 48

// longest bounds the times of a record, for the same reason.
const longest time.Duration = 1 << 62

// A checker finds what in a loaded record refers to something that is not
// there. It keeps the first fault.
type checker struct {
	branches, meetings int
	err                error
}

func (c *checker) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *checker) check(ok bool, format string, args ...any) {
	if !ok {
		c.fail(format, args...)
	}
}

// inRange checks numbers that are counted or added.
func (c *checker) inRange(list ...int64) {
	for _, n := range list {
		c.check(n >= 0 && n < most, "the number %d is out of range", n)
	}
}

// times checks times since the run's start, and how long something took.
func (c *checker) times(list ...time.Duration) {
	for _, d := range list {
		c.check(d >= 0 && d < longest, "the time %d is out of range", d)
	}
}

// inTurn checks that the entries of a branch are in order.
func (c *checker) inTurn(next *int, first, last int) {
	c.check(*next <= first && first <= last && int64(last) < most, "the entries %d to %d of a branch are not in order", first, last)
	*next = last + 1
}

func (c *checker) branch(s *savedBranch, before []*record.Branch) {
	c.check(s.Parent >= 0 && s.Parent <= len(before), "there is no branch %d before it", s.Parent-1)
	c.inRange(int64(s.Place), int64(s.Index), int64(s.Count))
	c.check(s.Index < s.Count, "the replica %d is not one of %d", s.Index, s.Count)
	depth := 0
	if s.Parent > 0 && c.err == nil {
		p := before[s.Parent-1]
		depth = len(p.Path) + 1
		c.check(s.Origin != nil, "a branch was started by no step")
		c.check(p.Place == s.Place && p.Index == s.Index, "a branch is of another actor than its parent")
	}
	c.check(len(s.Path) == depth, "the path of a branch is %d long, not %d", len(s.Path), depth)
}

// causes checks what something comes after: events of branches, or meetings.
func (c *checker) causes(list ...event.Cause) {
	for _, x := range list {
		c.check(x.Branch < c.branches && x.Branch >= -c.meetings, "there is no branch or meeting %d", x.Branch)
		c.check(x.Seq >= -1 && int64(x.Seq) < most, "there is no event %d of a branch", x.Seq)
	}
}

// events checks causes that must be events.
func (c *checker) events(list []event.Cause) {
	c.causes(list...)
	for _, x := range list {
		c.check(x.Branch >= 0, "a meeting is where an event must be")
	}
}

func (c *checker) failure(status Status, f *Failure) {
	if f == nil {
		c.check(status != Failed, "a run failed and does not say why")
		return
	}
	for _, d := range f.Others {
		c.times(d.For)
	}
}

func (c *checker) frames(f *event.Frames) {
	if f == nil {
		return
	}
	c.inRange(int64(f.Lost), int64(f.Beyond))
	for _, one := range slices.Concat(f.List, f.Came) {
		c.check(len(one.Bytes) <= one.Length, "a frame of %d bytes has %d", one.Length, len(one.Bytes))
	}
}

func (c *checker) fold(f *savedFold) {
	c.inRange(int64(f.Rounds))
	c.times(f.Start, f.End)
	c.causes(f.After...)
	for _, o := range append(f.Sent, f.Received...) {
		c.inRange(o.Offset)
	}
	for _, r := range f.Marked {
		c.inRange(r.From, r.To)
		c.check(r.From <= r.To, "a range of bytes ends before it begins")
		c.marks(r.Marks)
	}
	for _, l := range f.Endpoints {
		c.check(l.Op <= event.OpJoin, "the operation %d is not known", l.Op)
		c.check(l.Endpoints != nil, "a fold keeps endpoints that are missing")
		c.endpoints(l.Endpoints)
	}
}

func (c *checker) endpoints(l *event.Endpoints) {
	if l != nil {
		c.check(int64(l.Backlog) >= -1<<31 && int64(l.Backlog) < 1<<31, "the backlog %d is out of range", l.Backlog)
	}
}

// event checks what the functions over a record take for granted.
func (c *checker) event(e *event.Event) {
	c.check(e.Place != nil, "an event is of no step")
	c.inRange(e.Offset, e.Took, e.Most, e.Look.Skip)
	c.times(e.Start, e.End)
	c.causes(e.After...)
	c.endpoints(e.Endpoints)
	switch e.Op {
	case event.OpBind, event.OpListen, event.OpConnect, event.OpPair, event.OpUnlink:
		c.check(e.Endpoints != nil, "the event %s has no addresses", e.Call)
	case event.OpStart, event.OpKill, event.OpJoin, event.OpFork, event.OpExit:
		c.check(e.Proc != nil, "the event %s is about no program or process", e.Call)
	case event.OpBlocked:
		c.check(e.Holds.Branch >= 0 && e.Holds.Branch < c.branches, "there is no branch %d", e.Holds.Branch)
	case event.OpAccept:
		c.check(e.Endpoints != nil || e.Errno != 0, "the event %s has no addresses", e.Call)
	}
	c.check(e.Op <= event.OpHit, "the operation %d is not known", e.Op)
	for _, r := range e.Ready {
		c.inRange(r.Offset)
	}
	if e.Also != nil {
		c.inRange(e.Also.Offset)
		for _, h := range e.Also.Hops {
			c.inRange(h.InStart, h.InEnd, h.OutStart, h.OutEnd)
		}
	}
	for _, d := range append(e.Sums[:len(e.Sums):len(e.Sums)], whole(e)...) {
		c.inRange(int64(d.Len))
	}
	c.marks(e.Note.Marks)
	c.marks(e.Known)
	for _, a := range e.Expects {
		c.marks(a.Marks)
	}
	c.parts(e.Args)
	c.parts(e.Ret)
}

func whole(e *event.Event) []event.Datagram {
	if e.Whole == nil {
		return nil
	}
	return []event.Datagram{*e.Whole}
}

// parts checks the arguments and results of an event.
func (c *checker) parts(list []any) {
	for _, p := range list {
		switch p := p.(type) {
		case nil:
			c.fail("an argument or a result is not there")
		case event.Quoted:
			c.marks(p.Marks)
		case event.Arg:
			c.marks(p.Marks)
		case event.Bare:
			c.marks(p.Marks)
		case event.Plain:
			c.marks(p.Marks)
		case event.Asked:
			c.marks(p.Marks)
		case event.Length:
			c.marks(p.Marks)
		case event.Lasting:
			c.parts([]any{p.Part})
		case event.Data:
			c.data(p)
		case event.Until:
			c.data(event.Data(p))
		case event.Joined:
			c.parts(p)
		case []any:
			c.parts(p)
		case *event.SHA256:
			c.check(p != nil, "a digest is not there")
		case sock.Addr, event.Name, event.Const, event.Count, int:
		}
	}
}

func (c *checker) data(d event.Data) {
	c.inRange(int64(d.Len))
	c.check(len(d.Bytes)+len(d.Rest) <= d.Len, "data has more bytes than it says")
	c.marks(d.Marks)
}

func (c *checker) marks(list []event.Mark) {
	for _, k := range list {
		c.inRange(int64(k.From), int64(k.To))
		c.check(k.From <= k.To, "a mark ends before it begins")
		for _, o := range k.Origins {
			if o.Came != nil {
				c.events([]event.Cause{o.Came.By})
				c.inRange(int64(o.Came.From))
			}
		}
		c.check(!k.Copy || len(k.Origins) > 0 && k.Origins[0].Came != nil, "a mark is of a copy of nothing")
	}
}

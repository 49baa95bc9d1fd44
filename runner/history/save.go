package history

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sockscript/sockscript/runner/history/codec"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// parts are the types that arguments and results of events have, with their
// names in a file.
var parts = codec.New(map[string]any{
	"name": event.Name(""), "const": event.Const(""), "quoted": event.Quoted{}, "arg": event.Arg{}, "bare": event.Bare{},
	"plain": event.Plain{}, "asked": event.Asked{}, "joined": event.Joined{}, "data": event.Data{}, "until": event.Until{},
	"sha256": (*event.SHA256)(nil), "addr": sock.Addr{}, "int": 0, "count": event.Count(0), "length": event.Length{}, "lasting": event.Lasting{}, "list": []any{},
})

// A document is what Encode writes: the places that the value refers to come
// first.
type document[T any] struct {
	Places []event.Place
	Value  T
}

// Encode writes a value in which there are results of runs as JSON on one line.
func Encode[T any](v T) ([]byte, error) {
	numbers := make(map[event.Place]int)
	var places []event.Place
	c := codec.With(base, func(p *event.Place) (int, error) {
		if p == nil {
			return 0, nil
		}
		if numbers[*p] == 0 {
			places = append(places, *p)
			numbers[*p] = len(places)
		}
		return numbers[*p], nil
	}, func(int) (*event.Place, error) { return nil, errors.ErrUnsupported })
	value, err := c.Encode(v)
	if err != nil {
		return nil, err
	}
	table, err := parts.Encode(places)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"Places":%s,"Value":%s}`, table, value), nil
}

// Decode reads what [Encode] has written. It does not trust the data: a value
// that refers to something that is not there is an error.
func Decode[T any](data []byte) (T, error) {
	var d document[T]
	c := codec.With(base, func(*event.Place) (int, error) { return 0, errors.ErrUnsupported }, func(n int) (*event.Place, error) {
		switch {
		case n == 0:
			return nil, nil
		case n < 0 || n > len(d.Places):
			return nil, fmt.Errorf("there is no place %d before it", n)
		}
		return &d.Places[n-1], nil
	})
	err := c.Decode(data, &d)
	return d.Value, err
}

// base writes results of runs, and digests, which are computed when they are
// read.
var base = codec.With(codec.With(parts,
	func(s *event.SHA256) (string, error) { return s.Hex(), nil },
	func(hex string) (*event.SHA256, error) {
		return &event.SHA256{Hex: func() string { return hex }}, nil
	}),
	func(r *Result) (*savedResult, error) { return r.saved(), nil },
	func(s *savedResult) (*Result, error) { return s.result() },
)

// A savedResult is a result as a file has it.
type savedResult struct {
	Scenario Scenario
	Status   Status
	Reason   string
	Failure  *Failure
	Elapsed  time.Duration
	Kept     string

	Branches      []savedBranch
	Meetings      [][]event.Cause
	Values        [][]event.Cause
	Raised        [][]event.Cause
	Folds         [][2]int
	Tmp           string
	Ports         []int
	Dynamic       record.PortRange
	Hosts         []record.Host
	Unasked       []record.Unasked
	Frames        *event.Frames
	Slow          bool
	Shows         int
	DatagramQueue int
	Epoch         record.Epoch
}

// A savedBranch is a [record.Branch]. Its parent is one more than that one's
// id; 0 for an actor's own line.
type savedBranch struct {
	Actor, Host                 string
	Place, Index, Count, Parent int
	Label                       string
	Path                        []int
	Origin                      *event.Place
	Alike                       bool
	Entries                     []savedEntry
}

type savedEntry struct {
	Event *event.Event
	Fold  *savedFold
}

type savedFold struct {
	ID, Rounds     int
	Mixed          bool
	Quiet          int
	Place          *event.Place
	Start, End     time.Duration
	First, Last    int
	Sent, Received []savedOffset
	Marked         []record.MarkedRange
	Endpoints      []record.Joint
	After          []event.Cause
	Reached        []event.HostAddr
}

// A savedOffset is how far one direction of a description had come.
type savedOffset struct {
	Sock   uint64
	Offset int64
}

func (r *Result) saved() *savedResult {
	if r == nil {
		return nil
	}
	s := &savedResult{
		Scenario: r.Scenario, Status: r.Status, Reason: r.Reason, Failure: r.Failure, Elapsed: r.Elapsed, Kept: r.Kept,
		Meetings: r.Meetings, Values: r.Values, Raised: r.Raised, Folds: r.FoldOrder, Tmp: r.Tmp, Ports: r.Ports,
		Dynamic: r.Dynamic, Hosts: r.Hosts, Unasked: r.Unasked, Frames: r.Frames, Slow: r.Slow, Shows: r.Shows, DatagramQueue: r.QueueLength(), Epoch: r.Epoch,
	}
	if s.Failure != nil {
		failure := *s.Failure
		failure.Err = nil
		s.Failure = &failure
	}
	for _, b := range r.Branches {
		s.Branches = append(s.Branches, saveBranch(b))
	}
	return s
}

func saveBranch(b *record.Branch) savedBranch {
	saved := savedBranch{
		Actor: b.Actor, Host: b.Host, Place: b.Place, Index: b.Index, Count: b.Count, Label: b.Label, Path: b.Path, Origin: b.Origin, Alike: b.Alike,
	}
	if b.Parent != nil {
		saved.Parent = b.Parent.ID + 1
	}
	for _, en := range b.Entries {
		e := savedEntry{Event: en.Event}
		if en.Fold != nil {
			e.Fold = saveFold(en.Fold)
		}
		saved.Entries = append(saved.Entries, e)
	}
	return saved
}

func saveFold(f *record.Fold) *savedFold {
	s := &savedFold{
		ID: f.ID, Rounds: f.Rounds, Mixed: f.Mixed, Quiet: f.Quiet, Place: f.Place, Start: f.Start, End: f.End, First: f.First, Last: f.Last,
		Sent: savedOffsets(f.Sent), Received: savedOffsets(f.Received), Marked: f.Marked, Endpoints: f.Joints, After: f.After,
	}
	s.Reached = slices.SortedFunc(maps.Keys(f.Reached), func(a, b event.HostAddr) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Addr.String(), b.Addr.String()))
	})
	return s
}

func savedOffsets(m map[uint64]int64) []savedOffset {
	var list []savedOffset
	for _, id := range slices.Sorted(maps.Keys(m)) {
		list = append(list, savedOffset{id, m[id]})
	}
	return list
}

package causal

import (
	"slices"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// A variable is a name of an actor: those of a branch that spawn started are
// its own.
type variable struct {
	owner int // the branch, by its id
	name  string
}

// ownerOf is the branch whose names a branch uses.
func ownerOf(b *record.Branch) *record.Branch {
	for b.Parent != nil && b.Origin.Shares {
		b = b.Parent
	}
	return b
}

// names finds the steps that may read one value of a name or another.
func (f *finder) names(events []int) {
	sets := make(map[variable][]int)
	for _, i := range events {
		for _, use := range f.m.event(i).Uses {
			if v := (variable{ownerOf(f.branch(i)).ID, use.Name}); use.Set {
				sets[v] = append(sets[v], i)
			}
		}
	}
	for _, i := range events {
		for _, use := range f.m.event(i).Uses {
			if v := (variable{ownerOf(f.branch(i)).ID, use.Name}); !use.Set {
				f.reads(i, sets[v])
			}
		}
	}
}

// reads finds the settings of a name of which a step may have read either.
func (f *finder) reads(i int, sets []int) {
	var last, open []int // known to have come before the read, or not
	for _, s := range sets {
		switch {
		case s == i || f.before(i, s):
		case f.before(s, i):
			last = append(last, s)
		default:
			open = append(open, s)
		}
	}
	last = slices.DeleteFunc(last, func(s int) bool {
		return slices.ContainsFunc(last, func(t int) bool { return t != s && f.before(s, t) })
	})
	switch {
	case f.sameSettings(append(slices.Clone(last), open...)):
	case len(open) > 0:
		f.add(raceNamed, i, append(open, i)...)
	case len(last) > 1:
		f.add(raceNamed, i, last...)
	}
}

// sameSettings reports whether all settings of a name, of two or more, are the
// same.
func (f *finder) sameSettings(list []int) bool {
	return len(list) > 1 && !slices.ContainsFunc(list, func(s int) bool { return f.text(s) != f.text(list[0]) })
}

// given finds the steps that may have read one value of another actor's name or
// another, and the waits that either of two signals may have ended.
func (f *finder) given() {
	h := f.g.Record
	if len(h.Values)+len(h.Raised) == 0 {
		return
	}
	after := make(map[int][]int) // by event: those that were known to come after it
	for _, i := range f.m.events {
		n := &f.g.Nodes[i]
		for _, p := range n.Preds[:n.Own] {
			after[p] = append(after[p], i)
		}
	}
	for _, causes := range h.Values {
		f.eachReader(after, f.nodesOf(causes), f.readValue)
	}
	for _, causes := range h.Raised {
		f.eachReader(after, f.nodesOf(causes), f.waited)
	}
}

// nodesOf are the events of causes, without those that folds took.
func (f *finder) nodesOf(causes []event.Cause) []int {
	var list []int
	for _, c := range causes {
		if i := f.g.Find(c); i >= 0 && f.g.Nodes[i].At >= 0 && f.g.Event(i) != nil {
			list = append(list, i)
		}
	}
	return list
}

// eachReader calls look with the events of other branches that come after one
// of a list.
func (f *finder) eachReader(after map[int][]int, list []int, look func(i, by int, list []int)) {
	for _, by := range list {
		for _, i := range after[by] {
			if f.branch(i) != f.branch(by) {
				look(i, by, list)
			}
		}
	}
}

// readValue finds the values that a step may have read: none that was given
// after it, and none that another had taken the place of before it.
func (f *finder) readValue(i, _ int, gave []int) {
	if !f.prepare() {
		return
	}
	n := &f.g.Nodes[i]
	known := func(by int) bool {
		return slices.ContainsFunc(n.Preds[:n.Own], func(p int) bool {
			return !slices.Contains(gave, p) && f.clocks.of(p, i).knows(f.g, by)
		})
	}
	var list []int
	for _, by := range gave {
		replaced := func(next int) bool { return next != by && known(next) && f.before(by, next) }
		if !f.before(i, by) && !slices.ContainsFunc(gave, replaced) {
			list = append(list, by)
		}
	}
	open := slices.DeleteFunc(slices.Clone(list), func(by int) bool { return known(by) })
	waited := f.firsts(list)
	switch {
	case len(list) < 2:
	case len(open) == 0, len(open) == len(list) && len(waited) > 1: // they race with each other
		f.add(raceValue, i, list...)
	default:
		// The first value is waited for; only those that come later are open.
		if len(open) == len(list) {
			open = slices.DeleteFunc(open, func(by int) bool { return by == waited[0] })
		}
		f.add(raceValue, i, append(open, i)...)
	}
}

// firsts are the events of a list before which none of the others comes.
func (f *finder) firsts(list []int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(by int) bool {
		return slices.ContainsFunc(list, func(other int) bool { return other != by && f.before(other, by) })
	})
}

// waited finds the signals that may have ended a wait in place of the one that
// did, where that would give the wait another depth.
func (f *finder) waited(i, by int, raised []int) {
	n := &f.g.Nodes[i]
	base := 0
	for _, p := range n.Preds {
		if p != by {
			base = max(base, f.g.Nodes[p].Depth)
		}
	}
	depth := func(by int) int { return max(base, f.g.Nodes[by].Depth) }
	for _, other := range raised {
		if other != by && depth(other) != depth(by) && f.concurrent(by, other) && !f.before(i, other) {
			f.add(raceSignaled, i, by, other)
		}
	}
}

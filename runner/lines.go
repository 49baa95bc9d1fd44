package runner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/steps"
)

// Order is the order of a transcript's lines.
type Order string

// The orders. Causal is the same on every run; the others show how one run went.
const (
	Causal  Order = "causal" // by what had to come before what
	Time    Order = "time"   // as it happened
	ByActor Order = "actor"  // one actor after the other
)

// A Line is one line of a transcript: an event, or what was folded.
type Line struct {
	Actor    string
	Depth    int // in causal order, from 1
	Event    *steps.Event
	Fold     *Fold // rounds that print like those around them
	Replicas int   // further replicas that print like Actor; neither event nor fold

	place, index, strand, seq int
}

// prepare computes the order and the masks, once.
func (r *Result) prepare() {
	r.once.Do(func() {
		if r.history == nil {
			r.history = new(history)
		}
		r.graph = r.history.graph()
		r.graph.link()
		r.masks = newMasks(r.history, r.tmp)
	})
}

// Lines are the transcript's lines in an order. Replicas of an actor that print
// alike are interchangeable: they are numbered by the causal order of what they
// did, and all but the first and the last are folded, unless the order is by time.
func (r *Result) Lines(order Order, f Form) []Line {
	r.prepare()
	var lines []Line
	if order == Time {
		for _, s := range r.history.strands {
			lines = append(lines, r.graph.lines(s, s.label(), s.member.index)...)
		}
		slices.SortStableFunc(lines, func(a, b Line) int {
			return cmp.Or(cmp.Compare(a.start(), b.start()), a.compare(b))
		})
		return lines
	}
	for _, group := range r.casts() {
		lines = append(lines, r.castLines(group, f)...)
	}
	slices.SortStableFunc(lines, func(a, b Line) int {
		if order == ByActor {
			return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.index, b.index),
				cmp.Compare(a.Depth, b.Depth), a.compare(b))
		}
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), a.compare(b))
	})
	return lines
}

func (l Line) start() int64 {
	if l.Event != nil {
		return int64(l.Event.Start)
	}
	return 1<<63 - 1
}

func (l Line) compare(m Line) int {
	return cmp.Or(cmp.Compare(l.place, m.place), cmp.Compare(l.index, m.index),
		cmp.Compare(l.strand, m.strand), cmp.Compare(l.seq, m.seq))
}

// lines are the lines of one strand.
func (g *graph) lines(s *strand, label string, index int) []Line {
	var lines []Line
	for i, en := range s.entries {
		lines = append(lines, Line{
			Actor: label, Depth: g.nodes[g.base[s.id]+i].depth, Event: en.event, Fold: en.fold,
			place: s.member.place, index: index, strand: s.id, seq: i,
		})
	}
	return lines
}

// A performer is a member with its strands: the actor itself and its branches.
type performer struct {
	member  *member
	strands []*strand
	text    string
	depths  []int
}

// casts groups the members by actor, in the order of the file.
func (r *Result) casts() [][]*performer {
	byMember := make(map[*member]*performer)
	var casts [][]*performer
	for _, s := range r.history.strands {
		p := byMember[s.member]
		if p == nil {
			p = &performer{member: s.member}
			byMember[s.member] = p
			for len(casts) <= s.member.place {
				casts = append(casts, nil)
			}
			casts[s.member.place] = append(casts[s.member.place], p)
		}
		p.strands = append(p.strands, s)
	}
	return casts
}

// castLines are the lines of all replicas of one actor.
func (r *Result) castLines(cast []*performer, f Form) []Line {
	if len(cast) < 2 {
		var lines []Line
		for _, p := range cast {
			lines = append(lines, r.performerLines(p, p.member.index)...)
		}
		return lines
	}
	var lines []Line
	for _, alike := range r.alike(cast, f) {
		lines = append(lines, r.foldReplicas(alike)...)
	}
	return lines
}

func (r *Result) performerLines(p *performer, index int) []Line {
	var lines []Line
	for _, s := range p.strands {
		lines = append(lines, r.graph.lines(s, s.labelAs(index), index)...)
	}
	return lines
}

// alike groups replicas by what they print.
func (r *Result) alike(cast []*performer, f Form) [][]*performer {
	slices.SortFunc(cast, func(a, b *performer) int { return cmp.Compare(a.member.index, b.member.index) })
	var groups [][]*performer
	at := make(map[string]int)
	for _, p := range cast {
		r.describe(p, f)
		k, ok := at[p.text]
		if !ok {
			k = len(groups)
			at[p.text] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], p)
	}
	return groups
}

// describe writes down what a replica prints and how deep each line stands.
func (r *Result) describe(p *performer, f Form) {
	var b strings.Builder
	for _, s := range p.strands {
		for i, en := range s.entries {
			p.depths = append(p.depths, r.graph.nodes[r.graph.base[s.id]+i].depth)
			if en.fold != nil {
				fmt.Fprintf(&b, "%d rounds\n", en.fold.Rounds)
				continue
			}
			b.WriteString(r.Text(en.event, f))
			b.WriteByte('\n')
		}
	}
	p.text = b.String()
}

// foldReplicas numbers replicas that print alike by their causal order and
// keeps the first, the last, and a line for the rest.
func (r *Result) foldReplicas(alike []*performer) []Line {
	indexes := make([]int, len(alike))
	for i, p := range alike {
		indexes[i] = p.member.index
	}
	slices.SortStableFunc(alike, func(a, b *performer) int { return slices.Compare(a.depths, b.depths) })
	lines := r.performerLines(alike[0], indexes[0])
	if len(alike) == 1 || len(lines) == 0 {
		return lines
	}
	if rest := len(alike) - 2; rest > 0 {
		fold := lines[0]
		fold.Event, fold.Fold, fold.Replicas = nil, nil, rest
		fold.Actor = fmt.Sprintf("%s[%d]", alike[0].member.actor.Name, indexes[1])
		if rest > 1 {
			fold.Actor = fmt.Sprintf("%s[%d..%d]", alike[0].member.actor.Name, indexes[1], indexes[rest])
		}
		fold.index = indexes[1]
		lines = append(lines, fold)
	}
	last := len(alike) - 1
	return append(lines, r.performerLines(alike[last], indexes[last])...)
}

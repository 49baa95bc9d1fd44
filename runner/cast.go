package runner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/steps/event"
)

// lines are the lines of one strand under a label, with the place that they
// have among those of the same depth.
func (g *graph) lines(s *strand, label string, index int, path []int) []Line {
	lines := make([]Line, 0, len(s.entries))
	for i, en := range s.entries {
		lines = append(lines, Line{
			Actor: label, Depth: g.nodes[g.base[s.id]+i].depth, Event: en.event, Fold: en.fold,
			place: s.member.place, index: index, path: path, seq: i,
		})
	}
	return lines
}

// A cast is a list of interchangeable performers: the replicas of an actor, or
// the branches that one spawn step started.
type cast []*performer

// A performer is a strand with the branches that belong to it.
type performer struct {
	root    *strand
	strands []*strand
	name    string // without the number
	number  int    // -1 where there is only one
	path    []int  // its place among the branches of its actor
	text    string
	depths  []int
}

// label is a strand's label as part of the performer.
func (p *performer) label(s *strand) string {
	label := p.name
	if p.number >= 0 {
		label = fmt.Sprintf("%s[%d]", p.name, p.number)
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(s.branch, p.root.branch), "/")
	if rest != "" {
		label += "/" + rest
	}
	return label
}

// index is the place of the performer among the replicas of its actor.
func (p *performer) index() int {
	if p.root.parent == nil && p.number >= 0 {
		return p.number
	}
	return p.root.member.index
}

// stage finds the strand whose performer a strand belongs to: its actor, or
// the spawned branch that it is or stands in. Of an actor with replicas all
// branches belong to the replica.
func (s *strand) stage() *strand {
	for s.parent != nil && (s.member.count > 1 || !s.twins) {
		s = s.parent
	}
	return s
}

// casts groups the strands, in the order of the file.
func (r *Result) casts() []cast {
	type role struct {
		place  int
		origin *event.Place // nil for actors
		parent *strand
	}
	performers := make(map[*strand]*performer)
	casts := make(map[role]cast)
	var order []role
	for _, s := range r.history.strands {
		root := s.stage()
		p := performers[root]
		if p == nil {
			p = &performer{root: root, number: -1, path: root.path, name: root.label()}
			performers[root] = p
			key := role{root.member.place, root.origin, nil}
			if root.parent == nil {
				p.name, key.origin = root.member.actor.Name, nil
			} else {
				key.parent = root.parent
			}
			if casts[key] == nil {
				order = append(order, key)
			}
			casts[key] = append(casts[key], p)
		}
		p.strands = append(p.strands, s)
	}
	list := make([]cast, 0, len(order))
	for _, key := range order {
		list = append(list, casts[key].number())
	}
	return list
}

// number numbers the performers of a cast that has more than one.
func (c cast) number() cast {
	slices.SortFunc(c, func(a, b *performer) int {
		return cmp.Or(cmp.Compare(a.root.member.index, b.root.member.index), slices.Compare(a.path, b.path))
	})
	for i, p := range c {
		if len(c) > 1 || p.root.parent == nil && p.root.member.count > 1 {
			p.number = i
		}
	}
	return c
}

// castLines are the lines of all performers of one cast. Those that print alike
// are interchangeable.
func (r *Result) castLines(c cast, f Form) []Line {
	if len(c) == 1 {
		return r.performerLines(c[0])
	}
	var lines []Line
	for _, alike := range r.alike(c, f) {
		lines = append(lines, r.foldAlike(alike)...)
	}
	return lines
}

func (r *Result) performerLines(p *performer) []Line {
	var lines []Line
	for _, s := range p.strands {
		path := slices.Concat(p.path, s.path[len(p.root.path):])
		lines = append(lines, r.graph.lines(s, p.label(s), p.index(), path)...)
	}
	return lines
}

// alike groups performers by what they print.
func (r *Result) alike(c cast, f Form) []cast {
	var groups []cast
	at := make(map[string]int)
	for _, p := range c {
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

// describe writes down what a performer prints and how deep each line stands.
func (r *Result) describe(p *performer, f Form) {
	var b strings.Builder
	slices.SortFunc(p.strands, func(x, y *strand) int { return slices.Compare(x.path, y.path) })
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

// foldAlike numbers performers that print alike by their causal order and
// keeps the first, the last, and a line for the rest.
func (r *Result) foldAlike(alike cast) []Line {
	type slot struct {
		number int
		path   []int
	}
	slots := make([]slot, len(alike))
	for i, p := range alike {
		slots[i] = slot{p.number, p.path}
	}
	slices.SortStableFunc(alike, func(a, b *performer) int { return slices.Compare(a.depths, b.depths) })
	for i, p := range alike {
		p.number, p.path = slots[i].number, slots[i].path
	}
	lines := r.performerLines(alike[0])
	if len(alike) == 1 || len(lines) == 0 {
		return lines
	}
	if rest := len(alike) - 2; rest > 0 {
		lines = append(lines, restLine(lines[0], alike[1:len(alike)-1]))
	}
	return append(lines, r.performerLines(alike[len(alike)-1])...)
}

// restLine stands for all performers between the first and the last.
func restLine(first Line, rest cast) Line {
	from, to := rest[0], rest[len(rest)-1]
	first.Event, first.Fold, first.Replicas = nil, nil, len(rest)
	first.Actor = fmt.Sprintf("%s[%d]", from.name, from.number)
	if len(rest) > 1 {
		first.Actor = fmt.Sprintf("%s[%d..%d]", from.name, from.number, to.number)
	}
	first.index, first.path = from.index(), from.path
	return first
}

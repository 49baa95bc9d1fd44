package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// addLines adds the lines of one branch under a label, with the place that they
// have among those of the same depth.
func (r *Record) addLines(lines []Line, b *record.Branch, label string, index int, path []int) []Line {
	for i, en := range b.Entries {
		if !r.Prints(en) {
			continue
		}
		lines = append(lines, Line{
			Actor: label, At: event.Cause{Branch: b.ID, Seq: en.First()},
			Depth: r.graph.Depth(b, i), Event: en.Event, Fold: en.Fold,
			place: b.Place, index: index, path: path, seq: i,
		})
	}
	return lines
}

// A cast is a list of interchangeable performers: the replicas of an actor, or
// the branches that one spawn step started.
type cast []*performer

// A performer is a branch with those that belong to it.
type performer struct {
	root     *record.Branch
	branches []*record.Branch
	name     string // without the number
	number   int    // -1 where there is only one
	path     []int  // its place among the branches of its actor
	text     string
	depths   []int
}

// label is a branch's name as part of the performer.
func (p *performer) label(b *record.Branch) string {
	label := p.name
	if p.number >= 0 {
		label = fmt.Sprintf("%s[%d]", p.name, p.number)
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(b.Label, p.root.Label), "/")
	if rest != "" {
		label += "/" + rest
	}
	return label
}

// index is the place of the performer among the replicas of its actor.
func (p *performer) index() int {
	if p.root.Parent == nil && p.number >= 0 {
		return p.number
	}
	return p.root.Index
}

// stageOf finds the branch whose performer a branch belongs to: its actor, or
// the spawned branch that it is or was started in. Of an actor with replicas
// all branches belong to the replica.
func stageOf(b *record.Branch) *record.Branch {
	for b.Parent != nil && (b.Count > 1 || !b.Alike) {
		b = b.Parent
	}
	return b
}

// casts groups the branches, in the order of the file.
func (r *Record) casts() []cast {
	type role struct {
		place  int
		origin int // the step that started the branches; -1 for actors
		parent int // -1 for actors
	}
	performers := make([]*performer, len(r.Branches)) // by the id of their root
	casts := make(map[role]cast)
	var order []role
	for _, b := range r.Branches {
		root := stageOf(b)
		p := performers[root.ID]
		if p == nil {
			p = &performer{root: root, number: -1, path: root.Path, name: root.Name()}
			performers[root.ID] = p
			key := role{root.Place, -1, -1}
			if root.Parent == nil {
				p.name = root.Actor
			} else {
				key.origin, key.parent = root.Origin.ID, root.Parent.ID
			}
			if casts[key] == nil {
				order = append(order, key)
			}
			casts[key] = append(casts[key], p)
		}
		p.branches = append(p.branches, b)
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
		return cmp.Or(cmp.Compare(a.root.Index, b.root.Index), slices.Compare(a.path, b.path))
	})
	for i, p := range c {
		if len(c) > 1 || p.root.Parent == nil && p.root.Count > 1 {
			p.number = i
		}
	}
	return c
}

// addCast adds the lines of all performers of one cast. Those that print alike
// are interchangeable.
func (r *Record) addCast(lines []Line, c cast, f Form) []Line {
	if len(c) == 1 {
		return r.addPerformer(lines, c[0])
	}
	for _, alike := range r.alike(c, f) {
		lines = r.foldAlike(lines, alike)
	}
	return lines
}

func (r *Record) addPerformer(lines []Line, p *performer) []Line {
	if len(p.branches) == 1 {
		return r.addLines(lines, p.root, p.label(p.root), p.index(), p.path)
	}
	for _, b := range p.branches {
		path := slices.Concat(p.path, b.Path[len(p.root.Path):])
		lines = r.addLines(lines, b, p.label(b), p.index(), path)
	}
	return lines
}

// alike groups performers by what they print.
func (r *Record) alike(c cast, f Form) []cast {
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

// describe writes down what a performer prints and how deep each line is.
func (r *Record) describe(p *performer, f Form) {
	var text strings.Builder
	slices.SortFunc(p.branches, func(x, y *record.Branch) int { return slices.Compare(x.Path, y.Path) })
	for _, b := range p.branches {
		for i, en := range b.Entries {
			if !r.Prints(en) {
				continue
			}
			p.depths = append(p.depths, r.graph.Depth(b, i))
			if en.Fold != nil {
				fmt.Fprintf(&text, "%d rounds\n", en.Fold.Rounds)
				continue
			}
			text.WriteString(r.Text(en.Event, f))
			text.WriteByte('\n')
		}
	}
	p.text = text.String()
}

// foldAlike adds performers that print alike: it numbers them by their causal
// order and keeps the first, the last, and a line for the rest.
func (r *Record) foldAlike(lines []Line, alike cast) []Line {
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
	before := len(lines)
	lines = r.addPerformer(lines, alike[0])
	if len(alike) == 1 || len(lines) == before {
		return lines
	}
	if rest := len(alike) - 2; rest > 0 {
		lines = append(lines, restLine(lines[before], alike[1:len(alike)-1]))
	}
	return r.addPerformer(lines, alike[len(alike)-1])
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

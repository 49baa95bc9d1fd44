package diagram

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/runner/history/tcpstate"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A lifeline is one before it has its place: an actor's, a branch's, or that of
// the programs of an actor.
type lifeline struct {
	name    string // of the actor in the transcript
	shown   string
	host    int // the place of its host in the network; 0 where there is none
	actor   int // the place of its actor
	program bool
	process uint64 // the process of its own that it is in
	runs    []uint64
}

// lifelines gives each actor, each branch, and the programs of each actor a
// column: side by side what is on one host, then in the order of the file.
func (p *painter) lifelines(lines []history.Line) {
	list := p.columns(lines)
	slices.SortStableFunc(list, func(a, b *lifeline) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.actor, b.actor), compareBool(a.program, b.program))
	})
	p.column = make(map[string]int)
	p.runs = make(map[uint64]int)
	for i, l := range list {
		p.Lifelines = append(p.Lifelines, source.Visible(l.shown))
		if !l.program {
			p.column[l.name] = i
		}
		for _, id := range l.runs {
			p.runs[id] = i
		}
	}
	p.branch = make(map[int]int)
	for _, l := range lines {
		if _, known := p.branch[l.At.Branch]; !known || l.Event != nil { // a line may stand for many branches
			p.branch[l.At.Branch] = p.column[l.Actor]
		}
	}
	p.group(list)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// columns are the lifelines in the order of the file.
func (p *painter) columns(lines []history.Line) []*lifeline {
	var list []*lifeline
	known := make(map[string]*lifeline)
	places := make(map[int]int) // the actors' places in the file, as they come
	for _, l := range lines {
		b := p.result.Branches[l.At.Branch]
		if _, seen := places[b.Place]; !seen {
			places[b.Place] = len(places)
		}
		x := known[l.Actor]
		if x == nil {
			x = &lifeline{name: l.Actor, shown: l.Actor, actor: places[b.Place], host: p.host(b)}
			known[l.Actor] = x
			list = append(list, x)
		}
		if l.Event != nil && l.Event.Process != 0 {
			x.process = l.Event.Process
		}
	}
	return append(list, p.programs(lines, places)...)
}

// host is the place of a branch's host in the network.
func (p *painter) host(b *record.Branch) int {
	return 1 + slices.IndexFunc(p.result.Hosts, func(h record.Host) bool { return h.Name == b.Host })
}

// programs are the lifelines of those that actors start. Programs of one actor
// that run one after the other share one.
func (p *painter) programs(lines []history.Line, places map[int]int) []*lifeline {
	p.names = make(map[uint64]string)
	of := make(map[int][]*lifeline) // by the place of the actor
	live := make(map[*lifeline]bool)
	on := make(map[uint64]*lifeline)
	var list []*lifeline
	for _, l := range lines {
		switch e := l.Event; {
		case e == nil || e.Proc == nil:
		case e.Op == event.OpStart && e.Errno == 0 && len(e.Ret) > 0:
			name, _ := e.Ret[0].(event.Name)
			b := p.result.Branches[l.At.Branch]
			k := slices.IndexFunc(of[b.Place], func(x *lifeline) bool { return !live[x] })
			if k < 0 {
				k = len(of[b.Place])
				x := &lifeline{shown: string(name), program: true, actor: places[b.Place], host: p.host(b)}
				of[b.Place], list = append(of[b.Place], x), append(list, x)
			}
			x := of[b.Place][k]
			if x.shown != string(name) {
				x.shown = "programs"
			}
			x.runs, live[x] = append(x.runs, e.Proc.ID), true
			on[e.Proc.ID], p.names[e.Proc.ID] = x, string(name)
		case e.Op == event.OpJoin && on[e.Proc.ID] != nil:
			live[on[e.Proc.ID]] = false
		}
	}
	return list
}

// group finds the lifelines of one host, and in them those of one process.
func (p *painter) group(list []*lifeline) {
	for i := 0; i < len(list); {
		end := i + 1
		for end < len(list) && list[end].host == list[i].host {
			end++
		}
		if h := list[i].host; h > 0 {
			p.Groups = append(p.Groups, Group{Name: source.Visible("host " + p.result.Hosts[h-1].Name), First: i, Last: end - 1})
		}
		i = end
	}
	for i := 0; i < len(list); {
		l, end := list[i], i+1
		for end < len(list) && list[end].program == l.program && list[end].process == l.process && list[end].actor == l.actor {
			end++
		}
		switch {
		case l.program:
			p.Groups = append(p.Groups, Group{Name: "program", First: i, Last: end - 1, Inner: true})
		case l.process != 0:
			p.Groups = append(p.Groups, Group{Name: source.Visible("process " + l.shown), First: i, Last: end - 1, Inner: true})
		}
		i = end
	}
}

// program draws what an event does to a program, on the program's lifeline.
func (p *painter) program(l history.Line) {
	e := l.Event
	if e == nil || e.Proc == nil {
		return
	}
	at, known := p.runs[e.Proc.ID]
	if !known {
		return
	}
	name := p.names[e.Proc.ID]
	text, back := "", false
	switch e.Op {
	case event.OpStart:
		text = name + " starts"
	case event.OpKill:
		text = name + " gets " + signalName(e.Proc.Signal)
	case event.OpJoin:
		text, back = name+" has ended", true
	default:
		return
	}
	from, to := len(p.Boxes)-1, len(p.Boxes)
	p.add(Box{Lifeline: at, Row: p.row, Kind: Program, Text: source.Visible(text)}, nil)
	a := Arrow{From: from, To: to, Bond: Tie}
	if e.Op == event.OpKill {
		a.Label = signalName(e.Proc.Signal)
	}
	if back {
		a.From, a.To = to, from
	}
	p.Arrows = append(p.Arrows, a)
}

// mark notes the states that an event has brought about, on the lifelines that
// have the sockets.
func (p *painter) mark(l history.Line) {
	if l.Event == nil {
		return
	}
	own := p.result.Branches[l.At.Branch].Actor
	for _, c := range p.states.At(l.At) {
		at, drawn := p.branch[c.Branch]
		if c.Actor == own && drawn && !c.Queued {
			at = p.column[l.Actor]
		}
		if !drawn || !c.Changed() {
			continue
		}
		if p.marks == nil {
			p.marks = make(map[int][]string)
		}
		p.marks[at] = append(p.marks[at], source.Visible(c.Name(c.Actor))+": "+chain(c.States[1:]))
	}
}

// chain writes states one after the other.
func chain(states []tcpstate.State) string {
	var words []string
	for _, s := range states {
		words = append(words, string(s))
	}
	return strings.Join(words, " → ")
}

// rowEnds adds rows for what crossed the network because of the row before, and
// one for the states that it has brought about.
func (p *painter) rowEnds(depth int) {
	p.cross(depth)
	if len(p.marks) == 0 {
		return
	}
	p.row++
	for _, at := range slices.Sorted(maps.Keys(p.marks)) {
		p.add(Box{Lifeline: at, Row: p.row, Kind: States, Text: strings.Join(p.marks[at], "\n")}, nil)
	}
	p.marks = nil
}

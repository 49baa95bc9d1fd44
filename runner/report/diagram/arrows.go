package diagram

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
)

// anyLifeline stands for all lifelines.
const anyLifeline = -1

// arrows draws what ties boxes of different lifelines. Where an effect has
// several causes of one kind on a lifeline, the last of them stands for all,
// and so does the last of the closes of a description on any lifeline.
func (p *painter) arrows(list []history.Arrow) {
	type bundle struct {
		lifeline, to int
		bond         Bond
	}
	drawn := make(map[bundle]int)
	closed := make(map[bundle]bool) // there is a close behind the other causes
	for _, a := range list {
		from, begins := p.at[a.Cause]
		to, ends := p.at[a.Effect]
		if !begins || !ends || p.Boxes[from].Lifeline == p.Boxes[to].Lifeline {
			continue
		}
		arrow := Arrow{From: from, To: to, Bond: Tie}
		if a.Sock != 0 {
			arrow.Bond, arrow.wired = bondOf(p.events[from], p.events[to]), p.onWire(a.Sock, p.events[to])
		}
		arrow.Label = labelOf(arrow.Bond, p.events[from], p.events[to])
		key := bundle{p.Boxes[from].Lifeline, to, arrow.Bond}
		if closes(p.events[from]) && (a.Sock != 0 || p.events[to] != nil && p.events[to].Op == event.OpPoll) {
			closed[key] = true
			key.lifeline = anyLifeline
		}
		if k, ok := drawn[key]; ok {
			if p.Boxes[from].Row > p.Boxes[p.Arrows[k].From].Row {
				p.Arrows[k] = arrow
			}
			continue
		}
		drawn[key] = len(p.Arrows)
		p.Arrows = append(p.Arrows, arrow)
	}
	p.Arrows = slices.DeleteFunc(p.Arrows, func(a Arrow) bool {
		return !closes(p.events[a.From]) && closed[bundle{p.Boxes[a.From].Lifeline, a.To, a.Bond}]
	})
	slices.SortStableFunc(p.Arrows, func(a, b Arrow) int { return a.To - b.To })
}

// closes reports an event that has closed a descriptor.
func closes(e *event.Event) bool {
	return e != nil && (e.Op == event.OpClose || len(e.Ends) > 0 || len(e.Leaves) > 0)
}

// bondOf says what went over a socket from the cause to the effect. A fold has
// no event.
func bondOf(cause, effect *event.Event) Bond {
	switch {
	case effect == nil || cause == nil:
		return Data
	case cause.Op == event.OpKill:
		return Tie // a signal that has interrupted a call, or ended a process
	case effect.Op == event.OpConnect && effect.Errno == 0:
		return Tie // somebody listens; nothing is sent before the connect
	case effect.Op == event.OpAccept:
		return Connection
	case effect.Errno == syscall.EAGAIN:
		return Tie // what came before had been taken
	case effect.EOF || effect.Errno != 0 || closes(cause) || cause.Op == event.OpShut:
		return End
	case effect.Op == event.OpHandshake:
		return Tie // its own sends and receives are not recorded
	}
	return Data
}

// labelOf is what an arrow says; "" where the boxes at its ends say it.
func labelOf(b Bond, cause, effect *event.Event) string {
	if cause == nil || effect == nil {
		return ""
	}
	switch b {
	case Connection:
		return "connection"
	case End:
		if effect.Op == event.OpState {
			return "FIN"
		}
		switch effect.Errno {
		case 0:
			return "end of file"
		case syscall.ECONNRESET, syscall.EPIPE:
			return "reset"
		case syscall.ECONNREFUSED:
			return "refused"
		}
	case Data:
		return dataLabel(cause, effect)
	case Tie:
		switch cause.Op {
		case event.OpKill:
			return signalName(cause.Proc.Signal)
		case event.OpFork:
			return "fork"
		case event.OpExit:
			return "exit"
		}
		if acts(cause) || acts(effect) {
			return ""
		}
		if name := argument(cause.Place.Title); name == argument(effect.Place.Title) {
			return name // a signal, a barrier
		}
	}
	return ""
}

// acts reports an event on a socket: that two of them have one name says
// nothing.
func acts(e *event.Event) bool { return e.Sock != 0 || e.Ready != nil }

// signalName is the name of a signal in C.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}

// argument is what a step acts on: that of signal(go) is go.
func argument(title string) string {
	_, name, _ := strings.Cut(title, "(")
	return strings.TrimSuffix(name, ")")
}

// dataLabel says how much of what a call sent another received.
func dataLabel(cause, effect *event.Event) string {
	switch {
	case effect.Op != event.OpRecv || cause.Op != event.OpSend:
		return ""
	case len(cause.Passes) > 0:
		return "passes " + strings.Join(cause.Passes, ", ")
	case effect.Urgent:
		return "urgent byte"
	case effect.Endpoints != nil:
		return "datagram"
	case effect.Took == 1:
		return "1 byte"
	case effect.Took > 0:
		return fmt.Sprintf("%d bytes", effect.Took)
	}
	return "data"
}

// dropImplied leaves out the arrows without a label that say nothing new: what
// is above on the lifeline comes after their cause already, be it by way of
// others.
func (p *painter) dropImplied() {
	to := make(map[int][]Arrow) // by the box that they reach
	for _, a := range p.Arrows {
		to[a.To] = append(to[a.To], a)
	}
	// After which row of each lifeline a box comes: of the last box of each
	// lifeline, and of each box that an arrow leaves.
	above := make([][]int, len(p.Lifelines))
	for i := range above {
		above[i] = slices.Repeat([]int{-1}, len(p.Lifelines))
	}
	after := make(map[int][]int)
	implied := make(map[Arrow]bool)
	for i, b := range p.Boxes {
		if b.Kind == Omitted || b.Kind == States || b.Kind == Wire {
			continue
		}
		known := slices.Clone(above[b.Lifeline])
		known[b.Lifeline] = b.Row
		for _, a := range to[i] {
			from := p.Boxes[a.From]
			implied[a] = a.Bond == Tie && a.Label == "" && above[b.Lifeline][from.Lifeline] >= from.Row
			for lifeline, row := range after[a.From] {
				known[lifeline] = max(known[lifeline], row)
			}
		}
		above[b.Lifeline], after[i] = known, known
	}
	p.Arrows = slices.DeleteFunc(p.Arrows, func(a Arrow) bool { return implied[a] })
}

// waits notes the calls that were waiting for what an arrow brings: their step
// may wait, and the cause is further down than the box before them.
func (p *painter) waits() {
	before := make([]int, len(p.Lifelines)) // the row of the box before, by lifeline
	ran := make([]int, len(p.Lifelines))    // the branch that the lifeline was of
	for i := range before {
		before[i], ran[i] = -1, -1
	}
	branch := make(map[int]int) // by box
	for at, box := range p.at {
		branch[box] = at.Branch
	}
	latest := make(map[int]int) // the row of the last cause, by box
	for _, a := range p.Arrows {
		latest[a.To] = max(latest[a.To], p.Boxes[a.From].Row+1)
	}
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Kind == Omitted || b.Kind == States || b.Kind == Wire {
			continue
		}
		e := p.events[i]
		began := before[b.Lifeline]
		if now, known := branch[i]; known {
			if now != ran[b.Lifeline] {
				began = -1 // a branch that has not begun waits for nothing
			}
			ran[b.Lifeline] = now
		}
		b.Waited = e != nil && e.Place.Waits && began >= 0 && latest[i] > began+1
		before[b.Lifeline] = b.Row
	}
}

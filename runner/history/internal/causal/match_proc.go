package causal

import (
	"slices"
	"syscall"

	"github.com/sockscript/sockscript/steps/event"
	"golang.org/x/sys/unix"
)

// procs is what steps did to programs. What a program itself does is not known,
// but its death closes what it held.
type procs struct {
	kills   map[uint64][]int    // by program
	all     []int               // the kills that may have ended a program, or a process
	killed  map[int]uint64      // of those: which
	holders map[uint64][]uint64 // by description: the programs that share it
	streams map[uint64]uint64   // our ends of a program's streams: the program
	signal  map[int]syscall.Signal
	forked  map[uint64]bool   // processes that are not programs
	parents map[uint64]uint64 // of those that another one has forked
	exits   map[uint64][]int  // the ends of processes, each seen by several branches
	seen    map[int]bool      // kills whose signal its process has seen
}

func (p *procs) index(i int, e *event.Event) {
	if p.kills == nil {
		*p = procs{
			kills: make(map[uint64][]int), holders: make(map[uint64][]uint64), streams: make(map[uint64]uint64),
			signal: make(map[int]syscall.Signal), forked: make(map[uint64]bool), parents: make(map[uint64]uint64),
			exits: make(map[uint64][]int), killed: make(map[int]uint64), seen: make(map[int]bool),
		}
	}
	switch e.Op {
	case event.OpFork:
		p.forked[e.Proc.ID], p.parents[e.Proc.ID] = true, e.Process
		return
	case event.OpExit:
		p.forked[e.Proc.ID] = true // an actor's own too
		p.exits[e.Proc.ID] = append(p.exits[e.Proc.ID], i)
		return
	case event.OpKill:
		p.kills[e.Proc.ID] = append(p.kills[e.Proc.ID], i)
		p.signal[i] = e.Proc.Signal
		if isDeadly(e.Proc.Signal) {
			p.all = append(p.all, i)
			p.killed[i] = e.Proc.ID
		}
		return
	}
	for _, id := range e.Proc.Handed {
		p.holders[id] = append(p.holders[id], e.Proc.ID)
	}
	for _, id := range e.Proc.Streams {
		p.streams[id] = e.Proc.ID
	}
}

// isDeadly reports the signals that are sent to end a program. Those that
// daemons take for orders, to read their files again, say, are not among them.
func isDeadly(s syscall.Signal) bool {
	switch s {
	case syscall.SIGTERM, syscall.SIGKILL, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT:
		return true
	}
	return false
}

// killsOf are the kills that may have brought about the end that a join saw.
func (p *procs) killsOf(of *event.Proc) []int {
	var list []int
	for _, i := range p.kills[of.ID] {
		if s := p.signal[i]; s == of.Signal || of.Signal == 0 && isDeadly(s) {
			list = append(list, i)
		}
	}
	return list
}

// killsWith are the kills that have sent a forked process one of some signals.
func (p *procs) killsWith(process, signals uint64) []int {
	var list []int
	for _, i := range p.kills[process] {
		if signals&bitOf(p.signal[i]) != 0 {
			list = append(list, i)
		}
	}
	return list
}

// childrenOf are the ends of each of the processes that another one has forked,
// which send it SIGCHLD.
func (p *procs) childrenOf(process uint64) [][]int {
	var list [][]int
	for child, parent := range p.parents {
		if parent == process && len(p.exits[child]) > 0 {
			list = append(list, p.exits[child])
		}
	}
	return list
}

func bitOf(s syscall.Signal) uint64 { return 1 << (s - 1) }

// deathsOfStream are the kills of the program whose stream a description is.
func (p *procs) deathsOfStream(id uint64) []int { return p.deadly(p.streams[id]) }

// deaths are the kills of all programs.
func (p *procs) deaths() []int {
	return slices.DeleteFunc(slices.Clone(p.all), func(i int) bool { return p.forked[p.killed[i]] })
}

// endsOf are the kills of a program, which may have ended it. The end of a
// forked process is an event.
func (p *procs) endsOf(id uint64) []int {
	if p.forked[id] {
		return nil
	}
	return p.deadly(id)
}

func (p *procs) deadly(program uint64) []int {
	var list []int
	for _, i := range p.kills[program] {
		if isDeadly(p.signal[i]) {
			list = append(list, i)
		}
	}
	return list
}

// takes makes a receive or an accept come after what it took out of a queue.
func (m *matcher) takes(i, by int) {
	m.cause(i, by)
	m.taken[i] = append(m.taken[i], by)
}

// polls makes each poll come after what made its handles ready.
func (m *matcher) polls() {
	for at, i := range m.events {
		if e := m.event(i); e.Op == event.OpPoll {
			for _, r := range e.Ready {
				m.ready(i, at, e, r)
			}
		}
	}
}

// ready finds what made one handle ready to be read: the send of the next byte
// or message, or else what is taken from it next.
func (m *matcher) ready(i, at int, e *event.Event, r event.ReadyHandle) {
	_, known := m.peer[r.Sock]
	if r.Urgent && known {
		m.urges(i, r.Sock)
	}
	switch {
	case !r.Data:
	case r.Process != 0:
		m.causes(i, m.procs.exits[r.Process])
		m.cause(i, m.oneOf(i, m.procs.endsOf(r.Process)))
	case known:
		m.arrives(i, r.Sock, r.Offset+1)
	default:
		m.next(i, at, e, r)
	}
}

// next makes a poll come after what the next accept or receive from a handle
// takes: a connection or a datagram is known by that. What nobody takes is
// known by where it went.
func (m *matcher) next(i, at int, e *event.Event, r event.ReadyHandle) {
	for _, j := range m.events[at+1:] {
		n := m.event(j)
		if n.Sock == r.Sock && n.Start >= e.End && n.Errno == 0 && (n.Op == event.OpAccept || n.Op == event.OpRecv) {
			m.causes(i, m.taken[j])
			return
		}
	}
	m.cause(i, m.oneOf(i, m.left()[r.Sock]))
}

// polledEnd finds what ended the sending to a handle that a poll found ready:
// the end of the peer's sending, or a shutdown of the socket itself.
func (m *matcher) polledEnd(i int, e *event.Event) {
	for _, r := range e.Ready {
		peer, known := m.peer[r.Sock]
		empty := r.Data && known && m.sender(peer, r.Offset+1) < 0
		if r.Ended || r.Reset || empty {
			m.finished(i, m.finishes(i, e, r.Sock, r.Reset).or(m.of(r.Sock).deafs))
		}
	}
}

// died finds what has ended a forked process: a kill, or for SIGPIPE what EPIPE
// would come after.
func (m *matcher) died(i int, e *event.Event) {
	if e.Proc.Signal == 0 {
		return
	}
	m.cause(i, m.oneOf(i, m.procs.killsOf(e.Proc)))
	if e.Proc.Signal == syscall.SIGPIPE && e.Sock != 0 {
		m.finished(i, m.finishes(i, e, e.Sock, true))
	}
}

// interrupted finds what has sent a forked process the signal that it has seen:
// a send to the socket that the signal is about, a send of an urgent byte
// (SIGURG), or else a kill or the end of a process that it has forked
// (SIGCHLD).
func (m *matcher) interrupted(i int, e *event.Event) {
	var list []int
	switch {
	case e.Urgent:
		for _, s := range m.socks {
			list = append(list, s.urgent...)
		}
		slices.Sort(list)
	case e.Op == event.OpNone && e.Sock != 0:
		list = m.of(m.peer[e.Sock]).sends
	case len(m.procs.killsWith(e.Process, e.Signals)) > 0:
		m.causes(i, m.killers(i, e))
		return
	case e.Signals&bitOf(syscall.SIGCHLD) != 0:
		m.bereaved(i, e)
		return
	}
	n := e.Nth
	if n == 0 {
		n = 1 + m.earlier(i, list) // those brought their own signals
	}
	m.causes(i, m.certain(i, list, n))
}

// killers are the kills after which a forked process has seen a signal: of a
// count of signals those that it needs, and otherwise the first that the
// process has not seen before. Where a call was interrupted, that is none that
// was over when the call began.
func (m *matcher) killers(i int, e *event.Event) []int {
	list := m.procs.killsWith(e.Process, e.Signals)
	if e.Nth > 0 {
		return m.certain(i, list, min(e.Nth, len(list)))
	}
	left := slices.DeleteFunc(list, func(k int) bool {
		return m.procs.seen[k] || e.Errno == unix.EINTR && m.event(k).End < e.Start
	})
	first := m.oneOf(i, left)
	if first < 0 {
		return nil
	}
	m.procs.seen[first] = true
	return []int{first}
}

// bereaved makes what has seen SIGCHLD come after the ends of as many processes
// as it has seen signals, as far as it is known which.
func (m *matcher) bereaved(i int, e *event.Event) {
	exits := make(map[int][]int) // by the first of a process
	var list []int
	for _, of := range m.procs.childrenOf(e.Process) {
		list = append(list, of[0])
		exits[of[0]] = of
	}
	for _, first := range m.certain(i, list, max(1, e.Nth)) {
		m.causes(i, exits[first])
	}
}

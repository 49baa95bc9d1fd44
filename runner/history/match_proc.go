package history

import (
	"syscall"

	"github.com/sockscript/sockscript/steps/event"
)

// procs is what steps did to programs. What a program itself does is not known,
// but its death closes what it held.
type procs struct {
	kills   map[uint64][]int    // by program
	all     []int               // the kills that may have ended a program
	holders map[uint64][]uint64 // by description: the programs that share it
	streams map[uint64]uint64   // our ends of a program's streams: the program
	signal  map[int]syscall.Signal
}

func (p *procs) index(i int, e *event.Event) {
	if p.kills == nil {
		*p = procs{
			kills: make(map[uint64][]int), holders: make(map[uint64][]uint64), streams: make(map[uint64]uint64),
			signal: make(map[int]syscall.Signal),
		}
	}
	if e.Op == event.OpKill {
		p.kills[e.Proc.ID] = append(p.kills[e.Proc.ID], i)
		p.signal[i] = e.Proc.Signal
		if isDeadly(e.Proc.Signal) {
			p.all = append(p.all, i)
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

// deathsOf are the kills of the programs that share a description.
func (p *procs) deathsOf(id uint64) []int {
	var list []int
	for _, program := range p.holders[id] {
		list = append(list, p.deadly(program)...)
	}
	return list
}

// deathsOfStream are the kills of the program whose stream a description is.
func (p *procs) deathsOfStream(id uint64) []int { return p.deadly(p.streams[id]) }

// deaths are the kills of all programs.
func (p *procs) deaths() []int { return p.all }

func (p *procs) deadly(program uint64) []int {
	var list []int
	for _, i := range p.kills[program] {
		if isDeadly(p.signal[i]) {
			list = append(list, i)
		}
	}
	return list
}

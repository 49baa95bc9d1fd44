package program

import (
	"slices"
	"sync"

	"github.com/sockscript/sockscript/steps/sock"
)

// AddHost adds a host on which programs can run, before any is started. within
// calls a function on a thread of the host's network.
func (ps *Programs) AddHost(host string, within func(f func())) {
	if ps.hosts == nil {
		ps.hosts = make(map[string]*Set)
	}
	ps.hosts[host] = &Set{Forks: sock.Forks, Within: within}
}

// on are the programs of a host.
func (ps *Programs) on(host string) *Set {
	if s := ps.hosts[host]; s != nil {
		return s
	}
	return &ps.set
}

func (ps *Programs) sets() []*Set {
	all := []*Set{&ps.set}
	for _, s := range ps.hosts {
		all = append(all, s)
	}
	return all
}

// Left reports whether a process lives that a program is, or has started.
func (ps *Programs) Left() bool { return slices.ContainsFunc(ps.sets(), (*Set).Left) }

// Outside is the id here of a process that the programs of a host know.
func (ps *Programs) Outside(host string, pid int) int { return ps.on(host).Outside(pid) }

// Inside is the id of a process as the programs of its host see it.
func (ps *Programs) Inside(pid int) int {
	for _, s := range ps.sets() {
		if id := s.Inside(pid); id != pid {
			return id
		}
	}
	return pid
}

// closeSets ends all programs, those of all hosts at the same time.
func (ps *Programs) closeSets() {
	var wg sync.WaitGroup
	for _, s := range ps.hosts {
		wg.Go(s.Close)
	}
	ps.set.Close()
	wg.Wait()
}

package runner

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/step"
)

// peers are the far ends that the script plays.
type peers struct {
	mu    sync.Mutex
	hosts map[step.PeerPlan]*peer.Host
	flows []*step.Peer
	left  []record.Unasked // when the run has ended
}

// Plays implements [step.Services].
func (r *run) Plays(p *step.Peer) {
	r.peers.mu.Lock()
	defer r.peers.mu.Unlock()
	r.peers.flows = append(r.peers.flows, p)
}

// unasked finds the packets that no step has taken, when all actors have ended.
// The error is that of the first flow that is exact.
func (r *run) unasked() error {
	for _, h := range r.peers.hosts {
		h.Finish()
	}
	for _, p := range r.peers.flows {
		left := p.Flow.Left()
		if len(left) == 0 {
			continue
		}
		u := record.Unasked{Actor: p.Actor, Peer: p.Name, Place: p.Place, First: p.Flow.Describe(left[0]).Stable().String(), Count: len(left)}
		r.peers.left = append(r.peers.left, u)
		if p.Exact {
			err := &step.Error{Place: p.Place, Err: errors.New(u.Problem().Msg)}
			r.mu.Lock()
			r.failure = failure(err)
			r.failure.Actor = p.Actor
			r.mu.Unlock()
			r.peers.left = nil
			return err
		}
	}
	slices.SortStableFunc(r.peers.left, func(a, b record.Unasked) int {
		return cmp.Or(cmp.Compare(a.Place.ID, b.Place.ID), strings.Compare(a.First, b.First), cmp.Compare(a.Count, b.Count))
	})
	return nil
}

// Peer implements [step.Services].
func (r *run) Peer(p step.PeerPlan) (*peer.Host, error) {
	r.peers.mu.Lock()
	defer r.peers.mu.Unlock()
	key := p
	key.MTU, key.RTOMin, key.Plays = 0, 0, "" // there is one for two addresses
	if h := r.peers.hosts[key]; h != nil {
		return h, nil
	}
	host, ok := r.network.Host(p.Host)
	n, cabled := host.(interface {
		Cable(lab.CablePlan) (*lab.Cable, error)
	})
	if !ok || !cabled {
		return nil, fmt.Errorf("there is no host %s in the network", p.Host)
	}
	c, err := n.Cable(lab.CablePlan{Local: p.Local, Remote: p.Remote, MTU: p.MTU, RTOMin: p.RTOMin})
	if err != nil {
		return nil, err
	}
	h := peer.NewHost(c, p.Local, p.Remote)
	if r.peers.hosts == nil {
		r.peers.hosts = make(map[step.PeerPlan]*peer.Host)
	}
	r.peers.hosts[key] = h
	return h, nil
}

// reset ends what the kernel still has of their connections.
func (p *peers) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hosts {
		h.Reset()
	}
}

// close ends all of them. The kernel needs some milliseconds for each.
func (p *peers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hosts {
		go h.Close()
	}
}

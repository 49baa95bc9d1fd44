package runner

import (
	"fmt"
	"sync"

	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/step"
)

// peers are the far ends that the script plays.
type peers struct {
	mu    sync.Mutex
	hosts map[step.PeerPlan]*peer.Host
}

// Peer implements [step.Services].
func (r *run) Peer(p step.PeerPlan) (*peer.Host, error) {
	r.peers.mu.Lock()
	defer r.peers.mu.Unlock()
	key := p
	key.MTU = 0 // there is one for two addresses
	if h := r.peers.hosts[key]; h != nil {
		return h, nil
	}
	host, ok := r.network.Host(p.Host)
	n, cabled := host.(*lab.Network)
	if !ok || !cabled {
		return nil, fmt.Errorf("there is no host %s in the network", p.Host)
	}
	c, err := n.Cable(lab.CablePlan{Local: p.Local, Remote: p.Remote, MTU: p.MTU})
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

// close ends all of them. The kernel needs some milliseconds for each.
func (p *peers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hosts {
		go h.Close()
	}
}

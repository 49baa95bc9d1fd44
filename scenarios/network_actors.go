package scenarios

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// place puts the actors on their hosts.
func (s *Scenario) place(d *value.Decoder) {
	for _, a := range s.Actors {
		h := s.Network.Host(a.Name)
		switch {
		case !a.on.Given():
			if h != nil {
				a.Host = a.Name
			}
			continue
		case len(s.Network.Hosts) == 0:
			d.Problem(a.on.Node, "the network of the scenario has no hosts").Hint = "leave host out, or write network: {hosts: …}"
			continue
		case s.Network.Host(a.on.T) == nil:
			names := s.Network.Topology().HostList()
			p := d.Problem(a.on.Node, "the network has no host %s", value.Quote(a.on.T))
			if p.Hint = source.DidYouMean(a.on.T, names); p.Hint == "" {
				p.Hint = "its hosts are " + value.JoinOr(names)
			}
			continue
		case h != nil && a.on.T != a.Name:
			p := d.Problem(a.on.Node, "the actor %s is on the host %s, and another host has the actor's name", a.Name, a.on.T)
			p.Hint = "rename one of them: expressions name hosts and actors"
		}
		a.Host = a.on.T
	}
}

// nameLinks notes which links steps name: those must be able to change.
func (s *Scenario) nameLinks() {
	for _, x := range s.Steps {
		a, ok := x.Action.(step.LinkUser)
		if !ok {
			continue
		}
		name, known := a.UsesLink()
		for _, l := range s.Network.Links {
			l.Named = l.Named || !known || l.Name == name
		}
	}
}

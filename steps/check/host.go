package check

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// Topology is what the file says of the network.
func (c *Check) Topology() *step.Topology { return c.scenario.Topology }

// HostOf is the host of a step, as far as it is known: "" where it is known
// only in the run, or where there are no hosts.
func (c *Check) HostOf(r *step.HostRef) string {
	if !r.Given() {
		return c.Host
	}
	name, _ := r.Static()
	return name
}

// needsHost checks the host of a step that needs one.
func (c *Check) needsHost(s *step.Step) {
	top := c.scenario.Topology
	if top == nil {
		return // the procedure of a library, which any network may call
	}
	name, static := s.Host().Static()
	if a, ok := s.Action.(step.HostSayer); ok && a.SaysHost() {
		return
	}
	switch {
	case !s.Host().Given() && top.HasHosts() && c.Host == "":
		c.Problem(s.Node, "the actor %s is on no host, so %s has no network", c.Actor, s.Kind.Name).
			Hint = "write host: NAME at the actor or at the step; the hosts are " + value.JoinOr(top.HostList())
	case !s.Host().Given():
	case !top.HasHosts():
		c.Problem(s.Host().Node, "the network of the scenario has no hosts").Hint = "leave host out, or write network: {hosts: …}"
	case static && top.Hosts[name] == nil:
		c.UnknownHost(s.Host().Node, name)
	}
}

// UnknownHost reports the name of a host that the network does not have.
func (c *Check) UnknownHost(n *source.Node, name string) {
	p := c.Problem(n, "the network has no host %s", value.Quote(name))
	if p.Hint = source.DidYouMean(name, c.scenario.Topology.HostList()); p.Hint == "" {
		p.Hint = "its hosts are " + value.JoinOr(c.scenario.Topology.HostList())
	}
}

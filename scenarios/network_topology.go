package scenarios

import "github.com/sockscript/sockscript/steps/step"

// topology is what the steps may name of the network.
func (v *NetworkPlan) topology() *step.Topology {
	t := &step.Topology{Hosts: make(map[string]*step.HostNames), Links: make(map[string]*step.LinkNames)}
	for _, h := range v.Hosts {
		t.Hosts[h.Name] = &step.HostNames{Interfaces: h.names(), Node: h.Node}
	}
	for _, l := range v.Links {
		names := &step.LinkNames{Ends: l.ends(), Node: l.Node}
		for _, f := range l.Faults {
			names.Faults = append(names.Faults, f.Name)
		}
		names.Faults = append(names.Faults, CutFault)
		t.Links[l.Name] = names
	}
	return t
}

package scenarios

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
)

// interfacesIn are the hosts of a network with their interfaces, as far as they
// can be read: expressions must know them before anything is decoded.
func interfacesIn(network *source.Node) map[string][]string {
	hosts := make(map[string][]string)
	if network == nil || network.Get(hostsKey) == nil {
		return hosts
	}
	for _, e := range network.Get(hostsKey).Entries {
		names := []string{loName}
		for _, key := range keysOf(e.Value) {
			if !slices.Contains([]string{loName, routesKey, forwardKey, sysctlsKey}, key) {
				names = append(names, key)
			}
		}
		hosts[e.Key.Text] = names
	}
	return hosts
}

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

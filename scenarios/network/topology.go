package network

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// InterfacesIn are the hosts of a network with their interfaces, as far as they
// can be read: expressions must know them before anything is decoded.
func InterfacesIn(network *source.Node) map[string][]string {
	hosts := make(map[string][]string)
	if network == nil || network.Get(hostsKey) == nil {
		return hosts
	}
	for _, e := range network.Get(hostsKey).Entries {
		names := []string{loName}
		for _, key := range e.Value.Keys() {
			if !slices.Contains([]string{loName, routesKey, forwardKey, sysctlsKey}, key) {
				names = append(names, key)
			}
		}
		hosts[e.Key.Text] = names
	}
	return hosts
}

// Topology is what the steps may name of the network.
func (v *Plan) Topology() *step.Topology {
	t := &step.Topology{Hosts: make(map[string]*step.HostNames), Links: make(map[string]*step.LinkNames)}
	if v.Kind == KindPrivate {
		t.Alone = []string{"lo"}
	}
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

// Clashes reports hosts that bear the name of something else which expressions
// can name.
func (v *Plan) Clashes(d *value.Decoder, vars []string) {
	for _, h := range v.Hosts {
		if slices.Contains(vars, h.Name) {
			d.Problem(h.Node, "the name %s is taken by the variable %s", h.Name, h.Name).Hint = "give the host another name"
		}
	}
}

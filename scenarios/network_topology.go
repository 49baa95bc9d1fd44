package scenarios

import "github.com/sockscript/sockscript/steps/step"

// topology is what the steps may name of the network.
func (v *NetworkPlan) topology() *step.Topology {
	return new(step.Topology)
}

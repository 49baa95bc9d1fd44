package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// netns is the requirement that a network can be made.
const netns = "netns"

// A network is where the sockets of a run are made and its programs run.
type network interface {
	scenarios.Network
	DynamicPorts() (low, high uint16)
	// hosts are what steps see of it.
	hosts() *hosts
	Close() error
}

// hostNetwork is the network of this process.
type hostNetwork struct{ *lab.Network }

// DynamicPorts implements [network].
func (hostNetwork) DynamicPorts() (low, high uint16) { return event.DynamicPorts() }

func (n hostNetwork) hosts() *hosts { return &hosts{only: n.Network} }

// privateNetwork is one that only the scenario has, which may have set the
// range of the ports that the kernel chooses.
type privateNetwork struct {
	*lab.Network
	low, high uint16
}

// DynamicPorts implements [network].
func (n *privateNetwork) DynamicPorts() (low, high uint16) { return n.low, n.high }

func (n *privateNetwork) hosts() *hosts { return &hosts{only: n.Network} }

// errHostNetwork is why a scenario that wants the host's network and no other
// does not run in a private one.
var errHostNetwork = errors.New("the scenario asks for the host's network, and the run gives it a private one; run it without --private")

// OwnNetwork reports whether a run makes a network for the scenario.
func OwnNetwork(s *scenarios.Scenario, o Options) bool {
	switch s.Network.Kind {
	case scenarios.PrivateNetwork, scenarios.HostsNetwork:
		return true
	case scenarios.AnyNetwork:
		return o.Private
	}
	return false
}

// openNetwork makes the network of a scenario.
func openNetwork(s *scenarios.Scenario, o Options) (network, error) {
	plan := s.Network
	switch {
	case plan.Kind == scenarios.HostNetwork && o.Private:
		return nil, &placedError{plan.Node, errHostNetwork}
	case !OwnNetwork(s, o):
		return hostNetwork{lab.Outside()}, nil
	case plan.Kind == scenarios.HostsNetwork:
		return nil, &placedError{plan.Node, errors.New("a network of hosts cannot be made yet")}
	}
	settings := lab.Settings{LoDown: plan.LoDown}
	for _, p := range plan.Sysctls {
		settings.Sysctls = append(settings.Sysctls, lab.Sysctl{Name: p.Name, Value: p.Value})
	}
	n, err := lab.Private(settings)
	var unset *lab.SysctlError
	var refused *lab.RefusedError
	switch {
	case errors.As(err, &refused) && o.Refused != nil:
		return nil, &placedError{plan.Node, &lab.RefusedError{Err: fmt.Errorf("%w; %w", refused.Err, o.Refused)}}
	case errors.As(err, &unset):
		return nil, &placedError{sysctlNode(plan, unset.Name), err}
	case err != nil:
		return nil, &placedError{plan.Node, err}
	}
	private := &privateNetwork{Network: n}
	n.Within(func() { private.low, private.high = event.ReadDynamicPorts() })
	return private, nil
}

// sysctlNode is where the scenario sets a kernel parameter; nil for one that is
// set in every private network.
func sysctlNode(plan scenarios.NetworkPlan, name string) *source.Node {
	for _, p := range plan.Sysctls {
		if p.Name == name {
			return p.Node
		}
	}
	return plan.Node
}

// A placedError is about a part of the file that is not a step. Without a node
// it is about the scenario as a whole.
type placedError struct {
	node *source.Node
	err  error
}

func (e *placedError) Error() string { return e.err.Error() }
func (e *placedError) Unwrap() error { return e.err }

// unmet tells the first requirement that is not there and why; "" when all are.
func unmet(ctx context.Context, list []scenarios.Requirement, n network) string {
	_, private := n.(*privateNetwork)
	for _, r := range list {
		if private && r.String() == netns {
			continue // the scenario has it
		}
		if why := r.Unmet(ctx, n); why != "" {
			return fmt.Sprintf("requires %s: %s", r, why)
		}
	}
	return ""
}

// begin makes the network of a scenario and looks whether all is there that the
// scenario requires. Where something is missing, or the network cannot be made,
// it says so in the result.
func begin(ctx context.Context, s *scenarios.Scenario, o Options, res *history.Result) network {
	n, err := openNetwork(s, o)
	var missing string
	var refused *lab.RefusedError
	switch {
	case errors.As(err, &refused) && s.Needs(netns):
		missing = "requires " + netns + ": " + refused.Error()
	case err != nil:
		res.Status, res.Failure = history.Failed, failure(err)
		return nil
	default:
		missing = unmet(ctx, s.Requires, n)
	}
	if missing == "" {
		return n
	}
	if n != nil {
		n.Close()
	}
	if ctx.Err() != nil {
		res.Status, res.Failure = history.Cancelled, history.NewFailure(context.Cause(ctx))
		return nil
	}
	res.Status, res.Reason = history.Skipped, missing
	return nil
}

package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

// netns is the requirement that a network can be made.
const netns = "netns"

// A runNetwork is where the sockets of a run are made and its programs run. One
// without hosts is one host, whose name is empty.
type runNetwork interface {
	step.Network
	scenarios.Network
	// Hosts are the names of the hosts.
	Hosts() []string
	// Addresses are the hosts with the addresses that they have had.
	Addresses() []record.Host
	// Having are the hosts whose sockets may have an address that a socket on a
	// host sees as its peer's.
	Having(host string, a sock.Addr) []string
	// Own reports whether only the scenario has it.
	Own() bool
	DynamicPorts() (low, high uint16)
	// Failed is closed once the network has lost a frame of its own accord, and
	// Err says why.
	Failed() <-chan struct{}
	Err() error
	// startFrames begins to record frames, endFrames ends it and returns them:
	// nil where none are recorded. It must be called before Close, with the
	// moment from which events count their time.
	startFrames()
	endFrames(start time.Time) *event.Frames
	Close() error
}

// A singleNetwork is the network of this process, or a private one.
type singleNetwork struct {
	*lab.Network
	recording
	own       bool
	low, high uint16 // the ports that the kernel chooses, which a scenario may have set
}

// outside is the network of this process.
func outside() *singleNetwork {
	n := &singleNetwork{Network: lab.Outside()}
	n.low, n.high = event.DynamicPorts()
	return n
}

// Host implements [step.Network].
func (n *singleNetwork) Host(name string) (step.Host, bool) { return n.Network, name == "" }

// Link implements [step.Network].
func (n *singleNetwork) Link(string) (step.Link, bool) { return nil, false }

// Address implements [step.Network].
func (n *singleNetwork) Address(string, string) string { return "" }

// Ends implements [step.Network].
func (n *singleNetwork) Ends(string) []string { return nil }

// Neighboring implements [step.Network].
func (n *singleNetwork) Neighboring(string, string, bool) (netip.Addr, bool) {
	return netip.Addr{}, false
}

// Hosts implements [runNetwork].
func (n *singleNetwork) Hosts() []string { return nil }

// Addresses implements [runNetwork].
func (n *singleNetwork) Addresses() []record.Host { return nil }

// Own implements [runNetwork].
func (n *singleNetwork) Own() bool { return n.own }

// DynamicPorts implements [runNetwork].
func (n *singleNetwork) DynamicPorts() (low, high uint16) { return n.low, n.high }

// Failed implements [runNetwork].
func (n *singleNetwork) Failed() <-chan struct{} { return nil }

// Having implements [runNetwork].
func (n *singleNetwork) Having(host string, _ sock.Addr) []string { return []string{host} }

// Err implements [runNetwork].
func (n *singleNetwork) Err() error { return nil }

// errHostNetwork is why a scenario that wants the host's network and no other
// does not run in a private one.
var errHostNetwork = errors.New("the scenario asks for the host's network, and the run gives it a private one; run it without --private")

// OwnNetwork reports whether a run makes a network for the scenario.
func OwnNetwork(s *scenarios.Scenario, o Options) bool {
	switch s.Network.Kind {
	case network.KindPrivate, network.KindHosts:
		return true
	case network.KindAny:
		return o.Private
	}
	return false
}

// within calls a function on a thread of a run's network; it is nil where that
// is the network of this process.
func within(n runNetwork) func(f func()) {
	if !n.Own() {
		return nil
	}
	return n.Within
}

// openNetwork makes the network of a scenario.
func openNetwork(s *scenarios.Scenario, o Options) (runNetwork, error) {
	plan := &s.Network
	switch {
	case plan.Kind == network.KindHost && o.Private:
		return nil, &placedError{plan.Node, errHostNetwork}
	case !OwnNetwork(s, o):
		return outside(), nil
	}
	n, err := makeNetwork(plan, newRecording(s, o))
	refused := new(lab.RefusedError)
	switch {
	case err == nil:
		return n, nil
	case errors.As(err, &refused) && o.Refused != nil:
		err = &lab.RefusedError{Err: fmt.Errorf("%w; %w", refused.Err, o.Refused)}
	}
	return nil, &placedError{refusedNode(plan, err), err}
}

// makeNetwork makes a network that only the scenario has.
func makeNetwork(plan *network.Plan, frames recording) (runNetwork, error) {
	if plan.Kind == network.KindHosts {
		return buildHosts(plan, frames)
	}
	settings := lab.Settings{LoDown: plan.LoDown}
	for _, p := range plan.Sysctls {
		settings.Sysctls = append(settings.Sysctls, lab.Sysctl{Name: p.Name, Value: p.Value})
	}
	private, err := lab.Private(settings)
	if err != nil {
		return nil, err
	}
	n := &singleNetwork{Network: private, recording: frames, own: true}
	if frames.of != nil {
		if err := frames.of.Record(private, "", nil); err != nil {
			private.Close()
			return nil, err
		}
	}
	n.Within(func() { n.low, n.high = event.ReadDynamicPorts() })
	return n, nil
}

// refusedNode is where the file says what the kernel has refused.
func refusedNode(plan *network.Plan, err error) *source.Node {
	unset, at := new(lab.SysctlError), new(lab.PlanError)
	errors.As(err, &at)
	node := plan.Node
	if l := plan.Link(at.Link); l != nil {
		node = l.Node
	}
	sysctls := plan.Sysctls
	if h := plan.Host(at.Host); h != nil {
		node, sysctls = hostNode(h, at), h.Sysctls
	}
	if errors.As(err, &unset) {
		for _, p := range sysctls {
			if p.Name == unset.Name {
				return p.Node
			}
		}
	}
	return node
}

// A placedError is about a part of the file that is not a step. Without a node
// it is about the scenario as a whole.
type placedError struct {
	node *source.Node
	err  error
}

func (e *placedError) Error() string { return e.err.Error() }
func (e *placedError) Unwrap() error { return e.err }

// unmet names the first requirement that is not there, and why; "" when all
// are.
func unmet(ctx context.Context, list []scenarios.Requirement, n runNetwork) string {
	for _, r := range list {
		if n.Own() && r.String() == netns {
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
func begin(ctx context.Context, s *scenarios.Scenario, o Options, res *history.Result) runNetwork {
	n, err := openNetwork(s, o)
	var missing string
	var refused *lab.RefusedError
	switch {
	case errors.As(err, &refused) && (s.Needs(netns) || len(s.Network.Hosts) > 0):
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
		n.endFrames(time.Time{})
		n.Close()
	}
	if ctx.Err() != nil {
		res.Status, res.Failure = history.Cancelled, history.NewFailure(context.Cause(ctx))
		return nil
	}
	res.Status, res.Reason = history.Skipped, missing
	return nil
}

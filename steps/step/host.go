package step

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// A Topology is what the file says of a network: which hosts there are, with
// which interfaces, and which links with which faults. A network without hosts
// has an empty one.
type Topology struct {
	Hosts map[string]*HostNames
	Links map[string]*LinkNames
	Alone []string // the interfaces of a private network, which has no hosts; nil where they are not known
}

// HostNames are the interfaces of a host, lo among them.
type HostNames struct {
	Interfaces []string
	Node       *source.Node
}

// LinkNames are the ends of a link and its faults.
type LinkNames struct {
	Ends   []string // alpha.eth0
	Faults []string
	Node   *source.Node
}

// HasHosts reports whether the network has hosts.
func (t *Topology) HasHosts() bool { return t != nil && len(t.Hosts) > 0 }

// HostList are the names of the hosts, sorted.
func (t *Topology) HostList() []string {
	if t == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(t.Hosts))
}

// LinkList are the names of the links, sorted.
func (t *Topology) LinkList() []string {
	if t == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(t.Links))
}

// A HostRef is the host on which a step makes something, or on which it acts.
// Where it is not written, that is the actor's own.
type HostRef struct{ value.Text }

// Host binds the key host of a kind that needs one.
func (p *Params) Host(r *HostRef, help string) {
	p.on = r
	p.Key("host", r, help).Or("the actor's host")
}

// A LinkUser is an action on a link: what happens on a link that a step names
// must be able to change.
type LinkUser interface {
	// UsesLink is the name of the link; it is not known where an expression
	// gives it. The name is "" where the step acts on no link.
	UsesLink() (name string, known bool)
}

// An AddressUser is an action that gives a socket an address, or that sends to
// one.
type AddressUser interface {
	// UsesAddress is the socket and the address. The address becomes the
	// socket's own where the action binds it.
	UsesAddress() (socket *HandleRef, a *value.Address, binds bool)
}

// Host is the host that the step names; nil for a step that needs none.
func (s *Step) Host() *HostRef { return s.on }

// Type names the type in the reference.
func (r *HostRef) Type() string { return "host" }

// Name is the name of the host; "" in a network without hosts. One that an
// expression returns must be there.
func (r *HostRef) Name(t *Task) (string, error) {
	if !r.Given() {
		return t.Actor.Host, nil
	}
	name, err := r.Eval(t)
	if err == nil {
		_, err = t.host(name)
	}
	return name, err
}

// Open is the host itself.
func (r *HostRef) Open(t *Task) (Host, error) {
	name, err := r.Name(t)
	if err != nil {
		return nil, err
	}
	return t.host(name)
}

// host is a host of the network.
func (t *Task) host(name string) (Host, error) {
	h, ok := t.Actor.Run.Network().Host(name)
	if !ok {
		return nil, fmt.Errorf("there is no host %s in the network", value.Quote(name))
	}
	return h, nil
}

// Shown is the argument of an event that names the host where it is not the
// actor's own; it is empty else.
func (r *HostRef) Shown(t *Task) ([]any, error) {
	if !r.Given() {
		return nil, nil
	}
	name, err := r.Marked(t)
	if err != nil || name.Text == t.Actor.Host {
		return nil, err
	}
	shown := event.Marked{Text: "host "}
	shown.Add(name)
	return []any{event.Bare(shown)}, nil
}

// interfaceValue is what expressions see of an interface.
func (t *Task) interfaceValue(host, iface string) (any, error) {
	net := t.Actor.Run.Network()
	h, ok := net.Host(host)
	if !ok {
		return nil, fmt.Errorf("there is no host %s in the network", value.Quote(host))
	}
	i, err := h.Interface(iface)
	if err != nil {
		return nil, fmt.Errorf("the interface %s.%s: %w", host, iface, err)
	}
	return &value.InterfaceValue{MAC: i.HardwareAddr.String(), Index: i.Index, Address: net.Address(host, iface)}, nil
}

// A HostSayer is an action that may say by another key on which host it acts.
type HostSayer interface{ SaysHost() bool }

package steps

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// findInterface is an interface of any host: alpha.eth0; in a network without
// hosts its name alone.
func findInterface(t *step.Task, name string) (*net.Interface, error) {
	h, iface, err := hostOf(t, name)
	if err != nil {
		return nil, err
	}
	i, err := h.Interface(iface)
	if err != nil {
		return nil, fmt.Errorf("there is no interface %s: %w", value.Quote(name), err)
	}
	return i, nil
}

// hostOf is the host of an interface, and the interface's own name.
func hostOf(t *step.Task, name string) (step.Host, string, error) {
	n := t.Actor.Run.Network()
	if only, ok := n.Host(""); ok {
		return only, name, nil
	}
	host, iface, dotted := strings.Cut(name, ".")
	h, ok := n.Host(host)
	switch {
	case !dotted:
		return nil, "", value.Mismatchf("%s is not an interface of a host; write it as HOST.INTERFACE", value.Quote(name))
	case !ok:
		return nil, "", value.Mismatchf("the network has no host %s", value.Quote(host))
	}
	return h, iface, nil
}

// checkInterface reports an interface of any host that is not in the network.
func checkInterface(c *check.Check, n *source.Node, name string) {
	top := c.Topology()
	host, iface, dotted := strings.Cut(name, ".")
	switch {
	case top == nil:
	case !top.HasHosts():
		if top.Alone != nil && !hasInterface("", top.Alone, name) {
			noInterface(c, n, "", name, top.Alone)
		}
	case !dotted:
		c.Problem(n, "%s is not an interface of a host", value.Quote(name)).Hint = "write it as HOST.INTERFACE, such as " + top.HostList()[0] + ".eth0"
	case top.Hosts[host] == nil:
		c.UnknownHost(n, host)
	case !slices.Contains(top.Hosts[host].Interfaces, iface):
		noInterface(c, n, host, iface, top.Hosts[host].Interfaces)
	}
}

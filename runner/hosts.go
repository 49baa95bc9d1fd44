package runner

import "github.com/sockscript/sockscript/steps/step"

// hosts are those of a scenario's network, with the links between them, as
// steps see them.
type hosts struct {
	only   step.Host // of a network without hosts; its name is empty
	byName map[string]step.Host
	links  map[string]step.Link
}

// Host implements [step.Network].
func (n *hosts) Host(name string) (step.Host, bool) {
	if name == "" && n.only != nil {
		return n.only, true
	}
	h, ok := n.byName[name]
	return h, ok
}

// Link implements [step.Network].
func (n *hosts) Link(name string) (step.Link, bool) {
	l, ok := n.links[name]
	return l, ok
}

package wire

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A Place is what a section is checked against.
type Place struct {
	// Own says that the scenario has a network of its own, LoDown that this is
	// a private one whose lo is down.
	Own, LoDown bool
	Topology    *step.Topology
	Actors      []string
	// MayName reports whether an actor may name something so, and Names lists
	// what it names.
	MayName func(actor, name string) bool
	Names   func(actor string) []string
}

// loName is the loopback interface.
const loName = "lo"

// Check finds what is wrong with a section whose parts are all well formed, and
// completes it: it says where nothing says that.
func (v *Section) Check(p Place) source.Problems {
	var problems source.Problems
	switch {
	case !v.Given():
		return nil
	case !p.Own:
		w := v.Node.Problem("nothing of the wire can be seen: the scenario has no network of its own")
		return append(problems, w.WithHint("write network: private, or hosts and links"))
	case p.LoDown:
		w := v.Node.Problem("nothing of the wire can be seen: lo of the private network is down")
		return append(problems, w.WithHint("leave lo: down out, or wire"))
	}
	for _, e := range v.List {
		problems = append(problems, e.check(p)...)
	}
	return problems
}

func (e *Expectation) check(p Place) source.Problems {
	problems := e.checkAt(p)
	for _, end := range e.Ends {
		if problem := end.check(p); problem != nil {
			problems = append(problems, problem)
		}
	}
	for _, s := range e.Segments {
		if problem := e.checkSegment(p, s); problem != nil {
			problems = append(problems, problem)
		}
	}
	return problems
}

// checkAt reports a point that is not there, or is missing.
func (e *Expectation) checkAt(p Place) source.Problems {
	links := p.Topology.LinkList()
	hosts := p.Topology.HasHosts()
	host, iface, dotted := strings.Cut(e.At, ".")
	switch {
	case e.At == "" && !hosts:
		e.At = loName
	case e.At == "" && len(links) == 1:
		e.At = links[0]
	case e.At == "":
		w := e.Node.Problem("it is not said where the segments crossed")
		if len(links) == 0 {
			return source.Problems{w.WithHint("the network has no link; write at: %s.lo", p.Topology.HostList()[0])}
		}
		return source.Problems{w.WithHint("the network has several links; write at: %s", value.JoinOr(links))}
	case !hosts && e.At != loName:
		w := e.at.node.Problem("a private network has no link and no interface %s", value.Quote(e.At))
		return source.Problems{w.WithHint("leave at out; everything crosses lo")}
	case !hosts:
	case dotted:
		return e.checkInterface(p, host, iface)
	case !slices.Contains(links, e.At):
		w := e.at.node.Problem("the network has no link %s", value.Quote(e.At))
		if w.Hint = source.DidYouMean(e.At, links); w.Hint == "" {
			w.Hint = "write a link, or an interface as HOST.INTERFACE"
			if len(links) > 0 {
				w.Hint = "its links are " + value.JoinOr(links) + "; an interface is written as HOST.INTERFACE"
			}
		}
		return source.Problems{w}
	}
	return nil
}

func (e *Expectation) checkInterface(p Place, host, iface string) source.Problems {
	names := p.Topology.Hosts[host]
	if names == nil {
		w := e.at.node.Problem("the network has no host %s", value.Quote(host))
		if w.Hint = source.DidYouMean(host, p.Topology.HostList()); w.Hint == "" {
			w.Hint = "its hosts are " + value.JoinOr(p.Topology.HostList())
		}
		return source.Problems{w}
	}
	if !slices.Contains(names.Interfaces, iface) {
		w := e.at.node.Problem("the host %s has no interface %s", host, value.Quote(iface))
		if w.Hint = source.DidYouMean(iface, names.Interfaces); w.Hint == "" {
			w.Hint = "its interfaces are " + value.JoinOr(names.Interfaces)
		}
		return source.Problems{w}
	}
	for _, name := range p.Topology.LinkList() {
		if slices.Contains(p.Topology.Links[name].Ends, e.At) {
			e.Link = name
		}
	}
	return nil
}

// check reports a socket that no step can have made.
func (e End) check(p Place) *source.Problem {
	switch {
	case e.Actor == "":
		return nil
	case !slices.Contains(p.Actors, e.Actor):
		w := e.Node.Problem("there is no actor %s", value.Quote(e.Actor))
		if w.Hint = source.DidYouMean(e.Actor, p.Actors); w.Hint == "" {
			w.Hint = "the actors are " + value.JoinOr(p.Actors)
		}
		return w
	case !p.MayName(e.Actor, e.Name):
		w := e.Node.Problem("the actor %s names nothing %s", e.Actor, e.Name)
		if w.Hint = source.DidYouMean(e.Name, p.Names(e.Actor)); w.Hint == "" {
			w.Hint = "name the socket with as: on the step that makes it"
		}
		return w
	}
	return nil
}

// checkSegment reports a direction that means nothing, and faults that are not
// there.
func (e *Expectation) checkSegment(p Place, s Segment) *source.Problem {
	link, fault := s.faulty()
	switch names := p.Topology.Links[link]; {
	case s.Pattern.Direction != 0 && len(e.Ends) == 0 && !strings.Contains(e.At, ".") && e.At != loName:
		return s.Node.Problem("a direction needs to know between whom").WithHint("write connection, or an interface at the key at; or leave the %c out", s.Pattern.Direction)
	case e.At == loName && len(e.Ends) == 0 && s.Pattern.Direction == packet.In:
		return s.Node.Problem("whatever comes to lo was sent out of it").WithHint("leave the < out, or write connection")
	case s.Fault == "" || names != nil && slices.Contains(names.Faults, fault):
		return nil
	case names == nil:
		w := s.Node.Problem("the network has no link %s", value.Quote(link))
		w.Hint = source.DidYouMean(link, p.Topology.LinkList())
		return w
	default:
		w := s.Node.Problem("the link %s has no fault %s", link, value.Quote(fault))
		if w.Hint = source.DidYouMean(fault, names.Faults); w.Hint == "" {
			w.Hint = "its faults are " + value.JoinOr(names.Faults)
		}
		return w
	}
}

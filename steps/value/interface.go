package value

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// InterfaceValue is what expressions see of an interface of a host.
type InterfaceValue struct {
	MAC     string `expr:"mac"`     // 02:00:00:00:01:01
	Index   int    `expr:"index"`   // which the kernel chose
	Address string `expr:"address"` // the first that the file gives it; "" where it gives none
}

// String is the address, which is what a text means with an interface.
func (v *InterfaceValue) String() string { return v.Address }

// trace says that the index is the kernel's choice.
func (v *InterfaceValue) trace() *Trace {
	return &Trace{Parts: map[string]*Trace{"index": TraceOf(Whole(v.Index, event.Origin{Word: "index"}))}}
}

// interfaceFields are the names of an interface's values.
var interfaceFields = []string{"mac", "index", "address"}

// interfaceMark is in the names that compiled expressions have for interfaces.
// No scenario can write it.
const interfaceMark = "·"

// InterfaceName takes apart the name that an expression has for an interface;
// ok is false where it is of something else.
func InterfaceName(name string) (host, iface string, ok bool) {
	return strings.Cut(name, interfaceMark)
}

// interfaceNode is the node for HOST.NAME, where HOST is a host of the network;
// ok is false where it means something else. A name of the actor goes before a
// host; an interface before what an actor of the host's name may give that
// name.
func (d *Decoder) interfaceNode(host, name string) (n ast.Node, ok bool, err error) {
	list, known := d.Hosts[host]
	switch {
	case !known || d.Own.Has(host):
		return nil, false, nil
	case slices.Contains(list, name):
		return &ast.IdentifierNode{Value: host + interfaceMark + name}, true, nil
	case d.actors[host]:
		return nil, false, nil
	}
	return nil, false, fmt.Errorf("the host %s has no interface %s; %s", host, Quote(name), hintOf(name, "its interfaces are ", list))
}

// interfaceField reports a value that an interface does not have.
func interfaceField(m *ast.MemberNode) error {
	id, ok := m.Node.(*ast.IdentifierNode)
	if !ok {
		return nil
	}
	host, iface, ok := InterfaceName(id.Value)
	name, text := m.Property.(*ast.StringNode)
	if !ok || iface == "" || !text || slices.Contains(interfaceFields, name.Value) {
		return nil
	}
	return fmt.Errorf("the interface %s.%s has no %s; %s", host, iface, name.Value, hintOf(name.Value, "it has ", interfaceFields))
}

func hintOf(word, otherwise string, list []string) string {
	if hint := source.DidYouMean(word, list); hint != "" {
		return hint
	}
	return otherwise + JoinOr(list)
}

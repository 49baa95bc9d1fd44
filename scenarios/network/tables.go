package network

import "github.com/sockscript/sockscript/steps/value"

// A Table is a table of the reference.
type Table struct {
	Title string
	Rows  []value.DocRow
}

// Tables document the keys of a network, from the outside to the inside.
func Tables() []Table {
	plan, host, link, fault := new(Plan), new(Host), new(Link), new(Fault)
	rules := &faults{link: link}
	frames := (&act{fault: fault, link: link}).params(&endOf{link: link}, &endOf{link: link})
	return []Table{
		{"Network", value.DocRows(plan.params())},
		{"Private network", value.DocRows((&privateNetwork{plan}).params())},
		{"Host", value.DocRows(host.params())},
		{"Interface", value.DocRows(new(Interface).params())},
		{"Link", value.DocRows(link.params())},
		{"Fault", value.DocRows(append(rules.acts(fault), &value.Param{Key: "set", Value: &value.Enum{Words: onOff}, Help: setHelp}))},
		{"Frames of a fault", value.DocRows(frames)},
		{"Capture", value.DocRows(new(Capture).params())},
	}
}

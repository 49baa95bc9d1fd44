package option

import (
	"cmp"

	"github.com/sockscript/sockscript/steps/sock"
)

// A ControlDoc is what the reference says of a type of ancillary data.
type ControlDoc struct {
	Takes string // to be sent
	Gives string // when it is received
}

// DocOfControl says how the values of a type of ancillary data are written.
func DocOfControl(t sock.ControlType) ControlDoc {
	if t.Kind == sock.CtlRights {
		return ControlDoc{Takes: "a list of handles", Gives: "descriptors, which get names"}
	}
	if f := controlForms[t.Kind]; f != nil {
		return ControlDoc{Takes: cmp.Or(f.takes, "bytes, as {hex: …}"), Gives: f.what}
	}
	return ControlDoc{Takes: "bytes, as {hex: …}", Gives: "bytes"}
}

package option

import (
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
	if f := controlForms()[t.Kind]; f != nil {
		if f.Encode == nil {
			return ControlDoc{Takes: bytesTaken, Gives: f.What}
		}
		return ControlDoc{Takes: f.takes(), Gives: f.What}
	}
	return ControlDoc{Takes: bytesTaken, Gives: "bytes"}
}

const bytesTaken = "bytes, as {hex: …}"

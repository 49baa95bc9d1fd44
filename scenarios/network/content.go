package network

import (
	"regexp"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/value"
)

// A content is bytes that a frame carries. They are known before the run.
type content struct {
	payload.Payload
	to *[]byte
}

func (v *content) Written() {}

func (v *content) Decode(d *value.Decoder, n *source.Node) {
	before := d.Count()
	v.Payload.Decode(d, n)
	if d.Count() > before {
		return
	}
	if v.Static == nil {
		d.Problem(n, "these bytes are not known before the run").Hint = "the network is made before anything has a value; write them out, as a text or as {hex: ff00}"
		return
	}
	b, err := v.Static()
	switch {
	case err != nil:
		d.Problem(n, "%s", err)
	case len(b.Bytes) == 0:
		d.Problem(n, "there are no bytes here, so that each payload has them").Hint = "leave contains out"
	}
	*v.to = b.Bytes
}

// A pattern is a regular expression that what a frame carries matches.
type pattern struct {
	value.Regexp
	to **regexp.Regexp
}

func (v *pattern) Written() {}

func (v *pattern) Decode(d *value.Decoder, n *source.Node) {
	before := d.Count()
	v.Regexp.Decode(d, n)
	if d.Count() > before {
		return
	}
	if _, static := v.Static(); !static {
		noExpression(d, n)
		return
	}
	if re, err := v.Eval(nil); err != nil {
		d.Problem(n, "%s", err)
	} else {
		*v.to = re
	}
}

// noExpression reports a value of the network that holds an expression.
func noExpression(d *value.Decoder, n *source.Node) {
	d.Problem(n, "a value of the network cannot hold an expression").Hint = "the network is made before anything has a value; write it out"
}

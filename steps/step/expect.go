package step

import (
	"errors"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// Expect is what a step must give, beside what its kind binds: an errno, and
// how long it may take.
type Expect struct {
	Node  *source.Node
	Error value.Errnos
	Took  value.Compare
}

// Given reports whether the step has an expectation at all.
func (x *Expect) Given() bool { return x.Node != nil }

// bindings are the keys of `expect` that every kind has.
func (x *Expect) bindings() []*value.Param {
	x.Took.Unit = value.TimeUnit
	return []*value.Param{
		{Key: "error", Value: &x.Error, Help: "the errno that the call must fail with, or a list of errnos that are possible; 0 in the list allows success; as then names the errno: ${e.name}, ${e.message}, ${e.number}, and of a send ${e.count}, the bytes that went before it"},
		{Key: "took", Value: &x.Took, Help: "how long the step may take, counted from its call, such as 150ms..400ms or \">=1s\""},
	}
}

// decode reads `expect` for a step whose kind has the parameters p.
func (x *Expect) decode(d *value.Decoder, n *source.Node, kind *Kind, p *Params) {
	x.Node = n
	if n.Kind != source.Map {
		if p.Short == nil {
			pr := d.Problem(n, "expect of %s is a mapping, not %s", kind.Name, n.Describe())
			pr.Hint = "write {error: ERRNO} or another of its keys: see the reference of " + kind.Name
			if p.Others != nil {
				pr.Hint = "write " + p.Others.Help
			}
			return
		}
		d.Field(shortExpect, p.Short.Value, n)
		return
	}
	whole := n
	params := append(x.bindings(), p.Expect...)
	if p.Others != nil {
		n = p.others(d, n, params)
	}
	d.Fields(underExpect, n, params, "expect of "+kind.Name)
	x.onlyError(d, whole)
}

// onlyError reports what is expected beside an error: a call that fails gives
// nothing else.
func (x *Expect) onlyError(d *value.Decoder, n *source.Node) {
	if !x.Error.Given() || x.Error.Has("0") {
		return
	}
	for _, e := range n.Entries {
		if e.Key.Text != "error" && e.Key.Text != "took" {
			d.Problem(e.Key, "a step that must fail has no %s", e.Key.Text).Hint = "leave it out, or leave error out"
		}
	}
}

// others hands the keys that are bound nowhere to the value that takes them,
// and returns the mapping without them.
func (p *Params) others(d *value.Decoder, n *source.Node, params []*value.Param) *source.Node {
	known, rest := *n, *n
	known.Entries, rest.Entries = nil, nil
	for _, e := range n.Entries {
		if value.FindParam(params, e.Key.Text) != nil {
			known.Entries = append(known.Entries, e)
		} else {
			rest.Entries = append(rest.Entries, e)
		}
	}
	if len(rest.Entries) > 0 || len(known.Entries) == 0 {
		d.Field(underExpect, p.Others.Value, &rest)
	}
	return &known
}

// Partly is an errno of a step that had done a part of its work before.
type Partly struct {
	Err   error
	Count int // the bytes that went
	Shown any // how the transcript shows them
}

// Error is the errno's own text.
func (e *Partly) Error() string { return e.Err.Error() }

// Unwrap is the errno.
func (e *Partly) Unwrap() error { return e.Err }

// doneBefore is what a step had done before its error; nothing where that is
// not said.
func doneBefore(err error) *Partly {
	var partly *Partly
	if errors.As(err, &partly) {
		return partly
	}
	return new(Partly)
}

// shown is what the transcript shows before the errno. Behind an EAGAIN the
// rest can be sent; behind any other errno nobody knows what has arrived.
func (e *Partly) shown(errno syscall.Errno) []any {
	if e.Shown == nil || errno != syscall.EAGAIN {
		return nil
	}
	return []any{e.Shown}
}

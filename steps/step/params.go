package step

import (
	"github.com/sockscript/sockscript/steps/value"
)

// Params collects the bindings of one action.
type Params struct {
	Verb   *value.Param   // the verb's own value
	Keys   []*value.Param // the step's further keys
	Expect []*value.Param // the keys that `expect` takes, beside error and took
	// Short is what a plain `expect: VALUE` means, or nil where only a mapping
	// will do.
	Short *value.Param
	// Others takes the keys of the `expect` mapping that are bound nowhere
	// else, as one mapping; nil where such keys are errors.
	Others *value.Param
	// Makes says what `as` names; "" where the kind makes nothing.
	Makes string
	// Word replaces a result that is masked and has no name; "" means
	// value.
	Word string
	// Names is how many names `as` takes; 0 means one.
	Names int
	// MayWait says that the step's call may wait in the kernel, so that the
	// world learns from Stalls when it does.
	MayWait bool

	on *HostRef // see Host
}

// Value binds the verb's value.
func (p *Params) Value(v value.Value, help string) *value.Param {
	p.Verb = &value.Param{Value: v, Help: help, Required: true}
	return p.Verb
}

// Key binds a further key of the step.
func (p *Params) Key(key string, v value.Value, help string) *value.Param {
	q := &value.Param{Key: key, Value: v, Help: help}
	p.Keys = append(p.Keys, q)
	return q
}

// NoWait binds the key nowait of a kind whose call may wait in the kernel.
func (p *Params) NoWait(v *value.Bool, help string) {
	p.MayWait = true
	p.Key("nowait", v, help).Or("false")
}

// Result binds a key of the `expect` mapping.
func (p *Params) Result(key string, v value.Value, help string) *value.Param {
	q := &value.Param{Key: key, Value: v, Help: help}
	p.Expect = append(p.Expect, q)
	return q
}

// Results binds further keys of the `expect` mapping.
func (p *Params) Results(list []*value.Param) { p.Expect = append(p.Expect, list...) }

// Plain binds what `expect` means when it is not a mapping.
func (p *Params) Plain(v value.Value, help string) *value.Param {
	p.Short = &value.Param{Key: "expect", Value: v, Help: help}
	return p.Short
}

// Rest binds the keys of the `expect` mapping that no Result binds.
func (p *Params) Rest(v value.Value, help string) *value.Param {
	p.Others = &value.Param{Value: v, Help: help}
	return p.Others
}

func paramsOf(a Action) *Params {
	var p Params
	a.Params(&p)
	return &p
}

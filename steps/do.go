package steps

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var doKind = step.Kind{
	Name:    "do",
	Summary: "run a procedure",
	Text: `A procedure is a list of steps under procedures: in the file, with params: if it
takes parameters: a list of names, or a mapping of names to defaults. If with
has the name of a handle of the caller, the parameter is that handle; otherwise
it is the value. The names that the procedure's steps make belong to the actor.

A procedure with returns: NAME hands a handle or a value back, which as: names.
It has this name in the transcript from the start. All other names that the
steps make are then the procedure's own. The procedures of an included file
keep their names to themselves too, and do not see those of the actor.

expect: {error: ERRNO} says that a step of the procedure must fail with this
errno, which ends the procedure. What it has made until then stays open.`,
	Example: `procedures:
  bound:
    params: {to: "127.0.0.1:0"}
    returns: sock
    steps:
      - socket: udp
        as: sock
      - bind: sock
        to: ${to}
  greet:
    params: {from: , to: , text: hello}
    steps:
      - send: from
        data: ${text}
        to: ${to}
      - recv: to
        expect: ${text}
actors:
  one:
    - do: bound
      as: a
    - do: bound
      as: b
    - do: greet
      with: {from: a, to: b}
    - do: greet
      with: {from: b, to: a, text: welcome}
    - close: [a, b]
`,
	New: func() step.Action { return new(doAction) },
}

type doAction struct {
	proc step.ProcedureRef
	with check.Arguments
	want value.Result
}

func (a *doAction) Params(p *step.Params) {
	p.Value(&a.proc, "the procedure; one of an included file is written FILE.PROCEDURE")
	p.Key("with", &a.with, "the parameters: a mapping of names to handles or values")
	p.Plain(&a.want, "the value that the procedure must return")
	p.Rest(&a.want, "if the procedure returns a mapping: keys of it, with the values that they must have")
	p.Makes = "what the procedure returns"
}

func (a *doAction) Unhurried() {}

func (a *doAction) Run(t *step.Task) error {
	t.Announce()
	given := make(map[string]any, len(a.with.Names))
	for i, name := range a.with.Names {
		v, err := a.argument(t, a.with.Values[i])
		if err != nil {
			return err
		}
		given[name] = v
	}
	v, err := t.Do(a.proc.Proc, given)
	if err != nil || !a.want.Given() {
		return err
	}
	return a.want.Check(t, t.ValueOf(v))
}

// argument is the handle or value that a parameter stands for.
func (a *doAction) argument(t *step.Task, x *value.Datum) (any, error) {
	if s, plain := x.Word(); plain {
		if v, ok := t.Named(s); ok {
			return v, nil
		}
		if program, stream, ok := strings.Cut(s, "."); ok && step.IsStream(stream) {
			return t.Stream(program, stream)
		}
	}
	return x.Typed(t)
}

func (a *doAction) Check(c *check.Check) {
	proc := a.proc.Proc
	if proc == nil || proc.Body == nil {
		return
	}
	if proc.Returns == "" {
		c.NothingToMask("the procedure " + proc.Name + " does not return anything")
	}
	params := make(map[string]*check.Symbol)
	for i, name := range a.with.Names {
		if !proc.Takes(name) {
			p := c.Problem(a.with.Values[i].Node, "procedure %s has no parameter %q", a.proc.Name(), name)
			p.Hint = source.DidYouMean(name, proc.Names())
			continue
		}
		params[name] = c.Argument(name, a.with.Values[i])
		s, _ := a.with.Values[i].Word()
		for _, stream := range step.StreamNames {
			if own := c.Symbols[s+"."+stream]; own != nil && params[name].Program {
				params[name+"."+stream] = own
			}
		}
	}
	for _, q := range proc.Params {
		switch {
		case params[q.Name] != nil:
		case q.Default != nil:
			params[q.Name] = check.Default(q)
		default:
			c.Problem(c.Step.Node, "procedure %s needs the parameter %s", a.proc.Name(), q.Name).Hint = fmt.Sprintf("write with: {%s: …}", q.Name)
			params[q.Name] = &check.Symbol{Name: q.Name, Anything: true, Used: true}
		}
	}
	c.HandBack(proc, c.Call(proc, params))
}

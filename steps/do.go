package steps

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var doKind = step.Kind{
	Name:    "do",
	Summary: "run a procedure",
	Text: `A procedure is a list of steps under procedures: in the file, with params: when
it takes parameters. If with has the name of a handle of the caller, the
parameter is that handle; otherwise it is the value. The names that the
procedure's steps make belong to the actor.`,
	Example: `procedures:
  greet:
    params: [from, to, text]
    steps:
      - send: from
        data: ${text}
      - recv: to
        expect: ${text}
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - do: greet
      with: {from: a, to: b, text: hello}
    - do: greet
      with: {from: b, to: a, text: welcome}
`,
	New: func() step.Action { return new(doAction) },
}

type doAction struct {
	proc step.ProcedureRef
	with step.Arguments
}

func (a *doAction) Params(p *step.Params) {
	p.Value(&a.proc, "the procedure")
	p.Key("with", &a.with, "the parameters: a mapping of names to handles or values")
}

func (a *doAction) Unhurried() {}

func (a *doAction) Run(t *step.Task) error {
	t.Announce()
	frame := make(map[string]any, len(a.with.Names))
	for i, name := range a.with.Names {
		v, err := a.argument(t, a.with.Values[i])
		if err != nil {
			return err
		}
		frame[name] = v
	}
	outer := t.Frame
	t.Frame = frame
	err := t.Within(a.proc.Proc.Body)
	t.Frame = outer
	return err
}

// argument is the handle or value that a parameter stands for.
func (a *doAction) argument(t *step.Task, x *value.Text) (any, error) {
	if s, static := x.Static(); static && !x.Node.Quoted {
		if v, ok := t.Named(s); ok {
			return v, nil
		}
		if program, stream, ok := strings.Cut(s, "."); ok && step.IsStream(stream) {
			return t.Stream(program, stream)
		}
	}
	return x.Typed(t)
}

func (a *doAction) Check(c *step.Check) {
	proc := a.proc.Proc
	if proc == nil || proc.Body == nil {
		return
	}
	params := make(map[string]*step.Symbol)
	for i, name := range a.with.Names {
		if !proc.Takes(name) {
			p := c.Problem(a.with.Values[i].Node, "procedure %s has no parameter %q", proc.Name, name)
			p.Hint = source.DidYouMean(name, proc.Params)
			continue
		}
		params[name] = c.Argument(name, a.with.Values[i])
		for _, stream := range step.StreamNames {
			s, _ := c.Text(a.with.Values[i])
			if own := c.Symbols[s+"."+stream]; own != nil && params[name].Program {
				params[name+"."+stream] = own
			}
		}
	}
	for _, name := range proc.Params {
		if params[name] == nil {
			c.Problem(c.Step.Node, "procedure %s needs the parameter %s", proc.Name, name).Hint = fmt.Sprintf("write with: {%s: …}", name)
			params[name] = &step.Symbol{Name: name, Anything: true, Used: true}
		}
	}
	c.Call(proc, params)
}

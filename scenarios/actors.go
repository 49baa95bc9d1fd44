package scenarios

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// actors is the value of the key actors.
type actors struct {
	reader *step.Reader
	turned []string // those that have turns in the sequence
	list   []*Actor
}

func (v *actors) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "actors is a mapping of names to lists of steps, not %s", n.Describe())
		return
	}
	if len(n.Entries) == 0 && !n.Partly {
		d.Problem(n, "there are no actors").Hint = "write a name and its list of steps below actors"
		return
	}
	for _, e := range n.Entries {
		if !value.IsName(e.Key.Text) {
			d.Problem(e.Key, "%q is not a name for an actor", e.Key.Text).Hint = value.NameHint
		}
		if v.reader.IsOverTurns(e.Key.Text) {
			p := d.Problem(e.Key, "an actor cannot have the name %s, which means something else in a sequence", e.Key.Text)
			p.Hint = "give the actor another name"
		}
		a := newActor(e.Key)
		a.Turns = slices.Contains(v.turned, a.Name)
		a.decode(v.reader, e.Value)
		v.list = append(v.list, a)
	}
}

// newActor is an actor with the name that is at n.
func newActor(n *source.Node) *Actor {
	return &Actor{Name: n.Text, Node: n, Body: new(step.Block), Count: value.Replicas(), on: network.NewHostName()}
}

func (a *Actor) decode(r *step.Reader, n *source.Node) {
	body := actorBody{reader: r, actor: a}
	if n.Kind != source.Map {
		body.Decode(r.Decoder, n)
		return
	}
	r.Mapping(n, a.params(&body), "actor "+a.Name)
	if a.Turns && a.Count.Given() {
		r.Problem(n.Get("count"), "the actor %s has turns in the sequence, so it cannot have a count", a.Name).Hint = "leave count out, or give the actor steps of its own"
	}
	if a.Process = a.process.On; a.Process {
		if err := sock.ProcessesSupported(); err != nil {
			r.Problem(n.Get("process"), "%v", err).Hint = "leave process out, or require os:linux"
		}
	}
	if a.Background = a.background.On; a.Turns && a.Background {
		p := r.Problem(n.Get("background"), "the actor %s has turns in the sequence, so it cannot be in the background", a.Name)
		p.Hint = "leave background out, or give the actor steps of its own"
	}
}

// params are the keys of an actor that is written as a mapping.
func (a *Actor) params(body *actorBody) []*value.Param {
	return []*value.Param{
		{Key: "steps", Value: body, Required: !a.Turns, Help: "what the actor does"},
		{Key: "count", Value: &outside{value: &a.Count}, Help: "how many replicas run, each with its own index; default: 1"},
		{Key: "timeout", Value: &outside{value: &a.Timeout}, Help: "the longest time that all steps together may take"},
		{Key: "host", Value: a.on, Help: "the host of the network that the actor is on; default: the host of the actor's own name"},
		{Key: "process", Value: &a.process, Help: "true: all calls of the actor's steps are made by a process of its own; see fork"},
		{Key: "background", Value: &a.background, Help: "true: the actor serves the others; when they have ended, it is ended in the call that it waits in"},
	}
}

// actorBody decodes the steps of an actor.
type actorBody struct {
	reader *step.Reader
	actor  *Actor
}

func (b *actorBody) Decode(d *value.Decoder, n *source.Node) {
	if b.actor.Turns {
		p := d.Problem(b.actor.Node, "the actor %s has steps, so it cannot have turns in the sequence", b.actor.Name)
		p.Hint = "move its steps into turns, or give the actor of the turns another name"
	}
	b.actor.Body = b.reader.Actor(n)
}

func (b *actorBody) Schema() value.Schema { return new(step.Block).Schema() }
func (b *actorBody) Type() string         { return "list of steps" }

// outside decodes a value whose expressions are outside any step.
type outside struct{ value value.Value }

func (o *outside) Decode(d *value.Decoder, n *source.Node) { d.Outside(o.value, n) }
func (o *outside) Schema() value.Schema                    { return o.value.Schema() }
func (o *outside) Type() string                            { return o.value.Type() }

// Schema accepts a mapping of names to steps.
func (v *actors) Schema() value.Schema {
	body := new(step.Block).Schema()
	long := value.Schema{}
	a := newActor(new(source.Node))
	for _, p := range a.params(&actorBody{}) {
		long[p.Key] = value.Described(p)
	}
	mapping := value.Object(long)
	return value.Schema{
		"type": "object", "minProperties": 1,
		"propertyNames":        value.Schema{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
		"additionalProperties": value.Schema{"anyOf": []value.Schema{body, mapping}},
	}
}

func (v *actors) Type() string { return "actors by name" }

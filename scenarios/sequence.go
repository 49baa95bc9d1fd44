package scenarios

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// sequence is the value of the key sequence.
type sequence struct {
	reader *step.Reader
	turns  *step.Sequence // nil where it was not written, or cannot be read
}

func (v *sequence) Decode(_ *value.Decoder, n *source.Node) { v.turns = v.reader.Sequence(n) }

// Schema accepts a list of turns: mappings of an actor to a step or to a list
// of steps, and the steps whose own steps are turns.
func (v *sequence) Schema() value.Schema { return new(step.Sequence).Schema() }

func (v *sequence) Type() string { return "list of turns" }

// body is the block of the turns; nil without a sequence.
func (v *sequence) body() *step.Block {
	if v.turns == nil {
		return nil
	}
	return v.turns.Body
}

// cast are all actors: those with steps in the order of the file, and then
// those of the sequence in the order of their first turns.
func (doc *document) cast() []*Actor {
	var list []*Actor
	for _, a := range doc.actors.list {
		if !a.Turns {
			list = append(list, a)
		}
	}
	if doc.sequence.turns == nil {
		return list
	}
	for _, t := range doc.sequence.turns.Actors {
		i := slices.IndexFunc(doc.actors.list, func(a *Actor) bool { return a.Name == t.Name })
		a := newActor(t.Node)
		if i >= 0 {
			a = doc.actors.list[i]
		}
		a.Name, a.Body, a.Turns = t.Name, t.Body, true
		list = append(list, a)
	}
	return list
}

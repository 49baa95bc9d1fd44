package step

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// A Sequence is the turns of several actors in one order. Its own steps are
// turns, and those kinds over them whose steps may be turns: see [Kind].
type Sequence struct {
	Body   *Block
	Actors []*TurnActor // in the order of their first turns
}

// A TurnActor is an actor of a sequence.
type TurnActor struct {
	Name string
	Node *source.Node // the key of its first turn
	Body *Block       // the steps of all its turns

	names *value.NameSet  // that its steps give
	own   *value.NameSet  // these, and those of the loops
	uses  map[string]bool // the streams of programs that its steps use
}

// A Turn is the step of a sequence that lets an actor do steps of its own.
type Turn struct {
	Actor  string
	Branch []string // the names that lead to a branch of the actor; none for itself
	Body   *Block

	Key    *source.Node
	Number int // among the turns, in the order of the file
	Turns  *turns
}

// A TurnTaker lets actors take their turns.
type TurnTaker interface {
	// Take runs the steps of a turn, as the actor or the branch that it names.
	Take(t *Task, turn *Turn) error
}

// turnKind is the kind of a turn. It is not in any list: a turn is written with
// the name of its actor.
var turnKind = Kind{Name: "turn", New: func() Action { return new(Turn) }}

// Params implements [Action].
func (a *Turn) Params(*Params) {}

// Unhurried says that the step timeout does not bound a turn.
func (a *Turn) Unhurried() {}

// Run implements [Action].
func (a *Turn) Run(t *Task) error {
	place := &t.Step.Place
	err := t.Turns.Take(t, a)
	var inner *Error
	if errors.As(err, &inner) {
		inner.Via = append(inner.Via, event.Via{Place: place, Turn: true})
	}
	return err
}

// turns is what is known of a sequence before its steps are read.
type turns struct {
	Loops  *value.NameSet // names of rounds and items, which all actors see
	Actors map[string]*TurnActor
	order  []*TurnActor
	count  int
	// first are the numbers of the turns that give a name first, by actor.name.
	first map[string]int
	open  []openTurn
}

// openTurn is a turn that gives names that hold expressions.
type openTurn struct {
	actor  string
	names  []value.OpenName
	number int
}

// SequenceActors are the names of the actors that have turns in a sequence
// which is decoded from n.
func SequenceActors(kinds Kinds, n *source.Node) []string {
	if n == nil {
		return nil
	}
	var names []string
	for _, a := range NewReader(kinds, nil, nil).survey(n).order {
		names = append(names, a.Name)
	}
	return names
}

// survey finds the actors of a sequence and the names that their steps give:
// both are known before any expression is compiled.
func (r *Reader) survey(n *source.Node) *turns {
	s := &turns{Loops: value.NewNameSet(), Actors: make(map[string]*TurnActor), first: make(map[string]int)}
	r.surveyList(n, s)
	for _, a := range s.order {
		a.own.Merge(a.names, nil)
		a.own.Merge(s.Loops, nil)
	}
	return s
}

func (r *Reader) surveyList(n *source.Node, s *turns) {
	for _, item := range n.Items {
		if r.overTurns(item) {
			params := r.paramsIn(item)
			value.NamesIn(item, params, s.Loops.Add)
			for _, e := range item.Entries {
				p := value.FindParam(params, e.Key.Text)
				if p == nil {
					continue
				}
				if nest, ok := p.Value.(Nest); ok {
					for _, list := range nest.Lists(e.Value) {
						r.surveyList(list, s)
					}
				}
			}
			continue
		}
		if e, fault := r.turnEntry(item); fault == nil {
			r.surveyTurn(e, s)
		}
	}
}

func (r *Reader) surveyTurn(e source.Entry, s *turns) {
	name, _, _ := strings.Cut(e.Key.Text, ".")
	a := s.Actors[name]
	if a == nil {
		names := value.NewNameSet()
		a = &TurnActor{
			Name: name, Node: e.Key, Body: &Block{Given: names}, names: names, own: value.NewNameSet(), uses: make(map[string]bool),
		}
		s.Actors[name], s.order = a, append(s.order, a)
	}
	gives := value.NewNameSet()
	r.namesOfSteps(stepsOf(e.Value), gives)
	for given := range gives.Fixed {
		if _, known := s.first[name+"."+given]; !known {
			s.first[name+"."+given] = s.count
		}
	}
	if len(gives.Open) > 0 {
		s.open = append(s.open, openTurn{name, gives.Open, s.count})
	}
	a.names.Merge(gives, nil)
	s.count++
}

// GivenBy reports whether a turn up to the one of that number may give the name
// of an actor.
func (s *turns) GivenBy(number int, actor, name string) bool {
	if first, known := s.first[actor+"."+name]; known && first <= number {
		return true
	}
	return slices.ContainsFunc(s.open, func(t openTurn) bool {
		return t.actor == actor && t.number <= number && value.MayMean(t.names, name)
	})
}

// IsOverTurns reports whether a word in the place of an actor means a step
// whose own steps are turns.
func (r *Reader) IsOverTurns(word string) bool {
	k, ok := r.kinds.Lookup(word)
	return ok && k.OverTurns
}

// overTurns reports whether an item of a sequence is a step whose own steps are
// turns.
func (r *Reader) overTurns(n *source.Node) bool {
	return slices.ContainsFunc(n.Entries, func(e source.Entry) bool { return r.IsOverTurns(e.Key.Text) })
}

// A turnFault is what is wrong with an item of a sequence.
type turnFault struct {
	node      *source.Node
	msg, hint string
}

// turnEntry is the one entry of a turn.
func (r *Reader) turnEntry(n *source.Node) (source.Entry, *turnFault) {
	const form = `write it as "- ACTOR: [steps]", or "- ACTOR: {KIND: VALUE}" for one step`
	switch {
	case n.Kind != source.Map:
		return source.Entry{}, &turnFault{n, "a turn is a mapping of an actor to its steps, not " + n.Describe(), form}
	case len(n.Entries) != 1:
		return source.Entry{}, &turnFault{n, "a turn has one key, the name of its actor", form}
	}
	e := n.Entries[0]
	name := e.Key.Text
	switch {
	case slices.ContainsFunc(strings.Split(name, "."), func(s string) bool { return !value.IsName(s) }):
		hint := "a name is letters, digits and _, and starts with a letter; a turn of a branch is ACTOR.BRANCH"
		return e, &turnFault{e.Key, value.Quote(name) + " is not a name for an actor", hint}
	case e.Value.Null || e.Value.Kind == source.List && len(e.Value.Items) == 0:
		return e, &turnFault{e.Key, "the turn of " + name + " has no steps", "write its steps below it, or leave the turn out"}
	case e.Value.Kind == source.Scalar:
		if _, kind := r.kinds.Lookup(name); kind {
			return e, &turnFault{e.Key, "a step is in the place of a turn", form}
		}
		return e, &turnFault{e.Value, "the turn of " + name + " is a step or a list of steps, not " + e.Value.Describe(), form}
	}
	return e, nil
}

// stepsOf is a turn's list of steps; a turn may also be one step.
func stepsOf(n *source.Node) *source.Node {
	if n.Kind == source.Map {
		return &source.Node{Kind: source.List, Items: []*source.Node{n}, Pos: n.Pos, File: n.File}
	}
	return n
}

// Sequence reads the turns of a scenario.
func (r *Reader) Sequence(n *source.Node) *Sequence {
	if n.Kind != source.List {
		r.Problem(n, "sequence is a list of turns, not %s", n.Describe()).Hint = `write each turn as "- ACTOR: [steps]"`
		return nil
	}
	if len(n.Items) == 0 {
		r.Problem(n, "the sequence has no turns").Hint = `write each turn as "- ACTOR: [steps]"`
		return nil
	}
	s := r.survey(n)
	s.count = 0
	r.turns, r.Own = s, s.Loops
	body := &Block{Given: s.Loops}
	body.read(r, n)
	r.turns = nil
	return &Sequence{Body: body, Actors: s.order}
}

// turn reads an item of a sequence.
func (r *Reader) turn(n *source.Node) *Step {
	if r.overTurns(n) {
		return r.step(n)
	}
	e, fault := r.turnEntry(n)
	if fault != nil {
		r.Problem(fault.node, "%s", fault.msg).Hint = fault.hint
		return r.broken(n)
	}
	path := strings.Split(e.Key.Text, ".")
	s, a := r.turns, r.turns.Actors[path[0]]
	if a == nil {
		return r.broken(n) // the loop around it could not be read
	}
	turn := &Turn{Actor: path[0], Branch: path[1:], Body: new(Block), Key: e.Key, Number: s.count, Turns: s}
	s.count++
	made := &Step{Kind: &turnKind, Action: turn, Node: e.Key, Verb: e.Value, Gives: value.NewNameSet(), blocks: []*Block{turn.Body}}
	made.Place = event.Place{
		ID: len(*r.steps), Kind: turnKind.Name, Title: "the turn of " + e.Key.Text, Pos: e.Key.Pos, Line: e.Key.Line(),
	}
	*r.steps = append(*r.steps, made)
	r.turns, r.Own = nil, a.own
	r.Streams.enter(a.uses)
	turn.Body.read(r, stepsOf(e.Value))
	r.turns, r.Own = s, s.Loops
	a.Body.Steps = append(a.Body.Steps, turn.Body.Steps...)
	return made
}

// FirstTurn is the actor of the first turn in a step of a sequence; of the
// first one of all where there is none in it.
func FirstTurn(sequence *Block, at *event.Place) string {
	first, inside := "", ""
	WalkOwn(sequence, func(s *Step) {
		turn, ok := s.Action.(*Turn)
		if ok && first == "" {
			first = turn.Actor
		}
		if ok && inside == "" && s.Place.ID > at.ID {
			inside = turn.Actor
		}
	})
	return cmp.Or(inside, first)
}

// CertainTurns are the steps of an actor in those turns that are taken once, in
// any case.
func CertainTurns(sequence *Block, actor string) *Block {
	b := new(Block)
	if sequence == nil { // it could not be read
		return b
	}
	for _, s := range sequence.Steps {
		if turn, ok := s.Action.(*Turn); ok && turn.Actor == actor && len(turn.Branch) == 0 {
			b.Steps = append(b.Steps, turn.Body.Steps...)
		}
	}
	return b
}

// TurnedBranches are the branches of an actor that have turns.
func TurnedBranches(sequence *Block, actor string) map[string]bool {
	if sequence == nil {
		return nil
	}
	names := make(map[string]bool)
	WalkSteps(sequence, func(s *Step) {
		if turn, ok := s.Action.(*Turn); ok && turn.Actor == actor {
			for _, name := range turn.Branch {
				names[name] = true
			}
		}
	})
	return names
}

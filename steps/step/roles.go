package step

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// A Signaller is an action that raises a signal.
type Signaller interface {
	Signals() *value.Text // its name
}

// A Meeter is an action that comes to a barrier.
type Meeter interface {
	Meets() *value.Text // the barrier's name
}

// A Watcher is an action that looks at a branch of another actor, or at its
// end.
type Watcher interface {
	Watches() (actor, name string) // "" where it is a branch of its own
}

// An Opener is an action that lets others find a socket at its address.
type Opener interface {
	// Opens returns the socket, and whether that is so only where it makes no
	// connections.
	Opens() (socket *HandleRef, connectionless bool)
}

// A Maker is an action whose handle is a socket of a type that the file says.
type Maker interface {
	MakesType() int
}

// Found are the sockets that others can certainly find: those of the steps that
// always run and must succeed.
func Found(b *Block) []string {
	connectionless := make(map[string]bool)
	var names []string
	for _, s := range b.Steps {
		if s.Expect.Given() || s.When.Given() {
			continue
		}
		if a, ok := s.Action.(Maker); ok {
			for _, name := range s.As.Static() {
				connectionless[name] = a.MakesType() == unix.SOCK_DGRAM
			}
		}
		if a, ok := s.Action.(Opener); ok {
			h, only := a.Opens()
			name, _ := h.Static()
			if value.IsName(name) && (!only || connectionless[name]) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Roles are what an actor's steps do for other actors, as far as the file
// says: which signals it raises and which barriers it comes to.
type Roles struct {
	Signals  map[string]bool
	AnySign  bool // a signal whose name holds an expression
	Barriers map[string]bool
}

// RolesOf reads the roles off a block.
func RolesOf(b *Block) Roles {
	var r Roles
	WalkSteps(b, func(s *Step) {
		if a, ok := s.Action.(Signaller); ok {
			if name, static := a.Signals().Static(); static {
				note(&r.Signals, name)
			} else {
				r.AnySign = true
			}
		}
		if a, ok := s.Action.(Meeter); ok {
			name, _ := a.Meets().Static()
			note(&r.Barriers, name)
		}
	})
	return r
}

// note adds a name to a set, which most actors have no need of.
func note(set *map[string]bool, name string) {
	if *set == nil {
		*set = make(map[string]bool)
	}
	(*set)[name] = true
}

// StartsAhead reports whether an actor that has come to a step may still start
// a program: with that step, one behind it, or in a further round of a
// repetition. It may be said too often, never too seldom. No step stands for
// the beginning.
func StartsAhead(body *Block, at *event.Place) bool {
	reached, ahead := at == nil, false
	WalkSteps(body, func(s *Step) {
		reached = reached || s.Place.ID == at.ID
		ahead = ahead || (reached || s.Repeats() && s.contains(at)) && s.starts()
	})
	return ahead || !reached && (&Step{blocks: []*Block{body}}).starts()
}

// Repeats reports whether the steps that are in the step run again and again.
func (s *Step) Repeats() bool { return s.Kind != nil && s.Kind.Loops }

// any reports whether the step, or one that is in it or in a procedure that
// it calls, is so.
func (s *Step) any(is func(*Step) bool) bool {
	found := false
	WalkSteps(&Block{Steps: []*Step{s}}, func(s *Step) { found = found || is(s) })
	return found
}

func (s *Step) contains(at *event.Place) bool {
	return s.any(func(s *Step) bool { return s.Place.ID == at.ID })
}

// Forks reports whether one of a block's steps, or of the procedures that they
// call, makes a process.
func Forks(b *Block) bool {
	return (&Step{blocks: []*Block{b}}).any(func(s *Step) bool { return s.Kind != nil && s.Kind.Forks })
}

func (s *Step) starts() bool {
	return s.any(func(s *Step) bool { return s.Kind != nil && s.Kind.Starts })
}

// A Caller is a value that calls a procedure: the names that its steps give
// belong to the actor.
type Caller interface {
	// Calls returns the name of the procedure where the value is decoded from
	// n.
	Calls(n *source.Node) string
}

// CallsProcedure reports whether the value of the verb is a procedure's name.
func (k *Kind) CallsProcedure() bool {
	_, calls := paramsOf(k.New()).Verb.Value.(Caller)
	return calls
}

// namesOfProcedure adds the names that a procedure's steps give.
func (r *Reader) namesOfProcedure(name string, s *value.NameSet) {
	p := r.procs[name]
	if p == nil || p.Private() {
		return
	}
	if p.gives == nil {
		p.gives = value.NewNameSet() // so that one that calls itself ends
		steps := p.value
		if steps.Kind == source.Map {
			steps = steps.Get("steps")
		}
		if steps != nil {
			r.namesOfSteps(steps, p.gives)
		}
	}
	s.Merge(p.gives, p.parameters())
}

// parameters are the names of the parameters, as they are in the file.
func (p *Procedure) parameters() []string {
	var names []string
	if params := p.value.Get("params"); params != nil {
		new(parameters).NamesIn(params, func(name string) { names = append(names, name) })
	}
	return names
}

// WalkSteps visits a block's steps, those that are in them, and those of the
// procedures that they call: each procedure once, however often it is called.
func WalkSteps(b *Block, visit func(*Step)) {
	seen := make(map[*Procedure]bool)
	var each func(*Step)
	each = func(s *Step) {
		visit(s)
		if s.calls == nil || s.calls.Proc.Body == nil || seen[s.calls.Proc] {
			return
		}
		seen[s.calls.Proc] = true
		WalkOwn(s.calls.Proc.Body, each)
	}
	WalkOwn(b, each)
}

// WalkOwn visits a block's steps and those that are in them.
func WalkOwn(b *Block, visit func(*Step)) {
	for _, s := range b.Steps {
		visit(s)
		for _, inner := range s.blocks {
			WalkOwn(inner, visit)
		}
	}
}

// Package check walks the steps of a scenario without running them and finds
// what cannot work: names that nobody gives, handles that are closed, signals
// that never come.
package check

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A Symbol is what is known of a name before anything runs.
type Symbol struct {
	Name string

	Sock      *SocketState // of a handle; nil where it is something else
	node      *source.Node
	ClosedAt  int // line; 0 while open
	uncertain bool
	Anything  bool // a handle or a value: that depends on the run
	Program   bool
	Peer      *PeerState         // of a peer
	Process   bool               // of a branch: it is a forked process
	Branch    []*Symbol          // of a spawned branch: what its steps name; not nil
	scope     map[string]*Symbol // of a spawned branch: all that its steps know
	text      string             // of a parameter: the text that it certainly stands for
	given     *argument          // of such a parameter: who gives it the text
	Used      bool
}

// IsValue reports whether the name stands for a value, as far as is known.
func (s *Symbol) IsValue() bool {
	return s.Anything || s.Sock == nil && !s.Program && s.Branch == nil
}

// Uses are the signals, barriers and the like that actors name.
type Uses struct {
	Signals, Waits, Barriers usage
}

// usage is who names what, where.
type usage struct {
	names   []namedAt
	dynamic bool // there is a name that holds an expression
}

type namedAt struct {
	name  string
	actor string
	text  *value.Text
	maybe bool       // the step may not be run at all
	size  *value.Int // of a barrier
}

// Add notes that the step under way names t.
func (u *usage) Add(c *Check, t *value.Text) {
	name, static := t.Static()
	switch {
	case !t.Given():
		return
	case !static:
		u.dynamic = true
		return
	}
	u.names = append(u.names, namedAt{name: name, actor: c.Actor, text: t, maybe: !c.Certain()})
}

// AddSized is Add for a barrier with its size.
func (u *usage) AddSized(c *Check, t *value.Text, size *value.Int) {
	n := len(u.names)
	u.Add(c, t)
	for ; n < len(u.names); n++ {
		u.names[n].size = size
	}
}

// all lists the names, each once, in the order of the file.
func (u *usage) all() []string {
	var names []string
	seen := make(map[string]bool)
	for _, n := range u.names {
		if !seen[n.name] {
			seen[n.name] = true
			names = append(names, n.name)
		}
	}
	return names
}

// Check walks one actor's steps without running them. It knows what each name
// stands for along the straight path.
type Check struct {
	scenario *ScenarioNames
	Actor    string
	Host     string // that the actor is on; "" in a network without hosts
	Uses     *Uses
	problems *source.Problems

	Step    *step.Step
	Symbols map[string]*Symbol
	maybe   int  // depth of conditions around the step
	repeat  bool // the second walk of a loop's body

	endless bool       // the actor is in the background: it may do steps forever
	turn    *step.Turn // the turn under way; nil in an actor's own steps
	between bool       // the steps under way are those of a sequence, around turns

	called source.Pos // the step of the user's file that called a library

	process  bool             // the steps under way are those of a forked process
	branch   int              // the branch under way; the actor itself is 0
	branches int              // that there were so far
	open     []value.OpenName // names with expressions that steps so far may have given
	loops    []*step.Block    // the loops around the step

	BranchNames []*Symbol // names that spawned branches made

	partly bool // a step could not be decoded, so it may read any name

	work int64 // steps and names that were looked at, see maxChecked
	over bool  // they were too many
}

// ScenarioNames are the names that a scenario's expressions can refer to
// outside their own actor.
type ScenarioNames struct {
	Vars   map[string]*source.Node
	Actors map[string]*ActorNames
	// Topology is what the file says of the network; nil in a library, whose
	// procedures are called in any network.
	Topology *step.Topology

	usedVars map[string]bool
}

// ActorNames are the names that an actor makes.
type ActorNames struct {
	Names    *value.NameSet
	Things   map[string]value.Thing // what a name is that only programs or only branches have
	Count    int                    // of replicas; 0 where an expression returns it
	Replicas bool                   // whether a count was written
	Process  bool                   // it is one from its start
}

// Problem notes what is wrong at n. There is no n where the decoder could not
// read the value, and has said so: that is enough.
func (c *Check) Problem(n *source.Node, format string, args ...any) *source.Problem {
	if n == nil || c.between {
		return new(source.Problem)
	}
	p := n.Problem(format, args...)
	p.Called = c.called
	*c.problems = append(*c.problems, p)
	return p
}

// Endless reports whether what the step does may go on forever.
func (c *Check) Endless() bool { return c.endless }

// Certain reports whether the step is run on every path.
func (c *Check) Certain() bool { return c.maybe == 0 }

// MustSucceed reports whether the step expects no error.
func (c *Check) MustSucceed() bool { return !c.Step.Expect.Error.Given() }

// maySucceed reports whether the step may end without an error.
func (c *Check) maySucceed() bool { return c.MustSucceed() || c.Step.Expect.Error.Has("0") }

// block checks the steps of a block in order.
func (c *Check) block(b *step.Block) {
	for _, s := range b.Steps {
		c.one(s)
	}
}

func (c *Check) one(s *step.Step) {
	if !c.spend(1) {
		c.giveUp(s)
		return
	}
	outer := c.Step
	c.Step = s
	if s.When.Given() {
		c.Expression(&s.When)
		c.maybe++
	}
	for _, e := range s.Exprs {
		if own, ok := s.Action.(scoped); e != &s.When && (!ok || !slices.Contains(own.Inner(), e)) {
			c.Expression(e)
		}
	}
	if s.Host() != nil {
		c.needsHost(s)
	}
	if len(s.Late) > 0 {
		c.late(s)
	} else {
		c.action(s)
	}
	if s.Expect.Error.Given() {
		c.makeErrnos()
	}
	if s.When.Given() {
		c.maybe--
	}
	c.Step = outer
}

// action checks what the step's kind knows of it.
func (c *Check) action(s *step.Step) {
	switch k := s.Action.(type) {
	case *step.Turn:
		c.ownTurn(k)
		return
	case *step.Broken:
		c.broken(k)
		return
	case Checker:
		k.Check(c)
		return
	}
	for _, h := range s.Handles {
		c.Handle(h)
	}
	c.MakeValues()
}

// spend counts what was looked at, and reports whether there is time for more.
func (c *Check) spend(n int) bool {
	c.work += int64(n)
	return c.work <= value.MaxChecked.Most
}

// giveUp ends the check of an actor whose steps are too many, called again and
// again perhaps. What the steps from s on do may be anything.
func (c *Check) giveUp(s *step.Step) {
	if c.over {
		return
	}
	c.over = true
	p := s.Node.Warning("this step and those after it are not checked: they are more than %s", &value.MaxChecked)
	*c.problems = append(*c.problems, p.WithHint("a step counts each time that it runs; call procedures less often, or in a repeat"))
}

// scoped marks actions with expressions that see names that the step itself
// returns. They check them themselves.
type scoped interface{ Inner() []*value.Expr }

// MakeMatched notes the names that a match gives, and checks the expressions of
// its layout, which see those before them.
func (c *Check) MakeMatched(m *payload.Match) {
	m.Named(c.makeField)
}

// MakeLayout is MakeMatched for a layout that is alone.
func (c *Check) MakeLayout(l *payload.Layout) { l.Walk(c.makeField) }

func (c *Check) makeField(g payload.Gives) {
	for _, e := range g.Exprs {
		c.Expression(e)
	}
	switch {
	case g.Name == "":
	case g.Compared:
		c.MakeFreeValue(g.Name, g.At)
	default:
		c.MakeValue(g.Name, g.At)
	}
}

// Body checks the steps that are in a step; not certain where they may not
// run at all.
func (c *Check) Body(b *step.Block, certain bool) {
	if !certain {
		c.maybe++
		defer func() { c.maybe-- }()
	}
	c.block(b)
}

// Beside checks a body that runs at the same time as other steps: what it
// closes is closed before or after what they do, so for them it is open still.
// It returns what it closed, with the lines.
func (c *Check) Beside(b *step.Block) map[*Symbol]int {
	outer := c.branch
	c.branches++
	c.branch = c.branches
	defer func() { c.branch = outer }()
	closed := make(map[*Symbol]int)
	if !c.spend(len(c.Symbols)) {
		c.Body(b, true)
		return closed
	}
	for _, sym := range c.Symbols {
		if sym.ClosedAt == 0 {
			closed[sym] = 0
		}
	}
	c.Body(b, true)
	for sym := range closed {
		closed[sym], sym.ClosedAt = sym.ClosedAt, 0
	}
	return closed
}

// Loop checks a loop's body: certain where it runs at all, and more than once
// where there may be a second round, which finds what the first has left.
func (c *Check) Loop(b *step.Block, certain, more bool) {
	if more {
		c.loops = append(c.loops, b)
		defer func() { c.loops = c.loops[:len(c.loops)-1] }()
	}
	c.Body(b, certain)
	if more && !c.repeat {
		c.repeat = true
		c.Body(b, certain)
		c.repeat = false
	}
}

// A Checker is an action that knows more about its step than its parameters'
// types say. Check runs once per step, without running anything.
type Checker interface {
	Check(c *Check)
}

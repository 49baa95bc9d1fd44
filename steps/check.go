package steps

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Symbol is what is known of a name before anything runs.
type Symbol struct {
	Name         string
	Family, Type int  // of a socket; 0 where unknown
	Handle       bool // else a value
	Bound        bool
	Listening    bool
	Connected    bool
	pair         bool // an end of a socketpair

	node      *source.Node
	boundAt   int // line
	closedAt  int // line; 0 while open
	uncertain bool
	anything  bool // made by a step that could not be decoded
	program   bool
	branch    []*Symbol // of a spawned branch: what its steps name; not nil
	used      bool
}

// uses are the signals, barriers and the like that actors name.
type uses struct {
	signals, waits, barriers usage
}

// usage is who names what, where.
type usage struct {
	names   []namedAt
	dynamic bool // there is a name that holds an expression
}

type namedAt struct {
	name  string
	actor string
	text  *Text
}

func (u *usage) add(actor string, t *Text) {
	name, static := t.Static()
	switch {
	case !t.Given():
		return
	case !static:
		u.dynamic = true
		return
	}
	u.names = append(u.names, namedAt{name: name, actor: actor, text: t})
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
	actor    string
	uses     *uses
	problems *source.Problems

	step    *Step
	symbols map[string]*Symbol
	maybe   int  // depth of conditions around the step
	repeat  bool // the second walk of a loop's body

	branchNames []*Symbol // names that spawned branches made
}

// ScenarioNames are the names that a scenario's expressions can refer to
// outside their own actor.
type ScenarioNames struct {
	Vars   map[string]*source.Node
	Actors map[string]*ActorNames

	usedVars map[string]bool
}

// ActorNames are the names that an actor makes.
type ActorNames struct {
	Names    map[string]bool
	Count    int  // of replicas; 0 where an expression gives it
	Replicas bool // whether a count was written
}

// problem notes what is wrong at n. There is no n where the decoder could not
// read the value, and has said so: that is enough.
func (c *Check) problem(n *source.Node, format string, args ...any) *source.Problem {
	if n == nil {
		return new(source.Problem)
	}
	p := n.Problem(format, args...)
	*c.problems = append(*c.problems, p)
	return p
}

// certain reports whether the step is run on every path.
func (c *Check) certain() bool { return c.maybe == 0 }

// mustSucceed reports whether the step expects no error.
func (c *Check) mustSucceed() bool { return !c.step.Expect.Error.Given() }

// block checks the steps of a block in order.
func (c *Check) block(b *Block) {
	for _, s := range b.Steps {
		c.one(s)
	}
}

func (c *Check) one(s *Step) {
	outer := c.step
	c.step = s
	if s.When.Given() {
		c.maybe++
	}
	for _, e := range s.exprs {
		if own, ok := s.Action.(scoped); !ok || own.inner() != e {
			c.expression(e)
		}
	}
	if k, ok := s.Action.(Checker); ok {
		k.Check(c)
	} else {
		for _, h := range s.handles {
			c.handle(h)
		}
		c.makeValues()
	}
	if s.Expect.Error.Given() {
		c.makeValues()
	}
	if s.When.Given() {
		c.maybe--
	}
	c.step = outer
}

// scoped marks actions with an expression that sees the names that the step
// itself gives. They check it themselves.
type scoped interface{ inner() *Expr }

// handle finds what a handle's name stands for; nil where that is not known.
func (c *Check) handle(r *HandleRef) *Symbol {
	name, static := r.Static()
	if !static || !IsName(name) && !isStreamName(name) {
		return nil
	}
	sym, ok := c.symbols[name]
	if !ok && isOwnStream(name) {
		sym, ok = &Symbol{Name: name, Handle: true, Connected: true, used: true}, true
		c.symbols[name] = sym
	}
	switch {
	case !ok:
		c.unknownHandle(r, name)
		return nil
	case sym.anything:
		return nil
	case !sym.Handle:
		sym.used = true
		c.noHandle(r, sym)
		return nil
	case sym.closedAt > 0 && !sym.uncertain && c.mustSucceed():
		c.problem(r.node, "%s is closed already, %s", name, c.since(sym.closedAt)).Hint = "use it before that, or expect " + c.ofClosed(name)
	}
	sym.used = true
	if c.maybe > 0 {
		sym.uncertain = true
	}
	return sym
}

// noHandle reports a name that stands for something else than a handle.
func (c *Check) noHandle(r *HandleRef, sym *Symbol) {
	switch {
	case sym.program:
		p := c.problem(r.node, "%s is a program, not a handle", sym.Name)
		p.Hint = fmt.Sprintf("its streams are %[1]s.stdin, %[1]s.stdout and %[1]s.stderr", sym.Name)
	case sym.branch != nil:
		c.problem(r.node, "%s is a branch, not a handle", sym.Name)
	default:
		c.problem(r.node, "%s is a value, not a handle", sym.Name)
	}
}

// closedTeller marks actions that give something else than EBADF for a handle
// that is closed.
type closedTeller interface{ ofClosed(name string) string }

// ofClosed is what the step gives for a handle that is closed.
func (c *Check) ofClosed(name string) string {
	if a, ok := c.step.Action.(closedTeller); ok {
		return a.ofClosed(name)
	}
	return "{error: EBADF}"
}

// anyHandle is handle for a step to which a closed one is welcome too.
func (c *Check) anyHandle(r *HandleRef) *Symbol {
	name, static := r.Static()
	if sym := c.symbols[name]; static && sym != nil && sym.Handle {
		sym.used = true
		return sym
	}
	return c.handle(r)
}

// since says where an earlier step stands, for a message about this one.
func (c *Check) since(line int) string {
	switch {
	case line != c.step.Node.Pos.Line:
		return fmt.Sprintf("at line %d", line)
	case c.repeat:
		return "by this step in the round before"
	}
	return "by this same step"
}

func (c *Check) unknownHandle(r *HandleRef, name string) {
	if program, stream, dotted := strings.Cut(name, "."); dotted {
		c.unknownStream(r, program, stream)
		return
	}
	p := c.problem(r.node, "there is no handle %q here", name)
	if c.scenario.Actors[name] != nil {
		p.Msg, p.Hint = name+" is an actor, not a handle", "an actor can use its own sockets only"
		return
	}
	if c.scenario.Actors[c.actor].Names[name] {
		p.Msg = name + " is used before the step that makes it"
		p.Hint = "move this step behind the one with as: " + name
		return
	}
	var known []string
	for n, sym := range c.symbols {
		if sym.Handle {
			known = append(known, n)
		}
	}
	if p.Hint = source.DidYouMean(name, sorted(known)); p.Hint == "" {
		p.Hint = "name a socket that an earlier step made with as:"
	}
}

// makeHandle notes that the step's ith `as` name is a handle from here on.
func (c *Check) makeHandle(i int, sym Symbol) {
	if !c.mustSucceed() {
		return
	}
	names := c.step.As.list
	if i >= len(names) {
		return
	}
	if name, static := names[i].Static(); static {
		sym.Name, sym.Handle, sym.node = name, true, names[i].node
		c.make(&sym)
	}
}

// makeReceived notes handles that come in by SCM_RIGHTS, of which nothing more
// is known.
func (c *Check) makeReceived(names *Names) {
	if !c.mustSucceed() {
		return
	}
	for _, x := range names.list {
		if name, static := x.Static(); static {
			c.make(&Symbol{Name: name, Handle: true, node: x.node, Listening: true, uncertain: true})
		}
	}
}

// makeValues notes that the step's `as` names are values from here on.
func (c *Check) makeValues() {
	for i, x := range c.step.As.list {
		name, static := x.Static()
		switch {
		case !static:
		case i < c.step.As.Len()-1:
			c.makeFreeValue(name, x.node) // it may be there only for the names behind it
		default:
			c.makeValue(name, x.node)
		}
	}
}

func (c *Check) makeValue(name string, n *source.Node) {
	c.make(&Symbol{Name: name, node: n})
}

// makeFreeValue is a name that nobody needs to use.
func (c *Check) makeFreeValue(name string, n *source.Node) {
	c.make(&Symbol{Name: name, node: n, used: true})
}

func (c *Check) make(sym *Symbol) {
	if old, ok := c.symbols[sym.Name]; ok {
		sym.used = sym.used || old.used
	}
	sym.uncertain = sym.uncertain || c.maybe > 0
	c.symbols[sym.Name] = sym
}

// body checks the steps that stand in a step; not certain where they may not
// run at all.
func (c *Check) body(b *Block, certain bool) {
	if !certain {
		c.maybe++
		defer func() { c.maybe-- }()
	}
	c.block(b)
}

// beside checks a body that runs at the same time as other steps: what it
// closes is closed before or after what they do, so for them it is open still.
// It gives what it closed, with the lines.
func (c *Check) beside(b *Block) map[*Symbol]int {
	closed := make(map[*Symbol]int)
	for _, sym := range c.symbols {
		if sym.closedAt == 0 {
			closed[sym] = 0
		}
	}
	c.body(b, true)
	for sym := range closed {
		closed[sym], sym.closedAt = sym.closedAt, 0
	}
	return closed
}

// again checks a loop's body once more, as the next round finds things.
func (c *Check) again(b *Block, certain bool) {
	if c.repeat {
		return
	}
	c.repeat = true
	c.body(b, certain)
	c.repeat = false
}

package step

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Kind declares one step kind: all that is known of it is here. The
// decoder, the checker, the documentation and the JSON schema read nothing
// else.
type Kind struct {
	Name    string        // the verb, as a scenario writes it
	Summary string        // one line, without a full stop
	Text    string        // what a reader wants to know beyond the parameters
	Example string        // a whole scenario that runs and passes
	New     func() Action // a fresh action, ready to be bound and decoded

	Beneath Beneath // what happens under a step; empty where there is nothing to say

	// Hint is what helps against an errno that a step did not expect, where
	// more can be said than of any call; to is the address of the call, if it
	// has one.
	Hint func(errno syscall.Errno, to sock.Addr) string

	// What a kind does for others it declares too.
	Loops     bool // the steps that are in it run again and again
	OverTurns bool // it may be in the place of a turn; then its steps are turns
	Starts    bool // it starts a program
	Forks     bool // it makes a process, whose state is looked at
	Reshapes  bool // it may change which addresses and routes a host has
	Moves     bool // it changes the folder that relative paths begin at
	Shares    bool // its branches use the names of the actor, not copies of them
	// Needs says what its steps may need of what is outside the scenario. Its
	// action says it of each step by the method Needs; without it, each step
	// has all of them.
	Needs []value.Access
	Thing value.Thing // what its steps name, where that is neither a handle nor a value
}

// An Action is what one step of a kind does. Its Params method binds each key
// of the step to a typed field, the way package flag binds flags; after
// decoding, an action is only read, so all replicas and rounds share it.
type Action interface {
	Params(p *Params)
	// Run does the step. It describes the call in t.Event as it goes and
	// returns a [sock.Error] for an errno, a [*value.Mismatch] for an unmet
	// expectation.
	Run(t *Task) error
}

// A Kinds is a list of kinds, sorted by name.
type Kinds []*Kind

// Lookup finds a kind by its name.
func (l Kinds) Lookup(name string) (*Kind, bool) {
	i := sort.Search(len(l), func(i int) bool { return l[i].Name >= name })
	if i < len(l) && l[i].Name == name {
		return l[i], true
	}
	return nil, false
}

// With returns the list with further kinds in their places. Each name must be
// there only once.
func (l Kinds) With(more ...*Kind) (Kinds, error) {
	all := slices.Concat(l, more)
	slices.SortStableFunc(all, func(a, b *Kind) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			return nil, fmt.Errorf("there are two step kinds named %s; give yours another name", all[i].Name)
		}
	}
	for _, k := range more {
		if !value.IsName(k.Name) || k.New == nil {
			return nil, fmt.Errorf("the step kind %q needs a name of letters and digits, and the function New", k.Name)
		}
	}
	return all, nil
}

// Names are the names of the kinds.
func (l Kinds) Names() []string {
	names := make([]string, 0, len(l))
	for _, k := range l {
		names = append(names, k.Name)
	}
	return names
}

// A Step is one decoded step of a scenario.
type Step struct {
	Kind   *Kind
	Action Action
	Whole  *source.Node // the step as it is written
	Node   *source.Node // its verb
	Verb   *source.Node // the verb's value

	As      value.Names
	Expect  Expect
	Timeout value.Duration
	When    value.Expr
	Note    value.Text
	Mask    value.Bool
	Quiet   value.Bool

	Place event.Place
	Exprs []*value.Expr
	word  string // what replaces a masked result without a name
	// Handles and blocks are the decoded values that the checker walks.
	Handles []*HandleRef
	blocks  []*Block
	Late    []*value.Late  // values that only the run can tell
	Gives   *value.NameSet // the names that it gives to what it makes, without its blocks
	calls   *ProcedureRef  // of a do step
	on      *HostRef       // of a step that needs a host; nil else
}

// A Block is a list of steps.
type Block struct {
	Steps []*Step
	node  *source.Node
	Given *value.NameSet // of an actor's whole block: what its steps name
}

// MayName reports whether a step of an actor's block may give a name, also by
// an expression.
func (b *Block) MayName(name string) bool { return b.Given.May(name) }

// Names are the names that the steps of an actor's block give, sorted.
func (b *Block) Names() []string {
	if b == nil || b.Given == nil {
		return nil
	}
	return slices.Sorted(slices.Values(b.Given.All()))
}

// Beneath is what happens under a step: for people who learn about sockets.
type Beneath struct {
	Call   string        // the system call, as its man page is called: "connect(2)"
	Kernel string        // what the kernel does
	Wire   string        // what goes over the network; "" where nothing does
	Errors []LikelyError // the errors that come most often
}

// A LikelyError is an errno that comes often, with why it comes and what helps.
type LikelyError struct{ Errno, Why string }

// Given reports whether there is something to say.
func (b Beneath) Given() bool { return b.Call != "" }

// Text is the explanation in lines of at most so many characters.
func (b Beneath) Text(width int) string {
	var out strings.Builder
	part := func(title, text string) {
		const column = 8
		for i, line := range source.Wrap(strings.Join(strings.Fields(text), " "), max(width-column, 20)) {
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&out, "%-*s%s\n", column, title, strings.TrimLeft(line, " "))
		}
	}
	part("call", b.Call)
	part("kernel", b.Kernel)
	if b.Wire != "" {
		part("wire", b.Wire)
	}
	for i, e := range b.Errors {
		title := "errors"
		if i > 0 {
			title = ""
		}
		part(title, e.Errno+": "+e.Why)
	}
	return out.String()
}

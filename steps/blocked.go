package steps

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var blockedKind = step.Kind{
	Name:    "blocked",
	Summary: "check that a spawned branch stays inside a call",
	Text: `The step ends when the branch has been in the same call for the time in stays.
After that, another step can end the call: it sends a byte, say, or closes the
other side. join then waits for the result of the call. ACTOR.BRANCH is a branch
of another actor; the step waits until that actor has made it. ACTOR alone is an
actor with process: true.`,
	Example: `actors:
  server:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - recv: b
          size: 5
          as: got
      as: reader
    - wait: seen
    - send: a
      data: hello
    - join: reader
    - assert: got == "hello"
    - close: [a, b]
  other:
    - blocked: server.reader
    - signal: seen
`,
	New: func() step.Action { return new(blockedAction) },
}

type blockedAction struct {
	branch anyBranch
	stays  value.Duration
}

// defaultStays is long against the time that any call takes that does not
// block.
const defaultStays = 20 * time.Millisecond

func (a *blockedAction) Params(p *step.Params) {
	p.Value(&a.branch, "the name of the branch, from as: of its spawn step; ACTOR.BRANCH for one of another actor, which no expression can name")
	p.Key("stays", &a.stays, "how long it must stay there").Or("20ms")
}

func (a *blockedAction) Run(t *step.Task) error {
	branch, name, err := a.branch.of(t)
	if err != nil {
		return err
	}
	stays, err := a.stays.Eval(t)
	if err != nil {
		return err
	}
	if !a.stays.Given() {
		stays = defaultStays
	}
	t.Call("blocked", event.Const(name))
	call, held, err := branch.Blocked(stays, t.Deadline)
	if err != nil {
		return err
	}
	t.Event.Op, t.Event.Holds = event.OpBlocked, held
	t.Return(event.Const("in " + call))
	return nil
}

func (a *blockedAction) Check(c *check.Check) {
	if a.branch.actor == "" {
		a.branch.check(c, false)
		return
	}
	c.BranchOf(a.branch.Node, a.branch.actor, a.branch.index, a.branch.name)
}

// Watches implements [step.Watcher].
func (a *blockedAction) Watches() (actor, name string) { return a.branch.actor, a.branch.name }

// anyBranch is the name of a branch, of another actor too.
type anyBranch struct {
	branchRef
	actor string // "" for the step's own
	index int    // of the replica; -1 without
	name  string
}

// ofActor is the name of a branch of another actor.
var ofActor = source.Pattern(`^([A-Za-z_]\w*)(?:\[(\d{1,5})\])?\.([A-Za-z_]\w*)$`)

// Decode reads the name of a branch.
func (r *anyBranch) Decode(d *value.Decoder, n *source.Node) {
	m := ofActor().FindStringSubmatch(n.Text)
	if m == nil {
		r.branchRef.Decode(d, n)
		return
	}
	r.branchRef.Decode(d, n)
	r.actor, r.index, r.name = m[1], -1, m[3]
	if m[2] != "" {
		r.index, _ = strconv.Atoi(m[2])
	}
}

// of is the branch and what the transcript calls it.
func (r *anyBranch) of(t *step.Task) (step.Branch, string, error) {
	if r.actor == "" {
		name, err := r.Eval(t)
		if err == nil && ofActor().MatchString(name) {
			err = fmt.Errorf("an expression cannot name %s: write the branch of another actor out", name)
		}
		if err != nil {
			return nil, "", err
		}
		if _, found := t.Get(name); !found {
			switch s, err := t.ProcessActor(name); {
			case err != nil:
				return nil, "", err
			case s != nil && s.Branch == nil:
				return nil, "", value.Mismatchf("%s has turns in the sequence, and between them it is in no call; name one of its branches: %s.BRANCH", name, name)
			case s != nil:
				return s.Branch, name, nil
			}
		}
		s, err := spawned(t, name)
		if err != nil {
			return nil, "", err
		}
		return s.Branch, s.Name, nil
	}
	if err := t.AwaitMade(r.actor, r.index, r.name); err != nil {
		return nil, "", err
	}
	branch, err := t.World.BranchOf(r.actor, r.index, r.name)
	return branch, r.Node.Text, err
}

package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var spawnKind = step.Kind{
	Name:    "spawn",
	Summary: "run steps beside the rest of the actor",
	Text: `For example, a server can have one branch for each accepted connection. A branch
sees the names that the actor has at that moment, and keeps their values when
the actor changes them. The actor waits for its branches at its end.`,
	Example: `actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - repeat: 2
      steps:
        - accept: listener
          as: conn
        - spawn:
            - recv: conn
              expect: hello
            - close: conn
  client:
    count: 2
    steps:
      - socket: tcp
        as: sock
      - connect: sock
        to: ${server.listener}
      - send: sock
        data: hello
      - recv: sock
        expect: {eof: true}
`,
	New:   func() step.Action { return new(spawnAction) },
	Thing: value.ABranch,
}

type spawnAction struct{ body step.Block }

func (a *spawnAction) Params(p *step.Params) {
	p.Value(&a.body, "the steps of the branch")
	p.Makes = "the branch"
}

func (a *spawnAction) Run(t *step.Task) error {
	name, err := t.AsName(0, "branch")
	if err != nil {
		return err
	}
	s := &step.Spawned{Name: t.Shown(name), Actor: t.Actor.Clone()}
	branch := t.Branch(s.Actor, t.Limit)
	s.Task = branch
	t.Call("spawn", event.Bare{Text: "spawn " + s.Name})
	t.Record()
	s.Branch = t.World.Fork(s.Name, &t.Step.Place, true, func(w step.World) error {
		return branch.Beside(w, &a.body, true)
	})
	t.Actor.Mu.Lock()
	t.Actor.Spawned = append(t.Actor.Spawned, s)
	t.Actor.Mu.Unlock()
	if t.Step.As.Given() {
		t.Set(name, s)
	}
	return nil
}

func (a *spawnAction) Check(c *check.Check) {
	branch := c.Spawn(&a.body)
	for _, x := range c.Step.As.List {
		c.Give(x, branch)
	}
}

package steps

var spawnKind = Kind{
	Name:    "spawn",
	Summary: "run steps beside the rest of the actor",
	Text: `One branch for each accepted connection, say. A branch sees the names that
the actor has at that moment, and keeps them when the actor gives them other
values. The actor waits for its branches at its end.`,
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
	New:   func() Action { return new(spawnAction) },
	Thing: ABranch,
}

type spawnAction struct{ body Block }

func (a *spawnAction) Params(p *Params) {
	p.Value(&a.body, "the steps of the branch")
	p.Makes = "the branch"
}

func (a *spawnAction) Run(t *Task) error {
	name, err := t.asName(0, "branch")
	if err != nil {
		return err
	}
	s := &spawned{name: name, actor: t.Actor.clone()}
	branch := &Task{Ctx: t.Ctx, Actor: s.actor, Limit: t.Limit, frame: t.frame}
	t.Call("spawn", Bare{Text: "spawn " + name})
	t.record()
	s.branch = t.World.Fork(name, &t.step.Place, true, func(w World) error {
		branch.World = w
		if err := branch.Run(&a.body); err != nil {
			return err
		}
		return branch.Finish()
	})
	t.Actor.mu.Lock()
	t.Actor.spawned = append(t.Actor.spawned, s)
	t.Actor.mu.Unlock()
	if t.step.As.Given() {
		t.Actor.set(name, s)
	}
	return nil
}

func (a *spawnAction) Check(c *Check) {
	outer := c.symbols
	c.symbols = make(map[string]*Symbol, len(outer))
	for name, sym := range outer {
		c.symbols[name] = sym
	}
	c.beside(&a.body)
	made := make([]*Symbol, 0)
	for name, sym := range c.symbols {
		if outer[name] != sym {
			made = append(made, sym)
		}
	}
	c.branchNames = append(c.branchNames, made...)
	c.symbols = outer
	for _, x := range c.step.As.list {
		// The name is of use even where nobody joins: the transcript shows it.
		c.give(x, &Symbol{branch: made, used: true})
	}
}

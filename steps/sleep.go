package steps

var sleepKind = Kind{
	Name:    "sleep",
	Summary: "do nothing for a while",
	Text: `For showing timers and pauses. To wait for another actor, refer to its
names or use signal and wait: a sleep is either too short or too long.`,
	Example: `actors:
  one:
    - sleep: 10ms
      expect: {took: ">=10ms"}
`,
	New: func() Action { return new(sleepAction) },
}

type sleepAction struct{ length Duration }

func (a *sleepAction) Params(p *Params) { p.Value(&a.length, "how long") }

// unhurried: a sleep lasts as long as it says.
func (a *sleepAction) unhurried() {}

func (a *sleepAction) Run(t *Task) error {
	d, err := a.length.Eval(t)
	if err != nil {
		return err
	}
	t.Call("sleep", Const(d.String()))
	return t.pause(d)
}

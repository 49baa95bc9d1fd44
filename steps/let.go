package steps

var letKind = Kind{
	Name:    "let",
	Summary: "give names their values",
	Text: `A value that is nothing but one expression keeps its type; a plain number
or true or false is typed as YAML types it; all else is text.`,
	Example: `actors:
  one:
    - let: {n: 3, twice: "${2 * 3}"}
    - assert: n * 2 == twice
`,
	New: func() Action { return new(letAction) },
}

type letAction struct{ values Bindings }

func (a *letAction) Params(p *Params) {
	p.Value(&a.values, "a mapping of names to values")
}

func (a *letAction) Run(t *Task) error {
	for i, name := range a.values.Names {
		if i > 0 {
			t.Next()
		}
		x := a.values.Values[i]
		v, err := x.Typed(t)
		if err != nil {
			return err
		}
		t.set(name, v)
		t.Call("let", Bare("let "+name+" = "+FormatValue(v)))
	}
	return nil
}

func (a *letAction) Check(c *Check) {
	for i, name := range a.values.Names {
		c.makeValue(name, a.values.Values[i].node)
	}
}

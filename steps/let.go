package steps

var letKind = Kind{
	Name:    "let",
	Summary: "give names their values",
	Text: `A value that is nothing but one expression keeps its type; a plain number
or true or false is typed as YAML types it; all else is text. A list or mapping
holds such values.`,
	Example: `actors:
  one:
    - let: {n: 3, twice: "${2 * 3}", list: [7, {deep: 8}]}
    - assert: n * 2 == twice && list[1].deep == 8
`,
	New: func() Action { return new(letAction) },
}

type letAction struct{ values Assignments }

func (a *letAction) Params(p *Params) {
	p.Value(&a.values, "a mapping of names to values")
}

func (a *letAction) Run(t *Task) error {
	for i, name := range a.values.names {
		if i > 0 {
			t.Next()
		}
		v, err := a.values.values[i].Typed(t)
		if err != nil {
			return err
		}
		t.Set(name, v)
		line := Marked{Text: "let " + name + " = "}
		line.add(formatTraced(untraced(v), traceOf(v)))
		t.Call("let", Bare(line))
	}
	return nil
}

func (a *letAction) named() []string { return a.values.names }

func (a *letAction) Check(c *Check) {
	for i, name := range a.values.names {
		c.makeValue(name, a.values.values[i].node)
	}
}

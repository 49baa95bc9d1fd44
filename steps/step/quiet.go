package step

// Branch is a task that runs beside this one, with the names of an actor.
func (t *Task) Branch(a *Actor, l Limit) *Task {
	return &Task{Ctx: t.Ctx, Actor: a, Limit: l, Frame: t.Frame, quiet: t.quiet}
}

// AsQuiet makes the task as quiet as the one that lets it run.
func (t *Task) AsQuiet(as *Task) { t.quiet = as.quiet }

package step

import (
	"errors"

	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
)

// ProgramsGone tells that nobody can be waited for who is a program: those that
// were started have ended with all that they have started, and no other is to
// come. It is "" otherwise.
func (t *Task) ProgramsGone() string {
	ended := t.Actor.Run.Programs().Ended()
	if ended == "" || t.World.MayStart() || t.Actor.Run.Programs().Set.Left() {
		return ""
	}
	return "no program of the scenario is left; " + ended
}

// AwaitEnd waits for the end of a program.
func (t *Task) AwaitEnd(p *program.Program) error {
	err := p.Wait(t.Ctx, t.Deadline)
	switch {
	case t.Ctx.Err() != nil && errors.Is(err, t.Ctx.Err()):
		return ErrCancelled
	case err == sock.ErrTimeout:
		t.Missing = p.Name + " is still running" + p.WaitsFor()
	}
	return err
}

package steps

// programsGone tells that nobody can be waited for who is a program: those that
// were started have ended with all that they have started, and no other is to
// come. It is "" otherwise.
func (t *Task) programsGone() string {
	ended := t.Actor.Run.Programs.ended()
	if ended == "" || t.World.MayStart() || t.Actor.Run.Programs.set.Left() {
		return ""
	}
	return "no program of the scenario is left; " + ended
}

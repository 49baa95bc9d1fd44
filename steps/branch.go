package steps

import "time"

// A spawned is a branch that runs beside its actor.
type spawned struct {
	name   string
	branch Branch
	actor  *Actor
}

func (s *spawned) String() string { return s.name }

// Finish waits for the branches that the actor has spawned. An actor ends with
// it.
func (t *Task) Finish() error {
	if len(t.Actor.spawned) > 0 {
		t.World.At(nil, time.Now())
	}
	for _, s := range t.Actor.spawned {
		if err := t.World.Join(s.branch, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

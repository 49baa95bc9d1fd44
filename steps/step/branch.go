package step

import "time"

// A Spawned is a branch that runs beside its actor.
type Spawned struct {
	Name   string
	Branch Branch
	Actor  *Actor
}

func (s *Spawned) String() string { return s.Name }

// Finish waits for the branches that the actor has spawned. An actor ends with
// it.
func (t *Task) Finish() error {
	if len(t.Actor.Spawned) > 0 {
		t.World.At(nil, time.Now())
	}
	for _, s := range t.Actor.Spawned {
		if err := t.World.Join(s.Branch, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

package step

import (
	"testing"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// A given is a world that keeps what is given to the other actors.
type given struct {
	World
	values []value.Passed
}

func (g *given) Give(_ string, v value.Passed, _ event.Cause) { g.values = append(g.values, v) }
func (g *given) Record(*event.Event) event.Cause              { return event.Cause{} }

// Of two branches that set one name at the same time each gives its own value:
// a branch may be overtaken between setting and giving.
func TestGivesItsOwnValue(t *testing.T) {
	actor := &Actor{Run: new(Run), Shared: map[string]bool{"v": true}}
	world := new(given)
	first, second := &Task{World: world, Actor: actor, Step: new(Step)}, &Task{World: world, Actor: actor, Step: new(Step)}
	first.Set("v", 1)
	second.Set("v", 2)
	first.Record()
	second.Record()
	if len(world.values) != 2 || !world.values[0].Same(value.Pass(1)) || !world.values[1].Same(value.Pass(2)) {
		t.Errorf("given are %v, not 1 and 2", world.values)
	}
}

// A step that sets a name twice gives it once, with the last value.
func TestGivesLastValue(t *testing.T) {
	world := new(given)
	task := &Task{World: world, Actor: &Actor{Run: new(Run), Shared: map[string]bool{"v": true}}, Step: new(Step)}
	task.Set("v", 1)
	task.Set("v", 2)
	task.Record()
	task.Record()
	if len(world.values) != 1 || !world.values[0].Same(value.Pass(2)) {
		t.Errorf("given are %v, not 2", world.values)
	}
}

package step

import (
	"maps"
	"sync"
	"time"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/value"
)

// An Actor is the state of one actor, or of one replica of it, as its steps
// see it. Its branches share it.
type Actor struct {
	Name  string
	Index int // of the replica, from 0
	Count int // of replicas
	Run   *Run
	Host  string // that it is on; "" in a network without hosts
	// Background says that it serves the others: the step timeout does not
	// bound its steps, and it is ended when the others have ended.
	Background bool
	// Blocks says that all descriptors which it makes block: a step of it
	// forks.
	Blocks bool
	// Shared says which of its names other actors read.
	Shared map[string]bool
	// Turned are the branches that have turns in a sequence.
	Turned map[string]bool

	Mu        sync.RWMutex
	names     map[string]any  // handles and values
	contested map[string]bool // names that branches may use at the same time
	Spawned   []*Spawned      // branches to join at the actor's end

	call *call // of a procedure that keeps its names to itself; nil elsewhere

	followers []*Actor // see Lead
}

func (a *Actor) owner() value.Owner { return value.Owner{Actor: a.Name, Index: a.Index} }

// Clone is the actor as a spawned branch sees it: with the names of this
// moment, so that the handle of one round stays its own in the next.
func (a *Actor) Clone() *Actor {
	a.Mu.RLock()
	defer a.Mu.RUnlock()
	return &Actor{
		Name: a.Name, Index: a.Index, Count: a.Count, Run: a.Run, Host: a.Host, Background: a.Background, Blocks: a.Blocks, Shared: a.Shared, Turned: a.Turned,
		names: maps.Clone(a.names), contested: a.contested, call: a.call.clone(),
	}
}

// Adopt takes over the names that a branch has set.
func (a *Actor) Adopt(b *Actor) {
	b.Mu.RLock()
	defer b.Mu.RUnlock()
	a.Mu.Lock()
	defer a.Mu.Unlock()
	for name, v := range b.names {
		a.names[name] = v
	}
}

// get is the handle or value that the actor itself has under a name.
// It says whether branches may use the name at the same time.
func (a *Actor) get(name string) (v any, contested, ok bool) {
	a.Mu.RLock()
	v, ok = a.names[name]
	contested = a.contested[name]
	a.Mu.RUnlock()
	if !ok && a.call.reads() {
		return a.call.caller.get(name)
	}
	return settledHandle(v), contested, ok
}

// settledHandle is v, or the handle that has taken its place.
func settledHandle(v any) any {
	if h, ok := v.(*handle.Handle); ok {
		return h.Now()
	}
	return v
}

// Set sets the value of a name, and says whether branches may use the name at
// the same time.
func (a *Actor) Set(name string, v any) (contested bool) {
	for _, f := range a.followers {
		f.Set(name, v)
	}
	a.Mu.Lock()
	defer a.Mu.Unlock()
	if a.names == nil {
		a.names = make(map[string]any)
	}
	a.names[name] = v
	return a.contested[name]
}

// Lead hands another actor all names that this one has, and those that it will
// get: the names of a sequence's loops are names of all its actors.
func (a *Actor) Lead(f *Actor) {
	for name, v := range a.names {
		f.Set(name, v)
	}
	a.followers = append(a.followers, f)
}

// Contest notes names that branches may use at the same time.
func (a *Actor) Contest(names map[string]bool) {
	if len(names) == 0 {
		return
	}
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.contested = maps.Clone(a.contested)
	if a.contested == nil {
		a.contested = make(map[string]bool, len(names))
	}
	maps.Copy(a.contested, names)
}

// Branch is a task that runs beside this one, with the names of an actor.
func (t *Task) Branch(a *Actor, l Limit) *Task {
	b := t.branch(a, l)
	if b.Process = t.Process; b.Process != nil {
		b.broken = b.Process.enter()
	}
	return b
}

func (t *Task) branch(a *Actor, l Limit) *Task {
	return &Task{Ctx: t.Ctx, Actor: a, Limit: l, Frame: t.Frame, quiet: t.quiet}
}

// AsQuiet makes the task as quiet as the one that lets it run.
func (t *Task) AsQuiet(as *Task) { t.quiet = as.quiet }

// A Limit is a moment that a step must not pass, and whose limit it is.
type Limit struct {
	At    time.Time
	After time.Duration
	Whose string // "the step", "actor server", "the repeat at line 12"
}

// Sooner is the limit of the two that comes first.
func (l Limit) Sooner(m Limit) Limit {
	if l.before(m) {
		return l
	}
	return m
}

func (l Limit) before(m Limit) bool {
	return m.At.IsZero() || !l.At.IsZero() && l.At.Before(m.At)
}

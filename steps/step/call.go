package step

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// A Library is a file of procedures and variables that others include.
type Library struct {
	Vars []string
	Used map[string]bool // variables that its procedures read
}

// Library returns a reader for a file that the scenario includes.
func (r *Reader) Library(lib *Library) *Reader {
	lib.Used = make(map[string]bool)
	d := value.NewDecoder(nil, lib.Vars)
	d.CountWith(r.Decoder)
	return &Reader{
		Decoder: d, kinds: r.kinds, procs: make(map[string]*Procedure),
		Streams: r.Streams, steps: r.steps, Reads: lib, Libraries: r.Libraries, params: r.params,
	}
}

// Include makes the procedures of a file known as NAME.PROCEDURE.
func (r *Reader) Include(name string, file *Reader) {
	for _, p := range file.procs {
		if p.Library == file.Reads {
			r.procs[name+"."+p.Name] = p
		}
	}
}

// Procedures are those of the file that was read, sorted by name.
func (r *Reader) Procedures() []*Procedure {
	var list []*Procedure
	for _, name := range slices.Sorted(maps.Keys(r.procs)) {
		if p := r.procs[name]; p.Library == r.Reads {
			list = append(list, p)
		}
	}
	return list
}

// A call is what a procedure that keeps its names to itself runs in: its names
// are those of an actor of its own.
type call struct {
	caller  *Actor
	library *Library // of the file that the procedure is in; nil for the scenario's
	apart   bool     // its steps do not see the names of the caller
	returns string   // the name that the procedure hands back
	as      string   // what the caller calls it; "" where the caller does not ask

	mu     sync.Mutex
	opened map[*handle.Handle]bool // handles that other actors may have from now on
}

func (c *call) reads() bool { return c != nil && !c.apart }

func (c *call) clone() *call {
	if c == nil {
		return nil
	}
	return &call{caller: c.caller.Clone(), library: c.library, apart: c.apart, returns: c.returns, as: c.as}
}

// enter is the actor as the steps of a procedure see it that keeps its names to
// itself.
func (a *Actor) enter(p *Procedure, as string) *Actor {
	return &Actor{
		Name: a.Name, Index: a.Index, Count: a.Count, Run: a.Run, Host: a.Host, Blocks: a.Blocks, names: make(map[string]any),
		call: &call{caller: a, library: p.Library, apart: p.Library != nil, returns: p.Returns, as: as},
	}
}

// outermost is the actor itself, whatever procedure runs.
func (a *Actor) outermost() *Actor {
	for a.call != nil {
		a = a.call.caller
	}
	return a
}

// vars are the variables that the steps see.
func (a *Actor) vars() map[string]any {
	for b := a; b.call != nil; b = b.call.caller {
		if b.call.library != nil {
			return a.Run.Included[b.call.library]
		}
	}
	return a.Run.Vars
}

// ready notes that other actors may have a handle from now on, and reports
// whether it is one of theirs to read already. What a procedure is about to
// hand back gets its name first.
func (a *Actor) ready(h *handle.Handle) bool {
	owner := a.outermost()
	if !owner.Shared[h.Name] {
		return false
	}
	if v, _, ok := owner.get(h.Name); ok && v == any(h) {
		return true
	}
	if c := a.call; c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.opened == nil {
			c.opened = make(map[*handle.Handle]bool)
		}
		c.opened[h] = true
	}
	return false
}

// Shown is the name under which a transcript shows what a step names: the
// caller's, of what a procedure hands back.
func (t *Task) Shown(name string) string {
	if c := t.Actor.call; c != nil && c.as != "" && name == c.returns {
		return c.as
	}
	return name
}

// Do runs a procedure with the parameters that it is given, and returns what it
// hands back.
func (t *Task) Do(p *Procedure, given map[string]any) (any, error) {
	as := ""
	if p.Private() {
		name, err := t.AsName(0, "")
		if err != nil {
			return nil, err
		}
		as = t.Shown(name)
	}
	if want := &t.Step.Expect.Error; want.Given() {
		t.above = append(t.above, want)
		defer func() { t.above = t.above[:len(t.above)-1] }()
	}
	frame, actor := t.Frame, t.Actor
	t.Frame = maps.Clone(given)
	if p.Private() {
		t.Actor = actor.enter(p, as)
	}
	inner := t.Actor
	err := t.defaults(p)
	if err == nil {
		err = t.Within(p.Body)
	}
	var v any
	if err == nil && p.Returns != "" {
		v, err = t.returned(p)
	}
	t.Frame, t.Actor = frame, actor
	if inner != actor {
		actor.Mu.Lock()
		actor.Spawned = append(actor.Spawned, inner.Spawned...)
		actor.Mu.Unlock()
	}
	if err != nil || p.Returns == "" {
		return nil, err
	}
	return v, t.handBack(inner, v)
}

// defaults sets the parameters that the caller leaves out.
func (t *Task) defaults(p *Procedure) error {
	for _, q := range p.Params {
		if _, given := t.Frame[q.Name]; given || q.Default == nil {
			continue
		}
		v, err := q.Default.Typed(t)
		if err != nil {
			return err
		}
		t.Frame[q.Name] = v
	}
	return nil
}

// returned is what a procedure hands back.
func (t *Task) returned(p *Procedure) (any, error) {
	v, ok := t.Named(p.Returns)
	if !ok {
		return nil, value.Mismatchf("the procedure %s returns %s, but no step that ran has made it", p.Name, p.Returns)
	}
	return v, nil
}

// handBack binds what a procedure returned to the caller's name.
func (t *Task) handBack(inner *Actor, v any) error {
	if err := t.SetAs(0, v); err != nil {
		return err
	}
	if h, ok := v.(*handle.Handle); ok && inner.call != nil && inner.call.opened[h] {
		t.Publish(h)
	}
	return nil
}

// expectedAbove is an errno that a step of a procedure does not expect, but the
// do step that called it.
type expectedAbove struct {
	error
	errno syscall.Errno
	count int // of the bytes that went before it
}

// expected reports whether a do step that runs expects the errno.
func (t *Task) expected(errno syscall.Errno) bool {
	name := sock.ErrnoName(errno)
	return slices.ContainsFunc(t.above, func(want *value.Errnos) bool { return want.Has(name) })
}

// settleCalled settles a step that a step inside it has ended: a do step may
// expect the errno of the procedure.
func (t *Task) settleCalled(s *Step, err error, inner *Error, took time.Duration) error {
	var above *expectedAbove
	if s.calls == nil || !errors.As(inner.Err, &above) || !s.Expect.Error.Has(sock.ErrnoName(above.errno)) {
		return err
	}
	if err := t.setErrno(above.errno, above.count); err != nil {
		return err
	}
	return t.settleTook(s, took)
}

package step

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/expr-lang/expr/vm"
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Run is what all actors of one scenario's run share. Nothing in it changes
// while they run.
type Run struct {
	Services
	Sockets     *sock.Group
	Vars        map[string]any
	Included    map[*Library]map[string]any // the variables of included files
	StepTimeout time.Duration
	Epoch       time.Time
	Full        bool // keep all data, not only what a transcript shows
}

// A Task is one branch at work: an actor's own steps, or a branch of it. It
// runs one step at a time.
type Task struct {
	Ctx   context.Context
	World World
	Actor *Actor
	// Turns lets the actors of a sequence take their turns; nil in their own
	// tasks.
	Turns TurnTaker
	// Limit bounds all steps; zero where only each step's own timeout does.
	Limit Limit
	Event event.Event

	// Process makes the calls; nil where sockscript itself does.
	Process *Process
	own     *Step // stands for the process itself in its last event
	broken  error // why the branch has no thread in its process

	// Frame holds the parameters of the procedure that runs.
	Frame map[string]any
	above []*value.Errnos // that do steps expect of the procedures that run

	Step     *Step
	quiet    int            // the outermost quiet step that is under way, as in [event.Event]
	began    time.Time      // when the step's call was made; zero before
	measured *time.Duration // see Measure
	Deadline time.Time
	Bound    Limit           // of the step under way
	Causes   []event.Cause   // of the next event
	uses     []event.NameUse // of contested names, since the last event
	Missing  string          // what the step under way still waits for, for a timeout's message
	Last     event.Cause     // the place of the last event
	lastSock uint64          // of the last event
	arrived  []*event.Came   // pieces of what the event under way received
	given    []gift          // what to publish once the event is recorded
	vm       vm.VM
	scratch  []byte
	large    []*[]byte // borrowed for the step under way
	recent   []any     // parts with data of the latest events
	oldest   int       // the next of them to be replaced

	// The lists of the event under way; whoever records it copies them.
	args, ret []any
	Bufs      [][]byte
	Blobs     []payload.Blob
	held      []handle.ReadAhead // of the streams that the step under way uses
}

// Get is the handle or value under a name: a parameter of the procedure that
// runs, or a name of the actor.
func (t *Task) Get(name string) (any, bool) {
	v, ok := t.Named(name)
	return value.Untraced(v), ok
}

// Named is Get with the value's trace.
func (t *Task) Named(name string) (any, bool) {
	if v, ok := t.Frame[name]; ok {
		return settledHandle(v), true
	}
	v, contested, ok := t.Actor.get(name)
	if contested {
		t.use(name, false)
	}
	return v, ok
}

// Lookup implements [value.Env].
func (t *Task) Lookup(name string) (any, error) {
	if v, ok := t.Named(name); ok {
		return t.ValueOf(v), nil
	}
	if v, ok := t.Actor.vars()[name]; ok {
		return v, nil
	}
	if host, iface, ok := value.InterfaceName(name); ok {
		return t.interfaceValue(host, iface)
	}
	switch name {
	case "index":
		return t.Actor.Index, nil
	case "count":
		return t.Actor.Count, nil
	case PidName:
		return value.Whole(t.Pid(), event.Origin{Word: "pid"}), nil
	case "tmp":
		folder, err := t.Actor.Run.Tmp()
		return value.Whole(folder, event.Origin{Word: event.FolderWord}), err
	case "caught":
		return t.Caught, nil
	case "free_port":
		return value.Whole(func() (int, error) { return t.Actor.Run.FreePort(t.Actor.Host) }, event.Origin{Word: "free_port"}), nil
	}
	return nil, fmt.Errorf("%s has no value here", name)
}

// ValueOf is what expressions see of what a name stands for.
func (t *Task) ValueOf(v any) any {
	switch v := v.(type) {
	case *handle.Handle:
		e := value.EndpointOf(v)
		e.Owner = t.Actor.owner()
		return e
	case *program.Program:
		return &value.ProgramValue{Name: v.Name, Pid: v.Process.Pid}
	case *Spawned:
		if v.Process != nil {
			return &value.ProgramValue{Name: v.Name, Pid: v.Process.Pid()}
		}
		return &value.BranchValue{Name: v.Name}
	case *Peer:
		return v.value()
	}
	return v
}

// Await implements [value.Env]: the step comes after the event that gave the
// name its value.
func (t *Task) Await(actor string, index int, name string) (any, error) {
	v, cause, err := t.World.Await(t.Deadline, actor, index, name)
	if err != nil {
		return nil, err
	}
	t.After(cause)
	x, err := v.Value()
	if e, ok := x.(*value.Endpoint); ok {
		return e.From(t.Actor.Host, t.Actor.Run.Network().Neighboring), err
	}
	return x, err
}

// AwaitMade waits until another actor has made what it gives a name, which need
// not be a value: the step comes after that.
func (t *Task) AwaitMade(actor string, index int, name string) error {
	_, cause, err := t.World.Await(t.Deadline, actor, index, name)
	if err == nil {
		t.After(cause)
	}
	return err
}

// Machine implements [value.Env].
func (t *Task) Machine() *vm.VM { return &t.vm }

// use notes that the step uses a contested name.
func (t *Task) use(name string, set bool) {
	if u := (event.NameUse{Name: name, Set: set}); !slices.Contains(t.uses, u) {
		t.uses = append(t.uses, u)
	}
}

// After makes the next event come after another. A step without an event of its
// own, such as do or if, leaves what it came after to the step that follows.
func (t *Task) After(c event.Cause) {
	if !slices.Contains(t.Causes, c) {
		t.Causes = append(t.Causes, c)
	}
}

// Wait is how long the calls of the step under way may block on h, which is nil
// where they are on several handles; MSG_DONTWAIT and O_NONBLOCK mean nowait.
func (t *Task) Wait(h *handle.Handle, nowait *value.Bool, flags int) sock.Wait {
	never := nowait.On || flags&unix.MSG_DONTWAIT != 0 || h != nil && h.Sock.Desc().Nonblocking()
	return sock.Wait{Deadline: t.Deadline, NoWait: never, Watcher: t.World}
}

// FreshWait is Wait for a step that goes on as long as bytes come: the step
// timeout counts from now.
func (t *Task) FreshWait() sock.Wait {
	w := sock.Wait{Deadline: t.Deadline, Watcher: t.World}
	if !t.Step.Timeout.Given() && t.Limit.At.IsZero() && !t.Actor.Background {
		w.Deadline = time.Now().Add(t.Actor.Run.StepTimeout)
	}
	return w
}

// CutShort is why a call that waits gave less than was asked for, where that is
// the step's bound or the end of the scenario, and not the kernel's own reason.
func (t *Task) CutShort(w sock.Wait) error {
	if cause := context.Cause(t.Ctx); cause != nil {
		return cause
	}
	if !w.NoWait && !w.Deadline.IsZero() && !time.Now().Before(w.Deadline) {
		return sock.ErrTimeout
	}
	return nil
}

// Call opens the event of a call, by its name and arguments, just before the
// call is made.
func (t *Task) Call(name string, args ...any) {
	t.Begin()
	t.args = append(t.args[:0], args...)
	t.Event.Call, t.Event.Args = name, t.args
}

// Begin says that the step's call is made now: what came before, as a wait for
// another actor's name, is not part of it.
func (t *Task) Begin() {
	now := time.Now()
	if t.began.IsZero() {
		t.began = now
	}
	t.Event.Start = now.Sub(t.Actor.Run.Epoch)
}

// Measure says how long what the step is about took, where that is not the time
// of its call.
func (t *Task) Measure(d time.Duration) { t.measured = &d }

// usualParts is how many parts the result of most calls has at most.
const usualParts = 4

// Return says what the call returned.
func (t *Task) Return(parts ...any) {
	if t.ret == nil {
		t.ret = make([]any, 0, usualParts)
	}
	t.ret = append(t.ret[:0], parts...)
	t.Event.Ret = t.ret
}

// Announce records the note of a step that has no call to show: what shows is
// the steps that are in it.
func (t *Task) Announce() {
	if note := t.Event.Note; note.Text != "" {
		t.Event.Note = event.Marked{}
		for line := range note.Lines() {
			shown := event.Marked{Text: "# "}
			shown.Add(line)
			t.Call("note", event.Bare(shown))
			t.Record()
		}
		t.began = time.Time{}
	}
}

// Set implements [value.Env]. What other actors read is given to them once the
// step is recorded.
func (t *Task) Set(name string, v any) {
	if name == "" {
		return
	}
	v = t.Masked(name, v)
	if t.Actor.Set(name, v) {
		t.use(name, true)
	}
	if _, handle := v.(*handle.Handle); !handle && t.Actor.Shared[name] {
		t.give(name, v)
	}
}

// Publish lets other actors have a handle, once the step under way is recorded.
func (t *Task) Publish(h *handle.Handle) {
	if t.Actor.ready(h) {
		t.give(h.Name, h)
	}
}

// SetAs sets the value of the step's ith `as` name.
func (t *Task) SetAs(i int, v any) error {
	name, err := t.Step.As.Eval(t, i)
	if err == nil {
		t.Set(name, v)
	}
	return err
}

// AsName is the step's ith `as` name, or a stand-in that a transcript can show.
func (t *Task) AsName(i int, otherwise string) (string, error) {
	name, err := t.Step.As.Eval(t, i)
	if name == "" {
		name = otherwise
	}
	return name, err
}

// MakeHandle names a new socket after `as`.
func (t *Task) MakeHandle(i int, s *sock.Socket, otherwise string) (*handle.Handle, error) {
	name, err := t.AsName(i, otherwise)
	if err != nil {
		return nil, err
	}
	h := &handle.Handle{Name: t.Shown(name), Sock: s}
	s.SetName(func() string { return t.Actor.Name + "." + h.Name })
	if t.Step.As.Len() > i {
		t.Set(name, h)
	}
	return h, nil
}

// SmallBuffer is how much scratch space each task may keep for itself: ten
// thousand actors that wait must not hold large buffers.
const SmallBuffer = 4096

// largeBuffers are buffers above that size, shared by all tasks.
var largeBuffers sync.Pool

// mostRecent is how many different texts may come in turn and yet be kept once.
const mostRecent = 8

// Act marks the event as one that orders others.
func (t *Task) Act(op event.Op, h *handle.Handle) {
	t.Event.Op, t.Event.Sock = op, h.Sock.Desc().ID
}

// isCancelled reports whether the step ended only because the run is over.
func (t *Task) isCancelled(err error) bool {
	if errors.Is(err, ErrCancelled) {
		return true
	}
	cause := context.Cause(t.Ctx)
	return cause != nil && errors.Is(err, cause)
}

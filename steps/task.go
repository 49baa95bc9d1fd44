package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/expr-lang/expr/vm"
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// An Actor is the state of one actor, or of one replica of it, as its steps
// see it. Its branches share it.
type Actor struct {
	Name  string
	Index int // of the replica, from 0
	Count int // of replicas
	Run   *Run
	// Shared tells which of its names other actors read.
	Shared map[string]bool

	mu        sync.RWMutex
	names     map[string]any  // handles and values
	contested map[string]bool // names that branches may use at the same time
	spawned   []*spawned      // branches to join at the actor's end
}

func (a *Actor) owner() owner { return owner{a.Name, a.Index} }

// clone is the actor as a spawned branch sees it: with the names of this
// moment, so that the handle of one round stays its own in the next.
func (a *Actor) clone() *Actor {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return &Actor{
		Name: a.Name, Index: a.Index, Count: a.Count, Run: a.Run, Shared: a.Shared,
		names: maps.Clone(a.names), contested: a.contested,
	}
}

// adopt takes over the names that a branch has set.
func (a *Actor) adopt(b *Actor) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, v := range b.names {
		a.names[name] = v
	}
}

// Run is what all actors of one scenario's run share. Nothing in it changes
// while they run.
type Run struct {
	Sockets     *sock.Group
	Vars        map[string]any
	StepTimeout time.Duration
	Epoch       time.Time
	Full        bool                   // keep all data, not only what a transcript shows
	Tmp         func() (string, error) // the scenario's own folder, made when first asked for
	Programs    *Programs
	FreePort    func() (int, error)                // a port that nobody uses and that is not given again
	Stdio       func(name string) (*Handle, error) // sockscript's own stdin and stdout
}

// get is the handle or value that the actor itself has under a name.
// It says whether branches may use the name at the same time.
func (a *Actor) get(name string) (v any, contested, ok bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	v, ok = a.names[name]
	return v, a.contested[name], ok
}

// set gives a name its value, and says whether branches may use the name at the
// same time.
func (a *Actor) set(name string, v any) (contested bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.names == nil {
		a.names = make(map[string]any)
	}
	a.names[name] = v
	return a.contested[name]
}

// contest notes names that branches may use at the same time.
func (a *Actor) contest(names map[string]bool) {
	if len(names) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.contested = maps.Clone(a.contested)
	if a.contested == nil {
		a.contested = make(map[string]bool, len(names))
	}
	maps.Copy(a.contested, names)
}

// A Task is one strand at work: an actor, or a branch of it. It runs one step
// at a time.
type Task struct {
	Ctx   context.Context
	World World
	Actor *Actor
	// Limit bounds all steps; zero where only each step's own timeout does.
	Limit Limit
	Event Event

	// frame holds the parameters of the procedure that runs.
	frame map[string]any

	step     *Step
	began    time.Time // when the step's call was made; zero before
	deadline time.Time
	bound    Limit     // of the step under way
	causes   []Cause   // of the next event
	uses     []NameUse // of contested names, since the last event
	missing  string    // what the step under way still waits for, for a timeout's message
	last     Cause     // the place of the last event
	arrived  []*Came   // pieces of what the event under way received
	given    []string  // shared names to publish once the event is recorded
	vm       vm.VM
	scratch  []byte
	large    []*[]byte // borrowed for the step under way
	recent   []any     // parts with data of the latest events
	oldest   int       // the next of them to be replaced

	// The lists of the event under way; whoever records it copies them.
	args, ret []any
	bufs      [][]byte
	blobs     []blob
	held      []readAhead // of the streams that the step under way uses
}

// A Limit is a moment that a step must not pass, and whose limit it is.
type Limit struct {
	At    time.Time
	After time.Duration
	Whose string // "the step", "actor server", "the repeat at line 12"
}

func (l Limit) before(m Limit) bool {
	return m.At.IsZero() || !l.At.IsZero() && l.At.Before(m.At)
}

// get is the handle or value under a name: a parameter of the procedure that
// runs, or a name of the actor.
func (t *Task) get(name string) (any, bool) {
	v, ok := t.named(name)
	return untraced(v), ok
}

// named is get with the value's trace.
func (t *Task) named(name string) (any, bool) {
	if v, ok := t.frame[name]; ok {
		return v, true
	}
	v, contested, ok := t.Actor.get(name)
	if contested {
		t.use(name, false)
	}
	return v, ok
}

// Lookup implements [Env].
func (t *Task) Lookup(name string) (any, error) {
	if v, ok := t.named(name); ok {
		switch v := v.(type) {
		case *Handle:
			e := EndpointOf(v)
			e.owner = t.Actor.owner()
			return e, nil
		case *Program:
			return &programValue{name: v.Name, Pid: v.process.Pid}, nil
		case *spawned:
			return &branchValue{v.name}, nil
		}
		return v, nil
	}
	if v, ok := t.Actor.Run.Vars[name]; ok {
		return v, nil
	}
	switch name {
	case "index":
		return t.Actor.Index, nil
	case "count":
		return t.Actor.Count, nil
	case "tmp":
		return t.Actor.Run.Tmp()
	case "free_port":
		return whole(t.Actor.Run.FreePort, Origin{Word: "free_port"}), nil
	}
	return nil, fmt.Errorf("%s has no value here", name)
}

// Await implements [Env]: the step comes after the event that gave the name its
// value.
func (t *Task) Await(actor string, index int, name string) (any, error) {
	v, cause, err := t.World.Await(t.deadline, actor, index, name)
	if err != nil {
		return nil, err
	}
	t.after(cause)
	return v, nil
}

// Overdue implements [Env].
func (t *Task) Overdue() error { return t.overdue() }

// Machine implements [Env].
func (t *Task) Machine() *vm.VM { return &t.vm }

// use notes that the step uses a contested name.
func (t *Task) use(name string, set bool) {
	if u := (NameUse{name, set}); !slices.Contains(t.uses, u) {
		t.uses = append(t.uses, u)
	}
}

// after makes the next event come after another. A step without an event of its
// own, such as do or if, leaves what it came after to the step that follows.
func (t *Task) after(c Cause) {
	if !slices.Contains(t.causes, c) {
		t.causes = append(t.causes, c)
	}
}

// wait is how long the calls of the step under way may block; MSG_DONTWAIT means
// nowait.
func (t *Task) wait(nowait *Bool, flags int) sock.Wait {
	return sock.Wait{Deadline: t.deadline, NoWait: nowait.On || flags&unix.MSG_DONTWAIT != 0, Watcher: t.World}
}

// freshWait is wait for a step that goes on as long as bytes come: the step
// timeout counts from now.
func (t *Task) freshWait() sock.Wait {
	w := sock.Wait{Deadline: t.deadline, Watcher: t.World}
	if !t.step.Timeout.Given() && t.Limit.At.IsZero() {
		w.Deadline = time.Now().Add(t.Actor.Run.StepTimeout)
	}
	return w
}

// cutShort is why a call that waits gave less than was asked for, where that is
// the step's bound or the end of the scenario, and not the kernel's own reason.
func (t *Task) cutShort(w sock.Wait) error {
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
	t.begin()
	t.args = append(t.args[:0], args...)
	t.Event.Call, t.Event.Args = name, t.args
}

// begin says that the step's call is made now: what came before, as a wait for
// another actor's name, is not part of it.
func (t *Task) begin() {
	now := time.Now()
	if t.began.IsZero() {
		t.began = now
	}
	t.Event.Start = now.Sub(t.Actor.Run.Epoch)
}

// Return says what the call gave.
func (t *Task) Return(parts ...any) {
	t.ret = append(t.ret[:0], parts...)
	t.Event.Ret = t.ret
}

// returnMasked is Return for what may vary from run to run: then it is <value>.
func (t *Task) returnMasked(mask *Bool, parts ...any) {
	if mask.On {
		t.Return(Const("<value>"))
		return
	}
	t.Return(parts...)
}

// Next records the call so far as a success and opens another: for steps that
// make several calls.
func (t *Task) Next() { t.record() }

// announce records the note of a step that has no call to show: what shows is
// the steps that stand in it.
func (t *Task) announce() {
	if note := t.Event.Note; note != "" {
		t.Event.Note = ""
		for _, line := range strings.Split(strings.TrimSuffix(note, "\n"), "\n") {
			t.Call("note", Bare{Text: "# " + line})
			t.record()
		}
		t.began = time.Time{}
	}
}

// Set implements [Env]. What other actors read is given to them once the step
// is recorded.
func (t *Task) Set(name string, v any) {
	if name == "" {
		return
	}
	if t.Actor.set(name, v) {
		t.use(name, true)
	}
	if _, handle := v.(*Handle); !handle {
		t.publish(name)
	}
}

// publish lets other actors have a name's value, once the step under way is
// recorded.
func (t *Task) publish(name string) {
	if t.Actor.Shared[name] {
		t.given = append(t.given, name)
	}
}

// setAs gives the step's ith `as` name its value.
func (t *Task) setAs(i int, v any) error {
	name, err := t.step.As.Eval(t, i)
	if err == nil {
		t.Set(name, v)
	}
	return err
}

// asName is the step's ith `as` name, or a stand-in that a transcript can show.
func (t *Task) asName(i int, otherwise string) (string, error) {
	name, err := t.step.As.Eval(t, i)
	if name == "" {
		name = otherwise
	}
	return name, err
}

// makeHandle names a new socket after `as`.
func (t *Task) makeHandle(i int, s *sock.Socket, otherwise string) (*Handle, error) {
	name, err := t.asName(i, otherwise)
	if err != nil {
		return nil, err
	}
	h := &Handle{Name: name, Sock: s}
	if t.step.As.Len() > i {
		t.Set(name, h)
	}
	return h, nil
}

// smallBuffer is how much scratch space each task may keep for itself: ten
// thousand actors that wait must not hold large buffers.
const smallBuffer = 4096

// largeBuffers are buffers above that size, shared by all tasks.
var largeBuffers sync.Pool

// buffer is scratch space of n bytes, good until the step ends.
func (t *Task) buffer(n int) []byte {
	if n <= smallBuffer {
		if cap(t.scratch) < n {
			t.scratch = make([]byte, n)
		}
		return t.scratch[:n]
	}
	b, _ := largeBuffers.Get().(*[]byte)
	if b == nil || cap(*b) < n {
		large := make([]byte, n)
		b = &large
	}
	t.large = append(t.large, b)
	return (*b)[:n]
}

// giveBack lets go of the large buffers of the step.
func (t *Task) giveBack() {
	for _, b := range t.large {
		largeBuffers.Put(b)
	}
	t.large = t.large[:0]
}

// mostRecent is how many different texts may come in turn and yet be kept once.
const mostRecent = 8

// part is data as a part of an event: the same value again where a recent event
// has the same data, so that rounds that are alike share one.
func (t *Task) part(b []byte, counted bool) any {
	for _, p := range t.recent {
		if d := p.(Data); d.Len == len(b) && d.Counted == counted && string(d.Bytes) == string(b) {
			return p
		}
	}
	d := t.data(b)
	d.Counted = counted
	if len(d.Bytes) < len(b) {
		return d
	}
	if len(t.recent) < mostRecent {
		t.recent = append(t.recent, d)
		return t.recent[len(t.recent)-1]
	}
	t.oldest = (t.oldest + 1) % mostRecent
	t.recent[t.oldest] = d
	return t.recent[t.oldest]
}

// data keeps of b what will be printed. b may be reused afterwards.
func (t *Task) data(b []byte) Data {
	d := Data{Len: len(b)}
	if len(b) > DataShown && !t.Actor.Run.Full {
		b = b[:DataShown]
	}
	d.Bytes = append([]byte(nil), b...)
	return d
}

// dataOf is data that a step sends over a handle, with its marks.
func (t *Task) dataOf(h *Handle, b blob) any {
	if len(b.marks) == 0 {
		return t.part(b.bytes, h.plain())
	}
	d := t.data(b.bytes)
	d.Marks, d.Counted = b.marks, h.plain()
	return d
}

// act marks the event as one that orders others.
func (t *Task) act(op Op, h *Handle) {
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

// Piece implements [Env].
func (t *Task) Piece(text string, from int) any {
	if text == "" {
		return text
	}
	c := &Came{From: from, Text: text}
	t.arrived = append(t.arrived, c)
	return traced{text, &Trace{marks: []Mark{{To: len(text), Origins: []Origin{{Came: c}}, Copy: true}}}}
}

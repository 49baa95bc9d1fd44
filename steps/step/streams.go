package step

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// StreamNames are the standard streams of a program.
var StreamNames = []string{"stdin", "stdout", "stderr"}

// IsStream reports whether a program has a stream of that name.
func IsStream(name string) bool { return slices.Contains(StreamNames, name) }

// IsOwnStream reports the names of sockscript's own streams, for scenarios that
// are used as tools.
func IsOwnStream(name string) bool { return name == "stdin" || name == "stdout" }

// UsesOwnStream reports whether the steps of an actor use a standard stream of
// sockscript itself, "stdin" or "stdout". What the actor gives such a name is a
// handle of its own.
func (b *Block) UsesOwnStream(stream string) bool {
	uses := false
	WalkSteps(b, func(s *Step) {
		for _, r := range s.Handles {
			name, static := r.Static()
			uses = uses || static && name == stream
		}
	})
	return uses && !b.Given.Has(stream)
}

// IsStreamName reports whether s names a stream of a program, as p.stdin.
func IsStreamName(s string) bool {
	program, stream, ok := strings.Cut(s, ".")
	return ok && value.IsName(program) && IsStream(stream)
}

// notHandle reports a text that can name no handle.
func notHandle(d *value.Decoder, n *source.Node, s string) {
	program, stream, dotted := strings.Cut(s, ".")
	if !dotted || !value.IsName(program) || !value.IsName(stream) {
		d.Problem(n, "%s is not the name of a handle", value.Quote(s)).Hint = "name a socket that an earlier step made with as:"
		return
	}
	if d.IsActor(program) {
		p := d.Problem(n, "%s is a name of the actor %s, and actors do not share handles", stream, program)
		p.Hint = "move the step to " + program + ", or into a branch of it (spawn, parallel)"
		return
	}
	p := d.Problem(n, "a program has no stream %s", value.Quote(stream))
	if p.Hint = source.DidYouMean(stream, StreamNames); p.Hint == "" {
		p.Hint = "its streams are stdin, stdout and stderr"
	}
}

// anyStream stands for the streams that an expression may name, and anyProgram
// for a program that a procedure knows by another name.
const anyStream, anyProgram = "*", "*"

// A StreamUse notes which streams of programs the steps use. All others are
// read by sockscript itself.
type StreamUse struct {
	all    map[string]bool
	shared map[string]bool // by procedures, and so perhaps by any actor
	own    map[string]bool // by the actor under way; nil before the first
}

func newStreamUse() *StreamUse {
	return &StreamUse{all: make(map[string]bool), shared: make(map[string]bool)}
}

func (u *StreamUse) nextActor() { u.enter(make(map[string]bool)) }

// enter says that the steps to come are of the actor whose uses these are.
func (u *StreamUse) enter(own map[string]bool) { u.own = own }

// Add notes that a step uses a stream, as p.stdin.
func (u *StreamUse) Add(name string) {
	uses := u.own
	if u.own == nil {
		uses = u.shared
		if _, stream, ok := strings.Cut(name, "."); ok {
			name = anyProgram + "." + stream
		}
	}
	uses[name], u.all[name] = true, true
}

// Here is where the uses of a program are noted that a step started: they may
// come after it. What a procedure starts, any actor may use.
func (u *StreamUse) Here() []map[string]bool {
	if u.own == nil {
		return []map[string]bool{u.all}
	}
	return []map[string]bool{u.own, u.shared}
}

// Stream is a standard stream of a program.
func (t *Task) Stream(name, stream string) (*handle.Handle, error) {
	v, _ := t.Get(name)
	p, ok := v.(*program.Program)
	if !ok {
		return nil, fmt.Errorf("%s is not the name of a program", value.Quote(name))
	}
	h := map[string]*handle.Handle{"stdin": p.In, "stdout": p.Out, "stderr": p.Errs}[stream]
	if h == nil {
		return nil, fmt.Errorf("the program %s has no %s of its own", name, stream)
	}
	return h, nil
}

// hold keeps what a program writes from being read ahead while a step runs.
func (t *Task) hold(h *handle.Handle) {
	if h.ReadAhead != nil {
		h.ReadAhead.Hold()
		t.held = append(t.held, h.ReadAhead)
	}
}

// letGo lets go of the streams that a step has held, beyond the first n, which
// are those of the steps around it.
func (t *Task) letGo(n int) {
	for _, k := range t.held[n:] {
		k.Release()
	}
	t.held = t.held[:n]
}

// UsesStream reports whether a step may use a stream of a program. Uses are
// where they were noted, as here says.
func UsesStream(uses []map[string]bool, program, stream string) bool {
	return slices.ContainsFunc(uses, func(used map[string]bool) bool {
		return used[program+"."+stream] || used[anyProgram+"."+stream] || used[anyStream]
	})
}

// ProgramsGone says that nobody can be waited for who is a program: those that
// were started have ended with all that they have started, and no other is to
// come. It is "" otherwise.
func (t *Task) ProgramsGone() string {
	ended := t.Actor.Run.Programs().Ended()
	if ended == "" || t.World.MayStart() || t.Actor.Run.Programs().Left() {
		return ""
	}
	return "no program of the scenario is left; " + ended
}

// AwaitEnd waits for the end of a program.
func (t *Task) AwaitEnd(p *program.Program) error {
	t.World.Stalls(true)
	err := p.Wait(t.Ctx, t.Deadline)
	t.World.Stalls(false)
	switch {
	case t.Ctx.Err() != nil && errors.Is(err, t.Ctx.Err()):
		return ErrCancelled
	case err == sock.ErrTimeout:
		t.Missing = p.Name + " is still running" + p.WaitsFor()
	}
	return err
}

// Emits notes the datagrams that a send lets go, joined and split as the kernel
// does.
func (t *Task) Emits(h *handle.Handle, data []byte, segment int, to sock.Addr) {
	e := &t.Event
	if segment <= 0 || segment >= len(data) {
		e.Sums = append(e.Sums, h.Datagram(data, to, false))
		return
	}
	// UDP_GRO returns them as one again.
	whole := event.NewDatagram(data, to)
	e.Whole = &whole
	for len(data) > 0 {
		n := min(segment, len(data))
		e.Sums = append(e.Sums, event.NewDatagram(data[:n], to))
		data = data[n:]
	}
}

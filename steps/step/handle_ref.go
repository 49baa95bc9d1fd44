package step

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// HandleRef is the name of a handle that the actor has made.
type HandleRef struct{ value.Text }

// Decode reads the name.
func (r *HandleRef) Decode(d *value.Decoder, n *source.Node) {
	r.Text.Decode(d, n)
	if !r.Given() {
		return
	}
	if s, static := r.Static(); static && !IsStreamName(s) && !value.IsName(s) {
		if strings.HasPrefix(s, numberPrefix) {
			if _, err := numberOf(s); err != nil {
				d.Problem(n, "%s", err).Hint = "write fd: and a number, such as fd:-1"
				return
			}
			d.Announce(r)
			return
		}
		notHandle(d, n, s)
		return
	}
	d.Announce(r)
}

// Read implements [Part].
func (r *HandleRef) Read(reader *Reader, s *Step) {
	name, static := r.Static()
	switch {
	case !static:
		reader.Streams.Add(anyStream) // which program's, only the run can tell
	case IsStreamName(name):
		reader.Streams.Add(name)
	}
	s.Handles = append(s.Handles, r)
}

// Schema accepts a name.
func (r *HandleRef) Schema() value.Schema { return value.Schema{"type": "string"} }

// Type names the type in the reference.
func (r *HandleRef) Type() string { return "handle" }

// Open is the handle itself.
func (r *HandleRef) Open(t *Task) (*handle.Handle, error) {
	name, err := r.find(t)
	if err != nil {
		return nil, err
	}
	h, err := t.handle(name)
	if err == nil {
		t.hold(h)
	}
	return h, err
}

// find is the name of the handle. An expression may give the name, or the
// handle itself where it is one of this actor.
func (r *HandleRef) find(t *Task) (string, error) {
	if name, static := r.Static(); static {
		return name, nil
	}
	v, err := r.Value(t)
	if e, ok := v.(*value.Endpoint); ok && e.Name != "" {
		if e.Owner != t.Actor.owner() {
			err = notShared(e.Owner.Actor, e.Name)
		}
		return e.Name, err
	}
	return value.Format(v), err
}

// notShared is what is wrong with the use of another actor's handle.
func notShared(actor, name string) error {
	return value.Mismatchf("%s is a handle of the actor %s, and actors do not share handles; "+
		"a step uses the handles of its own actor: move the step to %s, into a branch (spawn, parallel) where it runs beside others, "+
		"or send the descriptor over a UNIX socket (SCM_RIGHTS)", name, actor, actor)
}

// handle finds the handle that a name stands for.
func (t *Task) handle(name string) (*handle.Handle, error) {
	if strings.HasPrefix(name, numberPrefix) {
		return t.byNumber(name)
	}
	if program, stream, ok := strings.Cut(name, "."); ok {
		return t.Stream(program, stream)
	}
	v, ok := t.Get(name)
	if !ok && IsOwnStream(name) {
		return t.Actor.Run.Stdio(name)
	}
	if !ok {
		return nil, fmt.Errorf("there is no handle %s here", value.Quote(name))
	}
	h, ok := v.(*handle.Handle)
	if !ok {
		return nil, fmt.Errorf("%s is a value, not a handle", name)
	}
	return h, nil
}

// numberPrefix begins what stands for a handle by the number of its descriptor.
const numberPrefix = "fd:"

// numberOf is the number of fd:N.
func numberOf(name string) (int, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(name, numberPrefix), 0, 32)
	if err != nil {
		return 0, fmt.Errorf("%s is not the number of a descriptor", value.Quote(name))
	}
	return int(n), nil
}

// MayBeOpen reports a name fd:N whose descriptor sockscript's own process may
// have: those belong to everybody there.
func MayBeOpen(name string) error {
	number, err := numberOf(name)
	if !strings.HasPrefix(name, numberPrefix) || err != nil || number < 0 || int64(number) >= sock.MostDescriptors() {
		return nil
	}
	return fmt.Errorf("%s may be open: the numbers below RLIMIT_NOFILE are those of sockscript's own descriptors", name)
}

// ClosedHint is what helps against such a number.
const ClosedHint = "write a negative number, or one from RLIMIT_NOFILE on, such as fd:-1; in a fork any number will do"

// byNumber is the handle of fd:N. In a process it is the one that has the
// number, under the name that it got.
func (t *Task) byNumber(name string) (*handle.Handle, error) {
	number, err := numberOf(name)
	if err != nil {
		return nil, value.Mismatchf("%s", err)
	}
	if t.Process == nil {
		if err := MayBeOpen(name); err != nil {
			return nil, value.Mismatchf("%s; %s", err, ClosedHint)
		}
		return &handle.Handle{Name: name, Sock: t.Sockets().Number(number)}, nil
	}
	if h := t.HandleOf(number); h != nil {
		return h, nil
	}
	if s := t.Process.Descriptor(number); s != nil {
		return &handle.Handle{Name: name, Sock: s}, nil
	}
	return &handle.Handle{Name: name, Sock: t.Process.Number(number)}, nil
}

// Numbered is the number of a handle that the step names as fd:N.
func (r *HandleRef) Numbered(t *Task) (number int, ok bool, err error) {
	name, err := r.find(t)
	if err != nil || !strings.HasPrefix(name, numberPrefix) {
		return 0, false, err
	}
	number, err = numberOf(name)
	return number, true, err
}

// HandleList is one handle or a list of them.
type HandleList struct{ Refs []*HandleRef }

// Decode reads a name or a list of names.
func (l *HandleList) Decode(d *value.Decoder, n *source.Node) {
	d.NotEmpty(n)
	for _, item := range value.Listed(n) {
		r := new(HandleRef)
		r.Decode(d, item)
		l.Refs = append(l.Refs, r)
	}
}

// Schema accepts a name or a list of names.
func (l *HandleList) Schema() value.Schema {
	one := value.Schema{"type": "string"}
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (l *HandleList) Type() string { return "handle or list of handles" }

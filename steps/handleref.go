package steps

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// HandleRef is the name of a handle that the actor has made.
type HandleRef struct{ Text }

// Decode reads the name.
func (r *HandleRef) Decode(d *Decoder, n *source.Node) {
	r.Text.Decode(d, n)
	if !r.given {
		return
	}
	if s, static := r.Static(); static && !isStreamName(s) && !IsName(s) {
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
		reader.streams.add(anyStream) // which program's, only the run can tell
	case isStreamName(name):
		reader.streams.add(name)
	}
	s.handles = append(s.handles, r)
}

// Schema accepts a name.
func (r *HandleRef) Schema() Schema { return Schema{"type": "string"} }

// Type names the type in the reference.
func (r *HandleRef) Type() string { return "handle" }

// Open is the handle itself.
func (r *HandleRef) Open(t *Task) (*Handle, error) {
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

// find is the name of the handle. An expression may give the name, or the handle
// itself where it is one of this actor.
func (r *HandleRef) find(t *Task) (string, error) {
	if name, static := r.Static(); static {
		return name, nil
	}
	v, err := r.Value(t)
	if e, ok := v.(*Endpoint); ok && e.name != "" {
		if e.owner != t.Actor.owner() {
			err = notShared(e.owner.actor, e.name)
		}
		return e.name, err
	}
	return FormatValue(v), err
}

// notShared is what is wrong with the use of another actor's handle.
func notShared(actor, name string) error {
	return mismatch("%s is a handle of the actor %s, and actors do not share handles; "+
		"a step uses the handles of its own actor: move the step to %s, into a branch (spawn, parallel) where it runs beside others, "+
		"or send the descriptor over a UNIX socket (SCM_RIGHTS)", name, actor, actor)
}

// handle finds the handle that a name stands for.
func (t *Task) handle(name string) (*Handle, error) {
	if program, stream, ok := strings.Cut(name, "."); ok {
		return t.stream(program, stream)
	}
	v, ok := t.get(name)
	if !ok && isOwnStream(name) {
		return t.Actor.Run.Stdio(name)
	}
	if !ok {
		return nil, fmt.Errorf("there is no handle %s here", quoteShort(name))
	}
	h, ok := v.(*Handle)
	if !ok {
		return nil, fmt.Errorf("%s is a value, not a handle", name)
	}
	return h, nil
}

// HandleList is one handle or a list of them.
type HandleList struct{ Refs []*HandleRef }

// Decode reads a name or a list of names.
func (l *HandleList) Decode(d *Decoder, n *source.Node) {
	d.notEmpty(n)
	for _, item := range listed(n) {
		r := new(HandleRef)
		r.Decode(d, item)
		l.Refs = append(l.Refs, r)
	}
}

// Schema accepts a name or a list of names.
func (l *HandleList) Schema() Schema {
	one := Schema{"type": "string"}
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (l *HandleList) Type() string { return "handle or list of handles" }

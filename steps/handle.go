package steps

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// Endpoint is what expressions see of a handle.
type Endpoint struct {
	Address string    `expr:"address"` // 127.0.0.1:8080
	Host    string    `expr:"host"`    // 127.0.0.1
	Port    int       `expr:"port"`    // 8080
	Peer    *Endpoint `expr:"peer"`    // the other end, as far as it is known
}

// String is the address, which is what a bare handle means in a text.
func (e *Endpoint) String() string {
	if e == nil {
		return ""
	}
	return e.Address
}

// endpoint is a snapshot of the handle's addresses. An unspecified address
// cannot be connected to on every system, so it becomes the loopback address
// of its family.
func (h *Handle) endpoint() *Endpoint {
	d := h.Sock.Desc()
	e := endpointOf(d.Local().Loopback())
	if peer := d.Remote(); !peer.IsZero() {
		e.Peer = endpointOf(peer)
	}
	return e
}

// SameValue reports whether another actor would read the same from both.
func SameValue(a, b any) bool {
	x, isEndpoint := a.(*Endpoint)
	y, alike := b.(*Endpoint)
	if isEndpoint && alike {
		return x.Address == y.Address && x.Peer.String() == y.Peer.String()
	}
	return FormatValue(a) == FormatValue(b)
}

func endpointOf(a sock.Addr) *Endpoint {
	e := &Endpoint{Address: a.String(), Port: int(a.Port)}
	if a.IP.IsValid() {
		e.Host = a.IP.String()
	}
	return e
}

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
	name, err := r.Eval(t)
	if err != nil {
		return nil, err
	}
	h, err := t.handle(name)
	if err == nil {
		t.hold(h)
	}
	return h, err
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

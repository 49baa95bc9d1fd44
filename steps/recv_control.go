package steps

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// controlShown is all that came, as the transcript shows it.
func (r *receiver) controlShown() Joined {
	shown := Joined{Const("{")}
	for i, c := range r.control {
		if i > 0 {
			shown = append(shown, Const(", "))
		}
		shown = append(shown, Const(c.typ.Name+"="), c.shown(&r.action.control.of(c.typ.Name).fields))
	}
	return append(shown, Const("}"))
}

// maxRoom is more than any ancillary data takes: 253 descriptors, all that one
// message can carry, take 1KiB.
const maxRoom = 64 << 10

// controlRoom is the room for ancillary data.
func (a *recvAction) controlRoom(t *Task) (int, error) {
	if !a.room.Given() {
		return 2048, nil
	}
	n, err := a.room.Eval(t)
	if err == nil && n > maxRoom {
		err = fmt.Errorf("%d bytes are more room for ancillary data than 64KiB", n)
	}
	return n, err
}

// cutOff tells why ancillary data may be missing.
func (r *receiver) cutOff() string {
	if r.msgFlags&unix.MSG_CTRUNC == 0 {
		return ""
	}
	return "; there was too little room for it (MSG_CTRUNC)"
}

// controlValue is what expressions see of the ancillary data: by type, a
// number, a text, or the fields of a structure by name.
func (r *receiver) controlValue() any {
	m, parts := make(map[string]any), make(map[string]*Trace)
	for _, c := range r.control {
		v := c.named(&r.action.control.of(c.typ.Name).fields)
		m[c.typ.Name] = untraced(v)
		if t := traceOf(v); t != nil {
			parts[c.typ.Name] = t
		}
	}
	if len(parts) == 0 {
		return m
	}
	return traced{m, &Trace{parts: parts}}
}

// named is one piece as expressions see it.
func (r Received) named(want *FieldsWant) any {
	switch v := r.value.(type) {
	case nil:
		return r.handles
	case Fields:
		return want.settled(v).traced()
	case sock.Addr:
		e := endpointAt(v)
		if part, _ := e.trace().part([]string{"address"}); part != nil {
			return traced{e.Address, part}
		}
		return e.Address
	case int:
		if form := controlForms[r.typ.Kind]; form != nil && form.varies {
			return whole(v, Origin{Word: "time"})
		}
	}
	return r.value
}

// takeControl reads the ancillary data of a receive. Descriptors become
// handles; those that get no name are closed at once.
func (r *receiver) takeControl(m *sock.Message) error {
	r.msgFlags |= m.Flags
	list, err := sock.ParseControl(m.Control[:m.ControlN])
	if err != nil {
		return err
	}
	var failed error
	for _, c := range list {
		got := Received{typ: c.ControlType}
		if c.Kind == sock.CtlRights {
			if got.handles, err = r.adopt(c); failed == nil {
				failed = err
			}
		} else {
			if c.Kind == sock.CtlCredentials {
				r.t.Actor.Run.Programs.translate(c.Data)
			}
			got.value = decodeControl(c)
		}
		r.control = append(r.control, got)
	}
	return failed
}

// adopt makes handles of received descriptors. After an error the rest are
// closed.
func (r *receiver) adopt(c sock.Control) ([]string, error) {
	names := &r.action.control.of(c.Name).names
	var shown []string
	var failed error
	for i, fd := range c.Rights() {
		if i >= names.Len() || failed != nil {
			sock.CloseFD(fd)
			shown = append(shown, "fd")
			continue
		}
		var name string
		if name, failed = r.adoptOne(fd, names, i); failed == nil {
			shown = append(shown, name)
		}
	}
	return shown, failed
}

func (r *receiver) adoptOne(fd int, names *Names, i int) (string, error) {
	s, err := r.t.Actor.Run.Sockets.Adopt(fd)
	if err != nil {
		return "", err
	}
	name, err := names.Eval(r.t, i)
	if err != nil {
		return "", err
	}
	r.t.Set(name, &Handle{Name: name, Sock: s})
	r.t.publish(name)
	return name, nil
}

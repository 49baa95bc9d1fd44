package steps

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/option"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// controlShown is all that came, as the transcript shows it.
func (r *receiver) controlShown() event.Joined {
	shown := event.Joined{event.Const("{")}
	for i, c := range r.control {
		if i > 0 {
			shown = append(shown, event.Const(", "))
		}
		shown = append(shown, event.Const(c.Typ.Name+"="), c.Shown(r.action.control.Fields(c.Typ.Name)))
	}
	return append(shown, event.Const("}"))
}

// maxControl is more than any ancillary data takes: 253 descriptors, all that
// one message can carry, take 1KiB.
const maxControl = 64 << 10

// controlBuffer is the size of the buffer for ancillary data.
func (a *recvAction) controlBuffer(t *step.Task) (int, error) {
	if !a.controlSize.Given() {
		return 2048, nil
	}
	n, err := a.controlSize.Eval(t)
	if err == nil && n > maxControl {
		err = fmt.Errorf("%d bytes are too many for ancillary data: at most 64KiB", n)
	}
	return int(n), err
}

// cutOff says why ancillary data may be missing.
func (r *receiver) cutOff() string {
	if r.msgFlags&unix.MSG_CTRUNC == 0 {
		return ""
	}
	return "; the buffer for it was too small (MSG_CTRUNC)"
}

// controlValue is what expressions see of the ancillary data: by type, a
// number, a text, or the fields of a structure by name.
func (r *receiver) controlValue() any {
	m, parts := make(map[string]any), make(map[string]*value.Trace)
	for _, c := range r.control {
		v := c.Named(r.h.Sock.Desc().Host(), r.action.control.Fields(c.Typ.Name))
		m[c.Typ.Name] = value.Untraced(v)
		if t := value.TraceOf(v); t != nil {
			parts[c.Typ.Name] = t
		}
	}
	if len(parts) == 0 {
		return m
	}
	return value.Traced{Value: m, Trace: &value.Trace{Parts: parts}}
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
		got := option.Received{Typ: c.ControlType}
		if c.Kind == sock.CtlRights {
			if got.Handles, err = r.adopt(c); failed == nil {
				failed = err
			}
		} else {
			if c.Kind == sock.CtlCredentials {
				r.t.Actor.Run.Programs().Translate(c.Data)
			}
			got.Value = option.Named(option.DecodeControl(c), r.h.Sock)
		}
		r.control = append(r.control, got)
	}
	return failed
}

// adopt makes handles of received descriptors. After an error the rest are
// closed.
func (r *receiver) adopt(c sock.Control) ([]string, error) {
	names := r.action.control.Names(c.Name)
	var shown []string
	var failed error
	for i, fd := range c.Rights() {
		if i >= names.Len() || failed != nil {
			r.closes(fd)
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

// closes closes a descriptor that gets no name.
func (r *receiver) closes(fd int) {
	if d := r.t.Sockets().CloseReceived(fd, r.action.peeks()); d != nil {
		r.t.Event.Gets = append(r.t.Event.Gets, d.ID)
		r.t.ClosedAlso(d)
	}
}

func (r *receiver) adoptOne(fd int, names *value.Names, i int) (string, error) {
	adopt := r.t.Sockets().Adopt
	if r.action.peeks() {
		adopt = r.t.Sockets().AdoptSeen
	}
	s, err := adopt(fd)
	if err != nil {
		return "", err
	}
	r.t.Event.Gets = append(r.t.Event.Gets, s.Desc().ID)
	if r.action.flags.Has("MSG_CMSG_CLOEXEC") {
		s.Fcntl(unix.F_SETFD, unix.FD_CLOEXEC)
	}
	name, err := names.Eval(r.t, i)
	if err != nil {
		return "", err
	}
	r.t.Watches(s)
	h := &handle.Handle{Name: r.t.Shown(name), Sock: s}
	r.t.Set(name, h)
	r.t.Publish(h)
	return h.Name, nil
}

package steps

import (
	"context"
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var dupKind = step.Kind{
	Name:    "dup",
	Summary: "make a second descriptor of the same open file",
	Text: `Both descriptors refer to one open file. Only the close of the last one ends the
connection, but a shutdown acts on the socket, and so on both. O_NONBLOCK belongs
to the file, FD_CLOEXEC to the descriptor; the new one does not have it. onto
names a handle whose descriptor is to refer to the file from now on (dup2): what
it referred to is closed first. A handle that is closed already will do. In a
process of its own, onto takes a number too: fd:7. With flags the call is dup3.
See dup(2).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - dup: a
      as: again
    - close: a
    - send: again
      data: still here
    - recv: b
      expect: still here
    - close: again
    - recv: b
      expect: {eof: true}
    - close: b
`,
	Beneath: step.Beneath{
		Call:   "dup(2)",
		Kernel: "makes a second descriptor of the same open file. Both share everything but the flag FD_CLOEXEC; the socket ends with the last of them.",
		Errors: []step.LikelyError{
			{Errno: "EBADF", Why: "the descriptor is closed"},
			{Errno: "EINVAL", Why: "dup3 onto the descriptor itself, or with another flag than O_CLOEXEC"},
			{Errno: "EMFILE", Why: "the process has as many descriptors as it may have"},
		},
	},
	New: func() step.Action { return &dupAction{flags: value.Flags{Of: sock.PipeFlags}} },
}

type dupAction struct {
	handle step.HandleRef
	onto   step.HandleRef
	flags  value.Flags
}

func (a *dupAction) Params(p *step.Params) {
	p.Value(&a.handle, "the handle")
	p.Key("onto", &a.onto, "the handle whose descriptor is to refer to the same file")
	p.Key("flags", &a.flags, "with onto: O_CLOEXEC; the call is dup3")
	p.Makes = "the new descriptor, without onto"
}

func (a *dupAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	if a.onto.Given() {
		return a.replace(t, h)
	}
	t.Call("dup", h.Part())
	s, err := h.Sock.Dup()
	if err != nil {
		return err
	}
	d, err := t.MakeHandle(0, s, "a descriptor")
	if err != nil {
		return err
	}
	t.Publish(d)
	t.Return(event.Name(d.Name))
	return nil
}

// replace makes the descriptor of another handle refer to the file of h. The
// number of a descriptor is nobody's business in sockscript's own process, so
// the other handle gets a descriptor of its own, and gives up the one that it
// had.
func (a *dupAction) replace(t *step.Task, h *handle.Handle) error {
	other, err := a.onto.Open(t)
	if err != nil {
		return err
	}
	call, args := "dup2", []any{h.Part(), event.Name(other.Name)}
	if a.flags.Given() {
		call, args = "dup3", append(args, event.Const(sock.PipeFlags.Names(a.flags.Bits)))
	}
	t.Call(call, args...)
	switch {
	case a.flags.Bits&^unix.O_CLOEXEC != 0, a.flags.Given() && other == h:
		return &sock.Error{Call: call, Err: syscall.EINVAL}
	case other.ReadAhead != nil:
		return value.Mismatchf("%s is a stream of a program, which nothing can take the place of; make a handle of it by dup", other.Name)
	}
	if t.Process != nil {
		number, given, err := a.onto.Numbered(t)
		if err != nil {
			return err
		}
		if !given {
			number = other.Sock.Number()
		}
		// A closed handle has no number where that is another's by now.
		if free := number >= 0 && t.Process.Descriptor(number) == nil; given || free || other.Sock.FD() >= 0 {
			return a.onNumber(t, h, other, number, given)
		}
	}
	s, err := h.Sock.Dup()
	if err != nil {
		return err
	}
	if other == h {
		s.Close()
		t.Return(event.Name(other.Name))
		return nil
	}
	if a.flags.Bits != 0 {
		s.Fcntl(unix.F_SETFD, unix.FD_CLOEXEC)
	}
	now := &handle.Handle{Name: other.Name, Sock: s}
	other.Onto(now)
	err = other.Sock.CloseBefore(t.Deadline)
	if !errors.Is(err, syscall.EBADF) { // else it was closed before
		t.Closed(other.Sock.Desc())
	}
	if step.IsTimeout(err) || context.Cause(t.Ctx) != nil {
		return err // the close lingers
	}
	t.Publish(now)
	t.Return(event.Name(now.Name))
	return nil
}

// onNumber makes the call of a process, where numbers are its own.
func (a *dupAction) onNumber(t *step.Task, h, other *handle.Handle, number int, given bool) error {
	s, before, err := t.Process.DupOnto(h.Sock, number, int(a.flags.Bits))
	if err != nil {
		return err
	}
	if s == h.Sock {
		t.Return(event.Name(other.Name))
		return nil
	}
	now := &handle.Handle{Name: other.Name, Sock: s}
	other.Onto(now)
	if before != nil {
		t.Closed(before.Desc())
	}
	if given {
		t.Keep(now)
	}
	t.Publish(now)
	t.Return(event.Name(now.Name))
	return nil
}

func (a *dupAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	made := check.AnySocket()
	if sym != nil {
		made = sym.Sock
	}
	if !a.onto.Given() {
		if a.flags.Given() {
			c.Problem(a.flags.Node, "dup takes flags only with onto, as dup3").Hint = "use fcntl with F_DUPFD_CLOEXEC"
		}
		c.MakeHandle(0, made)
		return
	}
	c.AnyHandle(&a.onto)
	if c.Step.As.Given() && c.MustSucceed() {
		c.Problem(c.Step.As.Node, "dup with onto makes no new name").Hint = "leave as out: the handle of onto keeps its name"
	}
	c.Replace(&a.onto, made)
}

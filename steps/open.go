package steps

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var openKind = step.Kind{
	Name:    "open",
	Summary: "open a file by its path",
	Text: `The kernel takes the path as it is, from the current folder; ${tmp} is the
scenario's own folder. send and recv on the handle are write and read. The open
of a FIFO waits until somebody opens its other end, unless O_NONBLOCK is among
the flags. See open(2), fifo(7).`,
	Example: `actors:
  one:
    - open: ${tmp}/log
      flags: [O_RDWR, O_CREAT]
      mode: 0600
      as: log
    - send: log
      data: "begun\n"
    - close: log
    - open: ${tmp}/log
      as: log
    - recv: log
      eof: true
      expect: "begun\n"
    - close: log
`,
	Beneath: step.Beneath{
		Call:   "open(2)",
		Kernel: "looks the path up, checks the permissions, and makes an open file with an offset of its own, which reads and writes move on.",
		Errors: []step.LikelyError{
			{Errno: "ENOENT", Why: "no such file, and O_CREAT is not among the flags"},
			{Errno: "EEXIST", Why: "the file is there, and O_CREAT and O_EXCL ask for a new one"},
			{Errno: "EACCES", Why: "the permissions of the file or of a folder on the way do not allow it"},
			{Errno: "ENXIO", Why: "a FIFO is opened to write with O_NONBLOCK, and nobody reads it; or the path is a socket"},
		},
	},
	Needs: []value.Access{value.ReadFile, value.WriteFile},

	New: func() step.Action { return &openAction{flags: value.Flags{Of: sock.StatusFlags}} },
}

type openAction struct {
	path     value.Text
	flags    value.Flags
	mode     value.Mode
	blocking value.Bool
}

func (a *openAction) Params(p *step.Params) {
	p.Value(&a.path, "the path")
	p.Key("flags", &a.flags, "the access mode and other O_ flags of open(2): a name or a list").Or("O_RDONLY")
	p.Key("mode", &a.mode, "with O_CREAT or O_TMPFILE: the permissions of a new file, less the umask").Or("0666")
	p.Key("blocking", &a.blocking, "make a truly blocking descriptor").Or("false")
	p.Makes, p.MayWait = "the handle", true
}

// Needs implements [step.Needer].
func (a *openAction) Needs(n *step.Needs) {
	access := value.WriteFile
	if a.flags.Bits == unix.O_RDONLY && !n.IsLate("flags") {
		access = value.ReadFile
	}
	n.NeedPath(access, &a.path, value.FromCurrent)
}

func (a *openAction) Run(t *step.Task) error {
	path, err := a.path.Marked(t)
	if err != nil {
		return err
	}
	args := []any{event.Quoted(path), event.Const(sock.StatusFlags.Names(a.flags.Bits))}
	mode := fs.FileMode(0o666)
	if a.mode.Given() {
		if mode, err = a.mode.Eval(t); err != nil {
			return err
		}
	}
	if a.creates() {
		args = append(args, event.Const(fmt.Sprintf("%#o", uint32(mode))))
	}
	t.Call("open", args...)
	w := sock.Wait{Deadline: t.Deadline, Watcher: t.World}
	s, err := t.Sockets().OpenFile(w, path.Text, a.flags.Bits, uint32(mode), a.blocking.On)
	if err != nil {
		return err
	}
	h, err := t.MakeHandle(0, s, "a file")
	if err != nil {
		return err
	}
	if peer := s.Desc().Peer; peer != nil {
		t.Act(event.OpPair, h)
		t.Event.Endpoints = h.Endpoints()
		t.Event.Endpoints.Peer = peer.ID
	}
	t.Return(h.Part())
	return nil
}

// creates reports whether the call may make a file.
func (a *openAction) creates() bool { return a.flags.Bits&(unix.O_CREAT|sock.TmpFile) != 0 }

func (a *openAction) Check(c *check.Check) {
	if a.mode.Given() && !a.creates() {
		c.Problem(a.mode.Node, "mode is for a file that open makes").Hint = "add O_CREAT to flags, or leave mode out"
	}
	c.MakeHandle(0, check.AnySocket())
}

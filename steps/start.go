package steps

import (
	"fmt"
	"os"
	"strings"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var startKind = step.Kind{
	Name:    "start",
	Summary: "start a program that runs beside the script",
	Text: `p.stdin, p.stdout and p.stderr are handles for send, recv, relay, poll and
close. Output that no step reads is read by sockscript itself and shown when the
scenario fails. join waits for the program's end, and kill sends it a signal. A
program that still runs at the scenario's end is ended with all its children:
SIGTERM, then SIGKILL after half a second.
Processes that a program has put into the background are ended too, also in a
session of their own. On Linux all programs of a scenario, those of exec too,
are in their own pid namespace, with its own /proc, where such a namespace can
be made: as root, and for other users in a user namespace, where the ids of all
other users show as those of nobody and a set-user-ID program gains nothing. No
process leaves the namespace, and if sockscript is killed, the kernel ends it.
Process ids that a socket returns, as in SO_PEERCRED, are those of the namespace
too; that of a process which a program has started, only until this process has
ended. Where the namespace cannot be made, a process of sockscript adopts every
process that has lost its parent and ends it, also if sockscript is killed, as
long as no program kills this process. On systems other than Linux, a process
that leaves the program's process group is not found.
On Linux a program has no other descriptors of sockscript than those that it is given.
fds passes listening sockets as systemd does (LISTEN_FDS, sd_listen_fds(3)), and
stdio passes a connected one as inetd does.
ready waits until the program serves, and is one of these:
{connect: ADDRESS}: until it accepts connections there;
{line: TEXT}: until it writes a line that contains the text, to standard output
or standard error; {line: {matches: RE, on: stdout}} looks at one of the two for
a line that matches. Nothing of the output is taken away, so later steps receive
the line too. The named groups of matches become variables;
{udp: {to: ADDRESS, send: PAYLOAD, expect: PAYLOAD}}: until the answer to a
datagram is as expected; the datagram is sent again every 100ms;
{path: PATH}: until the path exists; a relative one starts at the working folder
of the program.
The timeout of the step bounds the wait. The step fails at once when no process
of the program is left, and says how the program ended. A program may go into
the background.
${p.pid} is its process id, for other actors too. The program itself is not a
value: only the actor that has started it can kill and join it.`,
	Example: `actors:
  one:
    - start: [cat]
      as: p
    - send: p.stdin
      data: "hello\n"
    - recv: p.stdout
      until: "\n"
      expect: "hello\n"
    - close: p.stdin
    - join: p
`,
	Beneath: step.Beneath{
		Call:   "clone(2), execve(2)",
		Kernel: "makes a process and runs the program in it, beside the script. Its standard streams are pipes.",
		Errors: []step.LikelyError{
			{Errno: "ENOENT", Why: "there is no such program"},
		},
	},
	New:    func() step.Action { return new(startAction) },
	Starts: true, Thing: value.AProgram, Needs: []value.Access{value.Exec, value.ReadFile},
}

type startAction struct {
	command Command
	fds     step.HandleList
	stdio   step.HandleRef
	pty     value.Bool
	ready   readyWhen
}

func (a *startAction) Params(p *step.Params) {
	a.command.params(p)
	p.Key("fds", &a.fds, "sockets that the program gets as descriptors 3, 4 …, with LISTEN_FDS set")
	p.Key("stdio", &a.stdio, "a connected socket that becomes its standard input and output")
	p.Key("pty", &a.pty, "give it a terminal").Or("false")
	p.Key("ready", &a.ready, "wait until it serves: {connect: ADDRESS}, {line: TEXT}, {udp: {to, send, expect}} or {path: PATH}")
	p.Makes = "the program"
}

// Needs implements [step.Needer]. A shell hands sockets on; see passing.
func (a *startAction) Needs(n *step.Needs) {
	a.command.needs(n)
	if len(a.fds.Refs) > 0 && !a.command.shell.On {
		n.Node(value.Exec, n.Verb(), shellPath)
	}
	if path := &a.ready.path; path.Given() {
		from := value.FromTmp
		if a.command.dir.Given() {
			from = value.FromCurrent
		}
		n.NeedPath(value.ReadFile, path, from)
	}
}

func (a *startAction) Run(t *step.Task) error {
	l, err := a.command.launch(t)
	if err != nil {
		return err
	}
	name, err := t.AsName(0, a.command.name(l.Argv))
	if err != nil {
		return err
	}
	handed, stdio, err := a.open(t)
	if err != nil {
		return err
	}
	shown, err := a.shown(t, l, handed, stdio)
	if err != nil {
		return err
	}
	t.Call("start", shown...)
	p := &program.Program{Actor: t.Actor.Name, Index: t.Actor.Index, Name: t.Shown(name), Host: l.Host}
	probe, err := a.probe(t, p, l.Dir)
	if err != nil {
		return err
	}
	used := func(stream string) bool { return step.UsesStream(a.command.argv.streams, name, stream) }
	l.Pty = a.pty.On
	ours, err := a.wire(&l, stdio)
	if err == nil {
		err = pass(&l, handed)
	}
	if err == nil {
		if len(ours) == 3 && ours[0] != nil && !used("stdin") {
			p.Idle = ours[0]
		}
		err = p.Start(t.Actor.Run.Programs(), l)
	}
	program.CloseFiles(l.Files) // the program alone has them now, so its end ends its output
	if err != nil {
		program.CloseFiles(ours)
		return err
	}
	if err := p.Attach(t.Actor.Run.Sockets, used, ours); err != nil {
		return err
	}
	t.Event.Op, t.Event.Proc = event.OpStart, p.Shares(handed, stdio, l.Inherited)
	t.Return(event.Name(p.Name))
	t.Set(name, p)
	if probe == nil {
		return nil
	}
	return untilReady(t, p, probe)
}

// outputs are those of the program's outputs that can be looked at.
func (a *startAction) outputs() []string {
	switch {
	case a.pty.On:
		return []string{"stdout"}
	case a.stdio.Given():
		return []string{"stderr"}
	}
	return []string{"stdout", "stderr"}
}

// open finds the sockets that the program is handed; stdio is nil where it gets
// none as its standard streams.
func (a *startAction) open(t *step.Task) (handed []*handle.Handle, stdio *handle.Handle, err error) {
	for _, r := range a.fds.Refs {
		h, err := r.Open(t)
		if err != nil {
			return nil, nil, err
		}
		handed = append(handed, h)
	}
	if a.stdio.Given() {
		stdio, err = a.stdio.Open(t)
	}
	return handed, stdio, err
}

// shown are the arguments as the transcript shows them, with what the program
// is handed.
func (a *startAction) shown(t *step.Task, l program.Launch, handed []*handle.Handle, stdio *handle.Handle) ([]any, error) {
	args, err := a.command.shown(t, l)
	if len(handed) > 0 {
		args = append(args, event.Const("fds ["+strings.Join(handleNames(handed), ", ")+"]"))
	}
	if stdio != nil {
		args = append(args, event.Const("stdio "+stdio.Name))
	}
	if a.pty.On {
		args = append(args, event.Const("pty"))
	}
	return args, err
}

// wire makes the program's standard streams; the ends that stay here come back
// in the order input, output, error, nil where there is none.
func (a *startAction) wire(l *program.Launch, stdio *handle.Handle) (ours []*os.File, err error) {
	switch {
	case a.pty.On:
		master, slave, err := program.OpenPTY()
		if err != nil {
			return nil, err
		}
		l.Files = []*os.File{slave, slave, slave}
		return []*os.File{nil, master, nil}, nil
	case stdio != nil:
		return wireSocket(l, stdio)
	}
	ours, l.Files, err = program.OpenPipes()
	return ours, err
}

// wireSocket makes a socket the program's standard input and output.
func wireSocket(l *program.Launch, h *handle.Handle) ([]*os.File, error) {
	f, err := h.Sock.Share()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		f.Close()
		return nil, err
	}
	l.Files = []*os.File{f, f, w}
	return []*os.File{nil, nil, r}, nil
}

// passing sets LISTEN_PID on the way: only the program itself can know its
// process id before it runs.
const passing = `LISTEN_PID=$$ exec "$0" "$@"`

// pass adds the sockets that the program is handed.
func pass(l *program.Launch, handed []*handle.Handle) error {
	if len(handed) == 0 {
		return nil
	}
	for _, h := range handed {
		f, err := h.Sock.Share()
		if err != nil {
			return err
		}
		l.Files = append(l.Files, f)
	}
	path, err := program.LookPath(l.Argv[0], l.Env, l.Dir)
	if err != nil {
		return err
	}
	l.Env = program.Environment(l.Env, []string{
		fmt.Sprintf("LISTEN_FDS=%d", len(handed)), "LISTEN_FDNAMES=" + strings.Join(handleNames(handed), ":"),
	})
	l.Argv = append([]string{shellPath, "-c", passing, path}, l.Argv[1:]...)
	return nil
}

func handleNames(list []*handle.Handle) []string {
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = h.Name
	}
	return names
}

// Inner are the expressions that see the names of fields before them.
func (a *startAction) Inner() []*value.Expr { return a.ready.udp.want.Layout.Exprs() }

func (a *startAction) Check(c *check.Check) {
	a.command.check(c)
	for _, r := range a.fds.Refs {
		c.Hand(r)
	}
	if a.stdio.Given() {
		c.Hand(&a.stdio)
	}
	if a.pty.On && a.stdio.Given() {
		c.Problem(c.Step.Node, "a program has either a terminal or a socket as its standard streams")
	}
	streams := step.StreamNames
	a.ready.check(c, a.outputs())
	switch {
	case a.pty.On:
		streams = step.StreamNames[:2]
	case a.stdio.Given():
		streams = step.StreamNames[2:]
	}
	c.MakeProgram(streams)
}

package steps

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

var startKind = Kind{
	Name:    "start",
	Summary: "start a program that runs beside the script",
	Text: `p.stdin, p.stdout and p.stderr are handles for send, recv, relay, poll and
close; what no step reads is read by sockscript itself and shown when the
scenario fails. join waits for the program's end, kill sends it a signal; one that
still runs at the scenario's end is ended with all its children: SIGTERM, then
SIGKILL after half a second.

What a program has put into the background is ended too, also in a session of its
own. On Linux all programs of a scenario, those of exec too, are in a pid namespace
of their own, with its own /proc, where such a namespace can be made: as root, and
for other users in a user namespace, where the ids of all other users show as those
of nobody and a set-user-ID program gains nothing. Nothing leaves the namespace,
and if sockscript is killed, the kernel ends it. Process ids that a socket returns,
as in SO_PEERCRED, are those of the namespace too. Where it cannot be made, a
process of sockscript adopts whatever has lost its parent and ends that, also if
sockscript is killed, as long as no program kills this process. On other systems
than Linux what leaves the program's process group is not found.

fds hands listening sockets over as systemd does (LISTEN_FDS, sd_listen_fds(3)),
stdio a connected one as inetd does. ready: {connect: ADDRESS} waits until the
program accepts connections there; it fails at once when nothing of the program is
left. The program may go into the background.

${p.pid} is its process id, for other actors too. The program itself is not a value:
only the actor that has started it can kill and join it.`,
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
	New:    func() Action { return new(startAction) },
	Starts: true, Thing: AProgram,
}

type startAction struct {
	command Command
	fds     HandleList
	stdio   HandleRef
	pty     Bool
	ready   ReadyWhen
}

func (a *startAction) Params(p *Params) {
	a.command.params(p)
	p.Key("fds", &a.fds, "sockets that the program gets as descriptors 3, 4 …, with LISTEN_FDS set")
	p.Key("stdio", &a.stdio, "a connected socket that becomes its standard input and output")
	p.Key("pty", &a.pty, "give it a terminal").Or("false")
	p.Key("ready", &a.ready, "{connect: ADDRESS}: wait until it accepts connections there")
	p.Makes = "the program"
}

func (a *startAction) Run(t *Task) error {
	l, err := a.command.launch(t)
	if err != nil {
		return err
	}
	name, err := t.asName(0, a.command.name(l.argv))
	if err != nil {
		return err
	}
	handed, stdio, err := a.open(t)
	if err != nil {
		return err
	}
	t.Call("start", a.shown(l, handed, stdio)...)
	p := &Program{Actor: t.Actor.Name, Index: t.Actor.Index, Name: name}
	used := func(stream string) bool { return usesStream(a.command.argv.streams, name, stream) }
	l.pty = a.pty.On
	ours, err := a.wire(&l, stdio)
	defer func() { closeFiles(l.files) }()
	if err == nil {
		err = pass(&l, handed)
	}
	if err == nil {
		if len(ours) == 3 && ours[0] != nil && !used("stdin") {
			p.idle = ours[0]
		}
		err = p.start(t.Actor.Run.Programs, l)
	}
	if err != nil {
		closeFiles(ours)
		return err
	}
	if err := p.attach(t.Actor.Run.Sockets, used, ours); err != nil {
		return err
	}
	t.Event.Op, t.Event.Proc = OpStart, p.shares(handed, stdio)
	t.Return(Name(name))
	t.Set(name, p)
	return a.ready.wait(t, p)
}

// shares tells which descriptions the program has in common with the scenario.
func (p *Program) shares(handed []*Handle, stdio *Handle) *Proc {
	proc := &Proc{ID: p.id}
	for _, h := range []*Handle{p.in, p.out, p.errs} {
		if h != nil {
			proc.Streams = append(proc.Streams, h.Sock.Desc().ID)
		}
	}
	for _, h := range append(handed, stdio) {
		if h != nil {
			proc.Handed = append(proc.Handed, h.Sock.Desc().ID)
		}
	}
	return proc
}

// open finds the sockets that the program is handed; stdio is nil where it gets
// none as its standard streams.
func (a *startAction) open(t *Task) (handed []*Handle, stdio *Handle, err error) {
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
func (a *startAction) shown(l launch, handed []*Handle, stdio *Handle) []any {
	args := a.command.shown(l)
	if len(handed) > 0 {
		args = append(args, Const("fds ["+strings.Join(handleNames(handed), ", ")+"]"))
	}
	if stdio != nil {
		args = append(args, Const("stdio "+stdio.Name))
	}
	if a.pty.On {
		args = append(args, Const("pty"))
	}
	return args
}

// wire makes the program's standard streams; the ends that stay here come back
// in the order input, output, error, nil where there is none.
func (a *startAction) wire(l *launch, stdio *Handle) (ours []*os.File, err error) {
	switch {
	case a.pty.On:
		master, slave, err := openPTY()
		if err != nil {
			return nil, err
		}
		l.files = []*os.File{slave, slave, slave}
		return []*os.File{nil, master, nil}, nil
	case stdio != nil:
		return wireSocket(l, stdio)
	}
	ours, l.files, err = openPipes()
	return ours, err
}

// wireSocket makes a socket the program's standard input and output.
func wireSocket(l *launch, h *Handle) ([]*os.File, error) {
	f, err := h.Sock.Share()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		f.Close()
		return nil, err
	}
	l.files = []*os.File{f, f, w}
	return []*os.File{nil, nil, r}, nil
}

// passing sets LISTEN_PID on the way: only the program itself can know its
// process id before it runs.
const passing = `LISTEN_PID=$$ exec "$0" "$@"`

// pass adds the sockets that the program is handed.
func pass(l *launch, handed []*Handle) error {
	if len(handed) == 0 {
		return nil
	}
	for _, h := range handed {
		f, err := h.Sock.Share()
		if err != nil {
			return err
		}
		l.files = append(l.files, f)
	}
	path, err := lookPath(l.argv[0], l.env, l.dir)
	if err != nil {
		return err
	}
	l.env = environment(l.env, []string{
		fmt.Sprintf("LISTEN_FDS=%d", len(handed)), "LISTEN_FDNAMES=" + strings.Join(handleNames(handed), ":"),
	})
	l.argv = append([]string{"/bin/sh", "-c", passing, path}, l.argv[1:]...)
	return nil
}

func handleNames(list []*Handle) []string {
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = h.Name
	}
	return names
}

func (a *startAction) Check(c *Check) {
	a.command.check(c)
	for _, r := range a.fds.Refs {
		c.hand(r)
	}
	if a.stdio.Given() {
		c.hand(&a.stdio)
	}
	if a.pty.On && a.stdio.Given() {
		c.problem(c.step.Node, "a program has either a terminal or a socket as its standard streams")
	}
	streams := streamNames
	switch {
	case a.pty.On:
		streams = streamNames[:2]
	case a.stdio.Given():
		streams = streamNames[2:]
	}
	c.makeProgram(streams)
}

// ReadyWhen is what start waits for.
type ReadyWhen struct {
	node    *source.Node
	connect Address
}

// Decode reads {connect: ADDRESS}.
func (v *ReadyWhen) Decode(d *Decoder, n *source.Node) {
	v.node = n
	if n.Kind != source.Map {
		d.Problem(n, "ready is {connect: ADDRESS}, not %s", n.Describe())
		return
	}
	d.Mapping(n, []*Param{{Key: "connect", Value: &v.connect, Required: true, Help: "where the program accepts connections"}}, "ready")
}

// Schema accepts {connect: ADDRESS}.
func (v *ReadyWhen) Schema() Schema {
	return Object(Schema{"connect": v.connect.Schema()}, "connect")
}

// Type names the type in the reference.
func (v *ReadyWhen) Type() string { return "{connect: address}" }

// wait tries to connect until the program accepts, has ended, or the step's
// time is up.
func (v *ReadyWhen) wait(t *Task, p *Program) error {
	if v.node == nil {
		return nil
	}
	to, err := v.connect.Resolve(t)
	if err != nil {
		return err
	}
	t.missing = fmt.Sprintf("%s does not accept connections at %s", p.Name, to)
	for delay := time.Millisecond; ; delay = min(2*delay, 50*time.Millisecond) {
		err := v.connected(t, to)
		if p.ended() && !p.process.Left() {
			return fmt.Errorf("%s was never ready: %s", p.Name, p.status)
		}
		if err == nil || isTimeout(err) {
			return err
		}
		if err := t.pause(delay); err != nil {
			return err
		}
	}
}

// connected makes a connection and closes it again.
func (v *ReadyWhen) connected(t *Task, to sock.Addr) error {
	s, err := t.Actor.Run.Sockets.Open(to.Family, unix.SOCK_STREAM, 0, false)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Connect(sock.Wait{Deadline: t.deadline}, to); err != nil {
		return err
	}
	if to.Port != 0 && s.Desc().Local() == s.Desc().Remote() {
		// Nobody listens: the kernel chose the very port, and the socket has met
		// itself.
		return unix.ECONNREFUSED
	}
	return nil
}

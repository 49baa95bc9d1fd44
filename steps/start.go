package steps

import (
	"fmt"
	"os"
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

fds hands listening sockets over as systemd does (LISTEN_FDS, sd_listen_fds(3)),
stdio a connected one as inetd does. ready: {connect: ADDRESS} waits until the
program accepts connections there.`,
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
	New: func() Action { return new(startAction) },
}

type startAction struct {
	command Command
	fds     HandleList
	stdio   HandleRef
	pty     Bool
	ready   Ready
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
	t.Call("start", a.command.shown(l.argv)...)
	p := &Program{Actor: t.Actor.Name, Name: name}
	l.pty = a.pty.On
	ours, err := a.wire(t, p, &l)
	defer closeFiles(l.files)
	if err == nil {
		err = a.pass(t, &l)
	}
	if err == nil {
		err = p.start(l)
	}
	if err != nil {
		closeFiles(ours)
		return err
	}
	t.Actor.Run.Programs.add(p)
	if err := a.connectStreams(t, p, ours); err != nil {
		return err
	}
	t.Return(Name(name))
	t.set(name, p)
	return a.ready.wait(t, p)
}

// wire makes the program's standard streams; the ends that stay here come back
// in the order input, output, error, nil where there is none.
func (a *startAction) wire(t *Task, p *Program, l *launch) ([]*os.File, error) {
	switch {
	case a.pty.On:
		master, slave, err := openPTY()
		if err != nil {
			return nil, err
		}
		l.files = []*os.File{slave, slave, slave}
		return []*os.File{nil, master, nil}, nil
	case a.stdio.Given():
		return a.wireSocket(t, l)
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		closeFiles([]*os.File{inR, inW})
		return nil, err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		closeFiles([]*os.File{inR, inW, outR, outW})
		return nil, err
	}
	l.files = []*os.File{inR, outW, errW}
	return []*os.File{inW, outR, errR}, nil
}

// wireSocket makes a socket the program's standard input and output.
func (a *startAction) wireSocket(t *Task, l *launch) ([]*os.File, error) {
	h, err := a.stdio.Open(t)
	if err != nil {
		return nil, err
	}
	f, err := h.Sock.Share()
	if err != nil {
		return nil, err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		f.Close()
		return nil, err
	}
	l.files = []*os.File{f, f, errW}
	return []*os.File{nil, nil, errR}, nil
}

// pass adds the sockets that the program is handed. Only the program itself can
// know its process id before it runs, so a shell sets LISTEN_PID on the way.
func (a *startAction) pass(t *Task, l *launch) error {
	for _, r := range a.fds.Refs {
		h, err := r.Open(t)
		if err != nil {
			return err
		}
		f, err := h.Sock.Share()
		if err != nil {
			return err
		}
		l.files = append(l.files, f)
	}
	if n := len(a.fds.Refs); n > 0 {
		if _, err := lookPath(l.argv[0], l.env); err != nil {
			return &sock.Error{Call: "execve", Err: err}
		}
		l.env = append(l.env, fmt.Sprintf("LISTEN_FDS=%d", n))
		l.argv = append([]string{"/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}, l.argv...)
	}
	return nil
}

// connectStreams makes handles of the streams that steps use, and reads the
// others.
func (a *startAction) connectStreams(t *Task, p *Program, ours []*os.File) error {
	if a.pty.On {
		return p.connectTerminal(t, ours[1])
	}
	var err error
	if ours[0] != nil {
		if p.in, err = p.handle(t, ours[0], "stdin"); err != nil {
			return err
		}
	}
	for i, name := range []string{"stdout", "stderr"} {
		f := ours[i+1]
		switch {
		case f == nil:
		case a.command.argv.uses(p.Name, name):
			h, err := p.handle(t, f, name)
			if err != nil {
				return err
			}
			if i == 0 {
				p.out = h
			} else {
				p.errs = h
			}
		default:
			p.drain(f, &p.tails[i])
		}
	}
	return nil
}

// uses reports whether a step of the actor uses a stream of the program.
func (v *Argv) uses(program, stream string) bool {
	return v.streams[program+"."+stream] || v.streams["*"]
}

// handle makes a handle of our end of a stream.
func (p *Program) handle(t *Task, f *os.File, stream string) (*Handle, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	f.Close()
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	s, err := t.Actor.Run.Sockets.Adopt(fd)
	if err != nil {
		return nil, err
	}
	return &Handle{Name: p.Name + "." + stream, Sock: s}, nil
}

// connectTerminal makes both streams of the terminal's one descriptor.
func (p *Program) connectTerminal(t *Task, master *os.File) error {
	h, err := p.handle(t, master, "stdout")
	if err != nil {
		return err
	}
	p.out = h
	in, err := h.Sock.Dup()
	if err != nil {
		return err
	}
	p.in = &Handle{Name: p.Name + ".stdin", Sock: in}
	return nil
}

func closeFiles(files []*os.File) {
	for i, f := range files {
		if f != nil && (i == 0 || f != files[0]) {
			f.Close()
		}
	}
}

func (a *startAction) Check(c *Check) {
	a.command.check(c)
	for _, r := range a.fds.Refs {
		c.handle(r)
	}
	if a.stdio.Given() {
		c.handle(&a.stdio)
	}
	if a.pty.On && a.stdio.Given() {
		c.problem(c.step.Node, "a program has either a terminal or a socket as its standard streams")
	}
	for _, name := range c.step.As.Static() {
		c.makeProgram(name)
	}
}

// Ready is what start waits for.
type Ready struct {
	node    *source.Node
	connect Address
}

// Decode reads {connect: ADDRESS}.
func (v *Ready) Decode(d *Decoder, n *source.Node) {
	v.node = n
	if n.Kind != source.Map {
		d.Problem(n, "ready is {connect: ADDRESS}, not %s", n.Describe())
		return
	}
	d.Mapping(n, []*Param{{Key: "connect", Value: &v.connect, Required: true, Help: "where the program accepts connections"}}, "ready")
}

// Schema accepts {connect: ADDRESS}.
func (v *Ready) Schema() Schema {
	return Object(Schema{"connect": v.connect.Schema()}, "connect")
}

// Type names the type in the reference.
func (v *Ready) Type() string { return "{connect: address}" }

// wait tries to connect until the program accepts, has ended, or the step's
// time is up.
func (v *Ready) wait(t *Task, p *Program) error {
	if v.node == nil {
		return nil
	}
	to, err := v.connect.Resolve(t)
	if err != nil {
		return err
	}
	for delay := time.Millisecond; ; delay = min(2*delay, 50*time.Millisecond) {
		if v.accepts(t, to) {
			return nil
		}
		if p.ended() {
			return fmt.Errorf("%s is never ready: it has ended with %s", p.Name, p.status)
		}
		if !t.deadline.IsZero() && time.Now().After(t.deadline) {
			t.missing = fmt.Sprintf("%s does not accept connections at %s", p.Name, to)
			return sock.ErrTimeout
		}
		if err := t.pause(delay); err != nil {
			return err
		}
	}
}

// accepts reports whether a connection can be made.
func (v *Ready) accepts(t *Task, to sock.Addr) bool {
	s, err := t.Actor.Run.Sockets.Open(to.Family, unix.SOCK_STREAM, 0, false)
	if err != nil {
		return false
	}
	defer s.Close()
	return s.Connect(t.wait(new(Bool), 0), to) == nil
}

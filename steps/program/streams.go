package program

import (
	"os"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"golang.org/x/sys/unix"
)

// OpenPipes makes the three standard streams: the ends that stay here, and the
// program's.
func OpenPipes() (ours, theirs []*os.File, err error) {
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			CloseFiles(ours)
			CloseFiles(theirs)
			return nil, nil, err
		}
		if len(ours) == 0 {
			r, w = w, r
		}
		ours, theirs = append(ours, r), append(theirs, w)
	}
	return ours, theirs, nil
}

// CloseFiles closes each file once, wherever it is.
func CloseFiles(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close() // once more does no harm
		}
	}
}

// Attach makes handles of those of our ends that are used by steps, and reads
// the others. It takes the files over.
func (p *Program) Attach(g *sock.Group, used func(stream string) bool, ours []*os.File) error {
	defer CloseFiles(ours)
	if p.session {
		return p.attachTerminal(g, ours)
	}
	if ours[0] != nil && p.Idle == nil {
		var err error
		if p.In, err = p.handle(g, ours[0], "stdin"); err != nil {
			return err
		}
	}
	for i, name := range [...]string{"stdout", "stderr"} {
		f := ours[i+1]
		switch {
		case f == nil:
			continue
		case !used(name):
			p.drains[i] = newDrain(f, watched{&p.tails[i], func(b []byte) { p.Watch.seen(i, b) }}, func() { p.Watch.ended(i) })
		default:
			h, err := p.handle(g, f, name)
			if err != nil {
				return err
			}
			p.startReadAhead(i, h, f, 1)
			*[]**handle.Handle{&p.Out, &p.Errs}[i] = h
		}
		ours[i+1] = nil
	}
	if p.Idle != nil {
		ours[0] = nil
	}
	return nil
}

// attachTerminal makes both streams of the terminal's one descriptor.
func (p *Program) attachTerminal(g *sock.Group, ours []*os.File) error {
	h, err := p.handle(g, ours[1], "stdout")
	if err != nil {
		return err
	}
	in, err := h.Sock.Dup()
	if err != nil {
		return err
	}
	h.Terminal = true
	p.Out, p.In = h, &handle.Handle{Name: p.Name + ".stdin", Sock: in, Terminal: true}
	p.startReadAhead(0, h, ours[1], 2)
	ours[1] = nil
	return nil
}

// handle makes a handle of a stream with a descriptor of its own.
func (p *Program) handle(g *sock.Group, f *os.File, stream string) (*handle.Handle, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var dup error
	err = raw.Control(func(of uintptr) {
		fd, dup = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = dup
	}
	if err != nil {
		return nil, err
	}
	s, err := g.Adopt(fd)
	if err != nil {
		return nil, err
	}
	return &handle.Handle{Name: p.Name + "." + stream, Sock: s}, nil
}

// Shares says which descriptions the program has in common with the scenario.
func (p *Program) Shares(handed []*handle.Handle, stdio *handle.Handle, inherited []*sock.Socket) *event.Proc {
	proc := &event.Proc{ID: p.Id}
	for _, h := range []*handle.Handle{p.In, p.Out, p.Errs} {
		if h != nil {
			proc.Streams = append(proc.Streams, h.Sock.Desc().ID)
		}
	}
	for _, h := range append(handed, stdio) {
		if h != nil {
			proc.Handed = append(proc.Handed, h.Sock.Desc().ID)
		}
	}
	for _, s := range inherited {
		proc.Handed = append(proc.Handed, s.Desc().ID)
	}
	return proc
}

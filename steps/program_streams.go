package steps

import (
	"os"

	"github.com/sockscript/sockscript/steps/sock"
	"golang.org/x/sys/unix"
)

// openPipes makes the three standard streams: the ends that stay here, and the
// program's.
func openPipes() (ours, theirs []*os.File, err error) {
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeFiles(ours)
			closeFiles(theirs)
			return nil, nil, err
		}
		if len(ours) == 0 {
			r, w = w, r
		}
		ours, theirs = append(ours, r), append(theirs, w)
	}
	return ours, theirs, nil
}

// closeFiles closes each file once, wherever it stands.
func closeFiles(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close() // once more does no harm
		}
	}
}

// attach makes handles of those of our ends that are used by steps, and reads the
// others. It takes the files over.
func (p *Program) attach(g *sock.Group, used func(stream string) bool, ours []*os.File) error {
	defer closeFiles(ours)
	if p.session {
		return p.attachTerminal(g, ours)
	}
	if ours[0] != nil && p.idle == nil {
		var err error
		if p.in, err = p.handle(g, ours[0], "stdin"); err != nil {
			return err
		}
	}
	for i, name := range [...]string{"stdout", "stderr"} {
		f := ours[i+1]
		switch {
		case f == nil:
			continue
		case !used(name):
			p.drains[i] = newDrain(f, &p.tails[i])
		default:
			h, err := p.handle(g, f, name)
			if err != nil {
				return err
			}
			keep(h, f, 1)
			*[]**Handle{&p.out, &p.errs}[i] = h
		}
		ours[i+1] = nil
	}
	if p.idle != nil {
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
	h.terminal = true
	p.out, p.in = h, &Handle{Name: p.Name + ".stdin", Sock: in, terminal: true}
	keep(h, ours[1], 2)
	ours[1] = nil
	return nil
}

// handle makes a handle of a stream with a descriptor of its own.
func (p *Program) handle(g *sock.Group, f *os.File, stream string) (*Handle, error) {
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
	return &Handle{Name: p.Name + "." + stream, Sock: s}, nil
}

package program

import (
	"io"
)

// HasFlooded reports whether the program wrote more than exec keeps.
func (p *Program) HasFlooded() bool {
	select {
	case <-p.Flooded:
		return true
	default:
		return false
	}
}

// StartPiped starts the program with streams that are written and read beside
// it.
func (p *Program) StartPiped(ps *Programs, l Launch, input []byte, out, errs io.Writer) error {
	ours, theirs, err := OpenPipes()
	if err != nil {
		return err
	}
	l.Files = theirs
	err = p.Start(ps, l)
	CloseFiles(theirs)
	if err != nil {
		CloseFiles(ours)
		return err
	}
	p.stdin = newStdinWriter(ours[0], input)
	p.drains[0] = newDrain(ours[1], io.MultiWriter(out, &p.tails[0]), func() {})
	p.drains[1] = newDrain(ours[2], io.MultiWriter(errs, &p.tails[1]), func() {})
	return nil
}

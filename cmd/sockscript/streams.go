package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/sockscript/sockscript/runner/report"
	"golang.org/x/term"
)

// output is the standard output. It keeps the first error of writing, after
// which it takes no more, and ends the run that nobody can read of.
type output struct {
	file   *os.File
	failed func()
	err    error
}

// Write implements [io.Writer].
func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.file.Write(b)
	if err != nil {
		o.err = err
		o.failed()
	}
	return n, err
}

// plain reports whether the terminal, if it is one, is to be written to
// without control sequences. Of one without TERM nobody knows what it can do.
func plain() bool {
	name := os.Getenv("TERM")
	return name == "" || name == "dumb"
}

// color reports whether the output goes to a terminal that shows colours; see
// https://no-color.org.
func (o *output) color() bool {
	return os.Getenv("NO_COLOR") == "" && !plain() && term.IsTerminal(int(o.file.Fd()))
}

// width is how many columns the terminal has; 0 where the output is none.
func (o *output) width() int {
	columns, _, err := term.GetSize(int(o.file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// errorWidth is how many columns the terminal of the standard error has; 0
// where it is none.
func errorWidth() int {
	columns, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// interruptible is a reader that a cancelled context wakes.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

// Read implements [io.Reader]. A read that was cancelled goes on in the
// background, into a buffer of its own.
func (i *interruptible) Read(b []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	own := make([]byte, len(b))
	done := make(chan result, 1)
	go func() {
		n, err := i.r.Read(own)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		copy(b, own[:r.n])
		return r.n, r.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}

// newProgress draws on the terminal that the errors go to, if they go to one,
// and else nowhere.
func newProgress() *report.Progress {
	fd := int(os.Stderr.Fd())
	if plain() || !term.IsTerminal(fd) {
		return new(report.Progress)
	}
	p := &report.Progress{W: os.Stderr, Delay: time.Second, Every: 100 * time.Millisecond}
	p.Width = errorWidth()
	p.Begin()
	return p
}

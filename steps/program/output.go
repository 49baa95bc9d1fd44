package program

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

const (
	maxOutput = 16 << 20 // what exec keeps of an output, and what is read ahead of a stream
	maxRest   = 1 << 20  // what a pipe may hold, pipe(7)
	pipeChunk = 32 << 10 // what is read at once
)

// longAgo is a deadline that has passed, whatever the clock says.
var longAgo = time.Unix(1, 0)

// Limited keeps what is written to it, up to a bound, and reports once there is
// more.
type Limited struct {
	bytes.Buffer
	Over func()
}

// Write implements [io.Writer].
func (l *Limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > maxOutput {
		l.Over()
		return len(b), nil
	}
	return l.Buffer.Write(b)
}

// A drain reads a pipe that no step reads, so that the program never waits for
// a reader.
type drain struct {
	file *os.File
	to   io.Writer
	done chan struct{}
	eof  bool
}

func newDrain(r *os.File, to io.Writer, ended func()) *drain {
	d := &drain{file: r, to: to, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		if _, err := io.Copy(to, r); err == nil {
			d.eof = true
			r.Close()
			ended()
		}
	}()
	return d
}

// watched is the tail of an output that no step reads, for a drain: what is
// written there is looked at too.
type watched struct {
	*tail
	seen func([]byte)
}

// Write implements [io.Writer].
func (w watched) Write(b []byte) (int, error) {
	w.seen(b)
	return w.tail.Write(b)
}

// stop ends the reading. What was written before is in the pipe by now; a
// process that has left the program's group may hold it open for ever.
func (d *drain) stop() {
	d.file.SetReadDeadline(longAgo)
	<-d.done
	if d.eof {
		return
	}
	defer d.file.Close()
	raw, err := d.file.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		buf := make([]byte, pipeChunk)
		for rest := maxRest; rest > 0; {
			n, err := unix.Read(int(fd), buf)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n == 0 {
				return
			}
			d.to.Write(buf[:n])
			rest -= n
		}
	})
}

// A stdinWriter writes a payload to a program that may end without reading it.
type stdinWriter struct {
	file *os.File
	done chan struct{}
}

func newStdinWriter(w *os.File, payload []byte) *stdinWriter {
	s := &stdinWriter{file: w, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		w.Write(payload)
		w.Close()
	}()
	return s
}

func (s *stdinWriter) stop() {
	s.file.Close()
	<-s.done
}

// settle ends the reading of the program's output. What nobody has read is left
// in its tails.
func (p *Program) settle() {
	if p.stdin != nil {
		p.stdin.stop()
		p.stdin = nil
	}
	for i, h := range []*handle.Handle{p.Out, p.Errs} {
		if d := p.drains[i]; d != nil {
			d.stop()
			p.drains[i] = nil
		}
		if h != nil && h.ReadAhead != nil {
			h.ReadAhead.Stop()
			takeRest(h, &p.tails[i])
		}
	}
}

// takeRest reads what is left on a handle.
func takeRest(h *handle.Handle, to io.Writer) {
	buf := make([]byte, pipeChunk)
	for rest := maxOutput + maxRest; rest > 0; {
		n, err := h.Read(sock.Wait{NoWait: true}, buf)
		if err != nil || n == 0 {
			return
		}
		to.Write(buf[:n])
		rest -= n
	}
}

// A readAhead reads from a stream of a program while no step uses the stream,
// so that the program goes on though the scenario has read only its first
// lines.
type readAhead struct {
	handle *handle.Handle
	file   *os.File // its own descriptor, whose reads can be interrupted
	opens  int      // how many descriptors the stream has when no step uses it
	watch  *Watch   // looks at what comes; nil where nothing does
	output int      // 0: standard output, 1: standard error

	mu      sync.Mutex
	holders int           // steps that use the handle
	reading chan struct{} // closed once the reading under way has stopped; nil when there is none
	over    bool
}

// startReadAhead begins to read ahead of an output. It takes over f.
func (p *Program) startReadAhead(output int, h *handle.Handle, f *os.File, opens int) {
	r := &readAhead{handle: h, file: f, opens: opens, watch: p.Watch, output: output}
	h.ReadAhead = r
	r.resume()
}

// Hold leaves the stream's bytes where they are, for a step.
func (r *readAhead) Hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holders++
	r.pause()
}

// Release ends what Hold began. If the step has closed the stream, it is closed
// here too, so that the program gets SIGPIPE. If the stream has another use
// now, nothing more is read ahead.
func (r *readAhead) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holders--
	switch {
	case r.holders > 0 || r.over:
	case r.handle.Sock.FD() < 0:
		r.end()
	case r.handle.Above() == nil && r.handle.Sock.Desc().Open() <= r.opens:
		r.resume()
	}
}

// Stop implements [handle.ReadAhead].
func (r *readAhead) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pause()
	r.end()
}

func (r *readAhead) end() {
	if !r.over {
		r.over = true
		r.file.Close()
	}
}

func (r *readAhead) pause() {
	if r.reading != nil {
		r.file.SetReadDeadline(longAgo)
		<-r.reading
		r.reading = nil
	}
}

func (r *readAhead) resume() {
	r.file.SetReadDeadline(time.Time{})
	stopped := make(chan struct{})
	r.reading = stopped
	go func() {
		defer close(stopped)
		buf := make([]byte, pipeChunk)
		for r.handle.Unread() < maxOutput {
			n, err := r.file.Read(buf)
			r.handle.Push(buf[:n])
			r.watch.seen(r.output, buf[:n])
			if err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					r.watch.ended(r.output)
				}
				return
			}
		}
	}()
}

// WaitsFor says what the program may wait for: the end of its input, and
// output that has become too much to be read ahead.
func (p *Program) WaitsFor() string {
	text := ""
	if p.In != nil && p.In.Sock.FD() >= 0 {
		text = "; " + p.In.Name + " is still open"
	}
	for _, h := range []*handle.Handle{p.Out, p.Errs} {
		if h != nil && h.Unread() >= maxOutput {
			text += fmt.Sprintf("; no step reads %s, which holds %s", h.Name, value.FormatSize(maxOutput))
		}
	}
	return text
}

// awaitEnd waits for the end of a program that has begun to end: how it ends is
// what a report should say. Its sockets are closed before its end can be
// known, and mostly a little before it begins.
func (p *Program) awaitEnd(near, late time.Time) {
	if p.endsBefore(near) {
		return
	}
	if p.hungUp() || p.Process.Ending() {
		p.endsBefore(late)
	}
}

func (p *Program) endsBefore(at time.Time) bool {
	over, stop := sock.Alarm(at)
	defer stop()
	select {
	case <-p.done:
	case <-over:
	}
	return p.Ended()
}

// hungUp reports whether nobody can write to one of the program's outputs any
// more, pipe(7). When it ends they are closed one after the other.
func (p *Program) hungUp() bool {
	for i, h := range []*handle.Handle{p.Out, p.Errs} {
		d := p.drains[i]
		if d != nil && fileHungUp(d.file) || h != nil && pollHungUp(h.Sock.FD()) {
			return true
		}
	}
	return false
}

// fileHungUp asks of a pipe that a drain reads. The drain has closed it where
// it came to the end.
func fileHungUp(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return true
	}
	up := true
	raw.Control(func(fd uintptr) { up = pollHungUp(int(fd)) })
	return up
}

// pollHungUp asks poll(2). A stream that the scenario has closed says nothing.
func pollHungUp(fd int) bool {
	for {
		list := []unix.PollFd{{Fd: int32(fd)}} // a negative descriptor is passed over
		if _, err := unix.Poll(list, 0); err != unix.EINTR {
			return list[0].Revents&unix.POLLHUP != 0
		}
	}
}

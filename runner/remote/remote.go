// Package remote runs scenarios in another process: it asks for runs over a
// connection, and what they have recorded comes back as bytes.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

// A Process is the one at the other end, which runs [Serve]. Its methods may be
// called from any goroutine.
type Process struct {
	conn io.Closer
	wire wire
	wait func() error

	mu   sync.Mutex // of the writing, too
	last uint64
	runs map[uint64]chan answer
	gone error         // why nobody answers any more
	left chan struct{} // closed then
}

// An answer is a result, or why there is none.
type answer struct {
	result []byte
	err    string
}

// New returns the process at the other end of a connection. wait waits until it
// has ended; its error, if there is one, says why that was too early.
func New(conn io.ReadWriteCloser, wait func() error) *Process {
	p := &Process{conn: conn, wire: newWire(conn), wait: wait, runs: make(map[uint64]chan answer), left: make(chan struct{})}
	go p.listen()
	return p
}

// Run is [runner.Run] in the other process. how is how the scenario's file was
// read.
func (p *Process) Run(ctx context.Context, s *scenarios.Scenario, how scenarios.Options, o runner.Options) *history.Result {
	id, end, err := p.ask(s, how, o)
	if err != nil {
		return p.unanswered(ctx, s)
	}
	cancelled, hurried := ctx.Done(), o.Hurry
	for {
		select {
		case got, answered := <-end:
			if !answered {
				return p.unanswered(ctx, s)
			}
			return p.result(s, got)
		case <-cancelled:
			cancelled = nil
			p.say(request{ID: id, Want: wantsCancel})
		case <-hurried:
			hurried = nil
			p.say(request{Want: wantsHurry})
		}
	}
}

// Close ends the process and waits for its end.
func (p *Process) Close() {
	p.Leave()
	p.wait()
}

// Leave ends the process, which is waited for in the background.
func (p *Process) Leave() { p.conn.Close() }

// ErrInterrupted is the error of the wait for a process that a signal has ended
// which a terminal sends to all its processes, before it caught that.
var ErrInterrupted = errors.New("a signal has ended it")

// signalWithin is how long this process may take to notice such a signal.
const signalWithin = 5 * time.Second

// unanswered is the result of a run when the process has gone.
func (p *Process) unanswered(ctx context.Context, s *scenarios.Scenario) *history.Result {
	<-p.left
	if !errors.Is(p.gone, ErrInterrupted) {
		return Failed(s, p.gone)
	}
	select {
	case <-ctx.Done():
		res := Failed(s, context.Cause(ctx))
		res.Status = history.Cancelled
		return res
	case <-time.After(signalWithin):
		return Failed(s, p.gone)
	}
}

// ask asks for a run; its end comes by the channel, which is closed where no
// answer comes.
func (p *Process) ask(s *scenarios.Scenario, how scenarios.Options, o runner.Options) (uint64, <-chan answer, error) {
	end := make(chan answer, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone != nil {
		return 0, nil, p.gone
	}
	p.last++
	if err := p.wire.write(newRequest(p.last, s, how, o), s.Node.File.Data); err != nil {
		p.conn.Close() // what came of it is not a whole request
		return 0, nil, err
	}
	p.runs[p.last] = end
	return p.last, end, nil
}

// say sends a request that has no answer. Whoever has gone needs none.
func (p *Process) say(r request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wire.write(r, nil)
}

// listen takes the replies until the process has gone.
func (p *Process) listen() {
	for {
		var r reply
		result, err := p.wire.read(&r)
		p.mu.Lock()
		if err != nil {
			p.leave()
			p.mu.Unlock()
			return
		}
		end := p.runs[r.ID]
		delete(p.runs, r.ID)
		p.mu.Unlock()
		if end != nil {
			end <- answer{result, r.Err}
		}
	}
}

var errGone = errors.New("the process that runs the scenario has ended")

// leave ends all waits for an answer with errGone. p.mu is held.
func (p *Process) leave() {
	p.gone = errGone
	p.conn.Close()
	if err := p.wait(); err != nil {
		p.gone = fmt.Errorf("%w: %w", errGone, err)
	}
	close(p.left)
	for _, end := range p.runs {
		close(end)
	}
	clear(p.runs)
}

func (p *Process) result(s *scenarios.Scenario, a answer) *history.Result {
	if a.err != "" {
		return Failed(s, errors.New(a.err))
	}
	res, err := history.Decode[*history.Result](a.result)
	if err != nil {
		return Failed(s, fmt.Errorf("the process that runs the scenario says what cannot be read: %w", err))
	}
	return res
}

// Failed is the result of a scenario that was not run.
func Failed(s *scenarios.Scenario, err error) *history.Result {
	return &history.Result{
		Scenario: runner.Describe(s), Record: new(history.Record),
		Status: history.Failed, Failure: history.NewFailure(err),
	}
}

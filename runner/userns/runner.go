package userns

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/scenarios"
)

// A Runner runs scenarios in a process that is in a user namespace. That is
// started when the first scenario is run. Its methods may be called from any
// goroutine.
type Runner struct {
	hurry <-chan struct{}
	start func() (*process, error)

	mu   sync.Mutex
	used *process
}

// A process is the one in the user namespace.
type process struct {
	conn io.Closer
	out  *gob.Encoder
	in   *gob.Decoder
	wait func()

	mu   sync.Mutex
	last uint64
	runs map[uint64]chan reply
	gone error // why nobody answers any more
}

// New returns a Runner. Once hurry is closed, runs that end give their programs
// no time to end themselves.
func New(hurry <-chan struct{}) *Runner {
	r := &Runner{hurry: hurry}
	r.start = sync.OnceValues(func() (*process, error) {
		p, err := startProcess()
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.used = p
		go p.listen()
		return p, nil
	})
	return r
}

// Run is [runner.Run], in the other process where this one can make no network.
// how is how the scenario's file was read.
func (r *Runner) Run(ctx context.Context, s *scenarios.Scenario, how scenarios.Options, o runner.Options) *history.Result {
	if lab.Allowed() {
		return runner.Run(ctx, s, o)
	}
	p, err := r.start()
	if err != nil {
		o.Refused = fmt.Errorf("a user namespace cannot be made: %w", err)
		return runner.Run(ctx, s, o)
	}
	id, end, err := p.ask(s, how, o)
	if err != nil {
		return failed(s, err)
	}
	cancelled, hurried := ctx.Done(), r.hurry
	for {
		select {
		case got := <-end:
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

// Close ends the process, if there is one.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used != nil {
		r.used.conn.Close()
		r.used.wait()
		r.used = nil
	}
}

// ask asks for a run; its end comes by the channel.
func (p *process) ask(s *scenarios.Scenario, how scenarios.Options, o runner.Options) (uint64, <-chan reply, error) {
	end := make(chan reply, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone != nil {
		return 0, nil, p.gone
	}
	p.last++
	if err := p.out.Encode(newRequest(p.last, s, how, o)); err != nil {
		return 0, nil, err
	}
	p.runs[p.last] = end
	return p.last, end, nil
}

// say sends a request that has no answer. Whoever has gone needs none.
func (p *process) say(r request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Encode(r)
}

// listen takes the replies until the process has gone.
func (p *process) listen() {
	for {
		var r reply
		err := p.in.Decode(&r)
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
			end <- r
		}
	}
}

var errGone = errors.New("the process that runs scenarios in a user namespace has ended")

// leave answers all that still wait. p.mu is held.
func (p *process) leave() {
	p.gone = errGone
	for id, end := range p.runs {
		end <- reply{ID: id, Err: errGone.Error()}
	}
	clear(p.runs)
}

func (p *process) result(s *scenarios.Scenario, r reply) *history.Result {
	if r.Err != "" {
		return failed(s, errors.New(r.Err))
	}
	res, err := history.Decode[*history.Result](r.Result)
	if err != nil {
		return failed(s, fmt.Errorf("the process that runs scenarios in a user namespace says what cannot be read: %w", err))
	}
	return res
}

func failed(s *scenarios.Scenario, err error) *history.Result {
	return &history.Result{
		Scenario: runner.Describe(s), Record: new(history.Record),
		Status: history.Failed, Failure: history.NewFailure(err),
	}
}

// Main is the work of the process in the user namespace. In any other process
// it returns at once.
func Main() {
	if os.Args[0] != processName {
		return
	}
	serve()
	os.Exit(0)
}

// processName is the first argument of the process; ps(1) shows it.
const processName = "sockscript-userns"

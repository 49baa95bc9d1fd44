package userns

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/scenarios"
)

// A Runner runs scenarios in a process that is in a user namespace. That is
// started when the first scenario is run. Its methods may be called from any
// goroutine.
type Runner struct {
	hurry <-chan struct{}
	start func() (*remote.Process, error)

	mu   sync.Mutex
	used *remote.Process
}

// New returns a Runner. Once hurry is closed, runs that end give their programs
// no time to end themselves.
func New(hurry <-chan struct{}) *Runner {
	r := &Runner{hurry: hurry}
	r.start = sync.OnceValues(func() (*remote.Process, error) {
		p, err := startProcess()
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.used = p
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
	o.Hurry = r.hurry
	return p.Run(ctx, s, how, o)
}

// Close ends the process, if there is one.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used != nil {
		r.used.Close()
		r.used = nil
	}
}

// Main is the work of the process in the user namespace. In any other process
// it returns at once.
func Main() {
	if os.Args[0] != processName {
		return
	}
	// The signals of a terminal go to all its processes. The one that asks says
	// what is to end.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	syscall.CloseOnExec(connFile)
	remote.Serve(os.NewFile(connFile, "connection"), remote.Options{})
	os.Exit(0)
}

// processName is the first argument of the process; ps(1) shows it.
const processName = "sockscript-userns"

// connFile is the descriptor by which the process is asked.
const connFile = 3

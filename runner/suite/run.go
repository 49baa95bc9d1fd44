package suite

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/sweeper"
	"github.com/sockscript/sockscript/scenarios"
)

// Options change how cases run. The zero value runs each once, one after the
// other.
type Options struct {
	Run      runner.Options
	Jobs     int  // runs at a time; 0 is one, less than 0 one for each processor
	Count    int  // runs of each case; less than 1 is one
	FailFast bool // after the first failure no further run is begun
	// Stress ends the runs of a case once one of them has failed, or has
	// another transcript than the others. Runs under way still count.
	Stress  bool
	Goldens Goldens
	// Strict makes it a failure that a scenario is skipped, or that it does not
	// have a golden file where transcripts are compared.
	Strict bool
	// Wire compares the lines of the wire too, where a case runs several times.
	// Golden files have these lines only where the scenario says so.
	Wire bool
	// Elsewhere, unless it is nil, runs the scenarios that have a network of
	// their own, and those whose files were read with a policy. The third
	// argument is how the scenario's file was read.
	Elsewhere func(context.Context, *scenarios.Scenario, scenarios.Options, runner.Options) *history.Result
	// Progress, unless it is nil, is called when a run begins and when it has
	// ended. The Total of the state is without runs that will not be made any
	// more. Calls of it and of the function deliver never overlap.
	Progress func(report.State)
	// Verify, unless it is nil, is called with the result of each run that
	// passed. If it returns an error, the run has failed.
	Verify func(*history.Result) error
}

// Goldens says what happens to golden files.
type Goldens int

// What can be done with golden files.
const (
	IgnoreGoldens  Goldens = iota
	CompareGoldens         // a transcript that differs is a failure; one without a golden file is not compared
	UpdateGoldens          // they are written where they differ or are not there
)

// Run runs the cases, and calls deliver with the outcome of each, in the order
// of the cases: once the case and all before it have ended. All runs of a case
// must have the same transcript; one that differs is a failure. When ctx is
// cancelled, the runs under way end, no other run begins, and the outcomes say
// so.
func Run(ctx context.Context, cases []*Case, o Options, deliver func(*report.Outcome)) {
	s := &session{options: o, cases: cases, deliver: deliver, tallies: make([]*tally, len(cases))}
	count := max(o.Count, 1)
	s.progress.Total = count * len(cases)
	for i, c := range cases {
		s.tallies[i] = newTally(c, count, o.Goldens)
	}
	defer sweeper.Hold()() // one for all runs
	var g errgroup.Group
	for range min(o.jobs(), s.progress.Total) {
		g.Go(func() error {
			for {
				k := int(s.begun.Add(1)) - 1
				if k >= count*len(cases) {
					return nil
				}
				s.run(ctx, k/count, k%count+1)
			}
		})
	}
	g.Wait()
}

func (o Options) jobs() int {
	switch {
	case o.Jobs < 0:
		return runtime.GOMAXPROCS(0)
	case o.Jobs == 0:
		return 1
	}
	return o.Jobs
}

// A session is the running of a list of cases.
type session struct {
	options Options
	cases   []*Case
	deliver func(*report.Outcome)
	begun   atomic.Int64 // runs that have a worker
	stop    atomic.Bool  // begin no further run

	mu        sync.Mutex
	tallies   []*tally
	delivered int
	progress  report.State
}

// run makes the nth run of the ith case.
func (s *session) run(ctx context.Context, i, n int) {
	t := s.tallies[i]
	if s.stop.Load() || t.stop.Load() || ctx.Err() != nil {
		s.finish(t, n, nil, nil)
		return
	}
	s.begin(t)
	result := s.result(ctx, t.one)
	if verify := s.options.Verify; verify != nil && result.Status == history.Passed {
		if err := verify(result); err != nil {
			result.Status, result.Failure = history.Failed, history.NewFailure(err)
		}
	}
	b := transcripts.Get().(*bytes.Buffer)
	defer transcripts.Put(b)
	b.Reset()
	if result.Status == history.Passed && (s.options.Count > 1 || s.options.Goldens != IgnoreGoldens) {
		report.Transcript(b, result, report.Style{Wire: s.options.Wire && s.options.Goldens == IgnoreGoldens})
	}
	s.finish(t, n, result, t.golden.keep(b.Bytes()))
}

// transcripts are buffers for those that are only compared.
var transcripts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (s *session) result(ctx context.Context, c *Case) *history.Result {
	elsewhere := s.options.Elsewhere
	if elsewhere != nil && (c.File.Options.Policy != nil || runner.OwnNetwork(c.Scenario, s.options.Run)) {
		return elsewhere(ctx, c.Scenario, c.File.Options, s.options.Run)
	}
	return runner.Run(ctx, c.Scenario, s.options.Run)
}

// finish notes a run, and delivers what has become whole by it.
func (s *session) finish(t *tally, n int, result *history.Result, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.add(n, result, text)
	if t.left == 0 {
		t.close(s.options)
	}
	if s.options.Stress && t.differs() {
		t.stop.Store(true)
	}
	if t.failed() && s.options.FailFast {
		s.stop.Store(true)
	}
	s.advance(t, result)
	for s.delivered < len(s.tallies) && s.tallies[s.delivered].left == 0 {
		o := s.tallies[s.delivered].outcome
		s.tallies[s.delivered] = &tally{} // its results are not needed any more
		s.delivered++
		s.deliver(o)
	}
}

// begin reports that a run is under way.
func (s *session) begin(t *tally) {
	if s.options.Progress == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.Running = append(slices.Clone(s.progress.Running), t.one.Scenario.Name)
	s.options.Progress(s.progress)
}

func (s *session) advance(t *tally, result *history.Result) {
	if result == nil {
		s.progress.Total--
		return
	}
	s.progress.Done++
	if result.Status == history.Failed && t.one.Scenario.KnownFailure == "" {
		s.progress.Failed++
	}
	if s.options.Progress == nil {
		return
	}
	running := slices.Clone(s.progress.Running)
	i := slices.Index(running, t.one.Scenario.Name)
	s.progress.Running = slices.Delete(running, i, i+1)
	s.options.Progress(s.progress)
}

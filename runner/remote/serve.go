package remote

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
)

// Serve runs what it is asked to run until the other end of the connection is
// closed. Then it ends all runs in good order.
func Serve(conn io.ReadWriter, o Options) {
	s := newServer(conn)
	s.options = o
	s.serve()
}

// Options are those of the process for all of its runs.
type Options struct {
	Ready func() error              // waits until runs can begin; nil: they can
	Stdio func(stream string) error // as that of [runner.Options]
}

// A server is the side that runs.
type server struct {
	wire    wire
	hurry   chan struct{}
	ended   func() // closes hurry, once
	options Options

	mu     sync.Mutex // of the writing, too
	cancel map[uint64]context.CancelFunc
	runs   sync.WaitGroup
	files  map[string][]*scenarios.Scenario // that were read, by what was sent
}

func newServer(conn io.ReadWriter) *server {
	s := &server{
		wire: newWire(conn), hurry: make(chan struct{}),
		cancel: make(map[uint64]context.CancelFunc), files: make(map[string][]*scenarios.Scenario),
	}
	s.ended = sync.OnceFunc(func() { close(s.hurry) })
	return s
}

func (s *server) serve() {
	all, cancel := context.WithCancel(context.Background())
	defer s.runs.Wait()
	defer cancel()
	for {
		var r request
		data, err := s.wire.read(&r)
		if err != nil {
			return
		}
		switch r.Want {
		case wantsRun:
			ctx, cancel := context.WithCancel(all)
			s.mu.Lock()
			s.cancel[r.ID] = cancel
			s.mu.Unlock()
			s.runs.Go(func() { s.run(ctx, &r, data) })
		case wantsCancel:
			s.mu.Lock()
			if cancel := s.cancel[r.ID]; cancel != nil {
				cancel()
			}
			s.mu.Unlock()
		case wantsHurry:
			s.ended()
		}
	}
}

func (s *server) run(ctx context.Context, r *request, data []byte) {
	answer := reply{ID: r.ID}
	result, err := s.result(ctx, r, data)
	if err != nil {
		answer.Err = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel[r.ID]()
	delete(s.cancel, r.ID)
	s.wire.write(answer, result) // whoever has gone needs none
}

func (s *server) result(ctx context.Context, r *request, data []byte) ([]byte, error) {
	scenario, err := s.scenario(r, data)
	if err != nil {
		return nil, err
	}
	if s.options.Ready != nil {
		if err := s.options.Ready(); err != nil {
			return nil, err
		}
	}
	o := r.options(s.hurry)
	o.Stdio = s.options.Stdio
	return history.Encode(runner.Run(ctx, scenario, o))
}

// scenario finds the scenario that is asked for. A file is read once.
func (s *server) scenario(r *request, data []byte) (*scenarios.Scenario, error) {
	key := fmt.Sprintf("%q %q %q %s", r.File, r.Command, r.Included, data)
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.files[key]
	if list == nil {
		var problems source.Problems
		list, problems = scenarios.ParseWith(r.File, data, scenarios.Options{Command: r.Command, Included: r.included()})
		if list == nil {
			return nil, fmt.Errorf("the scenario cannot be read again:\n%s", problems.Report())
		}
		s.files[key] = list
	}
	for _, one := range list {
		if one.Name == r.Scenario {
			return one, nil
		}
	}
	return nil, fmt.Errorf("the scenario %s is not in its file any more", r.Scenario)
}

package jail

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/value"
)

// Run is [runner.Run] in a jail that only this run has. how is how the
// scenario's file was read. Where layers are missing, the scenario is not run
// and the failure is the text of a [MissingError], unless the config says that
// it runs nevertheless. What a run leaves in its temporary folder is never
// kept.
func Run(ctx context.Context, c Config, s *scenarios.Scenario, how scenarios.Options, o runner.Options) *history.Result {
	c.Forks = s.Forks()
	var err error
	if c.Streams, err = streams(s); err != nil {
		return remote.Failed(s, err)
	}
	if len(c.Streams) > 0 && o.Stdio != nil {
		if err := o.Stdio(c.Streams[0]); err != nil {
			return remote.Failed(s, err)
		}
	}
	if c.HostRaw = c.Raw && c.HostNetwork && !o.Private && makesRaw(s); c.HostRaw {
		if err := mayGiveRaw(); err != nil {
			return remote.Failed(s, err)
		}
	}
	p := take(c)
	if p == nil {
		if p, _, err = start(c); err != nil {
			return remote.Failed(s, err)
		}
	}
	// Nothing outlives a whole jail, which is killed. What less than one leaves
	// is removed when it has ended.
	if c.BestEffort {
		defer p.Close()
	} else {
		defer p.Leave()
	}
	o.Keep = false
	return p.Run(ctx, s, how, o)
}

// makesRaw reports whether a scenario that has no network of its own may make
// raw sockets.
func makesRaw(s *scenarios.Scenario) bool {
	return !s.Network.Own() && slices.ContainsFunc(s.Outside(""), func(n scenarios.Need) bool { return n.Access == string(value.RawSocket) })
}

// waiting is a jail that nobody uses yet.
var waiting struct {
	sync.Mutex
	made    chan struct{} // closed when it is there; nil where none is prepared
	process *remote.Process
	config  Config
}

// Prepare begins to make a jail, from which it learns the layers that cannot be
// had here. What it returns waits for that. The next run with the same config
// uses that jail; [Discard] ends it where there is none.
func Prepare(c Config) func() ([]Lack, error) {
	var lacks []Lack
	var err error
	made := make(chan struct{})
	waiting.Lock()
	waiting.made = made
	waiting.Unlock()
	go func() {
		defer close(made)
		lacks, err = prepare(c)
	}()
	return func() ([]Lack, error) {
		<-made
		return lacks, err
	}
}

func prepare(c Config) ([]Lack, error) {
	p, lacks, err := start(c)
	if missing := new(MissingError); errors.As(err, &missing) {
		// One layer that is missing may hide others. What is left of the jail
		// has a temporary folder on the disk, which takes long to make and to
		// remove: no whole jail has one.
		trial := c
		trial.BestEffort = true
		if p, lacks, err = start(trial); err == nil {
			p.Close()
		}
		return lacks, err
	}
	if err != nil {
		return nil, err
	}
	waiting.Lock()
	defer waiting.Unlock()
	if waiting.process != nil {
		p.Close()
		return lacks, nil
	}
	waiting.process, waiting.config = p, c
	return lacks, nil
}

// Discard ends the jail that waits for a run, if there is one.
func Discard() {
	waiting.Lock()
	made := waiting.made
	waiting.Unlock()
	if made == nil {
		return
	}
	<-made
	waiting.Lock()
	defer waiting.Unlock()
	if waiting.process != nil {
		waiting.process.Close()
		waiting.process = nil
	}
}

// take returns the jail that waits, if it is like the one that is wanted.
func take(c Config) *remote.Process {
	waiting.Lock()
	defer waiting.Unlock()
	p := waiting.process
	if p == nil || !reflect.DeepEqual(c, waiting.config) {
		return nil
	}
	waiting.process = nil
	return p
}

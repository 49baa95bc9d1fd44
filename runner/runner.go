package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/runner/sweeper"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// Options change how a scenario runs. The zero value is the usual way.
type Options struct {
	// Vars override variables of the scenario, by their names: NAME, or
	// FILE.NAME for one of an included file. Other names have no effect;
	// package suite has CheckVars for them.
	Vars map[string]any
	// Timeout, where it is more than 0, overrides the timeout of the scenario.
	Timeout time.Duration
	// Full keeps all data that was sent and received, for a transcript with
	// [history.Form.Full]. Without it, the run keeps only what the usual
	// transcript shows.
	Full bool
	// FoldAll keeps only the first and the last round of each repetition,
	// whatever they print. It is for runs whose transcript is read only where
	// they fail.
	FoldAll bool
	// Private makes a network for each scenario that asks for none.
	Private bool
	// Frames records the frames that cross the network of a scenario. It has no
	// effect where the scenario runs in the network of this process.
	Frames bool
	// Refused is why no other process could make the network, reported where
	// this one cannot either.
	Refused error
	// Keep does not remove the temporary folder of a run that failed.
	Keep bool
	// Hurry ends programs at once. Once it is closed, a run that ends does not
	// wait for its programs to end by themselves. It may be nil.
	Hurry <-chan struct{}
	// Stdio, unless it is nil, is called when the scenario begins to use a
	// standard stream of this process, "stdin" or "stdout". Where it returns an
	// error, the scenario cannot use the stream.
	Stdio func(stream string) error
}

// Run runs a scenario to its end. The result says whether it passed or failed,
// was skipped because a requirement is not met, or was cancelled because ctx
// was, and why. Several runs may be made at the same time, of one scenario too.
//
// When Run returns, everything that the scenario made is gone: descriptors,
// paths, programs and the temporary folder. There are two exceptions: the
// folder where [Options.Keep] is set, and on systems other than Linux a program
// that has left its process group (setpgid(2), setsid(2)).
func Run(ctx context.Context, s *scenarios.Scenario, o Options) *history.Result {
	res := &history.Result{Scenario: Describe(s), Record: new(history.Record)}
	n := begin(ctx, s, o, res)
	if n == nil {
		return res
	}
	start := time.Now()
	r := newRun(s, o, n, start)
	defer r.abandon()
	err := r.run(ctx)
	r.returned = true
	if err != nil {
		r.programs.AwaitEnding()
	} else {
		err = r.unasked()
	}
	if lost := r.network.Err(); lost != nil {
		r.lose(lost)
		err = lost
	}
	if o.Keep && err != nil {
		res.Kept = r.tmp.keep()
	}
	if cleanup := r.close(); err == nil {
		err = cleanup
	}
	res.Elapsed = time.Since(start)
	res.Record = r.record()
	r.settle(res, err)
	r.crossed(res)
	if res.Failure != nil {
		res.Failure.Programs = r.outputs()
	}
	return res
}

// abandon releases all where a step has ended the goroutine of Run, as
// [testing.T.FailNow] does in a step kind of a test.
func (r *run) abandon() {
	if r.returned {
		return
	}
	r.cancel(step.ErrCancelled)
	r.actors.Wait()
	r.group.Wait()
	r.close()
}

// run is one run of a scenario under way.
type run struct {
	scenario *scenarios.Scenario
	options  Options
	vars     map[string]any
	shared   step.Run
	hub      *hub
	tmp      folder
	sweeper  sweeper.Sweeper
	network  runNetwork
	ports    freePorts
	streams  ownStreams
	programs *program.Programs
	peers    peers
	recorder *record.Recorder
	frames   *event.Frames // once the run has been closed
	epoch    record.Epoch
	members  []*member
	sequence *sequence      // nil where no actor has turns
	actors   errgroup.Group // but the last, which runs on the goroutine of Run
	group    errgroup.Group // branches, and the actors in the background
	returned bool           // from the actors to Run
	over     chan struct{}  // closed once all actors have ended
	closed   chan struct{}  // once no program is left
	hurries  sync.Once      // guards the start of hurry
	cancel   context.CancelCauseFunc
	alive    atomic.Int64 // branches that have not ended
	served   atomic.Bool  // the background was ended because nobody needs it any more

	mu       sync.Mutex
	branches []*branch
	failure  *history.Failure // of a step
	unjoined []*step.Task     // of actors whose process another actor joins, perhaps
	quiet    int              // the quiet step that the failure is of
	stopped  *history.Failure // from outside: a timeout of the scenario, an interrupt
}

func newRun(s *scenarios.Scenario, o Options, n runNetwork, start time.Time) *run {
	r := &run{
		scenario: s, options: o, vars: s.Vars, network: n, programs: program.NewPrograms(within(n)), over: make(chan struct{}), closed: make(chan struct{}),
		recorder: history.NewRecorder(o.FoldAll && !recordsFrames(s, o)), epoch: record.Epoch{Real: start.Round(0), Monotonic: monotonic()},
	}
	for _, name := range n.Hosts() {
		h, _ := n.Host(name)
		r.programs.AddHost(name, h.Within)
	}
	r.tmp.sweeper = &r.sweeper
	if len(o.Vars)+len(s.Computed)+len(s.Included) > 0 {
		r.vars = overridden(s.Vars, o.Vars, "")
	}
	r.shared = step.Run{
		Vars: r.vars, StepTimeout: s.StepTimeout, Epoch: start, Full: o.Full, Services: r,
		Included: make(map[*step.Library]map[string]any),
	}
	n.startFrames()
	return r
}

func (r *run) timeout() time.Duration {
	if r.options.Timeout > 0 {
		return r.options.Timeout
	}
	return r.scenario.Timeout
}

// run starts all actors and waits for them.
func (r *run) run(outside context.Context) error {
	// What ends the run from outside its actors, an interrupt or the scenario's
	// own timeout, notes what they are doing before it cancels them.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(outside))
	r.cancel = cancel
	defer close(r.over)
	defer context.AfterFunc(outside, func() { cancel(r.stop(context.Cause(outside))) })()
	late := time.AfterFunc(r.timeout(), func() { cancel(r.stop(errTimeout{r.timeout()})) })
	defer late.Stop()
	r.shared.Sockets = sock.NewGroup(ctx, within(r.network))
	r.shared.Sockets.OnBind = r.handOver
	if len(r.scenario.Included) > 0 || slices.ContainsFunc(r.scenario.Steps, (*step.Step).Repeats) {
		r.shared.Sockets.KeepNames() // rounds fold by what their peers are called
	}
	r.recorder.NameOf = func(host string, a sock.Addr, space int) string {
		return r.shared.Sockets.NameOf(r.network.Having(host, a), a, space)
	}
	for _, name := range r.network.Hosts() {
		h, _ := r.network.Host(name)
		r.shared.Sockets.AddHost(name, h.Within)
	}
	if lost := r.network.Failed(); lost != nil {
		go r.watchNetwork(ctx, lost)
	}
	if err := r.cast(ctx); err != nil {
		return err
	}
	return r.ended(r.playAll(ctx))
}

// cast makes the actors' replicas.
func (r *run) cast(ctx context.Context) error {
	r.hub = newHub(ctx)
	if err := r.computeVars(ctx, r.scenario.Included, r.scenario.Computed, &r.shared, ""); err != nil {
		return err
	}
	if err := r.writeFiles(ctx); err != nil {
		return err
	}
	if r.scenario.Sequence != nil {
		r.arrange(ctx)
	}
	anyForks := r.scenario.Forks() // which most do not, and the walk of an actor costs more
	for place, a := range r.scenario.Actors {
		count := 1
		if a.Count.Given() {
			n, err := a.Count.Eval(r.outside(ctx))
			if err != nil {
				return fmt.Errorf("the count of actor %s: %w", a.Name, err)
			}
			count = int(n) // which has a bound
		}
		if err := value.CheckReplicas(len(r.members) + count); err != nil {
			return fmt.Errorf("the count of actor %s: %w", a.Name, err)
		}
		roles := step.RolesOf(a.Body)
		forks := anyForks && step.Forks(a.Body)
		for i := range count {
			m := &member{actor: a, place: place, index: i, count: count, roles: roles, forks: forks, life: r.lifeOf(a)}
			r.members = append(r.members, m)
			r.hub.add(m)
			line := r.recorder.Actor(a.Name, place, i, count)
			line.Host = a.Host
			m.main = r.branch(m, nil, line)
			if a.Turns {
				r.sequence.add(m)
			}
		}
	}
	return nil
}

// lifeOf is the life of an actor, or of one replica of it.
func (r *run) lifeOf(a *scenarios.Actor) *life {
	if a.Turns {
		return r.sequence.member.life
	}
	return new(life)
}

// outside is a task for expressions that are in no step.
func (r *run) outside(ctx context.Context) *step.Task {
	return &step.Task{Ctx: ctx, Actor: &step.Actor{Run: &r.shared}}
}

// play runs one actor's steps.
func (r *run) play(ctx context.Context, m *member) error {
	if m.main.done != nil {
		defer close(m.main.done)
	}
	m.main.err = r.perform(m.main, func() (err error) {
		t := r.task(ctx, m)
		if t.Limit, err = r.limit(t, m); err != nil {
			return err
		}
		if m.actor.Process {
			if err := t.Become(m.label(), m.actor.Body); err != nil {
				return err
			}
			return cmp.Or(t.Live(m.actor.Body), r.survived(t))
		}
		if err := t.Run(m.actor.Body); err != nil {
			return err
		}
		return t.Finish()
	})
	return m.main.err
}

// survived is an error where the process of an actor has died. Where a step of
// another actor joins it, that judges: there the question is left to the end.
func (r *run) survived(t *step.Task) error {
	if !r.scenario.Shared[t.Actor.Name][step.ItsEnd] {
		return t.Survived()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unjoined = append(r.unjoined, t)
	return nil
}

// survivors is an error where a process of an actor has died and no step has
// joined it.
func (r *run) survivors() error {
	for _, t := range r.unjoined {
		if err := t.Survived(); err != nil {
			return r.fail(t.World.(*branch), err)
		}
	}
	return nil
}

// task is one that runs an actor's own steps.
func (r *run) task(ctx context.Context, m *member) *step.Task {
	return &step.Task{Ctx: ctx, World: m.main, Actor: &step.Actor{
		Name: m.actor.Name, Index: m.index, Count: m.count, Host: m.actor.Host,
		Run: &r.shared, Shared: r.scenario.Shared[m.actor.Name], Background: m.actor.Background, Blocks: m.forks,
		Turned: step.TurnedBranches(r.scenario.Sequence, m.actor.Name),
	}}
}

// perform runs a branch to its end; a panic in a step fails the scenario and
// leaves nothing behind.
func (r *run) perform(b *branch, run func() error) (err error) {
	defer r.hub.leave(b)
	defer func() {
		if p := recover(); p != nil {
			err = r.fail(b, fmt.Errorf("panic: %v\n%s", p, bytes.ReplaceAll(debug.Stack(), []byte("\t"), []byte("    "))))
		}
	}()
	if err := run(); err != nil {
		return r.fail(b, err)
	}
	return nil
}

func (r *run) limit(t *step.Task, m *member) (step.Limit, error) {
	if !m.actor.Timeout.Given() {
		return step.Limit{}, nil
	}
	d, err := m.actor.Timeout.Eval(t)
	return step.Limit{At: time.Now().Add(d), After: d, Whose: "the timeout of actor " + m.actor.Name}, err
}

// branch begins an actor's line of steps, or one forked from it.
func (r *run) branch(m *member, parent *branch, record *record.Branch) *branch {
	b := &branch{run: r, member: m, parent: parent, record: record}
	if m.actor.Process && parent == nil && !m.actor.Turns {
		b.done = make(chan struct{}) // others may join it
	}
	r.mu.Lock()
	r.branches = append(r.branches, b)
	r.mu.Unlock()
	if !b.inSequence() {
		r.hub.enter(b)
	}
	return b
}

// fork begins a branch, whose first event comes after the parent's latest.
func (r *run) fork(parent *branch, record *record.Branch) *branch {
	b := r.branch(parent.member, parent, record)
	b.done = make(chan struct{})
	b.forked = slices.Clone(parent.joined)
	b.joined = parent.latest(parent.turned)
	return b
}

// hurry ends the programs at once when that is asked for and the run ends.
func (r *run) hurry(ctx context.Context) {
	select {
	case <-r.options.Hurry:
	case <-r.closed:
		return
	}
	select {
	case <-ctx.Done():
	case <-r.over:
	}
	r.programs.Hurry()
}

// close releases all that the run made.
func (r *run) close() error {
	r.frames = r.network.endFrames(r.shared.Epoch)
	r.programs.Close()
	close(r.closed)
	r.ports.release()
	err := r.shared.Sockets.Close()
	r.peers.reset()
	r.peers.close()
	r.cancel(nil) // after the sockets, which would take it for their end
	err = errors.Join(err, r.network.Close(), r.tmp.remove())
	r.sweeper.Close()
	return err
}

package runner_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/step"
)

// waits are steps that wait for what never comes, each as the steps that lead
// to it and the step itself.
var waits = []struct{ name, before, wait string }{
	{"accept", "- socket: tcp\n  as: s\n- listen: s", "accept: s"},
	{"recv", "- socketpair: unix\n  as: [x, y]", "recv: x"},
	{"recv of a size", "- socketpair: unix\n  as: [x, y]\n- send: y\n  data: abc", "recv: x, size: 5"},
	{"recv until", "- socketpair: unix\n  as: [x, y]\n- send: y\n  data: abc", "recv: x, until: z"},
	{"recv to the end of file", "- socketpair: unix\n  as: [x, y]\n- send: y\n  data: abc", "recv: x, eof: true"},
	{"recv of a datagram", "- socket: udp\n  as: s\n- bind: s\n  to: 127.0.0.1:0", "recv: s"},
	{"recv on a blocking descriptor", "- socketpair: unix\n  as: [x, y]\n  blocking: true", "recv: x"},
	{"recv in an actor that forks", "- if: 1 == 2\n  then: [{fork: [{exit: 0}]}]\n- socketpair: unix\n  as: [x, y]", "recv: x"},
	{"send into a full buffer", "- socketpair: unix\n  as: [x, y]", "send: x, data: {zeros: 16MiB}"},
	{"send into a full buffer on a blocking descriptor", "- socketpair: unix\n  as: [x, y]\n  blocking: true", "send: x, data: {zeros: 16MiB}"},
	{"send into a full buffer in an actor that forks", "- if: 1 == 2\n  then: [{fork: [{exit: 0}]}]\n- socketpair: unix\n  as: [x, y]", "send: x, data: {zeros: 16MiB}"},
	{"connect to a full backlog", "- socket: unix\n  as: l\n- bind: l\n  to: unix:${tmp}/l\n- listen: l\n  backlog: 0\n" +
		"- socket: unix\n  as: c\n- connect: c\n  to: l\n- socket: unix\n  as: s", "connect: s, to: l"},
	{"connect with retry", "- socket: tcp\n  as: bound\n- bind: bound\n  to: 127.0.0.1:0\n- socket: tcp\n  as: s", "connect: s, to: bound, retry: 1h"},
	{"sleep", "- print: x", "sleep: 1h"},
	{"wait", "- print: x", "wait: never"},
	{"barrier", "- print: x", "barrier: nowhere"},
	{"reference", "- print: x", "print: '${other.never}'"},
	{"condition", "- print: x", "print: x, when: other.never"},
	{"parallel", "- socketpair: unix\n  as: [x, y]", "parallel: {one: [{recv: x}], two: [{recv: y}]}"},
}

// waiting is a scenario whose actor a waits, while the actor other could still
// give what a waits for. then is beside the waiting step.
func waiting(before, wait, head, then string) string {
	return head + `
actors:
  a:
` + indented(before) + indented("- spawn: [{"+wait+", timeout: 1h}]\n  as: w\n"+then) + `
  other:
    - socketpair: unix
      as: [p, q]
    - recv: p
      timeout: 1h
    - signal: never
    - barrier: nowhere
    - let: {never: true}
    - close: q
  third: [{barrier: nowhere, timeout: 1h}]
`
}

// The first failure ends all others, wherever they wait, and is the only one.
func TestFailureCancels(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, w := range waits {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			f := fails(t, waiting(w.before, w.wait, "timeout: 1h", "- blocked: w\n  stays: 1ms\n  timeout: 20s\n- assert: 1 == 2"), runner.Options{})
			if got := told(f); !strings.HasSuffix(got, ": a: assert(1 == 2): 1 == 2 does not hold") {
				t.Error(got)
			}
			if took := time.Since(start); took > patience {
				t.Errorf("it took %s", took)
			}
			branch := false
			for _, d := range f.Others {
				branch = branch || d.Actor == "a/w" && d.Place != nil && strings.HasPrefix(w.wait, d.Place.Kind) && !d.Ended
			}
			if !branch && w.name != "parallel" {
				t.Errorf("the report does not tell of the step: %+v", f.Others)
			}
		})
	}
}

// A call that is cancelled has no result: whatever error its step expects, the
// next step is not made, and nothing of it is in the transcript.
func TestCancelledIsNotExpected(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	const expect = ", expect: {error: [0, EINTR, ECANCELED, EAGAIN, ETIMEDOUT, EBADF, EPIPE, ECONNRESET, ECONNREFUSED, EINVAL]}"
	for _, w := range waits {
		kind, _, _ := strings.Cut(w.wait, ":")
		if !slices.Contains([]string{"accept", "recv", "send", "connect"}, kind) {
			continue // no call, so no errno to expect
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			text := waiting(w.before, w.wait+", timeout: 1h"+expect+"}, {print: went on", "timeout: 1h",
				"- blocked: w\n  stays: 1ms\n  timeout: 20s\n- assert: 1 == 2")
			r := runner.Run(t.Context(), scenario(t, text), runner.Options{})
			if r.Status != history.Failed || !strings.Contains(ending(r), "1 == 2 does not hold") {
				t.Fatalf("%s", ending(r))
			}
			for _, l := range transcript(r) {
				if strings.HasPrefix(l, "a/w") {
					t.Errorf("the transcript has %s", l)
				}
			}
		})
	}
}

// A step's timeout ends each kind of waiting, with the step named.
func TestTimeoutOfStep(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, w := range waits {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(waiting(w.before, w.wait, "timeout: 1h", ""), "timeout: 1h}]", "timeout: 20ms}]", 1)
			f := fails(t, text, runner.Options{})
			late := wantCause[*step.TimeoutError](t, f.Err)
			if late != nil && late.After != 20*time.Millisecond {
				t.Errorf("%s", late)
			}
			if !strings.HasPrefix(f.Actor, "a/w") || f.Place == nil {
				t.Errorf("%s failed in %v", f.Actor, f.Place)
			}
		})
	}
}

// The timeout of an actor bounds whatever it does.
func TestTimeoutOfActor(t *testing.T) {
	for _, steps := range []string{
		"[{sleep: 1h}]", "[{wait: never}]", "[{repeat: {while: true}, steps: [{let: {n: 1}}, {assert: n == 1}]}]",
		"[{socketpair: unix, as: [x, y]}, {recv: x, timeout: 1h}]",
		"[{socketpair: unix, as: [x, y]}, {spawn: [{recv: x, timeout: 1h}]}]",
		"[{socketpair: unix, as: [x, y]}, {parallel: {p: [{recv: x, timeout: 1h}]}}]",
	} {
		checkLeaks(t)
		f := fails(t, "timeout: 1h\nactors:\n  a: {timeout: 30ms, steps: "+steps+"}\n  b: [{sleep: 1h}, {signal: never}]\n", runner.Options{})
		if msg := f.Err.Error(); !strings.HasPrefix(msg, "timed out after 30ms (the timeout of actor a)") {
			t.Errorf("%s: %s", steps, msg)
		}
	}
}

// The scenario's timeout says what each actor was doing.
func TestTimeoutOfScenario(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	const text = "timeout: 50ms\nactors:\n  a: [{sleep: 1h}]\n  b:\n    - socketpair: unix\n      as: [x, y]\n    - recv: x\n      timeout: 1h\n  c: [{wait: never}]\n  d: [{print: x}]\n  e: [{sleep: 1h}, {signal: never}]\n"
	f := fails(t, text, runner.Options{})
	wantText(t, f.Err.Error(), "the scenario timed out after 50ms")
	if f.Place != nil || f.Actor != "" {
		t.Errorf("%s failed in %v", f.Actor, f.Place)
	}
	var doing []string
	for _, d := range f.Others {
		doing = append(doing, fmt.Sprintf("%s %s %q %t", d.Actor, d.Place.Title, d.Waits, d.Ended))
	}
	wantLines(t, doing, `a sleep(1h) "" false`, `b recv(x) "" false`, `c wait(never) "the signal never" false`, `d print(x) "" true`, `e sleep(1h) "" false`)
	f = fails(t, text, runner.Options{Timeout: 20 * time.Millisecond})
	wantText(t, f.Err.Error(), "the scenario timed out after 20ms")
}

// Cancelled from outside, a run is neither passed nor failed.
func TestCancelledFromOutside(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for i, w := range waits {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			// The scenario itself says when the step has begun to wait.
			l, err := net.Listen("unix", filepath.Join(os.Getenv("TMPDIR"), fmt.Sprint("told", i)))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				if c, err := l.Accept(); err == nil {
					c.Close()
				}
				cancel(errors.New("interrupted"))
			}()
			text := waiting(w.before, w.wait, "timeout: 1h\nvars: {told: x}",
				"- blocked: w\n  stays: 1ms\n  timeout: 20s\n- socket: unix\n  as: told\n- connect: told\n  to: unix:"+l.Addr().String())
			text = strings.Replace(text, "vars: {told: x}\n", "", 1)
			r := runner.Run(ctx, scenario(t, text), runner.Options{})
			if r.Status != history.Cancelled || r.Failure == nil || r.Failure.Place != nil {
				t.Fatalf("%s", ending(r))
			}
			wantText(t, r.Failure.Err.Error(), "interrupted")
			wantText(t, transcript(r)[0][:3], "a  ")
		})
	}
}

func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := runner.Run(ctx, scenario(t, alone("- sleep: 1h")), runner.Options{})
	if r.Status != history.Cancelled {
		t.Error(ending(r))
	}
}

// panicking is a step that panics.
type panicking struct{}

func (panicking) Params(*step.Params)  {}
func (panicking) Run(*step.Task) error { panic("out of order") }

// A panic in a step is a failure, and leaves nothing behind.
func TestPanic(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	s := scenario(t, "timeout: 1h\nactors:\n  a:\n    - socket: unix\n      as: s\n    - bind: s\n      to: unix:${tmp}/s\n    - print: x\n  b:\n    - socketpair: unix\n      as: [x, y]\n    - recv: x\n      timeout: 1h\n")
	s.Actors[0].Body.Steps[2].Action = panicking{}
	r := runner.Run(context.Background(), s, runner.Options{})
	if r.Status != history.Failed || r.Failure.Actor != "a" || !strings.HasPrefix(r.Failure.Err.Error(), "panic: out of order\n") {
		t.Errorf("%s", ending(r))
	}
	wantLines(t, transcript(r)[:1], "a  socket(AF_UNIX, SOCK_STREAM, 0) = s")
}

// A panic in a branch fails the scenario too.
func TestPanicInBranch(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	s := scenario(t, "timeout: 1h\nactors:\n  a:\n    - parallel: {x: [{sleep: 1h}], y: [{print: y}]}\n")
	for _, step := range s.Steps {
		if step.Kind.Name == "print" {
			step.Action = panicking{}
		}
	}
	r := runner.Run(context.Background(), s, runner.Options{})
	if r.Status != history.Failed || r.Failure.Actor != "a/y" {
		t.Errorf("%s", ending(r))
	}
}

// What a scenario cannot even begin with fails it, too.
func TestFailureOfCount(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for in, want := range map[string]string{
		"${n}":     `the count of actor a: expression "n": "many" is not a whole number`,
		"${0 - 1}": `the count of actor a: expression "0 - 1": the value is -1; it must not be negative`,
	} {
		f := fails(t, "vars: {n: many}\nactors:\n  a:\n    count: "+in+"\n    steps: [{print: '${n}'}]\n", runner.Options{})
		if f.Place != nil || f.Err.Error() != want {
			t.Errorf("%v, want %s", f.Err, want)
		}
	}
	f := fails(t, "vars: {n: many}\nactors:\n  a:\n    timeout: ${n}\n    steps: [{print: '${n}'}]\n", runner.Options{})
	wantText(t, f.Err.Error(), `expression "n": "many" is not a duration; write it as 250ms, 2s or 1m30s`)
}

package steps

import (
	"strconv"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var forkKind = step.Kind{
	Name:    "fork",
	Summary: "run steps in a process of their own",
	Text: `The steps see the names that the actor has at that moment, with copies of its
descriptors (the same open files) and no others. All their system calls are made
by that process, also those with paths. There send does not add MSG_NOSIGNAL,
and a signal that is caught ends a call that waits: EINTR is its result. A call
that the process does not survive ends the steps: = ? killed by SIGPIPE. That is
not a failure where a join step waits for the process and expects it, or where a
kill step has sent that signal. After its last step the process exits with 0.
NAME.pid is its id. After join, the values that the steps have named belong to
the actor; the handles do not.
The copies have the numbers 3, 4 and so on, in the order in which their files
were made; a new descriptor gets the lowest number that is free. fd:N is the
descriptor with that number, and dup onto fd:N is dup2.
Programs that it starts have its user, groups, umask, folder and limits, the
signals that it ignores and blocks (execve(2)), and, under the same numbers from
3 on, its descriptors without FD_CLOEXEC.
If an actor has a fork step anywhere, also in a procedure or in steps that are
not taken, its descriptors do not have O_NONBLOCK from the start of the actor,
as in the process. The streams of programs and of sockscript are an exception.
So each call of the actor that waits takes a thread. A fork takes about a
millisecond, more where sockscript needs much memory, and each call of the
process about 20 microseconds. This is for Linux on amd64, 386 and arm64. See
fork(2).`,
	Example: `actors:
  server:
    - socketpair: unix
      as: [a, b]
    - fork:
        - close: a
        - recv: b
          expect: hello
        - send: b
          data: world
        - exit: 3
      as: child
    - close: b
    - send: a
      data: hello
    - recv: a
      expect: world
    - recv: a
      expect: {eof: true}
    - join: child
      expect: {exit: 3}
    - close: a
`,
	Beneath: step.Beneath{
		Call:   "fork(2)",
		Kernel: "makes a copy of the process, with its descriptors, which refer to the same open files, its user, its folder and its limits.",
		Errors: []step.LikelyError{
			{Errno: "EAGAIN", Why: "there are as many processes as the limits allow"},
		},
	},
	New:   func() step.Action { return new(forkAction) },
	Thing: value.ABranch, Forks: true,
}

type forkAction struct{ body step.Block }

func (a *forkAction) Params(p *step.Params) {
	p.Value(&a.body, "the steps of the process")
	p.Makes = "the process"
}

func (a *forkAction) Run(t *step.Task) error {
	name, err := t.AsName(0, "child")
	if err != nil {
		return err
	}
	t.Call("fork")
	s, err := t.Fork(name)
	if err != nil {
		return err
	}
	t.Event.Op, t.Event.Proc = event.OpFork, &event.Proc{ID: s.Process.ID()}
	t.Return(pidPart(s.Process.Pid()))
	t.Record()
	s.Branch = t.World.Fork(s.Name, &t.Step.Place, true, func(w step.World) error {
		s.Task.World = w
		w.EndsWith(s.Process.Done())
		return s.Task.Live(&a.body)
	})
	t.Actor.Mu.Lock()
	t.Actor.Spawned = append(t.Actor.Spawned, s)
	t.Actor.Mu.Unlock()
	if t.Step.As.Given() {
		t.Set(name, s)
	}
	return nil
}

func (a *forkAction) Check(c *check.Check) {
	needsProcesses(c)
	branch := c.Fork(&a.body)
	for _, x := range c.Step.As.List {
		c.Give(x, branch)
	}
}

// needsProcesses reports where this machine cannot have processes of a
// scenario.
func needsProcesses(c *check.Check) {
	if err := sock.ProcessesSupported(); err != nil {
		c.Problem(c.Step.Node, "%v", err).Hint = "write spawn for a branch that is not a process, or require os:linux"
	}
}

// pidPart is a process id as an event shows it.
func pidPart(pid int) event.Plain {
	text := strconv.Itoa(pid)
	return event.Plain{Text: text, Marks: []event.Mark{{To: len(text), Origins: []event.Origin{{Word: "pid"}}}}}
}

package runner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

// looks is a step kind that asks the kernel for the flags of a descriptor of
// sockscript itself, which fcntl steps do not show.
type looks struct {
	handle step.HandleRef
	blocks bool
}

func (a *looks) Params(p *step.Params) { p.Value(&a.handle, "the descriptor") }

func (a *looks) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	flags, err := unix.FcntlInt(uintptr(h.Sock.FD()), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	if blocks := flags&unix.O_NONBLOCK == 0; blocks != a.blocks {
		return fmt.Errorf("%s: its descriptor blocks: %v, want %v", h.Name, blocks, a.blocks)
	}
	return nil
}

// looksKind is the kind that wants descriptors to block, or not to.
func looksKind(name string, blocks bool) *step.Kind {
	return &step.Kind{Name: name, Summary: "looks at O_NONBLOCK", New: func() step.Action { return &looks{blocks: blocks} }}
}

// made are steps that make a descriptor h in each way.
var made = []struct{ name, steps, last string }{
	{"socket", "- {socket: udp, as: h}", ""},
	{"socketpair", "- {socketpair: unix, as: [h, other]}", ""},
	{"pipe", "- {pipe: 0, as: [h, other]}", ""},
	{"open", "- {open: /dev/null, as: h}", ""},
	{"dup", "- {socket: udp, as: s}\n- {dup: s, as: h}", ""},
	{"F_DUPFD", "- {socket: udp, as: s}\n- {fcntl: s, command: F_DUPFD, value: 0, as: h}", ""},
	{"accept", "- {socket: tcp, as: l}\n- listen: l\n- {socket: tcp, as: c}\n- {connect: c, to: l}\n- {accept: l, as: h}", ""},
	{"received", "- {socket: udp, as: s}\n- {socketpair: unix, as: [x, y]}\n- {send: x, data: x, control: {SCM_RIGHTS: [s]}}\n- {recv: y, max: 1, expect: {control: {SCM_RIGHTS: [h]}}}", ""},
	{"procedure", "- {do: makes, as: h}", ""},
	{"library", "- {do: tools.makes, as: h}", ""},
	{"branch of parallel", "- parallel: {one: [{socket: udp, as: h}]}", ""},
	{"spawned branch", "- spawn:\n    - {socket: udp, as: h}\n    - LOOK: h\n  as: beside\n- join: beside\n- {socket: udp, as: h}", ""},
}

// forks are steps behind the descriptor that make a process, each in its way,
// and such as make none.
var forks = []struct {
	name, steps string
	blocks      bool
}{
	{"none", "", false},
	{"fork", "- fork: [{exit: 0}]\n  as: child\n- join: child", true},
	{"fork in a step that is not taken", "- if: 1 == 2\n  then:\n    - fork: [{exit: 0}]", true},
	{"fork in a branch", "- parallel:\n    one:\n      - fork: [{exit: 0}]\n        as: child\n      - join: child", true},
	{"fork in a procedure", "- do: forks", true},
	{"fork in a procedure that a library's calls", "- do: tools.calls", true},
}

const ownProcedures = `
procedures:
  makes:
    returns: h
    steps:
      - {socket: udp, as: h}
  forks:
    - fork: [{exit: 0}]
      as: child
    - join: child
`

const libraryText = `procedures:
  makes:
    returns: h
    steps:
      - {socket: udp, as: h}
  forks:
    - fork: [{exit: 0}]
      as: child
    - join: child
  calls:
    - do: forks
`

// Every descriptor of an actor that forks anywhere blocks from the actor's
// start, whatever made it. Those of the actors beside it do not.
func TestDescriptorsOfForkingActor(t *testing.T) {
	kinds := append(steps.Kinds(), looksKind("blocks", true), looksKind("polled", false))
	slices.SortFunc(kinds, func(a, b *step.Kind) int { return strings.Compare(a.Name, b.Name) })
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tools.yaml"), []byte(libraryText), 0o666); err != nil {
		t.Fatal(err)
	}
	look := map[bool]string{true: "blocks", false: "polled"}
	for _, fork := range forks {
		for _, way := range made {
			t.Run(fork.name+"/"+way.name, func(t *testing.T) {
				text := strings.ReplaceAll(way.steps+"\n- LOOK: h\n", "LOOK", look[fork.blocks]) + fork.steps
				indented := "    " + strings.ReplaceAll(text, "\n", "\n    ")
				run := func(body string) {
					list, problems := scenarios.ParseWith(filepath.Join(dir, "test.yaml"), []byte("include: tools.yaml\n"+body+ownProcedures), scenarios.Options{Kinds: kinds})
					if len(list) != 1 {
						t.Fatal(problems.Report(), body)
					}
					if r := runner.Run(t.Context(), list[0], runner.Options{}); r.Status != history.Passed {
						t.Error(r.Failure, body)
					}
				}
				run("actors:\n  beside: [{socket: udp, as: s}, {polled: s}]\n  one:\n" + indented)
				run("sequence:\n  - beside: [{socket: udp, as: s}, {polled: s}]\n  - one:\n    " + strings.ReplaceAll(indented, "\n", "\n    "))
			})
		}
	}
}

package runner_test

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// keepNetwork keeps the network of its actor.
type keepNetwork struct {
	when    value.Text
	network **os.File
}

func (k *keepNetwork) Params(p *step.Params) { p.Value(&k.when, "any text") }

func (k *keepNetwork) Run(t *step.Task) error {
	host, _ := t.Actor.Run.Network().Host("")
	var err error
	host.Within(func() { *k.network, err = os.Open("/proc/thread-self/ns/net") })
	return err
}

// socketsIn are the sockets of TCP in a network, one line each (proc(5)).
func socketsIn(t *testing.T, network *os.File) string {
	t.Helper()
	lines := make(chan string)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := unix.Setns(int(network.Fd()), unix.CLONE_NEWNET)
		data, failed := os.ReadFile("/proc/thread-self/net/tcp")
		if err != nil || failed != nil {
			lines <- "cannot be read"
			return
		}
		_, list, _ := strings.Cut(string(data), "\n")
		lines <- list
	}()
	return <-lines
}

// A connection that a peer has left open is reset when the run has ended: the
// kernel would send to nobody for minutes, and keep the network for as long.
func TestPeersAreReset(t *testing.T) {
	needsNetns(t)
	var network *os.File
	kinds := append(steps.Kinds(), &step.Kind{Name: "keep", Summary: "keeps the network", New: func() step.Action { return &keepNetwork{network: &network} }})
	slices.SortFunc(kinds, func(a, b *step.Kind) int { return strings.Compare(a.Name, b.Name) })
	list, problems := scenarios.ParseWith("reset.yaml", []byte(`network: private
actors:
  one:
    - keep: now
    - {peer: tcp, as: p}
    - {socket: tcp, as: l}
    - {bind: l, to: "${p.local}:8080"}
    - listen: l
    - {inject: p, packet: S 0:0(0) win 1000}
    - {segment: p, expect: S. 0:0(0) ack 1 <...>}
    - {inject: p, packet: . 1:1(0) ack 1 win 1000}
    - {accept: l, as: c}
    - {send: c, data: nobody acknowledges it}
    - {segment: p, expect: P. 1:23(22) ack 1}
`), scenarios.Options{Kinds: kinds})
	if problems.HasErrors() {
		t.Fatal(problems.Report())
	}
	if r := runner.Run(t.Context(), list[0], runner.Options{}); r.Status != history.Passed {
		t.Fatal(r.Failure)
	}
	defer network.Close()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		left := socketsIn(t, network)
		if left == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("sockets are left:\n%s", left)
		}
	}
}

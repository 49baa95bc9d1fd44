package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

// A link that loses a frame which nobody asked it to lose fails the scenario,
// whatever its steps see.
func TestLostFrameFails(t *testing.T) {
	needsNetns(t)
	t.Parallel()
	checkLeaks(t)
	s := scenario(t, `
network:
  hosts: {a: {eth0: 10.0.0.1/24}, b: {eth0: 10.0.0.2/24}}
  links: {lan: {join: [a.eth0, b.eth0], delay: 1m}}
actors:
  a:
    - {socket: udp, as: sock}
    - {neighbor: 10.0.0.2, set: '02:00:00:00:02:01'}
    - {repeat: 600, steps: [{send: sock, to: "10.0.0.2:5000", data: {zeros: 60000}}]}
    - wait: never
  b:
    - sleep: 1h
      timeout: 1h
    - signal: never
`)
	r := runner.Run(t.Context(), s, runner.Options{})
	// Either too many frames wait, or they come faster than they can be read.
	told := r.Failure != nil && (strings.Contains(r.Failure.Message, "frames wait for their time") || strings.Contains(r.Failure.Message, "the wire lost"))
	if r.Status != history.Failed || !told {
		t.Errorf("%s %+v", r.Status, r.Failure)
	}
}

// Hosts are made for each run, also for runs at the same time.
func TestHostsSideBySide(t *testing.T) {
	needsNetns(t)
	t.Parallel()
	checkLeaks(t)
	s := scenario(t, `
network:
  hosts: {a: {eth0: 10.0.0.1/24}, b: {eth0: 10.0.0.2/24}}
  links: {lan: {join: [a.eth0, b.eth0]}}
actors:
  b:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "10.0.0.2:8080"}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: hi}
    - {exec: [cat, /proc/sys/net/ipv4/ip_forward], expect: {stdout: "0\n"}}
  a:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${b.listener}"}
    - {send: sock, data: hi}
`)
	done := make(chan *history.Result)
	const runs = 16
	for range runs {
		go func() { done <- runner.Run(t.Context(), s, runner.Options{}) }()
	}
	for range runs {
		if r := <-done; r.Status != history.Passed {
			t.Errorf("%s %+v", r.Status, r.Failure)
		}
	}
}

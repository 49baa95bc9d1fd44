package runner_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// needsNetns skips a test where this process can make no network namespace.
func needsNetns(t testing.TB) {
	t.Helper()
	n, err := lab.Private(lab.Settings{})
	if refused := new(lab.RefusedError); errors.As(err, &refused) {
		ci.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	n.Close()
}

const fixedPort = `
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:8080"}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: hi}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {send: sock, data: hi}
`

// Scenarios with one port run beside each other where each has its own network.
func TestPrivateNetworks(t *testing.T) {
	needsNetns(t)
	checkLeaks(t)
	for name, test := range map[string]struct {
		text    string
		options runner.Options
	}{
		"asked for by the scenario": {"network: private" + fixedPort, runner.Options{}},
		"given by the run":          {fixedPort, runner.Options{Private: true}},
	} {
		s := scenario(t, test.text)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				r := runner.Run(t.Context(), s, test.options)
				if r.Status != history.Passed {
					t.Errorf("%s: %s %v", name, r.Status, r.Failure)
				}
			})
		}
		all.Wait()
	}
}

// What a run asks the kernel besides the steps' calls, it asks in the
// scenario's network: for free ports, for the state of a closed socket, for the
// peer of a local one, and the programs run there too.
func TestAllHappensInThePrivateNetwork(t *testing.T) {
	needsNetns(t)
	checkLeaks(t)
	r := runner.Run(t.Context(), scenario(t, `
network: {private: {sysctls: {net.ipv4.ip_local_port_range: "40000 40003", net.ipv4.tcp_fin_timeout: 7}}}
requires: [root, {command: [sh, -c, "test $(cat /proc/sys/net/ipv4/tcp_fin_timeout) = 7"]}]
vars: {port: "${free_port()}"}
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:${port}"}
    - listen: listener
    - {accept: listener, as: conn}
    - {close: conn}
    - {state: conn, expect: TIME_WAIT}
    - {exec: [cat, /proc/sys/net/ipv4/tcp_fin_timeout], expect: {stdout: "7\n"}}
    - repeat: 5
      index: i
      steps:
        - {socket: udp, as: "u${i}"}
        - {bind: "u${i}", to: "127.0.0.1:0", expect: {error: [0, EADDRINUSE]}}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {recv: sock, expect: {eof: true}}
    - close: sock
`), runner.Options{})
	if r.Status != history.Passed {
		t.Fatalf("%s %s %v", r.Status, r.Reason, r.Failure)
	}
}

func TestLoDownInPrivateNetwork(t *testing.T) {
	needsNetns(t)
	r := runner.Run(t.Context(), scenario(t, "network: {private: {lo: down}}\n"+alone(
		`- {socket: tcp, as: s}
- {connect: s, to: "127.0.0.1:80", expect: {error: ENETUNREACH}}`)), runner.Options{})
	if r.Status != history.Passed {
		t.Error(r.Status, r.Failure)
	}
}

func TestNetworksThatCannotBeHad(t *testing.T) {
	needsNetns(t)
	checkLeaks(t)
	for _, test := range []struct {
		network string
		options runner.Options
		want    string
	}{
		{"host", runner.Options{Private: true}, "the scenario asks for the host's network, and the run gives it a private one; run it without --private"},
		{"{private: {sysctls: {net.ipv4.tcp_no_such: 1}}}", runner.Options{}, `cannot set the kernel parameter net.ipv4.tcp_no_such to "1": no such file or directory`},
	} {
		r := runner.Run(t.Context(), scenario(t, "network: "+test.network+"\n"+alone("- print: ran")), test.options)
		if r.Status != history.Failed || r.Failure.Message != test.want || r.Failure.At == nil || r.Failure.At.Pos.Line != 1 {
			t.Errorf("%s: %s %+v", test.network, r.Status, r.Failure)
		}
	}
}

// BenchmarkPrivateNetwork compares scenarios that make a network of their own
// with the same ones in the network of the process.
func BenchmarkPrivateNetwork(b *testing.B) {
	needsNetns(b)
	text := strings.Replace(fixedPort, "8080", "0", 1)
	s := scenario(b, text)
	const runs = 200
	lap := func(o runner.Options) time.Duration {
		start := time.Now()
		jobs := make(chan struct{}, runs)
		for range runs {
			jobs <- struct{}{}
		}
		close(jobs)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range jobs {
					if r := runner.Run(b.Context(), s, o); r.Status != history.Passed {
						b.Error(fmt.Sprint(r.Status, r.Failure))
					}
				}
			})
		}
		all.Wait()
		return time.Since(start)
	}
	var private, host time.Duration
	for b.Loop() {
		private += lap(runner.Options{Private: true})
		host += lap(runner.Options{})
	}
	b.ReportMetric(float64(private.Milliseconds())/float64(b.N), "ms/200")
	b.ReportMetric(float64(private)/float64(host), "ratio")
}

// The kernel gives a number again that it has got back. A range of one port
// makes it do so at once: each address shows whose it was at that moment.
func TestPortsThatAreGivenAgain(t *testing.T) {
	needsNetns(t)
	for name, test := range map[string]struct{ first, want string }{
		"by another socket, closed before": {
			"{socket: udp, as: old}|{bind: old, to: '127.0.0.1:0'}|{send: old, to: server, data: one}|{recv: server}|{close: old}", "old",
		},
		"by a program, gone before": {`{exec: [bash, -c, "printf one >/dev/udp/127.0.0.1/5000"]}|{recv: server}`, "peer"},
	} {
		text := "network: {private: {sysctls: {net.ipv4.ip_local_port_range: 40000 40000}}}\n" + alone(
			"- {socket: udp, as: server}\n- {bind: server, to: '127.0.0.1:5000'}\n- "+strings.ReplaceAll(test.first, "|", "\n- ")+
				"\n- {socket: udp, as: new}\n- {send: new, to: server, data: two}\n- {recv: server}")
		r := runner.Run(t.Context(), scenario(t, text), runner.Options{})
		if r.Status != history.Passed {
			t.Errorf("%s: %s %v", name, r.Status, r.Failure)
			continue
		}
		got := strings.Join(transcript(r), "\n")
		for _, want := range []string{`"one" from 127.0.0.1:<` + test.want + ">", `"two" from 127.0.0.1:<new>`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: there is no %s in\n%s", name, want, got)
			}
		}
	}
}

// The kernel gives each address of a host the same port number: what comes from
// it is told by the address.
func TestPortsOfTwoAddresses(t *testing.T) {
	needsNetns(t)
	r := runner.Run(t.Context(), scenario(t, "network: {private: {sysctls: {net.ipv4.ip_local_port_range: 40000 40000}}}\n"+alone(`- {socket: udp, as: one}
- {bind: one, to: "127.0.0.1:0"}
- {socket: udp, as: other}
- {bind: other, to: "127.0.0.2:0"}
- {send: other, to: one, data: hello}
- {close: other}
- {recv: one}`)), runner.Options{})
	if r.Status != history.Passed {
		t.Fatal(r.Status, r.Failure)
	}
	if got := strings.Join(transcript(r), "\n"); !strings.Contains(got, `"hello" from 127.0.0.2:<other>`) {
		t.Error(got)
	}
}

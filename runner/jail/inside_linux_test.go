//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/capture"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

// A parameter of the network that a scenario sets in a jail is that of the
// jail: each has its own, and the host keeps its value.
func TestParametersOfNetwork(t *testing.T) {
	t.Parallel()
	asBoth(t)
	const path = "/proc/sys/net/ipv4/tcp_syn_retries"
	read := func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := read()
	value := "3"
	if strings.TrimSpace(before) == value {
		value = "4"
	}
	text := `
actors:
  a:
    - {sysctl: net.ipv4.tcp_syn_retries, expect: ` + before[:1] + `}
    - {sysctl: net.ipv4.tcp_syn_retries, value: ` + value + `}
    - {sysctl: net.ipv4.tcp_syn_retries, expect: ` + value + `}
`
	const hosts = "network: {hosts: {h: {eth0: 192.168.1.1/24}, i: {eth0: 192.168.1.2/24}}, links: {l: {join: [h.eth0, i.eth0]}}}\n"
	for range 2 {
		inJail(t, Config{}, text)
	}
	inJail(t, Config{}, hosts+strings.Replace(text, "a:\n", "a:\n    host: h\n    steps:\n", 1))
	if after := read(); after != before {
		t.Errorf("the host had %s and has %s", before, after)
	}
}

// Frames that a scenario plays and records cross its network in a jail, and
// come out of it with what was recorded.
func TestPacketsAndCaptures(t *testing.T) {
	t.Parallel()
	asBoth(t)
	s := parse(t, "", `
network: private
capture: lo
actors:
  one:
    - {peer: tcp, as: p}
    - {socket: tcp, as: listener}
    - {bind: listener, to: "${p.local}:8080"}
    - listen: listener
    - {inject: p, packet: "S 0:0(0) win 32792 <mss 1000>"}
    - {segment: p, expect: "S. 0:0(0) ack 1 <mss 1460>"}
    - {inject: p, packet: ". 1:1(0) ack 1 win 257"}
    - {accept: listener, as: conn}
    - {socket: udp, as: x}
    - {bind: x, to: "127.0.0.1:7"}
    - {socket: udp, as: y}
    - {send: y, data: hello, to: x}
    - {recv: x, expect: hello}
`)
	res := Run(t.Context(), Config{Raw: true}, s, scenarios.Options{}, runner.Options{})
	if res.Status != history.Passed {
		t.Fatalf("%v\n%s", res.Failure, transcript(res))
	}
	var out strings.Builder
	if frames := capture.Frames(res); len(frames) == 0 {
		t.Error("nothing is captured")
	} else if err := capture.Write(&out, res, ""); err != nil || !strings.Contains(out.String(), "hello") {
		t.Errorf("the datagram is not in the capture: %v", err)
	}
}

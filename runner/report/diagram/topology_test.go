package diagram_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/scenarios"
)

const threeHosts = `
name: three
network:
  hosts:
    client: {eth0: 10.0.0.2/24, routes: {default: 10.0.0.1, 10.9.0.0/16: unreachable}}
    router: {eth0: 10.0.0.1/24, eth1: {addresses: [10.1.0.1/24, 'fd00::1/64'], mtu: 1400}, forward: true}
    server: {eth0: 10.1.0.2/24, lo: 192.0.2.1/32, routes: {default: 10.1.0.1}}
  links:
    near: {join: [client.eth0, router.eth0], delay: {by: 5ms, from: client.eth0}, rate: [{limit: 1kbit, from: client.eth0}, {limit: 2kbit, from: router.eth0}]}
    far: {join: [router.eth1, server.eth0], delay: 20ms, loss: {part: 1%, seed: 7}, faults: {syn: {drop: {tcp: syn, nth: 1}}}}
actors:
  one: {host: server, steps: [{print: x}]}
  client: [{print: y}]
`

func topologyOf(t *testing.T, text string) *diagram.Topology {
	t.Helper()
	list, problems := scenarios.Parse("x.yaml", []byte(text))
	if problems.HasErrors() {
		t.Fatal(problems.Report())
	}
	return diagram.TopologyOf(list[0])
}

func TestTopology(t *testing.T) {
	t.Parallel()
	top := topologyOf(t, threeHosts)
	var b bytes.Buffer
	if err := top.SVG(&b); err != nil {
		t.Fatal(err)
	}
	for in := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		if _, err := in.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := top.Mermaid(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		">client</text>", "runs client", "runs one", "eth1 10.1.0.1/24 fd00::1/64 mtu 1400", "forwards", "default via 10.0.0.1",
		"10.9.0.0/16 unreachable", "lo 192.0.2.1/32", ">near</text>", "delay 20ms, loss 1%", "delay 5ms, rate 1000 bit/s from client.eth0", "rate 2000 bit/s from router.eth0", "fault syn: drop",
		"h1 ---|eth1| l1", "flowchart TB",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if topologyOf(t, "actors: {one: [{print: x}]}\n") != nil {
		t.Error("a scenario without hosts has a picture")
	}
}

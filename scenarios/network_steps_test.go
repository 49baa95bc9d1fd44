package scenarios_test

import (
	"fmt"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// routed is a network of three hosts: r is a router between a and c.
const routed = `network:
  hosts:
    a: {eth0: 10.0.0.1/24, routes: {default: 10.0.0.2, 10.6.0.0/16: unreachable, 10.5.0.0/16: 10.0.0.9}}
    r: {eth0: 10.0.0.2/24, eth1: [10.0.1.2/24, 10.0.1.3/24], forward: true}
    c: {eth0: 10.0.1.1/24, lo: 10.9.9.9/32, routes: {default: 10.0.1.2}}
    d: {eth0: 10.4.0.1/24}
  links: {left: {join: [a.eth0, r.eth0]}, right: {join: [r.eth1, c.eth0]}}
`

func TestUnreachableAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, to, want string }{
		{"itself", "10.0.0.1:80", ""},
		{"loopback", "127.0.0.1:80", ""},
		{"neighbor", "10.0.0.2:80", ""},
		{"behind the router", "10.0.1.1:80", ""},
		{"other address of the router", "10.0.1.3:80", ""},
		{"multicast", "224.0.0.5:80", ""},
		{"broadcast", "10.0.0.255:80", ""},
		{"nobody", "10.0.0.77:80", "no host on the link left has the address 10.0.0.77"},
		{"nobody behind the router", "10.0.1.77:80", "no host on the link right has the address 10.0.1.77"},
		{"no route of the router", "10.9.9.9:80", "the host r has no route there"},
		{"told so", "10.6.0.1:80", "the route of the host a to 10.6.0.0/16 is unreachable"},
		{"no such gateway", "10.5.0.1:80", "no host on the link left has the address 10.0.0.9"},
		{"another family", "[fd00::1]:80", "the host a has no route there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kind := "tcp"
			if tt.to[0] == '[' {
				kind = "tcp6"
			}
			line := "  a: [{socket: " + kind + ", as: s}, {connect: s, to: "
			text := routed + "actors:\n" + line + "'" + tt.to + "'}]\n"
			_, problems := scenarios.Parse("test.yaml", []byte(text))
			var want []string
			if tt.want != "" {
				ip := tt.to[:len(tt.to)-3]
				if ip[0] == '[' {
					ip = ip[1 : len(ip)-1]
				}
				want = []string{fmt.Sprintf("9:%d: warning: the host a cannot reach %s: %s", len(line)+1, ip, tt.want)}
			}
			parsetest.WantLines(t, parsetest.Findings(problems), want...)
		})
	}
}

// What may change the network, and what is expected to fail, is not a reason to
// warn.
func TestReachabilityIsUncertain(t *testing.T) {
	t.Parallel()
	for _, steps := range []string{
		"{connect: s, to: '10.0.0.77:80', expect: {error: EHOSTUNREACH}}",
		"{exec: [ip, addr]}, {connect: s, to: '10.0.0.77:80'}",
		"{address: eth0, add: 10.0.0.77/24}, {connect: s, to: '10.0.0.77:80'}",
		"{socket: tcp, host: d, as: x}, {connect: x, to: '10.4.0.9:80'}",
	} {
		parsetest.Parse(t, routed+"actors:\n  a: [{socket: tcp, as: s}, "+steps+"]\n")
	}
	_, problems := scenarios.Parse("test.yaml", []byte(routed+"actors:\n  a: [{socket: tcp, host: d, as: x}, {connect: x, to: '10.0.0.1:80'}]\n"))
	parsetest.WantLines(t, parsetest.Findings(problems), "9:55: warning: the host d cannot reach 10.0.0.1: the host d has no route there")
}

func TestAllAddressesFromAnotherHost(t *testing.T) {
	t.Parallel()
	const server = "  c: [{socket: tcp, as: l}, {bind: l, to: '0.0.0.0:0'}, {listen: l}]\n"
	for _, tt := range []struct{ name, text, want string }{
		{"neighbor", "  r: [{socket: tcp, as: s}, {connect: s, to: '${c.l}'}]\n", ""},
		{"same host", "  x: {host: c, steps: [{socket: tcp, as: s}, {connect: s, to: '${c.l}'}]}\n", ""},
		{"port", "  a: [{socket: tcp, as: s}, {connect: s, to: '10.0.1.1:${c.l.port}'}]\n", ""},
		{"far", "  a: [{socket: tcp, as: s}, {connect: s, to: '${c.l}'}]\n", "10:49: c.l has all addresses of the host c, and none of them is on a link that the host a is on too; write an address of c with the port ${c.l.port}"},
		{"far, without a bind", "  d: [{socket: tcp, as: m}, {listen: m}]\n  a: [{socket: tcp, as: s}, {connect: s, to: '${d.m}'}]\n", "11:49: d.m has all addresses of the host d, and none of them is on a link that the host a is on too; write an address of d with the port ${d.m.port}"},
		{"far, bound to one", "  d: [{socket: tcp, as: m}, {bind: m, to: '10.0.1.1:80'}, {listen: m}]\n  a: [{print: '${d.m}'}]\n", ""},
		{"far, by its name", "  a: [{print: '${c.l.address}'}]\n", "10:18: c.l has all addresses of the host c, and none of them is on a link that the host a is on too; write an address of c with the port ${c.l.port}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := scenarios.Parse("test.yaml", []byte(routed+"actors:\n"+server+tt.text))
			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			parsetest.WantLines(t, parsetest.Findings(problems), want...)
		})
	}
}

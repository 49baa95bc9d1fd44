package steps_test

import (
	"fmt"
	"strings"
	"testing"
)

// A bare handle, with or without ${}, stands for its address.
func TestAddressReferences(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"server.listener", "${server.listener}", "${server.listener.address}", "127.0.0.1:${server.listener.port}",
		"${server.listener.host}:${server.listener.port}", "${text(server.listener)}",
	} {
		lines := passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: conn
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: `+to+`
    - close: sock
`)
		if !strings.Contains(strings.Join(lines, "\n"), "client connect(sock, 127.0.0.1:<listener>) = 0") {
			t.Errorf("to: %s gives\n%s", to, strings.Join(lines, "\n"))
		}
	}
}

func TestAddressOfReplica(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"server[1].sock", "${server[1].sock}", "server[n].sock"} {
		lines := passes(t, `
actors:
  server:
    count: 2
    steps:
      - socket: udp
        as: sock
      - bind: sock
        to: 127.0.0.1:0
      - recv: sock
        expect: hello ${index}
        when: index == 1
  client:
    - let: {n: 1}
    - assert: n == 1
    - socket: udp
      as: own
    - send: own
      data: hello 1
      to: `+to+"\n")
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, "server[1] recvfrom(") {
			t.Errorf("to: %s ends with %s", to, last)
		}
	}
}

// An own handle stands for its own address too.
func TestAddressOfOwnHandle(t *testing.T) {
	t.Parallel()
	passes(t, one(`
- socket: udp
  as: a
- bind: a
  to: 127.0.0.1:0
- socket: udp
  as: b
- send: b
  data: hi
  to: a
- recv: a
  expect: {data: hi, from: b}
- connect: a
  to: ${b.address}
- getpeername: a
  expect: b
- close: [a, b]
`))
	f, _ := fails(t, one("- socket: udp\n  as: a\n- socket: udp\n  as: b\n- connect: b\n  to: a\n"))
	wantText(t, f.Err.Error(), `"a" has no address yet`)
}

// An unspecified address that is read through a reference becomes the loopback
// address of its family.
func TestAddressUnspecified(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, bind, host string }{
		{"tcp", ":0", "127.0.0.1"},
		{"tcp", "0.0.0.0:0", "127.0.0.1"},
		{"tcp6", "'[::]:0'", "::1"},
	} {
		lines := passes(t, fmt.Sprintf(`
requires: ipv6
actors:
  server:
    - socket: %s
      as: listener
    - bind: listener
      to: %s
    - listen: listener
    - accept: listener
      as: conn
    - close: [conn, listener]
  client:
    - assert: server.listener.host == "%s"
    - socket: %s
      as: sock
    - connect: sock
      to: server.listener
    - close: sock
`, test.kind, test.bind, test.host, test.kind))
		if joined := strings.Join(lines, "\n"); !strings.Contains(joined, ":<listener>) = 0") {
			t.Errorf("%s %s:\n%s", test.kind, test.bind, joined)
		}
	}
}

func TestAddressExpressionsThatDoNotParse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"${host}:80":        `"${host}:80": address "nowhere:80": "nowhere" is not an IP address, and host names are not looked up: write the address`,
		"127.0.0.1:${port}": `"127.0.0.1:${port}": address "127.0.0.1:70000": port 70000 is above 65535`,
		"${empty}":          `"${empty}" has no address yet`,
	} {
		f, _ := fails(t, "vars: {host: nowhere, port: 70000, empty: ''}\nactors:\n  one:\n    - print: ${host}${port}${empty}\n"+
			"    - socket: tcp\n      as: s\n    - connect: s\n      to: "+in+"\n")
		wantText(t, f.Err.Error(), want)
	}
}

func TestAddressForms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, to, shown string }{
		{"udp", "127.0.0.1:0", "127.0.0.1:0"},
		{"udp", ":0", ":0"},
		{"udp", "127.0.0.5:0", "127.0.0.5:0"},
		{"unixgram", "unix:${tmp}/s", "unix:$tmp/s"},
		{"unixgram", "unix:@sockscript-test-${env('SOCKSCRIPT_NONE')}form", "unix:@sockscript-test-form"},
	} {
		lines := passes(t, one(fmt.Sprintf("- socket: %s\n  as: s\n- bind: s\n  to: \"%s\"\n- close: s", test.kind, test.to)))
		wantText(t, lines[1], "bind(s, "+test.shown+") = 0")
	}
}

func TestAddressExpected(t *testing.T) {
	t.Parallel()
	const text = `
actors:
  one:
    - socket: udp
      as: s
    - bind: s
      to: 127.0.0.1:0
    - getsockname: s
      expect: %s
    - close: s
`
	for _, holds := range []string{"127.0.0.1", "s", "${s}", "127.0.0.1:${s.port}", "{address: 127.0.0.1}"} {
		passes(t, fmt.Sprintf(text, holds))
	}
	for in, want := range map[string]string{
		"127.0.0.2":   "expected the address 127.0.0.2, got 127.0.0.1:",
		"127.0.0.1:1": "expected the address 127.0.0.1:1, got 127.0.0.1:",
		"'::1'":       "expected the address ::1, got 127.0.0.1:",
	} {
		f, _ := fails(t, fmt.Sprintf(text, in))
		if !strings.HasPrefix(f.Err.Error(), want) {
			t.Errorf("expect: %s fails with %s", in, f.Err)
		}
	}
}

func TestAcceptFrom(t *testing.T) {
	t.Parallel()
	const text = `
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: conn
      expect: {from: %s}
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - bind: sock
      to: 127.0.0.7:0
    - connect: sock
      to: ${server.listener}
    - close: sock
`
	passes(t, fmt.Sprintf(text, "127.0.0.7"))
	passes(t, fmt.Sprintf(text, "client.sock"))
	passes(t, fmt.Sprintf(text, `"${client.sock.host}"`))
	f, _ := fails(t, fmt.Sprintf(text, "127.0.0.8"))
	if !strings.HasPrefix(f.Err.Error(), "expected from 127.0.0.8, got 127.0.0.7:") {
		t.Errorf("%s", f.Err)
	}
}

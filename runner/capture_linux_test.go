package runner_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/capture"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// captured runs a scenario that passes, and records its frames.
func captured(t *testing.T, text string) *history.Result {
	t.Helper()
	n, err := lab.Private(lab.Settings{})
	if refused := new(lab.RefusedError); errors.As(err, &refused) {
		ci.Lacks(t, err)
	}
	n.Close()
	list, problems := scenarios.Parse("test.yaml", []byte(text))
	if problems.HasErrors() || len(list) != 1 {
		t.Fatal(problems)
	}
	r := runner.Run(t.Context(), list[0], runner.Options{Frames: true})
	if r.Status != history.Passed {
		t.Fatalf("%+v", r.Failure)
	}
	return r
}

// shown is a part of a capture as tshark shows it, sorted: of each frame the
// interface, the direction, and what is in its comment. A line is there once.
func shown(t *testing.T, r *history.Result, filter string) []string {
	t.Helper()
	ci.Program(t, "tshark")
	b := new(bytes.Buffer)
	if err := capture.Write(b, r, "test"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.pcapng")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("tshark", "-r", path, "-Y", filter, "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields",
		"-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "_ws.col.Protocol", "-e", "tcp.checksum.status", "-e", "udp.checksum.status", "-e", "frame.comment")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		// An ICMP error quotes a packet as the kernel has it, which on lo has
		// no whole checksum.
		if len(f) != 6 || f[2] != "ICMP" && (f[3] == "0" || f[4] == "0") {
			t.Errorf("a frame with a wrong checksum: %q", line)
			continue
		}
		way := map[string]string{"0x00000001": "<", "0x00000002": ">"}[f[1]]
		// Which steps one segment carries the data of is a matter of time.
		for part := range strings.SplitSeq(f[5], "; client: ") {
			part = strings.TrimPrefix(part, "client: ")
			lines = append(lines, strings.Join([]string{f[0], way, part}, " "))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// timely are lines without what was sent again, which a slow machine may do.
func timely(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasSuffix(l, "; sent again") })
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the capture has\n\t%s\nnot\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

const controlsAndData = "tcp.len > 0 or tcp.flags.syn == 1 or tcp.flags.fin == 1 or tcp.flags.reset == 1 or udp or icmp"

// Each segment names the step that has caused it, in whatever way the kernel
// has put them together.
func TestComments(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := captured(t, `
network: private
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:8080"}
    - listen: listener
    - {socket: udp, as: datagrams}
    - {bind: datagrams, to: "0.0.0.0:5000"}
    - signal: bound
    - {accept: listener, as: conn}
    - {recv: conn, size: 2, expect: hi}
    - {send: conn, data: hello}
    - {recv: conn, expect: {eof: true}}
    - close: conn
    - {accept: listener, as: second}
    - {recv: second, size: 6, expect: onetwo}
    - {setsockopt: second, option: SO_LINGER, value: {onoff: true, linger: 0}}
    - close: second
    - {recv: datagrams, expect: three times, as: [data, from]}
    - {send: datagrams, to: "${from}", data: an answer}
  client:
    - wait: bound
    - {socket: tcp, as: sock}
    - {connect: sock, to: "127.0.0.1:8080"}
    - {send: sock, data: hi}
    - {recv: sock, expect: hello}
    - close: sock
    - {socket: tcp, as: refused}
    - {connect: refused, to: "127.0.0.1:9", expect: {error: ECONNREFUSED}}
    - {socket: tcp, as: corked}
    - {setsockopt: corked, option: TCP_CORK, value: 1}
    - {connect: corked, to: "127.0.0.1:8080"}
    - {send: corked, data: one}
    - {send: corked, data: two}
    - {setsockopt: corked, option: TCP_CORK, value: 0}
    - {recv: corked, expect: {error: ECONNRESET}}
    - {socket: udp, as: asker}
    - repeat: 5
      steps:
        - {send: asker, to: "127.0.0.1:5000", data: three times}
    - {send: asker, to: "127.0.0.1:9", data: to nobody}
    - {recv: asker, expect: an answer}
`)
	expect(t, timely(shown(t, r, controlsAndData)),
		"lo > close(sock), test.yaml:28",
		"lo > connect(corked), test.yaml:33",
		"lo > connect(refused), test.yaml:30",
		"lo > connect(sock), test.yaml:25",
		"lo > kernel",
		"lo > kernel, for server.conn",
		"lo > kernel, for server.second",
		"lo > send(asker), test.yaml:41",
		"lo > send(asker), test.yaml:42",
		"lo > send(corked), test.yaml:34",
		"lo > send(corked), test.yaml:35",
		"lo > send(sock), test.yaml:26",
		"lo > server: close(conn), test.yaml:15",
		"lo > server: close(second), test.yaml:19",
		"lo > server: send(conn), test.yaml:13",
		"lo > server: send(datagrams), test.yaml:21")
}

// On every link of its way a packet names the step that has sent it, and the
// fault that has met it.
func TestCommentsOfHosts(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := captured(t, `
network:
  hosts:
    client: {eth0: 10.0.0.1/24, routes: {default: 10.0.0.9}}
    r: {eth0: 10.0.0.9/24, eth1: 10.0.1.9/24, forward: true}
    server: {eth0: 10.0.1.2/24, routes: {default: 10.0.1.9}}
  links:
    lan:
      join: [client.eth0, r.eth0]
      faults: {second: {drop: {from: client.eth0, udp: 5000, nth: 2}}, data: {drop: {from: client.eth0, tcp: data, nth: 1}}}
    wan: {join: [r.eth1, server.eth0]}
actors:
  client:
    - wait: bound
    - {socket: udp, as: sock}
    - {for: [one, two, two, three], each: text, steps: [{send: sock, to: "10.0.1.2:5000", data: "${text}"}]}
    - {send: sock, to: "10.0.1.2:5000", data: {zeros: 4000}}
    - {socket: tcp, as: stream}
    - {connect: stream, to: "10.0.1.2:80"}
    - {send: stream, data: hi}
    - {recv: stream, expect: {eof: true}}
  server:
    - {socket: udp, as: sock}
    - {bind: sock, to: "10.0.1.2:5000"}
    - {socket: tcp, as: listener}
    - {bind: listener, to: "10.0.1.2:80"}
    - listen: listener
    - signal: bound
    - {for: [one, two, three], each: text, steps: [{recv: sock, expect: "${text}"}]}
    - {recv: sock, size: 4000}
    - {accept: listener, as: conn}
    - {recv: conn, expect: hi}
    - close: conn
`)
	got := shown(t, r, controlsAndData+" or arp or ip.frag_offset > 0")
	if again := "client.eth0 > send(stream), test.yaml:20; sent again"; !slices.Contains(got, again) {
		t.Errorf("there is no %q", again)
	}
	expect(t, timely(got),
		"client.eth0 > connect(stream), test.yaml:19",
		"client.eth0 > kernel",
		"client.eth0 > send(sock), test.yaml:16",
		"client.eth0 > send(sock), test.yaml:16; dropped by lan.second",
		"client.eth0 > send(sock), test.yaml:17",
		"client.eth0 > send(stream), test.yaml:20; dropped by lan.data",
		"r.eth0 > kernel",
		"r.eth0 > kernel, for server.conn",
		"r.eth0 > server: close(conn), test.yaml:33",
		"r.eth1 > connect(stream), test.yaml:19",
		"r.eth1 > kernel",
		"r.eth1 > send(sock), test.yaml:16",
		"r.eth1 > send(sock), test.yaml:17",
		"r.eth1 > send(stream), test.yaml:20",
		"server.eth0 > kernel",
		"server.eth0 > kernel, for server.conn",
		"server.eth0 > server: close(conn), test.yaml:33")
}

// What a far end of the script sends comes to the kernel.
func TestCommentsOfAPeer(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := captured(t, `
network: private
actors:
  client:
    - {peer: tcp, as: p}
    - {socket: tcp, as: listener}
    - {bind: listener, to: "${p.local}:8080"}
    - listen: listener
    - {inject: p, packet: "S 0:0(0) win 32792 <mss 1000>"}
    - {segment: p, expect: "S. 0:0(0) ack 1"}
    - {inject: p, packet: ". 1:1(0) ack 1 win 257"}
    - {accept: listener, as: conn}
    - {inject: p, packet: "P. 1:3(2) ack 1 win 257", data: hi}
    - {recv: conn, expect: hi}
    - {segment: p, expect: ". ack 3"}
    - {send: conn, data: hello}
    - {segment: p, expect: "P. 1:6(5) ack 3"}
`)
	expect(t, timely(shown(t, r, controlsAndData)),
		"peer1 < inject(p), test.yaml:13",
		"peer1 < inject(p), test.yaml:9",
		"peer1 > kernel, for client.conn",
		"peer1 > send(conn), test.yaml:16")
}

// Above TLS the bytes are not those of the steps.
func TestCommentsOfTLS(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := captured(t, `
network: private
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:8080"}
    - listen: listener
    - {accept: listener, as: conn}
    - {tls: conn, role: server}
    - {recv: conn, expect: hi}
    - signal: received
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {tls: sock, role: client}
    - {send: sock, data: hi}
    - wait: received
    - close: sock
`)
	expect(t, timely(shown(t, r, controlsAndData)),
		"lo > close(sock), test.yaml:18",
		"lo > connect(sock), test.yaml:14",
		"lo > kernel, for server.conn",
		"lo > send(sock), test.yaml:16",
		"lo > server: tls(conn), test.yaml:9",
		"lo > tls(sock), test.yaml:15")
}

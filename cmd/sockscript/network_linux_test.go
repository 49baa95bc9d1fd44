package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// runAsNobody runs scenarios as an ordinary user, who is nobody where the test
// is root, and returns what was printed.
func runAsNobody(t *testing.T, text string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{"sockscript", "run", "--sandbox=off", "-"}, args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	cmd.Stdin = strings.NewReader(text)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "a network namespace cannot be made") {
		ci.Lacks(t, string(out))
	}
	return string(out), err
}

// An ordinary user runs scenarios with networks of their own, beside one that
// is in the host's network.
func TestPrivateNetworksOfOrdinaryUser(t *testing.T) {
	t.Parallel()
	const text = `network: private
requires: netns
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:80"}
    - listen: listener
    - {accept: listener}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
---
name: hosts
network:
  hosts: {server: {eth0: 10.0.0.2/24}, client: {eth0: 10.0.0.1/24}}
  links: {lan: {join: [server.eth0, client.eth0], faults: {second: {duplicate: {udp: 80, nth: 2}}}}}
actors:
  server:
    - {socket: udp, as: sock}
    - {bind: sock, to: "10.0.0.2:80"}
    - {for: [one, two, two], each: text, steps: [{recv: sock, expect: "${text}"}]}
    - {exec: [cat, /proc/sys/net/ipv4/ip_forward], expect: {stdout: "0\n"}}
  client:
    - {socket: udp, as: sock}
    - {for: [one, two], each: text, steps: [{send: sock, to: "${server.sock}", data: "${text}"}]}
---
name: outside
network: host
actors:
  one:
    - {socket: udp, as: sock}
    - {bind: sock, to: "127.0.0.1:0"}
`
	times := ci.Runs(2, 20)
	out, err := runAsNobody(t, text, "-j", "4", "--count", strconv.Itoa(times))
	if err != nil || !strings.Contains(out, "3 passed in ") || !strings.Contains(out, fmt.Sprintf("(%d runs of each)", times)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// An ordinary user captures the frames of hosts and of lo, those that a fault
// takes among them.
func TestCaptureOfOrdinaryUser(t *testing.T) {
	t.Parallel()
	const text = `name: hosts
network:
  hosts: {server: {eth0: 10.0.0.2/24}, client: {eth0: 10.0.0.1/24}}
  links: {lan: {join: [server.eth0, client.eth0], faults: {first: {drop: {udp: 80, nth: 1}}}}}
actors:
  server:
    - {socket: udp, as: sock}
    - {bind: sock, to: "10.0.0.2:80"}
    - {recv: sock, expect: two}
  client:
    - {socket: udp, as: sock}
    - {for: [one, two], each: text, steps: [{send: sock, to: "${server.sock}", data: "${text}"}]}
---
name: lo
network: private
capture: {at: lo, file: own.pcapng}
actors:
  one:
    - {socket: udp, as: sock}
    - {bind: sock, to: "127.0.0.1:80"}
    - {send: sock, to: "127.0.0.1:80", data: to myself}
    - {recv: sock, expect: to myself}
`
	dir, err := os.MkdirTemp("", "sockscript-captures")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	out, err := runAsNobody(t, text, "--pcap", dir)
	if err != nil || !strings.Contains(out, " in 2 files in "+dir) {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []struct {
		file, comment string
		count         int
	}{
		{"hosts.pcapng", "client: send(sock), stdin:12", 2},
		{"hosts.pcapng", "client: send(sock), stdin:12; dropped by lan.first", 1},
		{"own.pcapng", "one: send(sock), stdin:21", 1},
	} {
		data, err := os.ReadFile(filepath.Join(dir, want.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), want.comment); n != want.count {
			t.Errorf("%s has the comment %q %d times, not %d times", want.file, want.comment, n, want.count)
		}
	}
}

// An ordinary user has the wire asserted and shown, with a fault on it, the
// states of TCP, and a far end that the script plays.
func TestWireOfOrdinaryUser(t *testing.T) {
	t.Parallel()
	const text = `name: hosts
network:
  hosts: {server: {eth0: 10.0.0.2/24}, client: {eth0: 10.0.0.1/24}}
  links: {lan: {join: [server.eth0, client.eth0], faults: {first: {drop: {tcp: data, nth: 1}}}}}
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "10.0.0.2:80"}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: hello}
    - {send: conn, data: bye}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {send: sock, data: hello}
    - {recv: sock, expect: bye}
wire:
  - connection: [client.sock, server.conn]
    at: lan
    segments: ['> S <mss 1460,...>', '< S. ack 1', '> P. 1:6(5) dropped by lan.first', '> 1:6(5) again', '< P. 1:4(3)']
  - at: lan
    segments: [arp who-has 10.0.0.2 tell 10.0.0.1, arp 10.0.0.2 is-at any]
---
name: lo
network: private
actors:
  one:
    - {socket: udp, as: sock}
    - {connect: sock, to: "127.0.0.1:80"}
    - {send: sock, data: nobody}
    - {recv: sock, expect: {error: ECONNREFUSED}}
wire:
  - connection: [one.sock, "127.0.0.1:80"]
    exactly: ['> udp (6)', '< icmp unreachable port [udp (6)]']
---
name: played
network: private
actors:
  one:
    - {peer: tcp, as: p}
    - {socket: tcp, as: played}
    - spawn:
        - {connect: played, to: "${p.remote}:80"}
      as: user
    - {segment: p, expect: "S 0:0(0) <mss 1460,...>"}
    - {inject: p, packet: "S. 0:0(0) ack 1 <mss 1000>"}
    - {segment: p, expect: ". 1:1(0) ack 1"}
    - join: user
`
	times := ci.Runs(2, 10)
	out, err := runAsNobody(t, text, "--wire", "--states", "-v", "-j", "4", "--count", strconv.Itoa(times))
	for _, want := range []string{
		"\n  > 1:6(5)  dropped by lan.first\n  > 1:6(5)  again\n",
		"wire  one.sock <-> 127.0.0.1:80\n  > udp (6)\n  < icmp unreachable port [udp (6)]\n",
		"played  CLOSE → SYN_SENT\n", "played  SYN_SENT → ESTABLISHED\n",
		"segment(p) = S 0:0(0) <mss 1460,...>\n",
		"\n3 passed in ", fmt.Sprintf("(%d runs of each)", times),
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Fatalf("no %q, %v\n%s", want, err, out)
		}
	}
}

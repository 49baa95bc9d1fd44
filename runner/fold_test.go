package runner_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// alone is a scenario with one actor a.
func alone(steps string) string { return "actors:\n  a:\n" + indented(steps) }

func TestFold(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, test := range []struct{ name, steps, want string }{
		{"none", "- repeat: 0\n  steps: [{print: x}]\n- print: end", "a  | end"},
		{"one", "- repeat: 1\n  steps: [{print: x}]", "a  | x"},
		{"two", "- repeat: 2\n  steps: [{print: x}]", "a  | x\na  | x"},
		{"three", "- repeat: 3\n  steps: [{print: x}]", "a  | x\na  ... 1 more rounds\na  | x"},
		{
			"many", "- repeat: 50\n  steps: [{print: x}, {print: y}]\n- print: end",
			"a  | x\na  | y\na  ... 48 more rounds\na  | x\na  | y\na  | end",
		},
		{"none alike", "- repeat: 4\n  index: i\n  steps: [{print: '${i}'}]", "a  | 0\na  | 1\na  | 2\na  | 3"},
		{
			"two runs", "- repeat: 7\n  index: i\n  steps: [{print: '${i == 3 ? \"b\" : \"a\"}'}]",
			"a  | a\na  ... 1 more rounds\na  | a\na  | b\na  | a\na  ... 1 more rounds\na  | a",
		},
		{
			"changing at the end", "- repeat: 5\n  index: i\n  steps: [{print: '${i < 3 ? \"a\" : \"b\"}'}]",
			"a  | a\na  ... 1 more rounds\na  | a\na  | b\na  | b",
		},
		{
			"of different lengths", "- repeat: 6\n  index: i\n  steps: [{print: x}, {print: y, when: i > 2}]",
			"a  | x\na  ... 1 more rounds\na  | x\na  | x\na  | y\na  ... 1 more rounds\na  | x\na  | y",
		},
		{
			"empty rounds", "- repeat: 9\n  index: i\n  steps: [{print: x, when: i > 4 && i < 8}]",
			"a  | x\na  ... 1 more rounds\na  | x",
		},
		{"only empty rounds", "- repeat: 9\n  steps: [{print: x, when: false}]\n- print: end", "a  | end"},
		{
			"while", "- let: {n: 5}\n- repeat: {while: n > 0}\n  steps: [{print: x}, {let: {n: '${n - 1}'}}]",
			"a  let n = 5\na  | x\na  let n = 4\na  | x\na  let n = 3\na  | x\na  let n = 2\na  | x\na  let n = 1\na  | x\na  let n = 0",
		},
		{
			"for", "- for: [1, 1, 1, 1, 2]\n  each: n\n  steps: [{print: '${n}'}]",
			"a  | 1\na  ... 2 more rounds\na  | 1\na  | 2",
		},
		{
			"two loops", "- repeat: 3\n  steps: [{print: x}]\n- repeat: 3\n  steps: [{print: x}]",
			"a  | x\na  ... 1 more rounds\na  | x\na  | x\na  ... 1 more rounds\na  | x",
		},
		{"by notes", "- repeat: 3\n  index: i\n  steps: [{print: x, note: 'round ${i}'}]", "a  | x\na  | x\na  | x"},
		{
			"by data", "- socketpair: unixgram\n  as: [x, y]\n- repeat: 4\n  index: i\n  steps: [{send: x, data: '${i < 3 ? \"a\" : \"b\"}'}]",
			"a  socketpair(AF_UNIX, SOCK_DGRAM, 0) = x y\na  send(x, \"a\", 1) = 1\na  ... 1 more rounds\na  send(x, \"a\", 1) = 1\na  send(x, \"b\", 1) = 1",
		},
		{
			"by errno", "- socketpair: unix\n  as: [x, y]\n- repeat: 4\n  steps: [{recv: x, nowait: true, expect: {error: EAGAIN}}]\n- close: y",
			"a  socketpair(AF_UNIX, SOCK_STREAM, 0) = x y\na  recv(x, 65536) = -1 EAGAIN (Resource temporarily unavailable)\n" +
				"a  ... 2 more rounds\na  recv(x, 65536) = -1 EAGAIN (Resource temporarily unavailable)\na  close(y) = 0",
		},
	} {
		t.Run(test.name, func(t *testing.T) { wantTranscript(t, alone(test.steps), test.want) })
	}
}

func TestFoldNested(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, alone(`
- repeat: 4
  steps:
    - repeat: 5
      steps:
        - print: x
    - print: y
`), `
a  | x
a  ... 3 more rounds
a  | x
a  | y
a  ... 2 more rounds
a  | x
a  ... 3 more rounds
a  | x
a  | y
`)
	// Inner loops that differ keep the outer rounds apart.
	wantTranscript(t, alone(`
- repeat: 3
  index: i
  steps:
    - repeat: ${i + 2}
      steps:
        - print: x
`), `
a  | x
a  | x
a  | x
a  ... 1 more rounds
a  | x
a  | x
a  ... 2 more rounds
a  | x
`)
	// Three deep.
	wantTranscript(t, alone("- repeat: 3\n  steps:\n    - repeat: 3\n      steps:\n        - repeat: 3\n          steps:\n            - print: x"), `
a  | x
a  ... 1 more rounds
a  | x
a  ... 1 more rounds
a  | x
a  ... 1 more rounds
a  | x
a  ... 1 more rounds
a  | x
a  ... 1 more rounds
a  | x
a  ... 1 more rounds
a  | x
a  ... 1 more rounds
a  | x
`)
}

// Ports that the kernel chooses differ from round to round and print alike.
func TestFoldEphemeralPorts(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, alone(`
- repeat: 6
  steps:
    - socket: udp
      as: s
    - bind: s
      to: 127.0.0.1:0
    - getsockname: s
      as: own
    - print: the port is ${own.port}, the address ${s}
    - send: s
      data: I am ${s}
      to: ${s}
    - recv: s
    - close: s
`), `
a  socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = s
a  bind(s, 127.0.0.1:0) = 0
a  getsockname(s) = 127.0.0.1:<s>
a  | the port is <s>, the address 127.0.0.1:<s>
a  sendto(s, "I am 127.0.0.1:<s>", 20, 127.0.0.1:<s>) = 20
a  recvfrom(s, 65536) = 20 "I am 127.0.0.1:<s>" from 127.0.0.1:<s>
a  close(s) = 0
a  ... 4 more rounds
a  socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = s
a  bind(s, 127.0.0.1:0) = 0
a  getsockname(s) = 127.0.0.1:<s>
a  | the port is <s>, the address 127.0.0.1:<s>
a  sendto(s, "I am 127.0.0.1:<s>", 20, 127.0.0.1:<s>) = 20
a  recvfrom(s, 65536) = 20 "I am 127.0.0.1:<s>" from 127.0.0.1:<s>
a  close(s) = 0
`)
}

// Causes that lie inside a fold order what comes after it.
func TestFoldCauses(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, pingPong, handshake[:len(handshake)-1]+`
client  send(sock, "ping!", 5) = 5
server  recv(conn, 5) = 5 "ping!"
server  send(conn, "pong!", 5) = 5
server  ... 98 more rounds
client  recv(sock, 5) = 5 "pong!"
client  ... 98 more rounds
client  send(sock, "ping!", 5) = 5
server  recv(conn, 5) = 5 "ping!"
server  send(conn, "pong!", 5) = 5
client  recv(sock, 5) = 5 "pong!"
client  close(sock) = 0
server  recv(conn, 65536) = 0 (end of file)
server  close(conn) = 0
server  close(listener) = 0
`)
	// The fifth byte comes out of the fold, the first and last do not.
	wantTranscript(t, alone(`
- socketpair: unix
  as: [x, y]
- parallel:
    writer:
      - repeat: 9
        steps:
          - send: x
            data: z
      - print: written
    reader:
      - recv: y
        size: 1
      - recv: y
        size: 4
      - recv: y
        size: 4
`), `
a         socketpair(AF_UNIX, SOCK_STREAM, 0) = x y
a/writer  send(x, "z", 1) = 1
a/writer  ... 7 more rounds
a/reader  recv(y, 1) = 1 "z"
a/writer  send(x, "z", 1) = 1
a/reader  recv(y, 4) = 4 "zzzz"
a/writer  | written
a/reader  recv(y, 4) = 4 "zzzz"
`)
}

// Connections that are made and taken inside folds are matched too.
func TestFoldConnections(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := passes(t, `
actors:
  server:
    - socket: unix
      as: listener
    - bind: listener
      to: unix:@sockscript-test-fold
    - listen: listener
    - repeat: 30
      steps:
        - accept: listener
          as: conn
        - recv: conn
          eof: true
          expect: hello
        - close: conn
    - print: served
    - close: listener
  client:
    - repeat: 30
      steps:
        - socket: unix
          as: sock
        - connect: sock
          to: ${server.listener}
        - send: sock
          data: hello
        - close: sock
    - print: done
`, runner.Options{})
	lines := transcript(r)
	at := make(map[string]int)
	for i, l := range lines {
		at[l] = i
	}
	if at["server  | served"] < at["client  ... 28 more rounds"] || at["server  | served"] < at["server  ... 28 more rounds"] {
		t.Errorf("the server's end does not come after the rounds:\n%s", strings.Join(lines, "\n"))
	}
}

// A million rounds need no more memory than ten thousand; nor do a hundred
// thousand, where that would take too long.
func TestFoldMemory(t *testing.T) {
	checkLeaks(t)
	const text = "vars: {n: 0}\nactors:\n  a:\n    - socketpair: unix\n      as: [x, y]\n    - repeat: ${n}\n      steps:\n" +
		"        - send: x\n          data: ping\n        - recv: y\n          expect: ping\n"
	heap := func(rounds int) int64 {
		r := passes(t, text, runner.Options{Vars: map[string]any{"n": rounds}})
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		wantText(t, transcript(r)[3], fmt.Sprintf("a  ... %d more rounds", rounds-2))
		return int64(m.HeapAlloc)
	}
	small := heap(10_000)
	rounds := ci.Runs(100_000, 1_000_000)
	if raceEnabled {
		rounds = 100_000
	}
	large := heap(rounds)
	if grown := large - small; grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes, from %d to %d", grown, small, large)
	}
}

// Rounds that take connections or datagrams of sockets with different names do
// not print alike, whether or not the call at the other end has returned yet.
func TestRoundsOfDifferentPeers(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, test := range []struct{ name, text, want string }{
		{"connections", `
  s: [{socket: tcp, as: l}, {listen: l}, {repeat: 5, steps: [{accept: l}]}]
  c:
    - {socket: tcp, as: red}
    - {connect: red, to: '${s.l}'}
    - {socket: tcp, as: green}
    - {connect: green, to: '${s.l}'}
    - {repeat: 3, steps: [{socket: tcp, as: blue}, {connect: blue, to: '${s.l}'}]}
`, `
s  accept(l) = a connection from 127.0.0.1:<red>
s  accept(l) = a connection from 127.0.0.1:<green>
s  accept(l) = a connection from 127.0.0.1:<blue>
s  ... 1 more rounds
s  accept(l) = a connection from 127.0.0.1:<blue>
`},
		{"datagrams", `
  s: [{socket: udp, as: l}, {bind: l, to: '127.0.0.1:0'}, {repeat: 4, steps: [{recv: l}]}]
  c:
    - {let: {to: '${s.l}'}}
    - {socket: udp, as: red}
    - {send: red, to: '${to}', data: x}
    - {socket: udp, as: green}
    - {send: green, to: '${to}', data: x}
    - {socket: udp, as: red}
    - {repeat: 2, steps: [{send: red, to: '${to}', data: x}]}
`, `
s  recvfrom(l, 65536) = 1 "x" from 127.0.0.1:<red>
s  recvfrom(l, 65536) = 1 "x" from 127.0.0.1:<green>
s  recvfrom(l, 65536) = 1 "x" from 127.0.0.1:<red>
s  recvfrom(l, 65536) = 1 "x" from 127.0.0.1:<red>
`},
		{"a result that is masked", `
  s: [{socket: tcp, as: l}, {listen: l}, {repeat: 3, steps: [{getsockname: l}, {accept: l, as: c, mask: true}]}]
  c:
    - {socket: tcp, as: red}
    - {connect: red, to: '${s.l}'}
    - {socket: tcp, as: green}
    - {connect: green, to: '${s.l}'}
    - {socket: tcp, as: blue}
    - {connect: blue, to: '${s.l}'}
`, `
s  getsockname(l) = 0.0.0.0:<l>
s  accept(l) = <c>
s  ... 1 more rounds
s  getsockname(l) = 0.0.0.0:<l>
s  accept(l) = <c>
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range 20 {
				r := runner.Run(t.Context(), scenario(t, "\nactors:"+test.text), runner.Options{})
				if r.Status != history.Passed {
					t.Fatal(ending(r))
				}
				lines := transcript(r)
				lines = slices.DeleteFunc(lines, func(line string) bool {
					return !strings.HasPrefix(line, "s  accept") && !strings.HasPrefix(line, "s  recv") && !strings.HasPrefix(line, "s  ...") && !strings.HasPrefix(line, "s  gets")
				})
				wantLines(t, lines, strings.Split(strings.TrimSpace(test.want), "\n")...)
			}
		})
	}
}

package runner_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
)

// connectRounds is a server and a client that connect again and again, over TCP
// or local sockets.
func connectRounds(family, address string, rounds int) string {
	return fmt.Sprintf(`
step_timeout: 60s
timeout: 120s
actors:
  server:
    - socket: %[1]s
      as: listener
    - bind: listener
      to: %[2]s
    - listen: listener
    - repeat: %[3]d
      steps:
        - accept: listener
          as: conn
        - recv: conn
          expect: hello
        - close: conn
    - close: listener
  client:
    - repeat: %[3]d
      steps:
        - socket: %[1]s
          as: sock
        - connect: sock
          to: ${server.listener}
        - send: sock
          data: hello
        - recv: sock
          expect: {eof: true}
        - close: sock
    - print: done
`, family, address, rounds)
}

var families = map[string]string{"tcp": "127.0.0.1:0", "unix": "unix:${tmp}/listener"}

// lone is a scenario of one actor, whose rounds do these steps.
func lone(before, steps string, rounds int) string {
	return "timeout: 120s\n" + alone(fmt.Sprintf("%s\n- repeat: %d\n  steps:\n%s", before, rounds, indented(steps)))
}

// What remains of rounds that connect is which fold comes after which; of those
// that use a pair of their own, or are refused, nothing remains.
func TestRoundsKeepNothing(t *testing.T) {
	const (
		few, many = 100, 1100
		bound     = "- {socket: unix, as: bound}\n- {bind: bound, to: 'unix:${tmp}/bound'}"
		refused   = "- {connect: s, to: '${bound}', expect: {error: ECONNREFUSED}}\n"
	)
	for _, test := range []struct {
		name string
		text func(rounds int) string
	}{
		{"tcp", func(rounds int) string { return connectRounds("tcp", families["tcp"], rounds) }},
		{"unix", func(rounds int) string { return connectRounds("unix", families["unix"], rounds) }},
		{"pairs", func(rounds int) string {
			return lone("", "- {socketpair: unix, as: [a, b]}\n- {send: a, data: x}\n- {recv: b, size: 1}\n- {close: [a, b]}", rounds)
		}},
		{"refused", func(rounds int) string {
			return lone(bound, "- {socket: unix, as: s}\n"+refused+"- {close: s}", rounds)
		}},
		{"refused twice", func(rounds int) string {
			return lone(bound, "- {socket: unix, as: s}\n"+refused+refused+"- {close: s}", rounds)
		}},
	} {
		kept := func(rounds int) float64 {
			r := passes(t, test.text(rounds), runner.Options{})
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			runtime.KeepAlive(r)
			return float64(m.HeapAlloc)
		}
		kept(few)
		before := kept(few)
		if got := (kept(many) - before) / (many - few); got > 32 {
			t.Errorf("%s: a round keeps %.0f bytes", test.name, got)
		}
	}
}

func TestRoundsThatConnectKeepTheirOrder(t *testing.T) {
	for family, address := range families {
		for _, rounds := range []int{4, 20} {
			lines := transcript(passes(t, connectRounds(family, address, rounds), runner.Options{}))
			at := func(text string) int {
				for i, l := range lines {
					if l == text {
						return i
					}
				}
				t.Fatalf("no line %q in\n%s", text, strings.Join(lines, "\n"))
				return 0
			}
			fold := fmt.Sprintf("  ... %d more rounds", rounds-2)
			if c, s := at("client"+fold), at("server"+fold); c > s {
				t.Errorf("%s: the server's fold is in line %d, before the client's in line %d", family, s, c)
			}
		}
	}
}

// Connects that are refused, and ends that a branch or a receiver of
// descriptors may have used.
func TestRoundsThatConnectOtherwise(t *testing.T) {
	const connects = `
  client:
    - repeat: 6
      steps:
        - socket: tcp
          as: sock
        - connect: sock
          to: ${server.listener}
        - send: sock
          data: hello
        - recv: sock
          expect: {eof: true}
        - close: sock
`
	const listens = `
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
`
	t.Run("branches", func(t *testing.T) {
		lines := transcript(passes(t, listens+indented(`
- repeat: 6
  steps:
    - accept: listener
      as: conn
    - parallel:
        reader:
          - recv: conn
            expect: hello
    - close: conn
`)+connects, runner.Options{}))
		var received int
		for _, l := range lines {
			if l == `server/reader  recv(conn, 5) = 5 "hello"` {
				received++
			}
		}
		if received != 6 {
			t.Errorf("%d receives in\n%s", received, strings.Join(lines, "\n"))
		}
	})
	t.Run("passed", func(t *testing.T) {
		passes(t, listens+indented(`
- socketpair: unix
  as: [a, b]
- repeat: 6
  steps:
    - accept: listener
      as: conn
    - send: a
      data: x
      control: {SCM_RIGHTS: [conn]}
    - close: conn
    - recv: b
      size: 1
      expect: {control: {SCM_RIGHTS: [got]}}
    - recv: got
      expect: hello
    - close: got
`)+connects, runner.Options{})
	})
	t.Run("not waited for", func(t *testing.T) {
		lines := transcript(passes(t, listens+indented(`
- repeat: 6
  index: i
  steps:
    - accept: listener
      as: conn
    - print: took ${i}
`)+`
  client:
    - let: {to: "${server.listener.address}"}
    - repeat: 6
      steps:
        - socket: tcp
          as: sock
        - connect: sock
          to: ${to}
          nowait: true
          expect: {error: EINPROGRESS}
`, runner.Options{}))
		var named int
		for _, l := range lines {
			if l == "server  accept(listener) = conn from 127.0.0.1:<sock>" {
				named++
			}
		}
		if named != 6 {
			t.Errorf("%d of 6 accepts name the socket that connected in\n%s", named, strings.Join(lines, "\n"))
		}
	})
	t.Run("refused", func(t *testing.T) {
		wantTranscript(t, `
actors:
  one:
    - socket: tcp
      as: bound
    - bind: bound
      to: 127.0.0.1:0
    - repeat: 6
      steps:
        - socket: tcp
          as: sock
        - connect: sock
          to: ${bound}
          expect: {error: ECONNREFUSED}
        - close: sock
`, `
one  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = bound
one  bind(bound, 127.0.0.1:0) = 0
one  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
one  connect(sock, 127.0.0.1:<bound>) = -1 ECONNREFUSED (Connection refused)
one  close(sock) = 0
one  ... 4 more rounds
one  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
one  connect(sock, 127.0.0.1:<bound>) = -1 ECONNREFUSED (Connection refused)
one  close(sock) = 0
`)
	})
}

// Where only a failure is reported, rounds that differ are folded too.
func TestFoldAll(t *testing.T) {
	const text = `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - repeat: 7
      index: i
      steps:
        - send: a
          data: ${i}
        - recv: b
          max: 100
          when: i != 4
    - close: [a, b]
`
	wantLines(t, transcript(passes(t, text, runner.Options{FoldAll: true})),
		"one  socketpair(AF_UNIX, SOCK_STREAM, 0) = a b",
		`one  send(a, "0", 1) = 1`, `one  recv(b, 100) = 1 "0"`,
		"one  ... 5 more rounds",
		`one  send(a, "6", 1) = 1`, `one  recv(b, 100) = 1 "6"`,
		"one  close(a) = 0", "one  close(b) = 0")
}

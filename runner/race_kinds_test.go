//go:build linux

package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// pairOf is an actor with a connected pair of local sockets, whose branches
// have a line of steps each.
func pairOf(x, y string) string {
	return `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - parallel:
        x: [` + x + `]
        y: [` + y + `]
`
}

// listening is a server that listens, with the rest of its steps, and a client
// that has a socket.
func listening(server, client string) string {
	return `
actors:
  server:
    - socket: tcp
      as: l
    - listen: l
` + indented(server) + `  client:
    - socket: tcp
      as: s
` + indented(client)
}

// A raceTest is a scenario, and what its warnings say, in the order of the
// file: none where its order is fixed.
type raceTest struct {
	name, text string
	says       []string
}

func (test raceTest) run(t *testing.T) {
	r := runner.Run(t.Context(), scenario(t, test.text), runner.Options{})
	if r.Status != history.Passed {
		t.Fatalf("%s\n%s", ending(r), strings.Join(transcript(r), "\n"))
	}
	var got []string
	for _, race := range r.Races() {
		p := race.Problem()
		if p.Hint == "" || !p.Pos.IsValid() {
			t.Errorf("without a place or a hint: %s", p.Report())
		}
		got = append(got, p.Msg)
	}
	if len(got) != len(test.says) {
		t.Fatalf("%d races, want %d:\n%s\n%s", len(got), len(test.says), strings.Join(got, "\n"), strings.Join(transcript(r), "\n"))
	}
	for i, says := range test.says {
		if !strings.Contains(got[i], says) {
			t.Errorf("got   %s\nwant  %s", got[i], says)
		}
	}
}

// Whichever comes first in a run, the warning is the same.
func runRaces(t *testing.T, tests []raceTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 5 {
				test.run(t)
			}
		})
	}
}

func TestRacesOfReceives(t *testing.T) {
	twoSends := func(recv, between string) string {
		return listening(`
- accept: l
  as: c
- recv: c
  `+recv+`
- signal: had
- recv: c
  eof: true
- close: c`, `
- connect: s
  to: ${server.l}
- send: s
  data: one
`+between+`
- send: s
  data: two
- close: s`)
	}
	runRaces(t, []raceTest{
		{"one call beside two sends", twoSends("max: 100", "- print: between"), []string{
			"nothing orders recv(c) of server (line 9) and send(s) of client (line 23): recv(c) makes one call, which may take the bytes of the send or not",
		}},
		{"a buffer that one send fills", twoSends("max: 3", "- print: between"), nil},
		{"a size", twoSends("size: 6", "- print: between"), nil},
		{"an expected text", twoSends("expect: onetw", "- print: between"), nil},
		{"a delimiter", twoSends("until: e", "- print: between"), nil},
		{"an order", twoSends("max: 100", "- wait: had"), nil},
		{"several buffers", twoSends("buffers: [2, 2]", "- print: between"), []string{"recv(c) makes one call"}},
		{"a look", twoSends("max: 100\n  flags: MSG_PEEK", "- print: between"), []string{"recv(c) makes one call"}},
		{
			"no wait beside a send", pairOf("{send: a, data: x}", "{recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"),
			[]string{"nothing orders send(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) does not wait, so it may find what it needs or not"},
		},
		{
			"a short send beside a receive",
			pairOf("{send: a, data: {zeros: 4MiB}, once: true, nowait: true}", "{recv: b, max: 4096}"),
			[]string{"nothing orders send(a) of one/x (line 7) and recv(b) of one/y (line 8): send(a) does not wait, so it may find what it needs or not"},
		},
		{
			"a short send whose count is masked",
			pairOf("{send: a, data: {zeros: 4MiB}, once: true, nowait: true, mask: true}", "{recv: b, max: 4096}"), nil,
		},
		{
			"a look without waiting that is quiet",
			pairOf("{send: a, data: x}", "{recv: b, nowait: true, quiet: true, expect: {error: [0, EAGAIN]}}"), nil,
		},
		{
			"no wait beside a close", pairOf("{close: a}", "{recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"),
			[]string{"nothing orders close(a) of one/x (line 7) and recv(b) of one/y (line 8)"},
		},
		{
			"no wait in order", pairOf("{send: a, data: x}, {signal: sent}", "{wait: sent}, {recv: b, nowait: true}"), nil,
		},
		{
			"no wait before the send", pairOf("{wait: empty}, {send: a, data: x}", "{recv: b, nowait: true, expect: {error: EAGAIN}}, {signal: empty}"), nil,
		},
		{
			"a timeout of the socket's own that does not come", pairOf("{send: a, data: x}", "{setsockopt: b, option: SO_RCVTIMEO, value: 1h}, {recv: b}"), nil,
		},
		{"accepts that do not wait, before the connect", listening(`
- accept: l
  nowait: true
  expect: {error: EAGAIN}
- accept: l
  nowait: true
  expect: {error: EAGAIN}
- signal: looked
- wait: there`, `
- wait: looked
- connect: s
  to: ${server.l}
- signal: there`), nil},
	})
}

func TestRacesOfPolls(t *testing.T) {
	twoHandles := func(events string, orders string) string {
		return `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - socketpair: unix
      as: [c, d]
    - parallel:
        x: [{send: a, data: x}, {signal: sent}]
        y: [{send: c, data: y}]
        z: [` + orders + `{poll: [b, d], events: ` + events + `}]
`
	}
	runRaces(t, []raceTest{
		{"two handles", twoHandles("in", ""), []string{
			"nothing orders send(a) of one/x (line 9) and send(c) of one/y (line 10): poll(b, d) may find one of them or more",
		}},
		{"one that is ready", twoHandles("in", "{wait: sent}, "), []string{
			"nothing orders send(c) of one/y (line 10) and poll(b, d) of one/z (line 11)",
		}},
		{"one handle", pairOf("{send: a, data: x}", "{poll: b, events: in}"), nil},
		{"one handle, sending too", pairOf("{send: a, data: x}", "{poll: b, events: [in, out]}"), []string{
			"nothing orders send(a) of one/x (line 7) and poll(b) of one/y (line 8)",
		}},
		{"data and the end", pairOf("{send: a, data: x}, {shutdown: a, how: write}", "{poll: b, events: [in, rdhup]}"), []string{
			"nothing orders send(a) of one/x (line 7) and shutdown(a) of one/x (line 7)",
		}},
		{"the end alone", pairOf("{shutdown: a, how: write}", "{poll: b, events: [in, rdhup]}"), nil},
		{"only a look", pairOf("{send: a, data: x}", "{poll: b, events: in, nowait: true}"), []string{
			"nothing orders send(a) of one/x (line 7) and poll(b) of one/y (line 8): poll(b) does not wait",
		}},
	})
}

func TestRacesOfHandles(t *testing.T) {
	writers := func(x, y string) string {
		return strings.Replace(pairOf(x, y), "        y:", "        r: [{recv: b, size: 8}]\n        y:", 1)
	}
	takers := func(x, y string) string {
		return pairOf("{recv: b, size: 1"+x+"}", "{recv: b, size: 1"+y+"}") + "        z: [{send: a, data: hh}]\n"
	}
	runRaces(t, []raceTest{
		{"two writers", writers("{send: a, data: xxxx}", "{send: a, data: yyyy}"), []string{
			"nothing orders send(a) of one/x (line 7) and send(a) of one/y (line 9): either may write first",
		}},
		{"two writers of the same", writers("{send: a, data: xxxx}", "{send: a, data: xxxx}"), nil},
		{"two writers in order", writers("{send: a, data: xxxx}, {signal: x}", "{wait: x}, {send: a, data: yyyy}"), nil},
		{"two readers", takers("", ", as: other"), nil},
		{"a close beside a send", pairOf("{close: a}", "{send: a, data: x, expect: {error: [0, EBADF]}}"), []string{
			"nothing orders close(a) of one/x (line 7) and send(a) of one/y (line 8): send(a) may find its handle open or closed",
		}},
		{"a close of another handle", pairOf("{dup: a, as: c}, {signal: two}, {close: a}", "{wait: two}, {send: c, data: x}"), nil},
		{"a shutdown beside a send", pairOf("{shutdown: a, how: write}", "{send: a, data: x, expect: {error: [0, EPIPE]}}"), []string{
			"nothing orders shutdown(a) of one/x (line 7) and send(a) of one/y (line 8): send(a) may come before the shutdown or after",
		}},
		{"a send beside the close of its peer", pairOf("{close: b}", "{send: a, data: x, expect: {error: [0, EPIPE]}}"), []string{
			"nothing orders close(b) of one/x (line 7) and send(a) of one/y (line 8): send(a) may come before its peer is closed or after",
		}},
		{"a send before the close of its peer", pairOf("{recv: b, expect: x}, {close: b}", "{send: a, data: x}"), nil},
		{"a send that waits for the end of its peer", `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - send: a
          data: {zeros: 64MiB}
          expect: {error: EPIPE}
      as: writer
    - blocked: writer
    - close: b
    - join: writer
`, nil},
	})
}

func TestRacesOfConnects(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	const anyEnd = "\n  expect: {error: [0, ECONNREFUSED, ECONNRESET]}"
	byNumber := strings.NewReplacer("    - listen: l\n", "    - bind: l\n      to: 127.0.0.1:${free.port}\n    - listen: l\n", "actors:", "actors:\n  free:\n    - let: {port: \"${free_port()}\"}")
	// Another socket keeps the port of a listener that is closed.
	held := strings.NewReplacer("    - listen: l\n", `    - {setsockopt: l, option: SO_REUSEADDR, value: true}
    - {socket: tcp, as: holder}
    - {setsockopt: holder, option: SO_REUSEADDR, value: true}
    - {bind: holder, to: "127.0.0.1:0"}
    - {bind: l, to: "${holder.address}"}
    - listen: l
`)
	runRaces(t, []raceTest{
		{"beside the close of the listener", listening("- close: l", "- connect: s\n  to: ${server.l}"+anyEnd), []string{
			"nothing orders close(l) of server (line 7) and connect(s) of client (line 11): connect(s) may reach the listening socket or be refused",
		}},
		{"before the close", listening("- accept: l\n  as: c\n- close: [c, l]", "- connect: s\n  to: ${server.l}"), nil},
		{"after the close", held.Replace(listening("- let: {at: \"${l.address}\"}\n- close: l\n- let: {closed: \"${at}\"}\n- wait: done", "- connect: s\n  to: ${server.closed}\n  expect: {error: ECONNREFUSED}\n- signal: done")), nil},
		{"beside the listen", byNumber.Replace(listening("- wait: came", "- connect: s\n  to: 127.0.0.1:${free.port}"+anyEnd+"\n- signal: came")), []string{
			"connect(s) of client (line 15): connect(s) may come before the socket listens, and be refused",
		}},
		{"a connect that tries again", byNumber.Replace(listening("- wait: came", "- connect: s\n  to: 127.0.0.1:${free.port}\n  retry: 5s\n- signal: came")), nil},
		// The taker waits by a program, which gives the close and the connect
		// no order.
		{"beside the close of one who has handed the listener on", `
actors:
  giver:
    - {socket: unix, as: door}
    - {bind: door, to: 'unix:${tmp}/door'}
    - {listen: door}
    - {signal: open}
    - {accept: door, as: c}
    - {socket: tcp, as: l}
    - {listen: l}
    - {send: c, data: x, control: {SCM_RIGHTS: [l]}}
    - {close: l}
    - {write: closed, data: ''}
  taker:
    - {socket: unix, as: s}
    - {wait: open}
    - {connect: s, to: 'unix:${tmp}/door'}
    - {exec: [sh, -c, 'until test -e "$0"; do sleep 0.01; done', '${tmp}/closed']}
    - {recv: s, max: 1, expect: {control: {SCM_RIGHTS: [l]}}}
    - {socket: tcp, as: k}
    - {connect: k, to: '${l}'}
    - {accept: l, as: conn}
`, nil},
	})
}

func TestRacesOfAddresses(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	two := func(x, y string) string {
		return `
actors:
  a:
    - {socket: unix, as: s}
` + indented(x) + `  b:
    - {socket: unix, as: s}
` + indented(y)
	}
	const bind = "- {bind: s, to: \"unix:${tmp}/path\", expect: {error: [0, EADDRINUSE]}}"
	const unlink = "- {unlink: \"${tmp}/path\", expect: {error: [0, ENOENT]}}"
	tcp := strings.NewReplacer("socket: unix", "socket: tcp", "unix:${tmp}/path", "127.0.0.1:${free.port}", "actors:", "actors:\n  free:\n    - let: {port: \"${free_port()}\"}")
	runRaces(t, []raceTest{
		{"two binds of a path", two(bind, bind), []string{
			"nothing orders bind(s) of a (line 5) and bind(s) of b (line 8): either may come first at the address",
		}},
		{"a bind and an unlink", two(bind, unlink), []string{"bind(s) of a (line 5) and unlink(${tmp}/path) of b (line 8)"}},
		{"in order", two(bind+"\n- signal: bound", "- wait: bound\n"+unlink), nil},
		{"two paths", two(bind, strings.Replace(bind, "/path", "/other", 1)), nil},
		{"two binds of a port", tcp.Replace(two(bind+"\n- barrier: both", bind+"\n- barrier: both")), []string{"either may come first at the address"}},
		{"two ports of the kernel's choice", tcp.Replace(two("- {bind: s, to: \"127.0.0.1:0\"}", "- {bind: s, to: \"127.0.0.1:0\"}")), nil},
	})
}

func TestRacesOfNames(t *testing.T) {
	branches := func(x, y string) string {
		return `
actors:
  one:
    - let: {n: 0}
    - parallel:
        x: [` + x + `]
        y: [` + y + `]
    - print: ${n}
`
	}
	other := func(steps string) string {
		return `
actors:
  one:
    - let: {n: 1}
    - let: {n: 2}
    - signal: second
  other:
` + indented(steps)
	}
	signals := func(x string) string {
		return `
actors:
  one:
    - print: first
` + indented(x) + `  two:
    - signal: go
  three:
    - wait: go
`
	}
	runRaces(t, []raceTest{
		{"two settings", branches("{let: {n: 1}}", "{let: {n: 2}}"), []string{
			"nothing orders let of one/x (line 6) and let of one/y (line 7): print(${n}) may read one value or another",
		}},
		{"two settings alike", branches("{let: {n: 1}}", "{let: {n: 1}}"), nil},
		{"two settings in order", branches("{let: {n: 1}}, {signal: set}", "{wait: set}, {let: {n: 2}}"), nil},
		{"a setting beside a use", branches("{let: {n: 1}}", "{print: \"${n}\"}"), []string{
			"nothing orders let of one/x (line 6) and print(${n}) of one/y (line 7)",
		}},
		{"a name of each branch", branches("{let: {i: 1}}, {print: \"${i}\"}", "{let: {k: 2}}, {print: \"${k}\"}"), nil},
		{"another actor's second value", other("- print: ${one.n}"), []string{
			"nothing orders let of one (line 5) and print(${one.n}) of other (line 8): print(${one.n}) may read one value or another",
		}},
		{"another actor's second value in order", other("- wait: second\n- print: ${one.n}"), nil},
		{"two signals", signals("- print: second\n- signal: go"), []string{
			"nothing orders signal(go) of one (line 6) and signal(go) of two (line 8): wait(go) goes on after the first of them",
		}},
		{"one signal", signals("- print: second"), nil},
	})
}

// No order that is fixed is warned of: the examples of all kinds have no race.
func TestRacesOfExamples(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, k := range steps.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			list, problems := scenarios.Parse(k.Name+".yaml", []byte(k.Example))
			if len(list) != 1 {
				t.Fatal(problems.Report())
			}
			for range ci.Runs(1, 40) {
				for _, race := range runner.Run(t.Context(), list[0], runner.Options{}).Races() {
					t.Errorf("%s", race.Problem().Report())
				}
			}
		})
	}
}

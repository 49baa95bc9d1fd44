package steps_test

import (
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

func TestCheckWords(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"addresses", `
- socket: udp
  as: s
- bind: s
  to: 127.0.0.1
- connect: s
  to: localhost:80
- send: s
  data: x
  to: 127.0.0.256:80
- getsockname: s
  expect: "[::1]"
`, []string{
			`6:11: address "127.0.0.1": missing port: write 127.0.0.1:PORT`,
			`8:11: address "localhost:80": host names are not looked up: write the address, 127.0.0.1:80`,
			`11:11: address "127.0.0.256:80": octet 256 is above 255`,
			`13:15: address "[::1]": missing port: write [::1]:PORT`,
		}},
		{"a word as an address", `
- socket: udp
  as: s
- connect: s
  to: localhost
`, []string{`6:11: address "localhost": host names are not looked up: write the address, 127.0.0.1:PORT`}},
		{"a handle of that name", `
- socket: udp
  as: localhost
- connect: localhost
  to: localhost
`, nil},
		{"an address with an expression is not known yet", `
vars: {host: nowhere}
actors:
  one:
    - socket: udp
      as: s
    - connect: s
      to: ${host}:80
`, nil},
		{"errno", `
- signal: up
  expect: {error: ECONREFUSED}
- signal: up
  expect: {error: [EADDRINUSE, EFOO]}
- signal: up
  expect: {error: {a: b}}
`, []string{
			`4:23: unknown errno "ECONREFUSED"; did you mean "ECONNREFUSED"?`,
			`6:36: unknown errno "EFOO"; write its C name, such as ECONNREFUSED`,
			"8:23: expected an errno, got a mapping; write its C name, such as ECONNREFUSED",
		}},
		{"flags", `
- socketpair: unix
  as: [a, b]
- recv: a
  flags: [MSG_PEK]
- send: b
  data: x
  flags: MSG_FOO
`, []string{
			`6:15: unknown flag "MSG_PEK"; did you mean "MSG_PEEK"?`,
			`9:14: unknown flag "MSG_FOO"; did you mean "MSG_EOR"?`,
		}},
		{"options", `
- socket: tcp
  as: s
- setsockopt: s
  option: SO_REUSADDR
  value: 1
- setsockopt: s
  option: SO_ERROR
  value: 5
`, []string{
			`6:15: unknown socket option "SO_REUSADDR"; did you mean "SO_REUSEADDR"?`,
			"9:15: SO_ERROR can only be read; use getsockopt",
		}},
		{"regular expression", `
- socketpair: unix
  as: [a, b]
- recv: a
  expect: {matches: "(a"}
- close: b
`, []string{"6:25: regular expression: missing closing ): `(a`; the syntax is RE2's"}},
	})
}

func TestCheckActors(t *testing.T) {
	t.Parallel()
	const listener = "  server:\n    - socket: tcp\n      as: listener\n    - listen: listener\n"
	checkFindings(t, []finding{
		{"unknown actor", "actors:\n" + listener + "  client:\n    - print: ${sever.listener}\n", []string{
			`7:16: unknown name "sever" in the expression; did you mean "server"?`,
		}},
		{"unknown name of an actor", "actors:\n" + listener + "  client:\n    - print: ${server.listner}\n", []string{
			`7:16: actor server has nothing named "listner"; did you mean "listener"?`,
		}},
		{"no such name at all", "actors:\n" + listener + "  client:\n    - print: ${server.xyz}\n", []string{
			`7:16: actor server has nothing named "xyz"; an actor's names are those that its steps make with as: and let:`,
		}},
		{"an actor that a handle hides", `
actors:
  s:
    - {socket: tcp, as: l}
    - listen: l
  a:
    - {socket: tcp, as: s}
    - print: ${s.port} ${s.peer}
    - {connect: s, to: s.l}
    - {connect: s, to: "${s.l}"}
`, []string{
			"9:24: s is a handle of this actor here, which has no l; it hides the actor s; give the handle another name, so that s.l is the other actor's",
			"10:27: s is a handle of this actor here, which has no l; it hides the actor s; give the handle another name, so that s.l is the other actor's",
		}},
		{"an actor that a value hides", "actors:\n  s: [{let: {l: 1}}]\n  a: [{let: {s: {l: 2}}}, {print: '${s.l}'}]\n", []string{
			"2:17: warning: l is never used; leave the name out, or use it",
		}},
		{"another actor's handle", "actors:\n" + listener + "  client:\n    - close: server.listener\n", []string{
			"7:14: listener is a name of the actor server, and actors do not share handles; move the step to server, or into a branch of it (spawn, parallel)",
		}},
		{"an actor alone", "actors:\n" + listener + "  client:\n    - print: ${server}\n", []string{
			`7:16: unknown name "server" in the expression; server is an actor; write server.NAME for one of its names`,
		}},
		{"index without replicas", "actors:\n" + listener + "  client:\n    - print: ${server[0].listener}\n", []string{
			"7:16: actor server has no replicas; write server.listener, or give the actor a count",
		}},
		{"replicas without index", "actors:\n  a:\n    count: 2\n    steps: [{let: {x: 1}}]\n  b:\n    - print: ${a.x} ${a[1].x}\n", []string{
			"6:16: actor a has replicas; a.x does not say which; write a[0].x",
		}},
		{"count and timeout", "actors:\n  a: {count: '${b.x}', timeout: '${b.x}', steps: []}\n  b: [{let: {x: 1}}]\n", []string{
			"2:17: count and timeout of a cannot wait for b.x; its value is needed before any actor runs; use vars",
			"2:36: count and timeout of a cannot wait for b.x; its value is needed before any actor runs; use vars",
			"3:17: warning: x is never used; leave the name out, or use it",
		}},
	})
}

func TestCheckMeetings(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"nobody signals", "- wait: ready", []string{
			`3:13: no step raises the signal "ready"; add a signal step to another actor`,
		}},
		{"misspelt signal", "actors:\n  a: [{wait: raedy}]\n  b: [{signal: ready}]\n", []string{
			`2:14: no step raises the signal "raedy"; did you mean "ready"?`,
		}},
		{"a wait that may not be run", "- wait: ready\n  when: 1 > 2", []string{
			`3:13: warning: no step raises the signal "ready"; add a signal step to another actor`,
		}},
		{"a signal that an expression names", "vars: {n: 1}\nactors:\n  a: [{wait: go1}]\n  b: [{signal: 'go${n}'}]\n", nil},
		{"barrier of one", "- barrier: start", []string{
			`3:16: only the actor one comes to the barrier "start"; a barrier needs two actors or replicas`,
		}},
		{"misspelt barrier", "actors:\n  a: [{barrier: start}]\n  b: [{barrier: satrt}]\n", []string{
			`2:17: only the actor a comes to the barrier "start"; did you mean "satrt"?`,
			`3:17: only the actor b comes to the barrier "satrt"; did you mean "start"?`,
		}},
		{"barrier of replicas", "actors:\n  a:\n    count: 2\n    steps: [{barrier: start}]\n", nil},
		{"barrier that an expression names", "- let: {n: 1}\n- barrier: b${n}", []string{
			"4:16: the name of a barrier cannot hold an expression; the actors that come to a barrier must be known before the run",
		}},
	})
}

func TestCheckUnused(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"names and variables", "vars: {a: 1, b: 2}\nactors:\n  one:\n    - let: {x: 1, y: \"${a}\"}\n    - assert: y == 1\n    - socket: tcp\n      as: s\n", []string{
			"1:14: warning: the variable b is never used; leave it out, or use it",
			"4:16: warning: x is never used; leave the name out, or use it",
		}},
		{"used by another actor", "actors:\n  a: [{let: {x: 1}}]\n  b: [{print: '${a.x}'}]\n", nil},
		{"made again, used once", "- let: {x: 1}\n- let: {x: 2}\n- print: ${x}", nil},
		{"in a branch", "- spawn:\n    - let: {x: 1}\n", []string{
			"4:20: warning: x is never used; leave the name out, or use it",
		}},
		{"the number of a round", "- repeat: 2\n  index: i\n  steps: []\n- for: [1]\n  each: n\n  steps: []", nil},
		{"procedure", "procedures:\n  p: [{print: x}]\nactors:\n  one: []\n", []string{
			"2:3: warning: the procedure p is never called; leave it out, or call it with do: p",
		}},
	})
}

func TestCheckBranches(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"what one branch closes, another may use before", `
- socketpair: unix
  as: [a, b]
- parallel:
    x:
      - send: a
        data: hi
      - close: a
    y:
      - send: a
        data: hi
- close: a
- close: b
`, []string{"13:14: a is closed already, at line 9; use it before that, or expect {error: EBADF}"}},
		{"what a spawned branch closes is open for a while", `
- socketpair: unix
  as: [a, b]
- spawn:
    - close: a
- send: a
  data: x
- close: b
`, nil},
		{"a straight path inside a branch", `
- socketpair: unix
  as: [a, b]
- spawn:
    - close: a
    - close: a
- parallel:
    x:
      - close: b
      - close: b
`, []string{
			"7:18: a is closed already, at line 6; use it before that, or expect {error: EBADF}",
			"11:20: b is closed already, at line 10; use it before that, or expect {error: EBADF}",
		}},
		{"a branch's names stay its own", `
- spawn:
    - socket: tcp
      as: s
    - close: s
- close: s
`, []string{"7:14: s is used before the step that makes it; move this step after the one with as: s"}},
		{"the names of parallel branches are the actor's", `
- parallel:
    x:
      - socket: tcp
        as: s
- close: s
`, nil},
	})
}

// Only what is declared as a name is one: a key of some data that happens to be
// spelt like a parameter names nothing.
func TestNamesAreDeclared(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"a key as in data", `actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
  client:
    - let: {opts: {as: server, index: server}}
    - print: ${opts}
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
`, nil},
		{"a handle that is sent", `
- socketpair: unix
  as: [a, b]
- send: a
  data: x
  control: {SCM_RIGHTS: [c]}
- recv: b
`, []string{`7:30: there is no handle "c" here; name a socket that an earlier step made with as:`}},
	})
}

// Where something could not be decoded, nobody knows which names it reads.
func TestNothingIsUnusedWherePartIsWrong(t *testing.T) {
	const rest = "  p: {params: [x], steps: [{let: {y: 1}}]}\n"
	_, problems := scenarios.Parse("x.yaml", []byte("vars: {v: 1}\nprocedures:\n"+rest+
		"actors:\n  a:\n    - let: {n: 5}\n    - do: p\n      with: {x: 1}\n    - print: ${n +}\n    - prnt: ${v}\n"))
	parsetest.WantLines(t, parsetest.Findings(problems),
		`9:18: expression "n +": it ends too early`,
		`10:7: unknown step kind "prnt"; did you mean "print"?`)
	_, problems = scenarios.Parse("x.yaml", []byte("procedures:\n"+rest+"  q: [{prnt: x}]\n"))
	parsetest.WantLines(t, parsetest.Findings(problems), `3:8: unknown step kind "prnt"; did you mean "print"?`)
}

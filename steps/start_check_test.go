package steps_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// Each replica, and each branch, has programs of its own.
func TestStartReplicas(t *testing.T) {
	t.Parallel()
	passes(t, `
actors:
  one:
    count: 5
    steps:
      - start: [cat]
        as: p
      - send: p.stdin
        data: "${index}"
      - close: p.stdin
      - recv: p.stdout
        eof: true
        expect: "${index}"
      - join: p
`)
	passes(t, one(`
- repeat: 5
  index: i
  steps:
    - spawn:
        - start: [cat]
          as: p
        - send: p.stdin
          data: "${i}"
        - close: p.stdin
        - recv: p.stdout
          eof: true
          expect: "${i}"
        - join: p
`))
}

// A branch uses the stream of a program that the actor has started.
func TestStartInBranches(t *testing.T) {
	t.Parallel()
	passes(t, one(`
- start: [cat]
  as: p
- parallel:
    reader:
      - recv: p.stdout
        expect: hello
    writer:
      - send: p.stdin
        data: hello
- spawn:
    - recv: p.stdout
      eof: true
      expect: again
  as: b
- send: p.stdin
  data: again
- close: p.stdin
- join: b
- join: p
`))
}

// So does a procedure, which may know the program or the stream by another
// name.
func TestStartInProcedures(t *testing.T) {
	t.Parallel()
	passes(t, `
procedures:
  direct:
    - send: p.stdin
      data: "direct\n"
    - recv: p.stdout
      expect: "direct\n"
  renamed:
    params: [program]
    steps:
      - send: program.stdin
        data: "renamed\n"
      - recv: program.stdout
        expect: "renamed\n"
  handles:
    params: [in, out]
    steps:
      - send: in
        data: "handles\n"
      - recv: out
        expect: "handles\n"
  starts:
    - start: [cat]
      as: mine
actors:
  one:
    - start: [cat]
      as: p
    - do: direct
    - do: renamed
      with: {program: p}
    - do: handles
      with: {in: p.stdin, out: p.stdout}
    - do: starts
    - send: mine.stdin
      data: x
    - recv: mine.stdout
      expect: x
  other:
    - start: [cat]
      as: q
    - do: renamed
      with: {program: q}
    - do: handles
      with: {in: q.stdin, out: q.stdout}
`)
	// The name may come of an expression.
	passes(t, one("- start: [cat]\n  as: p\n- let: {which: p}\n- send: ${which}.stdin\n  data: x\n- recv: ${which}.stdout\n  expect: x"))
}

func TestStartFails(t *testing.T) {
	tests := map[string]string{
		"- start: [no-such-program]\n  as: p": "unexpected ENOENT (No such file or directory, errno 2); there is no program no-such-program in PATH: " +
			"install it; requires: cmd:no-such-program skips a scenario that lacks it",
		"- let: {which: q}\n- recv: ${which}.stdout":                                                 `"q" is not the name of a program`,
		"- start: [cat]\n  as: p\n- recv: p.stdout\n  size: 3\n  timeout: 50ms":                      "timed out after 50ms (the step's timeout): nothing has come",
		"- start: [echo, no]\n  as: p\n- recv: p.stdout\n  until: ready":                             `the end of file came before the delimiter; got "no\n"`,
		"- start: [cat]\n  as: p\n- join: p\n  timeout: 50ms":                                        "timed out after 50ms (the step's timeout): p is still running",
		"- start: [cat]\n  pty: true\n  as: p\n- let: {s: p.stderr}\n- recv: ${s}\n":                 "the program p has no stderr of its own",
		"- socketpair: unix\n  as: [a, b]\n- close: a\n- let: {x: a}\n- start: [cat]\n  stdio: ${x}": "unexpected EBADF (Bad file descriptor, errno 9)",
	}
	tidy(t, func(t *testing.T) {
		for steps, want := range tests {
			t.Run(want, func(t *testing.T) {
				t.Parallel()
				f, _ := fails(t, one(steps))
				wantText(t, f.Err.Error(), want)
			})
		}
	})
	passes(t, one("- start: [no-such-program]\n  expect: {error: [ENOENT, EACCES]}\n  as: e\n- assert: e.number == 2"))
}

func TestStartCheck(t *testing.T) {
	t.Parallel()
	const (
		start  = "- start: [cat]\n  as: p\n"
		remedy = "with stdio: its standard input and output are the socket, with pty: standard error goes to the terminal, which is its stdout"
	)
	for steps, want := range map[string]string{
		"- start: cat -n\n  as: p":                               `3:14: a program is a list: [PROGRAM, ARGUMENT, …]; write [cat, -n], or add shell: true`,
		start + "- recv: p.stdot":                                `5:13: a program has no stream "stdot"; did you mean "stdout"?`,
		start + "- recv: p.output":                               `5:13: a program has no stream "output"; its streams are stdin, stdout and stderr`,
		start + "- recv: q.stdout":                               `5:13: there is no program "q" here; name a program with as: on its start step`,
		"- start: [cat]\n  as: prog\n- recv: porg.stdout":        `5:13: there is no program "porg" here; did you mean "prog"?`,
		"- send: p.stdin\n  data: x\n" + start:                   `3:13: p is used before the step that starts it; move this step after the one with as: p`,
		"- kill: p\n" + start:                                    `3:13: p is used before the step that starts it; move this step after the one with as: p`,
		"- let: {p: 1}\n- recv: p.stdout\n- print: ${p}":         `4:13: p is not a program; only the program of a start step has stdout`,
		start + "- close: p.stdin\n- send: p.stdin\n  data: x":   `6:13: p.stdin is closed already, at line 5; use it before that, or expect {error: EBADF}`,
		"- start: [cat]\n  pty: true\n  as: p\n- recv: p.stderr": `6:13: p has no stderr of its own; ` + remedy,
		"- socketpair: unix\n  as: [a, b]\n- start: [cat]\n  stdio: a\n  as: p\n- send: p.stdin\n  data: x\n- close: [a, b]": `8:13: p has no stdin of its own; ` + remedy,
		"- socketpair: unix\n  as: [a, b]\n- start: [cat]\n  stdio: a\n  pty: true\n- close: b":                              `5:7: a program has either a terminal or a socket as its standard streams`,
		"- start: [cat]\n  fds: l":                                 `4:12: there is no handle "l" here; name a socket that an earlier step made with as:`,
		"- start: [cat]\n  ready: 127.0.0.1:80":                    `4:14: ready is a mapping, not the text "127.0.0.1:80"; write {connect: ADDRESS}, {line: TEXT}, {udp: {to: ADDRESS, send: PAYLOAD}} or {path: PATH}`,
		"- start: [cat]\n  ready: {conect: 127.0.0.1:80}":          `4:15: unknown key "conect" in ready; did you mean "connect"?`,
		"- start: [cat]\n  ready: {connect: 127.0.0.1}":            `4:24: address "127.0.0.1": missing port: write 127.0.0.1:PORT`,
		"- start: [cat]\n  redy: {connect: 127.0.0.1:80}":          `4:7: unknown key "redy" in start; did you mean "ready"?`,
		"- start: [cat]\n  as: [p, q]":                             `4:11: as takes one name here, not 2; it names the program`,
		"- start: [cat]\n  expect: {exit: 0}":                      `4:16: unknown key "exit" in expect of start; it takes error or took`,
		"- start: [cat]\n  as: p\n- join: p\n  expect: {exitt: 0}": `6:16: unknown key "exitt" in expect of join; did you mean "exit"?`,
	} {
		parsetest.WantLines(t, findings(one(steps)), strings.Split(want, "|")...)
	}
}

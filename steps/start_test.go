package steps_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
)

// A program's streams take what send and recv give and take elsewhere.
func TestStartStreams(t *testing.T) {
	lines := passes(t, one(`
- start: cat; echo done >&2
  shell: true
  as: p
- send: p.stdin
  data: "one\ntwo\nthree four five\n"
- recv: p.stdout
  until: "\n"
  expect: "one\n"
- recv: p.stdout
  size: 4
  expect: "two\n"
- recv: p.stdout
  expect: thr
- recv: p.stdout
  expect: {contains: "ee"}
- recv: p.stdout
  expect: {matches: " (?P<word>\\w+) "}
- assert: word == "four"
- recv: p.stdout
  max: 2
  expect: fi
- recv: p.stdout
  flags: MSG_PEEK
  max: 2
  expect: {error: ENOTSOCK}
- recv: p.stdout
  max: 100
  expect: "ve\n"
- recv: p.stdout
  nowait: true
  expect: {error: EAGAIN}
- poll: [p.stdin, p.stdout]
  events: [in, out]
  expect: {p.stdin: out}
- send: p.stdin
  data: last
- poll: p.stdout
  events: in
  expect: {p.stdout: in}
- close: p.stdin
- recv: p.stdout
  eof: true
  expect: last
- recv: p.stderr
  eof: true
  expect: "done\n"
- recv: p.stdout
  expect: {eof: true}
- close: [p.stdout, p.stderr]
- join: p
`))
	wantLines(t, lines,
		`start("cat; echo done >&2") = p`,
		`write(p.stdin, "one\ntwo\nthree four five\n", 24) = 24`,
		`read(p.stdout, until "\n") = 4 "one\n"`,
		`read(p.stdout, 4) = 4 "two\n"`,
		`read(p.stdout, 3) = 3 "thr"`,
		`read(p.stdout, match) = 2 "ee"`,
		`read(p.stdout, match) = 6 " four "`,
		`assert word == "four"`,
		`read(p.stdout, 2) = 2 "fi"`,
		`recv(p.stdout, 2, MSG_PEEK) = -1 ENOTSOCK (Socket operation on non-socket)`,
		`read(p.stdout, 100) = 3 "ve\n"`,
		`read(p.stdout, 65536) = -1 EAGAIN (Resource temporarily unavailable)`,
		`poll([p.stdin, p.stdout], POLLIN|POLLOUT, -1) = 1 p.stdin=POLLOUT`,
		`write(p.stdin, "last", 4) = 4`,
		`poll([p.stdout], POLLIN, -1) = 1 p.stdout=POLLIN`,
		`close(p.stdin) = 0`,
		`read(p.stdout, to end of file) = 4 "last" (end of file)`,
		`read(p.stderr, to end of file) = 5 "done\n" (end of file)`,
		`read(p.stdout, 65536) = 0 (end of file)`,
		`close(p.stdout) = 0`, `close(p.stderr) = 0`, `join(p) = exit 0`,
	)
}

// A closed output is SIGPIPE for the program, a closed input its end of file.
func TestStartClosedStream(t *testing.T) {
	passes(t, one("- start: [yes]\n  as: p\n- recv: p.stdout\n  until: \"\\n\"\n- close: p.stdout\n- join: p\n  expect: {signal: PIPE}"))
	f, _ := fails(t, one("- start: [\"true\"]\n  as: p\n- join: p\n- send: p.stdin\n  data: x"))
	wantText(t, f.Err.Error(), "unexpected EPIPE (Broken pipe, errno 32)")
}

func TestStartRelay(t *testing.T) {
	lines := passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
    - start: [tr, a-z, A-Z]
      as: p
    - parallel:
        in:
          - relay: conn
            to: p.stdin
            expect: 5
          - close: p.stdin
        out:
          - relay: p.stdout
            to: conn
            as: n
    - assert: n == 5
    - close: conn
    - join: p
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - send: sock
      data: hello
    - shutdown: sock
      how: write
    - recv: sock
      eof: true
      expect: HELLO
`)
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "server/in relay(conn, p.stdin) = 5 (end of file)") {
		t.Error(text)
	}
}

// A program whose output nobody reads, or nobody reads any more, goes on.
func TestStartFlood(t *testing.T) {
	tidy(t, func() {
		passes(t, one(program(t, "start", "flood", strconv.Itoa(100<<20))+"  as: p\n- join: p\n  timeout: 60s"))
	})
	// Of a stream that some step reads, the rest is kept for later steps.
	lines := passes(t, one(program(t, "start", "flood", strconv.Itoa(4<<20))+`  as: p
- recv: p.stdout
  until: "\n"
- join: p
  timeout: 60s
- poll: p.stdout
  events: in
  nowait: true
  expect: {p.stdout: [in, hup]}
- recv: p.stdout
  size: 4194288
  mask: true
- recv: p.stdout
  eof: true
  expect: "that is all\n"
`))
	wantLines(t, lines[1:3], `read(p.stdout, until "\n") = 16 "0123456789abcde\n"`, "join(p) = exit 0")
	// More than can be kept is told.
	f, _ := fails(t, one(program(t, "start", "flood", strconv.Itoa(64<<20))+"  as: p\n- recv: p.stdout\n  until: \"\\n\"\n- join: p\n  timeout: 2s"))
	wantText(t, f.Err.Error(), "timed out after 2s (the step's timeout): p is still running; no step reads p.stdout, which holds 16MiB")
}

// What programs wrote is in the report of a failure: the end of it.
func TestStartInReport(t *testing.T) {
	f, _ := fails(t, one(program(t, "start", "flood", "1000000")+`  as: p
- join: p
  timeout: 30s
- start: printf 'a\033[31mb\r\377\n' >&2; exit 3
  shell: true
  as: q
- join: q
  expect: {exit: 3}
- start: [sleep, "60"]
  as: r
- start: [cat]
  as: s
- send: s.stdin
  data: "not read\n"
- recv: s.stdout
  max: 4
  expect: "not "
- close: s.stdin
- join: s
- assert: 1 == 2
`))
	if len(f.Programs) != 4 {
		t.Fatalf("%+v", f.Programs)
	}
	p, q, r, s := f.Programs[0], f.Programs[1], f.Programs[2], f.Programs[3]
	if !strings.HasPrefix(p.Stdout, "0123456789abcde\n") || !strings.HasSuffix(p.Stdout, "\nthat is all\n") || p.StdoutBefore+int64(len(p.Stdout)) != 1015820 {
		t.Errorf("%d bytes, %d before: %q…", len(p.Stdout), p.StdoutBefore, p.Stdout[:min(len(p.Stdout), 40)])
	}
	if q.Status != "exit 3" || q.Stderr != "a\x1b[31mb\r\xff\n" || q.Stdout != "" {
		t.Errorf("%+v", q)
	}
	if r.Status != "still running" || s.Status != "exit 0" || s.Stdout != "read\n" {
		t.Errorf("%+v\n%+v", r, s)
	}
}

// A program that is ending when the scenario fails tells how it ended; one that
// has closed only its standard output may go on for ever.
func TestStartEnding(t *testing.T) {
	f, _ := fails(t, one("- start: exec >&- 2>&-; exit 3\n  shell: true\n  as: p\n- recv: p.stdout\n  until: ready"))
	wantText(t, f.Programs[0].Status, "exit 3")
	f, _ = fails(t, one("- start: exec >&-; sleep 1000; exit 3\n  shell: true\n  as: p\n- recv: p.stdout\n  until: ready"))
	wantText(t, f.Programs[0].Status, "still running")
	f, _ = fails(t, one("- start: read x\n  shell: true\n  pty: true\n  as: p\n- send: p.stdin\n  data: \"\\n\"\n- recv: p.stdout\n  until: ready"))
	wantText(t, f.Programs[0].Status, "exit 0")
}

func TestStartReady(t *testing.T) {
	lines := passes(t, one("- let: {port: \"${free_port()}\"}\n"+program(t, "start", "serve", "127.0.0.1:${port}")+`  as: p
  ready: {connect: "127.0.0.1:${port}"}
  timeout: 30s
- socket: tcp
  as: s
- connect: s
  to: 127.0.0.1:${port}
- send: s
  data: hello
- recv: s
  expect: hello
- recv: p.stdout
  until: "\n"
  expect: {matches: "^listening at 127.0.0.1:[0-9]+\n"}
`))
	wantLines(t, lines[2:],
		"socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = s",
		"connect(s, 127.0.0.1:<free_port>) = 0",
		`send(s, "hello", 5) = 5`, `recv(s, 5) = 5 "hello"`,
		`read(p.stdout, until "\n") = 29 "listening at 127.0.0.1:<free_port>\n"`)
	if !strings.HasSuffix(lines[1], `"127.0.0.1:<free_port>"]) = p`) || lines[0] != "let port = <free_port>" {
		t.Errorf("%s\n%s", lines[0], lines[1])
	}

	tidy(t, func() {
		f, _ := fails(t, one("- let: {port: \"${free_port()}\"}\n- start: [sleep, \"60\"]\n  as: p\n  ready: {connect: \"127.0.0.1:${port}\"}\n  timeout: 100ms"))
		if want := "timed out after 100ms (the step's timeout): p does not accept connections at 127.0.0.1:"; !strings.HasPrefix(f.Err.Error(), want) {
			t.Error(f.Err)
		}
		f, _ = fails(t, one("- let: {port: \"${free_port()}\"}\n- start: echo no port >&2; exit 3\n  shell: true\n  as: p\n  ready: {connect: \"127.0.0.1:${port}\"}"))
		wantText(t, f.Err.Error(), "p was never ready: exit 3")
		if f.Programs[0].Stderr != "no port\n" {
			t.Errorf("%+v", f.Programs)
		}
	})
}

// A server that takes its time, and one that tells when it is there.
func TestStartWaiting(t *testing.T) {
	passes(t, one("- let: {port: \"${free_port()}\"}\n"+program(t, "start", "serve", "127.0.0.1:${port}")+`  as: p
- socket: tcp
  as: s
- connect: s
  to: 127.0.0.1:${port}
  retry: 30s
  timeout: 30s
- close: s
`))
	passes(t, one(program(t, "start", "serve", "127.0.0.1:0")+`  as: p
- recv: p.stdout
  expect: {matches: "listening at (?P<address>\\S+)\n"}
  timeout: 30s
- socket: tcp
  as: s
- connect: s
  to: ${address}
- close: s
`))
}

func TestStartListeners(t *testing.T) {
	lines := passes(t, one(`
- socket: tcp
  as: one
- listen: one
- socket: tcp
  as: two
- listen: two
`+program(t, "start", "handed")+`  as: p
  fds: [one, two]
- close: [one, two]
- recv: p.stdout
  until: "\n"
  expect: "serving 2 one:two\n"
  timeout: 30s
- for: ["${one.address}", "${two.address}"]
  each: address
  steps:
    - socket: tcp
      as: s
    - connect: s
      to: ${address}
    - send: s
      data: hello
    - recv: s
      expect: hello
    - close: s
- kill: p
- join: p
- socket: tcp
  as: s
- connect: s
  to: ${one.address}
  expect: {error: ECONNREFUSED}
`))
	if !strings.HasSuffix(lines[4], "], fds [one, two]) = p") {
		t.Error(lines[4])
	}
}

// The scenario goes on with a listener that it has handed over.
func TestStartSharedListener(t *testing.T) {
	passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - start: [sleep, "60"]
      as: p
      fds: listener
    - accept: listener
      as: conn
    - send: conn
      data: hello
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - recv: sock
      expect: hello
`)
}

func TestStartInetd(t *testing.T) {
	lines := passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
`+indented(program(t, "start", "inetd")+`  as: p
  stdio: conn
- close: conn
- join: p
  timeout: 30s
- recv: p.stderr
  eof: true
  expect: "hello from tcp\n"
`)+`
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - send: sock
      data: "hello\n"
    - recv: sock
      eof: true
      expect: "you said hello\n"
      timeout: 30s
`)
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "], stdio conn) = p") {
		t.Error(text)
	}
}

func TestStartTerminal(t *testing.T) {
	tidy(t, func() {
		lines := passes(t, one(program(t, "start", "tty")+`  pty: true
  as: p
- recv: p.stdout
  until: "\n"
  expect: "0:true 1:true 2:true \r\n"
  timeout: 30s
- send: p.stdin
  data: "hello\n"
- recv: p.stdout
  until: "\n"
  expect: "hello\r\n"
  note: the terminal's echo
- recv: p.stdout
  eof: true
  expect: "<hello>\r\n"
- join: p
`))
		if !strings.HasSuffix(lines[0], "], pty) = p") {
			t.Error(lines[0])
		}
		// Its keys: the end of the input, and an interrupt.
		passes(t, one("- start: [cat]\n  pty: true\n  as: p\n- send: p.stdin\n  data: {hex: \"04\"}\n- join: p"))
		passes(t, one("- start: [cat]\n  pty: true\n  as: p\n- send: p.stdin\n  data: \"x\\n\"\n- recv: p.stdout\n  size: 6\n  expect: \"x\\r\\nx\\r\\n\"\n"+
			"- send: p.stdin\n  data: {hex: \"03\"}\n- join: p\n  expect: {signal: INT}"))
		// A terminal that is closed hangs up.
		passes(t, one("- start: [cat]\n  pty: true\n  as: p\n- send: p.stdin\n  data: \"x\\n\"\n- recv: p.stdout\n  size: 6\n"+
			"- close: [p.stdin, p.stdout]\n- join: p\n  expect: {signal: HUP}"))
	})
}

// A shell with job control puts what it runs into groups of their own; they go
// with its session.
func TestStartTerminalSession(t *testing.T) {
	gone := marked(t)
	file := filepath.Join(t.TempDir(), "pid")
	passes(t, one(`
- start: [sh, -m]
  pty: true
  as: p
- send: p.stdin
  data: "sleep 1000 & echo $! >`+file+`; echo do''ne\n"
- recv: p.stdout
  expect: {contains: done}
`))
	pidIn(t, file)
	gone()
}

// Each replica, and each branch, has programs of its own.
func TestStartReplicas(t *testing.T) {
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

// So does a procedure, which may know the program or the stream by another name.
func TestStartInProcedures(t *testing.T) {
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
	for steps, want := range map[string]string{
		"- start: [no-such-program]\n  as: p": "unexpected ENOENT (No such file or directory, errno 2); there is no program no-such-program in PATH: " +
			"install it; requires: cmd:no-such-program skips a scenario that lacks it",
		"- let: {which: q}\n- recv: ${which}.stdout":                                                 `"q" is not the name of a program`,
		"- start: [cat]\n  as: p\n- recv: p.stdout\n  size: 3\n  timeout: 50ms":                      "timed out after 50ms (the step's timeout): nothing has come",
		"- start: [echo, no]\n  as: p\n- recv: p.stdout\n  until: ready":                             `the end of file came before the delimiter; got "no\n"`,
		"- start: [cat]\n  as: p\n- join: p\n  timeout: 50ms":                                        "timed out after 50ms (the step's timeout): p is still running",
		"- start: [cat]\n  pty: true\n  as: p\n- let: {s: p.stderr}\n- recv: ${s}\n":                 "the program p has no stderr of its own",
		"- socketpair: unix\n  as: [a, b]\n- close: a\n- let: {x: a}\n- start: [cat]\n  stdio: ${x}": "unexpected EBADF (Bad file descriptor, errno 9)",
	} {
		tidy(t, func() {
			f, _ := fails(t, one(steps))
			wantText(t, f.Err.Error(), want)
		})
	}
	passes(t, one("- start: [no-such-program]\n  expect: {error: [ENOENT, EACCES]}\n  as: e\n- assert: e.number == 2"))
}

func TestStartCheck(t *testing.T) {
	const (
		start = "- start: [cat]\n  as: p\n"
		cure  = "with stdio: its standard input and output are the socket, with pty: standard error goes to the terminal, which is its stdout"
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
		"- start: [cat]\n  pty: true\n  as: p\n- recv: p.stderr": `6:13: p has no stderr of its own; ` + cure,
		"- socketpair: unix\n  as: [a, b]\n- start: [cat]\n  stdio: a\n  as: p\n- send: p.stdin\n  data: x\n- close: [a, b]": `8:13: p has no stdin of its own; ` + cure,
		"- socketpair: unix\n  as: [a, b]\n- start: [cat]\n  stdio: a\n  pty: true\n- close: b":                              `5:7: a program has either a terminal or a socket as its standard streams`,
		"- start: [cat]\n  fds: l":                                 `4:12: there is no handle "l" here; name a socket that an earlier step made with as:`,
		"- start: [cat]\n  ready: 127.0.0.1:80":                    `4:14: ready is {connect: ADDRESS}, not the text "127.0.0.1:80"`,
		"- start: [cat]\n  ready: {conect: 127.0.0.1:80}":          `4:14: ready needs connect; where the program accepts connections|4:15: unknown key "conect" in ready; did you mean "connect"?`,
		"- start: [cat]\n  ready: {connect: 127.0.0.1}":            `4:24: address "127.0.0.1": missing port: write 127.0.0.1:PORT`,
		"- start: [cat]\n  redy: {connect: 127.0.0.1:80}":          `4:7: unknown key "redy" in start; did you mean "ready"?`,
		"- start: [cat]\n  as: [p, q]":                             `4:11: as takes one name here, not 2; it names the program`,
		"- start: [cat]\n  expect: {exit: 0}":                      `4:16: unknown key "exit" in expect of start; it takes error or took`,
		"- start: [cat]\n  as: p\n- join: p\n  expect: {exitt: 0}": `6:16: unknown key "exitt" in expect of join; did you mean "exit"?`,
	} {
		wantLines(t, findings(one(steps)), strings.Split(want, "|")...)
	}
}

// A port is free for both protocols, given once, and masked wherever it stands.
func TestFreePort(t *testing.T) {
	text := one(`
- let: {a: "${free_port()}", b: "${free_port()}"}
- assert: a != b && a > 1023 && a < 65536
- socket: tcp
  as: s
- bind: s
  to: 127.0.0.1:${a}
- listen: s
- socket: udp
  as: u
- bind: u
  to: 0.0.0.0:${a}
- exec: [echo, "${a}", "localhost:${b}", "${a}x", "1${a}"]
  expect: {stdout: {contains: "localhost:${b}"}}
  mask: true
- exec: [echo, port, "${b}"]
- print: at ${a} and 127.0.0.1:${b}
- close: [s, u]
`)
	lines := passes(t, text)
	wantLines(t, lines, "let a = <free_port>", "let b = <free_port>", "assert a != b && a > 1023 && a < 65536",
		"socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = s", "bind(s, 127.0.0.1:<free_port>) = 0", "listen(s, 4096) = 0",
		"socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = u", "bind(u, 0.0.0.0:<free_port>) = 0",
		lines[8], `exec(["echo", "port", "<free_port>"]) = exit 0 "port <free_port>\n"`, "| at <free_port> and 127.0.0.1:<free_port>",
		"close(s) = 0", "close(u) = 0")
	for range 20 {
		wantLines(t, passes(t, text)[9:], lines[9:]...)
	}
	passesWith(t, one("- let: {seen: \"\"}\n- repeat: 300\n  steps:\n    - let: {port: \"${free_port()}\"}\n"+
		"    - assert: not (seen contains text(port))\n    - let: {seen: \"${seen} ${port}\"}"), runner.Options{})
}

package steps_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// A program's streams take what send and recv give and take elsewhere.
func TestStartStreams(t *testing.T) {
	t.Parallel()
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
	parsetest.WantLines(t, lines,
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
	t.Parallel()
	passes(t, one("- start: [yes]\n  as: p\n- recv: p.stdout\n  until: \"\\n\"\n- close: p.stdout\n- join: p\n  expect: {signal: PIPE}"))
	f, _ := fails(t, one("- start: [\"true\"]\n  as: p\n- join: p\n- send: p.stdin\n  data: x"))
	wantText(t, f.Err.Error(), "unexpected EPIPE (Broken pipe, errno 32)")
}

func TestStartRelay(t *testing.T) {
	t.Parallel()
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
	tidy(t, func(t *testing.T) {
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
	parsetest.WantLines(t, lines[1:3], `read(p.stdout, until "\n") = 16 "0123456789abcde\n"`, "join(p) = exit 0")
}

// More than can be kept of a program's output is reported.
func TestStartFloodBound(t *testing.T) {
	t.Parallel()
	timesOut(t, "timeout: 2m\n"+one(program(t, "start", "flood", strconv.Itoa(64<<20))+"  as: p\n- recv: p.stdout\n  until: \"\\n\"\n- join: p\n  timeout: TIME"),
		"timed out after TIME (the step's timeout): p is still running; no step reads p.stdout, which holds 16MiB")
}

// What programs wrote is in the report of a failure: the end of it.
func TestStartInReport(t *testing.T) {
	t.Parallel()
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

// A program that is ending when the scenario fails says how it ended; one that
// has closed only its standard output may go on for ever.
func TestStartEnding(t *testing.T) {
	t.Parallel()
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
	parsetest.WantLines(t, lines[2:],
		"socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = s",
		"connect(s, 127.0.0.1:<free_port>) = 0",
		`send(s, "hello", 5) = 5`, `recv(s, 5) = 5 "hello"`,
		`read(p.stdout, until "\n") = 29 "listening at 127.0.0.1:<free_port>\n"`)
	if !strings.HasSuffix(lines[1], `"127.0.0.1:<free_port>"]) = p`) || lines[0] != "let port = <free_port>" {
		t.Errorf("%s\n%s", lines[0], lines[1])
	}

	tidy(t, func(t *testing.T) {
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

// A server that takes its time, and one that says when it is there.
func TestStartWaiting(t *testing.T) {
	t.Parallel()
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

package runner_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

// A kernelCase is a scenario that the kernel lets through, so that the check
// must let it through too: each test parses it, which fails where the check
// refuses it, and runs it.
type kernelCase struct{ name, text string }

// run runs the cases; one that holds only steps is those of one actor. Cases
// that require what the machine lacks are skipped.
func runCases(t *testing.T, cases []kernelCase) {
	if runtime.GOOS != "linux" {
		t.Skip("the cases are those of Linux")
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := c.text
			if !strings.Contains(text, "actors:") {
				text = "actors:\n  one:\n" + indented(text)
			}
			s := scenario(t, text)
			r := runner.Run(t.Context(), s, runner.Options{})
			if r.Status == history.Skipped {
				t.Skip(r.Reason) // also in continuous integration: no kernel has all of it
			}
			if r.Status != history.Passed {
				t.Fatalf("%s\n%s", ending(r), strings.Join(transcript(r), "\n"))
			}
		})
	}
}

// A socket may be in another state than its last step left it in.
func TestCheckKnowsTheKernel(t *testing.T) {
	runCases(t, []kernelCase{
		{"a listener that AF_UNSPEC ended", `
- {socket: tcp, as: other}
- listen: other
- {socket: tcp, as: l}
- listen: l
- {connect: l, to: "unspec:"}
- {connect: l, to: other}
- close: [l, other]
`},
		{"a listener that a shutdown of another descriptor ended", `
- {socket: tcp, as: other}
- listen: other
- {socket: tcp, as: l}
- {dup: l, as: copy}
- listen: l
- {shutdown: copy, how: both}
- {connect: l, to: other}
- close: [l, copy, other]
`},
		{"listen on one descriptor, accept on another", `
- {socket: tcp, as: l}
- {dup: l, as: copy}
- listen: copy
- {socket: tcp, as: c}
- {connect: c, to: l}
- {accept: l, as: conn}
- close: [l, copy, c, conn]
`},
		{"listen by way of a descriptor that was passed", `
- {socketpair: unix, as: [x, y]}
- {socket: tcp, as: l}
- {send: x, data: f, control: {SCM_RIGHTS: [l]}}
- recv: y
  expect: {data: f, control: {SCM_RIGHTS: [copy]}}
- listen: copy
- {socket: tcp, as: c}
- {connect: c, to: l}
- {accept: l, as: conn}
- close: [x, y, l, copy, c, conn]
`},
		{"a received descriptor may be any", `
- {socketpair: unix, as: [x, y]}
- {socket: udp, as: u}
- {send: x, data: f, control: {SCM_RIGHTS: [u]}}
- recv: y
  expect: {data: f, control: {SCM_RIGHTS: [v]}}
- {bind: v, to: 127.0.0.1:0}
- {connect: v, to: v}
- {send: v, data: hi}
- {recv: u, expect: hi}
- close: [x, y, u, v]
`},
		{"listen after the branch began that accepts", `
- {socket: tcp, as: l}
- spawn:
    - wait: up
    - {accept: l, as: conn}
    - close: conn
- listen: l
- signal: up
- {socket: tcp, as: c}
- {connect: c, to: l}
- {recv: c, expect: {eof: true}}
- close: [l, c]
`},
		{"listen in a branch beside", `
- {socket: tcp, as: l}
- parallel:
    taker:
      - wait: up
      - {accept: l, as: conn}
    listener:
      - listen: l
      - signal: up
      - {socket: tcp, as: c}
      - {connect: c, to: l}
- close: [l, c, conn]
`},
		{"bind again after AF_UNSPEC has taken the port", `
- {socket: udp, as: u}
- {bind: u, to: 127.0.0.1:0}
- {connect: u, to: u}
- {connect: u, to: "unspec:"}
- {bind: u, to: 127.0.0.1:0}
- close: u
`},
		{"bind again after a connection that was refused", `
- {socket: tcp, as: gone}
- {bind: gone, to: 127.0.0.1:0}
- {socket: tcp, as: s}
- {bind: s, to: 127.0.0.1:0}
- {connect: s, to: "${gone.address}", expect: {error: ECONNREFUSED}}
- {bind: s, to: 127.0.0.1:0}
- close: [s, gone]
`},
		{"a UNIX socket that asks for a name twice", `
- {socket: unixgram, as: a}
- {bind: a, to: "unix:"}
- {bind: a, to: "unix:"}
- {bind: a, to: "unix:@other", expect: {error: EINVAL}}
- close: a
`},
		{"a raw socket may be bound again", `
requires: root
actors:
  one:
    - {socket: icmp, as: r}
    - {bind: r, to: "icmp:127.0.0.1"}
    - {bind: r, to: "icmp:127.0.0.2"}
    - close: r
`},
		{"an AF_INET6 socket that became an AF_INET one, by its other descriptor", `
requires: ipv6
actors:
  one:
    - {socket: tcp6, as: l}
    - {bind: l, to: "[::]:0"}
    - listen: l
    - {socket: tcp6, as: c}
    - {connect: c, to: "[::ffff:127.0.0.1]:${l.port}"}
    - {dup: c, as: d}
    - {setsockopt: d, option: {level: 41, name: 1}, value: 2}
    - {connect: c, to: "unspec:"}
    - {bind: c, to: 127.0.0.1:0}
    - close: [c, d, l]
`},
		{"a destination at which a connected socket does not look", `
- {socketpair: unixpacket, as: [x, y]}
- {send: x, data: hi, to: 127.0.0.1:9}
- {recv: y, expect: hi}
- {socket: tcp, as: l}
- listen: l
- {socket: tcp, as: c}
- {connect: c, to: l}
- {accept: l, as: conn}
- {send: c, data: hi, to: "unix:nowhere"}
- {recv: conn, expect: hi}
- close: [x, y, l, c, conn]
`},
		{"a family of which the check knows no rules", `
requires: socket:alg
actors:
  one:
    - {socket: {family: 38, type: SOCK_SEQPACKET}, as: s}
    - {bind: s, to: "AF_ALG:686173680000000000000000000000000000000000000000736861323536` + strings.Repeat("00", 58) + `"}
    - {accept: s, as: op}
    - {send: op, data: abc, call: write}
    - {recv: op, size: 32, call: read}
    - close: [op, s]
`},
	})
}

// A name may stand for what the run makes it.
func TestCheckKnowsNames(t *testing.T) {
	runCases(t, []kernelCase{
		{"keys that only look like names", `
actors:
  server:
    - {socket: tcp, as: listener}
    - listen: listener
    - {accept: listener, as: conn}
    - close: [conn, listener]
  client:
    - let: {opts: {as: server, each: server, index: [server]}}
    - assert: opts.as == "server"
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - close: sock
`},
		{"arguments that only look like names", `
procedures:
  say: {params: [as, index], steps: [{print: "${as} ${index}"}]}
actors:
  server:
    - let: {n: 1}
  client:
    - do: say
      with: {as: server, index: server}
    - assert: server.n == 1
`},
		{"a procedure's name comes before an actor's", `
procedures:
  make: [{socket: tcp, as: server}, {listen: server}]
actors:
  server: [{let: {n: 1}}]
  client:
    - do: make
    - assert: server.port > 0
    - close: server
`},
		{"a name that a parameter gives", `
procedures:
  make:
    params: [name]
    steps:
      - {socket: tcp, as: "${name}"}
      - listen: ${name}
  end:
    params: [name]
    steps:
      - close: ${name}
actors:
  a:
    - {do: make, with: {name: one}}
    - {do: make, with: {name: two}}
    - {socket: tcp, as: c}
    - {connect: c, to: one}
    - {accept: one, as: conn}
    - {do: end, with: {name: one}}
    - {do: end, with: {name: two}}
    - close: [c, conn]
`},
		{"a name that is given again in each round", `
procedures:
  make: {params: [name], steps: [{socket: tcp, as: "${name}"}]}
actors:
  a:
    - repeat: 2
      steps:
        - {do: make, with: {name: one}}
        - close: one
`},
		{"a name that only the run can tell", `
actors:
  a:
    - for: [x, y]
      each: who
      steps:
        - {socket: udp, as: "c_${who}"}
        - {bind: "c_${who}", to: 127.0.0.1:0}
    - {connect: c_x, to: c_y}
    - {send: c_x, data: hi}
    - {recv: c_y, expect: hi}
    - assert: c_x.port != c_y.port
    - signal: done
    - close: [c_x, c_y]
  b:
    - wait: done
    - assert: a.c_x.port > 0
`},
		{"a value that becomes a handle by such a name", `
- let: {one: 1, name: one}
- {socket: tcp, as: "${name}"}
- close: one
`},
		{"programs and branches by such a name", `
- let: {n: 1}
- {start: [cat], as: "p${n}"}
- {close: p1.stdin}
- join: p1
- spawn: [{let: {got: 5}}]
  as: b${n}
- join: b1
- assert: got == 5
`},
		{"a handle in an expression", `
- {socketpair: unix, as: [x, y]}
- let: {first: x}
- {send: "${first}", data: hi}
- {recv: "${y}", expect: hi}
- close: ["${x}", "${y}"]
`},
		{"made in the round before", `
- repeat: 3
  index: i
  steps:
    - close: s
      when: i > 0
    - {socket: tcp, as: s}
- close: s
`},
		{"made by the branch beside", `
- parallel:
    user:
      - wait: made
      - {bind: s, to: 127.0.0.1:0}
      - assert: n == 1
    maker:
      - {socket: tcp, as: s}
      - let: {n: 1}
      - signal: made
- close: s
`},
		{"a name that a step which is left out would give", `
- {socket: tcp, as: s}
- let: {s: 1}
  when: count > 1
- close: s
`},
		{"items that are mappings and lists", `
- for: [{size: 47, to: [1, 2]}, {size: 48, to: []}]
  each: row
  steps:
    - assert: row.size > 46 && len(row.to) in [0, 2]
- for: {a: {n: 1}, b: {n: 2}}
  each: row
  steps:
    - assert: row.value.n > 0
`},
	})
}

// A step that may fail may also make what it names.
func TestCheckKnowsSuccess(t *testing.T) {
	runCases(t, []kernelCase{
		{"handles", `
- {socket: tcp, as: l, expect: {error: [0, EMFILE]}}
- {listen: l, expect: {error: [0, EADDRINUSE]}}
- {socket: tcp, as: c}
- {connect: c, to: l, expect: {error: [0, ECONNREFUSED]}}
- {accept: l, as: conn, expect: {error: [0, ECONNABORTED]}}
- {dup: conn, as: copy, expect: {error: [0, EMFILE]}}
- {send: copy, data: hello}
- {recv: c, expect: hello}
- {socketpair: unix, as: [x, y], expect: {error: [0, EMFILE]}}
- close: [x, y, conn, copy, c, l]
`},
		{"values", `
- {socketpair: unix, as: [x, y]}
- {send: x, data: "hello 5", as: n, expect: {error: [0, EPIPE]}}
- {recv: y, as: got, expect: {error: [0, ECONNRESET], matches: "hello (?P<number>.)"}}
- assert: n == 7 && got == "hello 5" && number == "5"
- close: [x, y]
`},
		{"received descriptors", `
- {socketpair: unix, as: [x, y]}
- {send: x, data: f, control: {SCM_RIGHTS: [x]}}
- recv: y
  expect: {error: [0, ECONNRESET], data: f, control: {SCM_RIGHTS: [v]}}
- {send: v, data: hi}
- {recv: y, expect: hi}
- close: [x, y, v]
`},
		{"an errno", `
- {socket: tcp, as: gone}
- {bind: gone, to: 127.0.0.1:0}
- {socket: tcp, as: c}
- {connect: c, to: "${gone.address}", as: why, expect: {error: [0, ECONNREFUSED]}}
- assert: why.name == "ECONNREFUSED"
- close: [gone, c]
`},
	})
}

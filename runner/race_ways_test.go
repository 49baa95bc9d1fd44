//go:build linux

package runner_test

import (
	"strings"
	"testing"
)

// raceWays are scenarios in which two events may come in either order. A and B
// stand for steps before each of the two.
var raceWays = []raceTest{
	{"accepts of two clients", `
actors:
  server: [{socket: tcp, as: l}, {listen: l}, {accept: l, as: one}, {accept: l, as: other}]
  alice: [{socket: tcp, as: a}, A, {connect: a, to: '${server.l}'}]
  bob: [{socket: tcp, as: b}, B, {connect: b, to: '${server.l}'}]
`, []string{"connect(a) of alice (line 4) and connect(b) of bob (line 5): server may take either first"}},
	{"an accept of one of two clients", `
actors:
  server: [{socket: tcp, as: l}, {listen: l}, {accept: l, as: one}, {barrier: end}]
  alice: [{socket: tcp, as: a}, A, {connect: a, to: '${server.l}'}, {barrier: end}]
  bob: [{socket: tcp, as: b}, B, {connect: b, to: '${server.l}'}, {barrier: end}]
`, []string{"connect(a) of alice (line 4) and connect(b) of bob (line 5): server may take either first"}},
	{"two accepts that do not wait", `
actors:
  server:
    - {socket: tcp, as: l}
    - {listen: l}
    - A
    - {accept: l, nowait: true, expect: {error: [0, EAGAIN]}}
    - {accept: l, nowait: true, expect: {error: [0, EAGAIN]}}
    - {barrier: end}
  client: [{socket: tcp, as: c}, {let: {to: '${server.l.address}'}}, B, {connect: c, to: '${to}'}, {barrier: end}]
`, []string{
		"accept(l) of server (line 7) and connect(c) of client (line 10): accept(l) does not wait",
		"accept(l) of server (line 8) and connect(c) of client (line 10): accept(l) does not wait",
	}},
	{"datagrams of two senders", `
actors:
  r: [{socket: udp, as: in}, {bind: in, to: '127.0.0.1:0'}, {recv: in}, {recv: in}]
  a: [{socket: udp, as: s}, A, {send: s, to: '${r.in}', data: a}]
  b: [{socket: udp, as: s}, B, {send: s, to: '${r.in}', data: b}]
`, []string{"send(s) of a (line 4) and send(s) of b (line 5): r may take either first"}},
	{"one receive beside the datagrams of two senders", `
actors:
  r: [{socket: udp, as: in}, {bind: in, to: '127.0.0.1:0'}, {recv: in}, {barrier: end}]
  a: [{socket: udp, as: s}, A, {send: s, to: '${r.in}', data: a}, {barrier: end}]
  b: [{socket: udp, as: s}, B, {send: s, to: '${r.in}', data: b}, {barrier: end}]
`, []string{"send(s) of a (line 4) and send(s) of b (line 5): r may take either first"}},
	{"two receives of a datagram that do not wait", `
actors:
  r:
    - {socket: udp, as: in}
    - {bind: in, to: '127.0.0.1:0'}
    - A
    - {recv: in, nowait: true, expect: {error: [0, EAGAIN]}}
    - {recv: in, nowait: true, expect: {error: [0, EAGAIN]}}
    - {barrier: end}
  a: [{socket: udp, as: s}, {let: {to: '${r.in.address}'}}, B, {send: s, to: '${to}', data: a}, {barrier: end}]
`, []string{
		"recv(in) of r (line 7) and send(s) of a (line 10): recv(in) does not wait",
		"recv(in) of r (line 8) and send(s) of a (line 10): recv(in) does not wait",
	}},
	{
		"a receive of a message of a pair that does not wait", strings.Replace(pairOf(
			"A, {send: a, data: x}", "B, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"), "unix", "unixgram", 1),
		[]string{"send(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) does not wait"},
	},
	{
		"a receive that does not wait", pairOf("A, {send: a, data: x}", "B, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"),
		[]string{"send(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) does not wait"},
	},
	{
		"two receives that do not wait", pairOf("A, {send: a, data: x}",
			"B, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"),
		[]string{"send(a) of one/x (line 7) and recv(b) of one/y (line 8)", "send(a) of one/x (line 7) and recv(b) of one/y (line 8)"},
	},
	{
		"a receive that does not wait beside a close", pairOf("A, {close: a}", "B, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"),
		[]string{"close(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) does not wait"},
	},
	{
		"two writers", pairOf("A, {send: a, data: xxxx}", "B, {send: a, data: yyyy}") + "        r: [{recv: b, size: 8}]\n",
		[]string{"send(a) of one/x (line 7) and send(a) of one/y (line 8): either may write first"},
	},
	{"two writers, of whom nobody reads", pairOf("A, {send: a, data: xxxx}", "B, {send: a, data: yyyy}"), nil},
	{
		"two readers", pairOf("A, {recv: b, size: 1}", "B, {recv: b, size: 1}") + "        z: [{send: a, data: uv}]\n",
		[]string{"recv(b) of one/x (line 7) and recv(b) of one/y (line 8): either may take what comes first"},
	},
	{
		"a receive of some bytes beside two sends", pairOf("{send: a, data: x}, A, {send: a, data: yy}", "B, {recv: b, max: 100}"),
		[]string{"send(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) makes one call"},
	},
	{"a poll of two handles", `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - socketpair: unix
      as: [c, d]
    - parallel:
        x: [A, {send: a, data: x}]
        y: [B, {send: c, data: y}]
        z: [{poll: [b, d], events: in}]
`, []string{"send(a) of one/x (line 9) and send(c) of one/y (line 10): poll(b, d) may find one of them or more"}},
	{"a poll of two sockets of datagrams", `
actors:
  one:
    - {socket: udp, as: b}
    - {bind: b, to: '127.0.0.1:0'}
    - {socket: udp, as: d}
    - {bind: d, to: '127.0.0.1:0'}
    - {socket: udp, as: s}
    - {socket: udp, as: t}
    - parallel:
        x: [A, {send: s, to: b, data: x}]
        y: [B, {send: t, to: d, data: y}]
        z: [{poll: [b, d], events: in}]
`, []string{"send(s) of one/x (line 11) and send(t) of one/y (line 12): poll(b, d) may find one of them or more"}},
	{"a poll of two listeners", `
actors:
  server: [{socket: tcp, as: l}, {listen: l}, {socket: tcp, as: m}, {listen: m}, {poll: [l, m], events: in}, {barrier: end}]
  alice: [{socket: tcp, as: a}, {let: {to: '${server.l.address}'}}, A, {connect: a, to: '${to}'}, {barrier: end}]
  bob: [{socket: tcp, as: b}, {let: {to: '${server.m.address}'}}, B, {connect: b, to: '${to}'}, {barrier: end}]
`, []string{"connect(a) of alice (line 4) and connect(b) of bob (line 5): poll(l, m) may find one of them or more"}},
	{
		"a poll that does not wait", pairOf("A, {send: a, data: x}", "B, {poll: b, events: in, nowait: true}"),
		[]string{"send(a) of one/x (line 7) and poll(b) of one/y (line 8): poll(b) does not wait"},
	},
	{"a poll of a listener that does not wait", `
actors:
  server: [{socket: tcp, as: l}, {listen: l}, A, {poll: l, events: in, nowait: true}, {barrier: end}]
  client: [{socket: tcp, as: c}, {let: {to: '${server.l.address}'}}, B, {connect: c, to: '${to}'}, {barrier: end}]
`, []string{"poll(l) of server (line 3) and connect(c) of client (line 4): poll(l) does not wait"}},
	{"a poll of datagrams that does not wait", `
actors:
  r: [{socket: udp, as: in}, {bind: in, to: '127.0.0.1:0'}, A, {poll: in, events: in, nowait: true}, {barrier: end}]
  a: [{socket: udp, as: s}, {let: {to: '${r.in.address}'}}, B, {send: s, to: '${to}', data: a}, {barrier: end}]
`, []string{"poll(in) of r (line 3) and send(s) of a (line 4): poll(in) does not wait"}},
	{"two settings of a name", `
actors:
  one:
    - let: {n: 0}
    - parallel:
        x: [A, {let: {n: 1}}]
        y: [B, {let: {n: 2}}]
    - print: ${n}
`, []string{"let of one/x (line 6) and let of one/y (line 7): print(${n}) may read one value or another"}},
	{"a setting beside a use", `
actors:
  one:
    - let: {n: 0}
    - parallel:
        x: [A, {let: {n: 1}}]
        y: [B, {print: '${n}'}]
`, []string{"let of one/x (line 6) and print(${n}) of one/y (line 7): print(${n}) may read one value or another"}},
	{"another actor's second value", `
actors:
  one: [{let: {n: 1}}, A, {let: {n: 2}}]
  other: [B, {print: '${one.n}'}]
`, []string{"let of one (line 3) and print(${one.n}) of other (line 4): print(${one.n}) may read one value or another"}},
	{"two signals", `
actors:
  one: [{print: deep}, A, {signal: go}]
  two: [B, {signal: go}]
  three: [{wait: go}]
`, []string{"signal(go) of one (line 3) and signal(go) of two (line 4): wait(go) goes on after the first of them"}},
	{"a connect beside the close of its listener", `
actors:
  server: [{socket: tcp, as: l}, {listen: l}, A, {close: l}, {barrier: end}]
  client: [{socket: tcp, as: c}, {let: {to: '${server.l.address}'}}, B, {connect: c, to: '${to}', expect: {error: [0, ECONNREFUSED, ECONNRESET]}}, {barrier: end}]
`, []string{"close(l) of server (line 3) and connect(c) of client (line 4): connect(c) may reach the listening socket or be refused"}},
	{"a connect by path beside the close of its listener", `
actors:
  server: [{socket: unix, as: l}, {bind: l, to: 'unix:${tmp}/s'}, {listen: l}, {signal: up}, A, {close: l}, {barrier: end}]
  client: [{socket: unix, as: c}, {wait: up}, B, {connect: c, to: 'unix:${tmp}/s', expect: {error: [0, ECONNREFUSED, ENOENT]}}, {barrier: end}]
`, []string{"close(l) of server (line 3) and connect(c) of client (line 4): connect(c) may reach the listening socket or be refused"}},
	{"a connect beside the listen", `
actors:
  free: [{let: {port: '${free_port()}'}}]
  server: [{socket: tcp, as: l}, {bind: l, to: '127.0.0.1:${free.port}'}, A, {listen: l}, {barrier: end}]
  client: [{socket: tcp, as: c}, B, {connect: c, to: '127.0.0.1:${free.port}', expect: {error: [0, ECONNREFUSED, ECONNRESET]}}, {barrier: end}]
`, []string{"listen(l) of server (line 4) and connect(c) of client (line 5): connect(c) may come before the socket listens, and be refused"}},
	{"two binds of a path", `
actors:
  a: [{socket: unix, as: s}, A, {bind: s, to: 'unix:${tmp}/path', expect: {error: [0, EADDRINUSE]}}]
  b: [{socket: unix, as: s}, B, {bind: s, to: 'unix:${tmp}/path', expect: {error: [0, EADDRINUSE]}}]
`, []string{"bind(s) of a (line 3) and bind(s) of b (line 4): either may come first at the address"}},
	{"two binds of a port", `
actors:
  free: [{let: {port: '${free_port()}'}}]
  a: [{socket: tcp, as: s}, A, {bind: s, to: '127.0.0.1:${free.port}', expect: {error: [0, EADDRINUSE]}}, {barrier: end}]
  b: [{socket: tcp, as: s}, B, {bind: s, to: '127.0.0.1:${free.port}', expect: {error: [0, EADDRINUSE]}}, {barrier: end}]
`, []string{"bind(s) of a (line 4) and bind(s) of b (line 5): either may come first at the address"}},
	{"a bind and an unlink", `
actors:
  a: [{socket: unix, as: s}, A, {bind: s, to: 'unix:${tmp}/path'}]
  b: [B, {unlink: '${tmp}/path', expect: {error: [0, ENOENT]}}]
`, []string{"bind(s) of a (line 3) and unlink(${tmp}/path) of b (line 4): either may come first at the address"}},
	{
		"a send beside the close of its peer", pairOf("A, {close: b}", "B, {send: a, data: x, expect: {error: [0, EPIPE]}}"),
		[]string{"close(b) of one/x (line 7) and send(a) of one/y (line 8): send(a) may come before its peer is closed or after"},
	},
	{
		"a shutdown beside a send", pairOf("A, {shutdown: a, how: write}", "B, {send: a, data: x, expect: {error: [0, EPIPE]}}"),
		[]string{"shutdown(a) of one/x (line 7) and send(a) of one/y (line 8): send(a) may come before the shutdown or after"},
	},
	{
		"a close beside a send", pairOf("A, {close: a}", "B, {send: a, data: x, expect: {error: [0, EBADF]}}"),
		[]string{"close(a) of one/x (line 7) and send(a) of one/y (line 8): send(a) may find its handle open or closed"},
	},
	{"a send that does not wait beside the receive that makes room", `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - {setsockopt: a, option: SO_SNDBUF, value: 4608}
    - {send: a, data: {zeros: 1MiB}, nowait: true, expect: {error: EAGAIN}}
    - parallel:
        x: [A, {recv: b, max: 1MiB}]
        y: [B, {send: a, data: {zeros: 1000}, nowait: true, expect: {error: [0, EAGAIN]}}]
`, []string{
		"recv(b) of one/x (line 9) and send(a) of one/y (line 10): recv(b) makes one call",
		"recv(b) of one/x (line 9) and send(a) of one/y (line 10): send(a) does not wait",
	}},
	{"receives of what came while somebody saw them wait", `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - {setsockopt: b, option: SO_RCVLOWAT, value: 5}
    - spawn: [{recv: b, max: 10, expect: abcdef}]
      as: r
    - {send: a, data: ab}
    - A
    - {send: a, data: cd}
    - {blocked: r}
    - B
    - {send: a, data: ef}
    - join: r
`, nil},
	{"a datagram beside the bind of its receiver", `
actors:
  free: [{let: {port: '${free_port()}'}}]
  r: [{socket: udp, as: in}, A, {bind: in, to: '127.0.0.1:${free.port}'}, {barrier: end}, {recv: in, nowait: true, expect: {error: [0, EAGAIN]}}]
  a: [{socket: udp, as: s}, B, {send: s, to: '127.0.0.1:${free.port}', data: a}, {barrier: end}]
`, []string{"bind(in) of r (line 4) and send(s) of a (line 5): the datagram may come before the bind, and be lost"}},
	{"a local datagram beside the bind of its receiver", `
actors:
  one:
    - {socket: unixgram, as: in}
    - {socket: unixgram, as: s}
    - parallel:
        x: [A, {bind: in, to: 'unix:${tmp}/in'}]
        y: [B, {send: s, to: 'unix:${tmp}/in', data: a, expect: {error: [0, ENOENT]}}]
`, []string{"bind(in) of one/x (line 7) and send(s) of one/y (line 8): the datagram may come before the bind, and be lost"}},
	{"a local datagram beside the close of its receiver", `
actors:
  one:
    - {socket: unixgram, as: in}
    - {bind: in, to: 'unix:${tmp}/in'}
    - {socket: unixgram, as: s}
    - parallel:
        x: [A, {close: in}]
        y: [B, {send: s, to: 'unix:${tmp}/in', data: a, expect: {error: [0, ECONNREFUSED]}}]
`, []string{"close(in) of one/x (line 8) and send(s) of one/y (line 9): send(s) may come before its peer is closed or after"}},
	{"a local datagram before the close of its receiver", `
actors:
  one:
    - {socket: unixgram, as: in}
    - {bind: in, to: 'unix:${tmp}/in'}
    - {socket: unixgram, as: s}
    - parallel:
        x: [A, {recv: in}, {close: in}]
        y: [B, {send: s, to: 'unix:${tmp}/in', data: a}]
`, nil},
	{"a local datagram beside the removal of its path", `
actors:
  one:
    - {socket: unixgram, as: r}
    - {bind: r, to: 'unix:${tmp}/r'}
    - {socket: unixgram, as: s}
    - parallel:
        x: [A, {unlink: '${tmp}/r'}]
        y: [B, {send: s, to: 'unix:${tmp}/r', data: a, expect: {error: [0, ENOENT]}}]
`, []string{"unlink(${tmp}/r) of one/x (line 8) and send(s) of one/y (line 9): either may come first at the address"}},
	{"a connect beside the shutdown of the listener", `
actors:
  one:
    - {socket: tcp, as: l}
    - {listen: l}
    - {let: {at: '${l.address}'}}
    - {socket: tcp, as: s}
    - parallel:
        x: [A, {shutdown: l, how: read}]
        y: [B, {connect: s, to: '${at}', expect: {error: [0, ECONNREFUSED]}}]
`, []string{"shutdown(l) of one/x (line 9) and connect(s) of one/y (line 10): connect(s) may reach the listening socket or be refused"}},
	{"a receive that throws away what it takes beside two sends", `
actors:
  r: [{socket: tcp, as: l}, {listen: l}, {accept: l, as: c}, A, {recv: c, max: 100, flags: MSG_TRUNC}, {recv: c, eof: true}]
  s: [{socket: tcp, as: s}, {connect: s, to: '${r.l}'}, B, {send: s, data: ab}, {send: s, data: cd}, {close: s}]
`, []string{"recv(c) of r (line 3) and send(s) of s (line 4): recv(c) makes one call"}},
	{"two settings of a name that another actor reads", `
actors:
  one: [{parallel: {x: [A, {let: {v: 1}}], y: [B, {let: {v: 2}}]}}]
  two: [{print: '${one.v}'}]
`, []string{"let of one/x (line 3) and let of one/y (line 3): print(${one.v}) may read one value or another"}},
	{"datagrams of two senders for one recvmmsg", `
actors:
  one:
    - {socket: udp, as: r}
    - {bind: r, to: '127.0.0.1:0'}
    - {socket: udp, as: s}
    - {socket: udp, as: t}
    - parallel:
        x: [A, {send: s, to: '${r}', data: a}]
        y: [B, {send: t, to: '${r}', data: b}]
        z: [{recvmmsg: r, count: 2}]
`, []string{"send(s) of one/x (line 9) and send(t) of one/y (line 10): one/z may take either first"}},
	{"a splice of one of two records", strings.NewReplacer("socketpair: unix", "socketpair: unixpacket",
		"    - parallel:", "    - {pipe: 0, as: [p, q]}\n    - parallel:").Replace(pairOf(
		"A, {send: a, data: x}, {send: a, data: y}", "B, {splice: b, to: q, size: 100}")), nil},
	{
		"a receive of a record that does not wait, beside the end", strings.Replace(pairOf(
			"A, {close: a}", "B, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"), "socketpair: unix", "socketpair: unixpacket", 1),
		[]string{"close(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) does not wait"},
	},
	// The close of a socket of datagrams is not an end for its peer.
	{"a receive of a datagram that does not wait, beside a close", strings.Replace(pairOf(
		"A, {close: a}", "B, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}"), "socketpair: unix", "socketpair: unixgram", 1), nil},
	// What an event waits for may be this or that, and so what comes after it.
	{"a second datagram, after an answer to either of two", `
actors:
  r: [{socket: udp, as: in}, {bind: in, to: '127.0.0.1:0'}, {repeat: 3, steps: [{recv: in}, {send: in, to: '${a.s}', data: ok}]}]
  a: [{socket: udp, as: s}, {bind: s, to: '127.0.0.1:0'}, A, {send: s, to: '${r.in}', data: a}, {recv: s}, {send: s, to: '${r.in}', data: c}, {recv: s}]
  b: [{socket: udp, as: s}, B, {send: s, to: '${r.in}', data: b}]
`, []string{"send(s) of a (line 4), send(s) of a (line 4) and send(s) of b (line 5): r may take any of them first"}},
	{"requests and answers in a ring", `
actors:
  x: [{socket: udp, as: s}, {bind: s, to: '127.0.0.1:0'}, A, {send: s, to: '${y.s}', data: x}, {recv: s}, {send: s, to: '${z.s}', data: answer}, {recv: s}]
  y: [{socket: udp, as: s}, {bind: s, to: '127.0.0.1:0'}, {send: s, to: '${z.s}', data: y}, {recv: s}, {send: s, to: '${x.s}', data: answer}, {recv: s}]
  z: [{socket: udp, as: s}, {bind: s, to: '127.0.0.1:0'}, B, {send: s, to: '${x.s}', data: z}, {recv: s}, {send: s, to: '${y.s}', data: answer}, {recv: s}]
`, []string{
		"send(s) of y (line 4) and send(s) of z (line 5): x may take either first",
		"send(s) of x (line 3) and send(s) of z (line 5): y may take either first",
		"send(s) of x (line 3) and send(s) of y (line 4): z may take either first",
	}},
	{
		"requests that cross on one connection", pairOf(
			"{send: a, data: x}, A, {recv: a, max: 100}, {send: a, data: answer}", "{send: b, data: y}, B, {recv: b, max: 100}, {send: b, data: answer}"),
		[]string{
			"recv(a) of one/x (line 7) and send(b) of one/y (line 8): recv(a) makes one call",
			"send(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) makes one call",
		},
	},
	{
		"requests that cross and are not waited for", pairOf(
			"{send: a, data: x}, A, {recv: a, nowait: true, expect: {error: [0, EAGAIN]}}, {send: a, data: more}",
			"{send: b, data: y}, B, {recv: b, nowait: true, expect: {error: [0, EAGAIN]}}, {send: b, data: more}"),
		[]string{
			"recv(a) of one/x (line 7), send(b) of one/y (line 8) and send(b) of one/y (line 8): recv(a) does not wait",
			"send(a) of one/x (line 7), send(a) of one/x (line 7) and recv(b) of one/y (line 8): recv(b) does not wait",
		},
	},
	{"requests of two branches on one socket", `
actors:
  server: [{socket: udp, as: in}, {bind: in, to: '127.0.0.1:0'}, {repeat: 2, steps: [{recv: in}, {send: in, to: '${c.s}', data: ok}]}]
  c:
    - {socket: udp, as: s}
    - {bind: s, to: '127.0.0.1:0'}
    - parallel:
        x: [A, {send: s, to: '${server.in}', data: x}, {recv: s}]
        y: [B, {send: s, to: '${server.in}', data: x}, {recv: s}]
`, []string{
		"send(s) of c/x (line 8) and send(s) of c/y (line 9): server may take either first",
		"recv(s) of c/x (line 8) and recv(s) of c/y (line 9): either may take what comes first",
	}},
}

// A race is reported in the same words, whichever of the two came first.
func TestRacesBothWays(t *testing.T) {
	for _, test := range raceWays {
		for _, way := range []struct{ name, a, b string }{{"first", "0ms", "20ms"}, {"second", "20ms", "0ms"}} {
			t.Run(test.name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				mine := test
				mine.text = strings.NewReplacer("A,", "{sleep: "+way.a+"},", "B,", "{sleep: "+way.b+"},", "- A\n", "- sleep: "+way.a+"\n", "- B\n", "- sleep: "+way.b+"\n").Replace(test.text)
				mine.run(t)
			})
		}
	}
}

package runner_test

import "strings"

// causesOfEnds are about shutdowns, closes and deaths, and the calls that they
// end.
var causesOfEnds = []causeTest{
	// A shutdown of the socket itself ends the calls on it.
	{"a local shutdown ends a receive", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {spawn: [{recv: a, expect: {eof: true}}], as: r}
    - {blocked: r}
    - {print: now}
    - {shutdown: a, how: read}
`, [][2]string{{"one  shutdown(a, SHUT_RD) = 0", "one/r  recv(a, 65536) = 0 (end of file)"}}},
	{"a close ends what is only in a message to its socket", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unixpacket, as: [a, b]}
    - {socket: tcp, as: l}
    - {listen: l}
    - {accept: l, as: s}
    - {send: to, data: x, control: {SCM_RIGHTS: [b, s]}}
    - {close: [b, s]}
    - {dup: a, as: again}
    - {signal: started}
    - {parallel: {r: [{recv: again, expect: {eof: true}}], c: [` + later + `, {wait: go}, {close: held}]}}
  two:
    - {socket: tcp, as: c}
    - {connect: c, to: "${one.l}"}
    - {recv: c, expect: {eof: true}}
  three:
    - {wait: started}
    - {signal: go}
`, [][2]string{
		{"one/c  close(held) = 0", "one/r  recv(again, 65536) = 0 (end of file)"},
		{"one/c  close(held) = 0", "two  recv(c, 65536) = 0 (end of file)"},
	}},
	{"a receive without room for it ends what is only in a message", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - {close: b}
    - {parallel: {r: [{recv: a, expect: {eof: true}}], c: [` + later + `, {recv: held, call: read}]}}
    - {close: held}
`, [][2]string{{"one/c  read(held, 65536) = 1 \"x\"", "one/r  recv(a, 65536) = 0 (end of file)"}}},
	// A receive closes the descriptors for which it has no name.
	{"a receive ends what it gives no name", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - {close: b}
    - {parallel: {r: [{recv: a, expect: {eof: true}}], c: [` + later + `, {recv: held, expect: {data: x, control: {SCM_RIGHTS: 1}}}]}}
`, [][2]string{{"one/c  recvmsg(held", "one/r  recv(a, 65536) = 0 (end of file)"}}},
	{"an end of file comes after the receive that gave a descriptor no name", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - parallel:
        x: [` + later + `, {recv: held, expect: {data: x, control: {SCM_RIGHTS: 1}}}, {exec: [touch, '${tmp}/taken']}]
        y: [{exec: 'until [ -e ${tmp}/taken ]; do sleep 0.01; done', shell: true}, {close: b}]
        z: [{recv: a, expect: {eof: true}}]
`, [][2]string{{"one/x  recvmsg(held", "one/z  recv(a, 65536) = 0 (end of file)"}}},
	{"a relay ends what is only in a message", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {socketpair: unix, as: [c, d]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - {close: b}
    - {parallel: {r: [{recv: a, expect: {eof: true}}], c: [` + later + `, {relay: held, to: c, size: 1}]}}
    - {close: held}
`, [][2]string{{"one/c  relay(held, c, 1) = 1", "one/r  recv(a, 65536) = 0 (end of file)"}}},
	{"a splice ends what is only in a message", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {pipe: 0, as: [p, q]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - {close: b}
    - {parallel: {r: [{recv: a, expect: {eof: true}}], c: [` + later + `, {splice: held, to: q, size: 1}]}}
    - {close: held}
`, [][2]string{{"one/c  splice(held", "one/r  recv(a, 65536) = 0 (end of file)"}}},
	{"what is only in a message ends with all closes of its receiver", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - {close: b}
    - {dup: held, as: copy}
    - {spawn: [` + later + `, ` + later + `, {close: copy}, {exec: [touch, '${tmp}/gone']}]}
    - {exec: 'until [ -e ${tmp}/gone ]; do sleep 0.01; done', shell: true}
    - {close: held}
    - {recv: a, expect: {eof: true}}
`, [][2]string{
		{"one  close(held) = 0", "one  recv(a, 65536) = 0 (end of file)"},
		{"one/branch  close(copy) = 0", "one  recv(a, 65536) = 0 (end of file)"},
	}},
	{"an exit ends what is only in a message to a socket of the process", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - {close: b}
    - {fork: [` + later + `, {exit: 0}], as: child}
    - {close: held}
    - {recv: a, expect: {eof: true}}
    - {join: child, expect: {exit: 0}}
`, [][2]string{{"one/child  exit(0) = ?", "one  recv(a, 65536) = 0 (end of file)"}}},
	// Where nothing orders the closes of several descriptors, any may be the
	// last.
	{"an end of file comes after the close of each descriptor", "os:linux, 'cmd:mkfifo'", `
  one:
    - {exec: [mkfifo, f]}
    - {socketpair: unix, as: [a, b]}
    - {dup: b, as: b1}
    - {dup: b, as: b2}
    - close: b
    - parallel:
        x: [` + later + `, {close: b1}, {exec: [sh, -c, 'echo > f']}]
        y: [{exec: [cat, f]}, {close: b2}]
        z: [{recv: a, expect: {eof: true}}]
`, [][2]string{
		{"one/x  close(b1) = 0", "one/z  recv(a, 65536) = 0 (end of file)"},
		{"one/y  close(b2) = 0", "one/z  recv(a, 65536) = 0 (end of file)"},
	}},
	{"an end of file comes after the replacement of a descriptor", "os:linux, 'cmd:mkfifo'", `
  one:
    - {exec: [mkfifo, f]}
    - {socketpair: unix, as: [a, b]}
    - {pipe: 0, as: [c, d]}
    - {dup: b, as: b1}
    - parallel:
        x: [` + later + `, {dup: c, onto: b1}, {exec: [sh, -c, 'echo > f']}]
        y: [{exec: [cat, f]}, {close: b}]
        z: [{recv: a, expect: {eof: true}}]
`, [][2]string{{"one/x  dup2(c, b1) = b1", "one/z  recv(a, 65536) = 0 (end of file)"}}},
	{"an end of file comes after the close of a passed descriptor", "os:linux, 'cmd:mkfifo'", `
  one:
    - {exec: [mkfifo, f]}
    - {socketpair: unix, as: [a, b]}
    - {socketpair: unix, as: [to, from]}
    - {send: to, data: x, control: {SCM_RIGHTS: [b]}}
    - {recv: from, expect: {data: x, control: {SCM_RIGHTS: [got]}}}
    - parallel:
        x: [` + later + `, {close: got}, {exec: [sh, -c, 'echo > f']}]
        y: [{exec: [cat, f]}, {close: b}]
        z: [{recv: a, expect: {eof: true}}]
`, [][2]string{{"one/x  close(got) = 0", "one/z  recv(a, 65536) = 0 (end of file)"}}},
	{"a shutdown is enough for an end of file", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {dup: b, as: b1}
    - parallel:
        x: [{shutdown: b1, how: write}, ` + later + `, {close: b1}]
        y: [{close: b}]
        z: [{recv: a, expect: {eof: true}}]
`, [][2]string{
		{"one/x  shutdown(b1, SHUT_WR) = 0", "one/z  recv(a, 65536) = 0 (end of file)"},
		{"one/z  recv(a, 65536) = 0 (end of file)", "one/x  close(b1) = 0"},
	}},
	{"a local shutdown of both directions ends a receive over TCP", "", `
  one:
    - {socket: tcp, as: l}
    - {listen: l}
    - {socket: tcp, as: c}
    - {connect: c, to: l}
    - {accept: l, as: s}
    - {dup: s, as: t}
    - {spawn: [{recv: s, expect: {eof: true}}], as: r}
    - {blocked: r}
    - {print: now}
    - {shutdown: t, how: both}
`, [][2]string{{"one  shutdown(t, SHUT_RDWR) = 0", "one/r  recv(s, 65536) = 0 (end of file)"}}},
	{"a local shutdown ends a receive of datagrams", "os:linux", `
  one:
    - {socket: udp, as: u}
    - {connect: u, to: '127.0.0.1:9'}
    - {spawn: [{recv: u, expect: ""}], as: r}
    - {blocked: r}
    - {print: now}
    - {shutdown: u, how: read}
`, [][2]string{{"one  shutdown(u, SHUT_RD) = 0", "one/r  recv(u, 65536) = 0"}}},
	{"a local shutdown ends an accept", "os:linux", `
  one:
    - {socket: tcp, as: l}
    - {listen: l}
    - {spawn: [{accept: l, expect: {error: EINVAL}}], as: r}
    - {blocked: r}
    - {print: now}
    - {shutdown: l, how: read}
`, [][2]string{{"one  shutdown(l, SHUT_RD) = 0", "one/r  accept(l) = -1 EINVAL (Invalid argument)"}}},
	{"a local shutdown ends a send", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {spawn: [{send: a, data: {zeros: 8MiB}, expect: {error: EPIPE}}], as: w}
    - {blocked: w}
    - {print: now}
    - {shutdown: a, how: both}
`, [][2]string{{"one  shutdown(a, SHUT_RDWR) = 0", "one/w  send(a, hex:" + strings.Repeat("00", 64) + "... (8388608 bytes), 8388608) = -1 EPIPE (Broken pipe)"}}},
	{"a local shutdown ends a poll", "os:linux", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {spawn: [{poll: a, events: rdhup}], as: r}
    - {blocked: r}
    - {print: now}
    - {shutdown: a, how: read}
`, [][2]string{{"one  shutdown(a, SHUT_RD) = 0", "one/r  poll([a], POLLRDHUP, -1) = 1 a=POLLRDHUP"}}},
	{"the peer's shutdown of its receiving ends a send on a local socket", "os:linux", `
  one: [{socketpair: unix, as: [a, b]}, {spawn: [{wait: go}, {send: a, data: x, expect: {error: EPIPE}}], as: w}, ` + later + `, {shutdown: b, how: read}, {exec: ["true"]}, {signal: go}]
`, [][2]string{{"one  shutdown(b, SHUT_RD) = 0", `one/w  send(a, "x", 1) = -1 EPIPE (Broken pipe)`}}},

	// Closes after which nobody is there.
	{"a connect that is refused while it waits", "os:linux", `
  s: [{socket: unix, as: l}, {bind: l, to: 'unix:${tmp}/s'}, {listen: l, backlog: 0}, {wait: full}, ` + later + `, {close: l}]
  c: [{socket: unix, as: a}, {connect: a, to: '${s.l}'}, {socket: unix, as: b}, {spawn: [{connect: b, to: '${s.l}', expect: {error: ECONNREFUSED}}], as: p}, {blocked: p}, {signal: full}]
`, [][2]string{{"s  close(l) = 0", "c/p  connect(b, unix:$tmp/s) = -1 ECONNREFUSED (Connection refused)"}}},
	{"a connect after the listener's close", "", `
  s: [{socket: tcp, as: holder}, {setsockopt: holder, option: SO_REUSEADDR, value: true}, {bind: holder, to: '127.0.0.1:0'}, {socket: tcp, as: l}, {setsockopt: l, option: SO_REUSEADDR, value: true}, {bind: l, to: '${holder.address}'}, {listen: l}, {close: l}, {exec: [touch, '${tmp}/gone']}, {wait: done}]
  c: [{let: {to: '${s.l.address}'}}, {socket: tcp, as: c}, {exec: 'until [ -e ${tmp}/gone ]; do sleep 0.01; done', shell: true}, {connect: c, to: '${to}', expect: {error: ECONNREFUSED}}, {signal: done}]
`, [][2]string{{"s  close(l) = 0", "c  connect(c, 127.0.0.1:<l>) = -1 ECONNREFUSED (Connection refused)"}}},
	{"a refused connect beside other sockets of the port", "netns", `
  s: [{socket: tcp, as: l}, {bind: l, to: '127.0.0.1:8080'}, {listen: l}, {accept: l, as: conn}, {spawn: [` + later + `, ` + later + `, {close: conn}, {exec: [touch, '${tmp}/one']}]}, {close: l}, {exec: [touch, '${tmp}/two']}]
  u: [{socket: udp, as: u}, {bind: u, to: '127.0.0.1:8080'}, ` + later + `, ` + later + `, {close: u}, {exec: [touch, '${tmp}/three']}]
  c: [{let: {to: '${s.l.address}'}}, {socket: tcp, as: a}, {connect: a, to: '${to}'}, {socket: tcp, as: b}, {exec: 'until [ -e ${tmp}/one -a -e ${tmp}/two -a -e ${tmp}/three ]; do sleep 0.01; done', shell: true}, {connect: b, to: '${to}', expect: {error: ECONNREFUSED}}]
network: private
`, [][2]string{
		{"s  close(l) = 0", "c  connect(b, 127.0.0.1:8080) = -1 ECONNREFUSED (Connection refused)"},
		{"c  connect(b, 127.0.0.1:8080) = -1 ECONNREFUSED (Connection refused)", "s/branch  close(conn) = 0"},
		{"c  connect(b, 127.0.0.1:8080) = -1 ECONNREFUSED (Connection refused)", "u  close(u) = 0"},
	}},
	{"a datagram after the receiver's close", "os:linux", `
  s: [{socket: unixgram, as: r}, {bind: r, to: 'unix:${tmp}/r'}, {print: 1}, {print: 2}, {print: 3}, {close: r}, {exec: [touch, '${tmp}/gone']}]
  c: [{socket: unixgram, as: c}, {exec: 'until [ -e ${tmp}/gone ]; do sleep 0.01; done', shell: true}, {send: c, data: x, to: 'unix:${tmp}/r', expect: {error: ECONNREFUSED}}]
`, [][2]string{{"s  close(r) = 0", `c  sendto(c, "x", 1, unix:$tmp/r) = -1 ECONNREFUSED (Connection refused)`}}},
	{"what a datagram without a receiver brings back", "os:linux", `
  s: [{socket: udp, as: holder}, {bind: holder, to: '127.0.0.1:0'}, {connect: holder, to: holder}, {setsockopt: holder, option: SO_REUSEADDR, value: true}, {socket: udp, as: r}, {setsockopt: r, option: SO_REUSEADDR, value: true}, {bind: r, to: '${holder.address}'}, {wait: connected}, ` + later + `, {close: r}, {signal: gone}, {wait: done}]
  c: [{socket: udp, as: u}, {connect: u, to: '${s.r}'}, {spawn: [{recv: u, expect: {error: ECONNREFUSED}}], as: get}, {signal: connected}, {wait: gone}, {print: 6}, {send: u, data: x}, {join: get}, {signal: done}]
`, [][2]string{
		{"s  close(r) = 0", "c/get  recv(u, 65536) = -1 ECONNREFUSED (Connection refused)"},
		{`c  send(u, "x", 1) = 1`, "c/get  recv(u, 65536) = -1 ECONNREFUSED (Connection refused)"},
	}},

	// The death of a program.
	{"the end of a program's output", "", `
  one:
    - {start: [sleep, "1000"], as: p}
    - {spawn: [{recv: p.stdout, expect: {eof: true}}], as: r}
    - {print: 1}
    - {print: 2}
    - {kill: p, with: KILL}
    - {join: p}
`, [][2]string{{"one  kill(p, SIGKILL) = 0", "one/r  read(p.stdout, 65536) = 0 (end of file)"}}},
	{"a join by a branch", "", `
  one:
    - {start: [sleep, "1000"], as: p}
    - {spawn: [{join: p}], as: r}
    - {print: 1}
    - {print: 2}
    - {kill: p}
    - {join: r}
`, [][2]string{{"one  kill(p, SIGTERM) = 0", "one/r  join(p) = killed by SIGTERM"}}},
	{"the end of a connection that a program holds", "", `
  one:
    - {socket: unix, as: l}
    - {bind: l, to: 'unix:${tmp}/s'}
    - {listen: l}
    - {socket: unix, as: c}
    - {connect: c, to: l}
    - {accept: l, as: s}
    - {start: [sleep, "1000"], fds: s, as: p}
    - {close: s}
    - {spawn: [{recv: c, expect: {eof: true}}], as: r}
    - {blocked: r}
    - {print: 2}
    - {kill: p}
    - {join: p}
`, [][2]string{{"one  kill(p, SIGTERM) = 0", "one/r  recv(c, 65536) = 0 (end of file)"}}},
	{"a listener that a program holds", "os:linux", `
  one:
    - {socket: tcp, as: l}
    - {listen: l}
    - {let: {to: '${l.address}'}}
    - {start: [sleep, "1000"], fds: l, as: p}
    - {close: l}
    - {socket: tcp, as: c}
    - {connect: c, to: '${to}'}
    - {spawn: [{recv: c, expect: {error: ECONNRESET}}], as: r}
    - {blocked: r}
    - {print: 2}
    - {kill: p}
    - {join: p}
`, [][2]string{{"one  kill(p, SIGTERM) = 0", "one/r  recv(c, 65536) = -1 ECONNRESET (Connection reset by peer)"}}},
}

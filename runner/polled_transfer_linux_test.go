package runner_test

import "strings"

// waitingTransfers are about sends and receives.
var waitingTransfers = []waitingCall{
	{
		"datagram send without a free port", `
    - {socket: udp, as: holder, MODE}
    - {bind: holder, to: "127.0.0.1:0"}
    - {socket: udp, as: u, MODE}
    # IP_LOCAL_PORT_RANGE
    - {setsockopt: u, option: {level: 0, name: 51}, value: "${holder.port * 65537}"}
    - {send: u, to: "127.0.0.1:9", data: x, expect: {error: EAGAIN}}
    - {send: u, to: "127.0.0.1:9", data: x, call: sendmsg, expect: {error: EAGAIN}}
    - {sendmmsg: u, messages: [{data: x, to: "127.0.0.1:9"}], expect: {error: EAGAIN}}
    - {connect: u, to: "127.0.0.1:9", expect: {error: EAGAIN}}
`, []string{"sendto(u, \"x\", 1, 127.0.0.1:9) = -1 EAGAIN", "connect(u, 127.0.0.1:9) = -1 EAGAIN"},
	},
	{
		"low-water mark", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: a}
    - {setsockopt: a, option: SO_RCVLOWAT, value: 4}
    - {send: c, data: ab}
    - {spawn: [{recv: a, max: 10, expect: abcdef}], as: r}
    - {blocked: r, stays: 50ms}
    - {send: c, data: cd}
    - {blocked: r, stays: 50ms}
    - {send: c, data: ef}
    - join: r
    - {send: c, data: xy}
    - {recv: a, max: 10, nowait: true, expect: xy}
`, []string{`recv(a, 10) = 6 "abcdef"`, `recv(a, 10) = 2 "xy"`},
	},
	{
		"low-water mark of a listener", `
    - {socket: tcp, as: l, MODE}
    - {setsockopt: l, option: SO_RCVLOWAT, value: 2}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: a}
    - {send: c, data: a}
    - {spawn: [{recv: a, call: read, max: 70000, expect: abc}], as: r}
    - {blocked: r, stays: 30ms}
    - {send: c, data: bc}
    - join: r
`, nil,
	},
	{
		"time limit of a receive", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_RCVTIMEO, value: 20ms}
    - {recv: a, expect: {error: EAGAIN}}
    - {recv: a, call: read, expect: {error: EAGAIN}}
    - {recv: a, call: readv, buffers: [1, 2], expect: {error: EAGAIN}}
    - {recv: a, call: recvmsg, expect: {error: EAGAIN}}
    - {recv: a, max: 70000, expect: {error: EAGAIN}}
    - {recvmmsg: a, count: 2, expect: {error: EAGAIN}}
    - {send: b, data: x}
    - {recv: a, max: 2, flags: MSG_WAITALL, expect: x}
    - {setsockopt: a, option: SO_RCVTIMEO, value: 0}
    - {spawn: [{recv: a, expect: y}], as: r}
    - {blocked: r, stays: 40ms}
    - {send: b, data: y}
    - join: r
`, []string{"recv(a, 65536) = -1 EAGAIN", `recv(a, 2, MSG_WAITALL) = 1 "x"`},
	},
	{
		"time limit of a send", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_SNDBUF, value: 4096}
    - {setsockopt: a, option: SO_SNDTIMEO, value: 20ms}
    - {send: a, data: {zeros: 90000}, once: true, expect: {size: 1..89999}, mask: true}
    - {send: a, data: {zeros: 90000}, expect: {error: EAGAIN}}
    - {send: a, data: {zeros: 90000}, call: write, expect: {error: EAGAIN}}
    - {send: a, data: {zeros: 90000}, call: sendmsg, expect: {error: EAGAIN}}
`, nil,
	},
	{
		"one send of more than fits", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_SNDBUF, value: 4096}
    - {spawn: [{send: a, data: {zeros: 90000}, once: true, expect: 90000}], as: s}
    - blocked: s
    - {recv: b, size: 90000}
    - join: s
    - {send: a, data: {zeros: 90000}, once: true, nowait: true, expect: "<90000", mask: true}
`, []string{"send(a, hex:" + strings.Repeat("0", 128) + "... (90000 bytes), 90000) = 90000"},
	},
	{
		"receive of all", `
    - {socketpair: unix, as: [a, b], MODE}
    - {send: a, data: abc}
    - {recv: b, max: 9, flags: [MSG_WAITALL, MSG_PEEK], expect: abc}
    - {spawn: [{recv: b, max: 5, flags: MSG_WAITALL, expect: abcde}], as: r}
    - blocked: r
    - {send: a, data: de}
    - join: r
    - {send: a, data: fg}
    - close: a
    - {recv: b, max: 5, flags: MSG_WAITALL, expect: fg}
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: s}
    - {send: c, data: xy}
    - {spawn: [{recv: s, max: 4, flags: [MSG_WAITALL, MSG_PEEK], expect: xyz}], as: p}
    - {blocked: p, stays: 20ms}
    - {send: c, data: z}
    - {shutdown: c, how: write}
    - join: p
`, []string{`recv(b, 9, MSG_PEEK|MSG_WAITALL) = 3 "abc"`, `recv(s, 4, MSG_PEEK|MSG_WAITALL) = 3 "xyz"`},
	},
	{
		"receive of all that a reset ends", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: s}
    - {send: c, data: xy}
    - {setsockopt: c, option: SO_LINGER, value: {onoff: 1, linger: 0}}
    - {spawn: [{recv: s, max: 4, flags: MSG_WAITALL, expect: xy}], as: r}
    - {blocked: r, stays: 20ms}
    - close: c
    - join: r
    - {getsockopt: s, option: SO_ERROR, expect: ECONNRESET}
    - {recv: s, expect: {eof: true}}
`, nil,
	},
	{
		"error queue and urgent data", `
    - {socket: udp, as: u, MODE}
    - {recv: u, flags: MSG_ERRQUEUE, expect: {error: EAGAIN}}
    - {recv: u, max: 70000, call: recvfrom, flags: MSG_ERRQUEUE, expect: {error: EAGAIN}}
    - {recvmmsg: u, count: 1, flags: MSG_ERRQUEUE, expect: {error: EAGAIN}}
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {recv: c, max: 1, flags: MSG_OOB, expect: {error: EINVAL}}
`, []string{"MSG_ERRQUEUE) = -1 EAGAIN", "MSG_OOB) = -1 EINVAL"},
	},
	{
		"datagrams after a shutdown", `
    - {socketpair: unixgram, as: [a, b], MODE}
    - {send: a, data: x}
    - {shutdown: b, how: read}
    - {recv: b, expect: x}
    - {recv: b, max: 3, expect: {size: 0}}
    - {recv: b, max: 3, nowait: true, expect: {error: EAGAIN}}
    - {socket: udp, as: u, MODE}
    - {bind: u, to: "127.0.0.1:0"}
    - {spawn: [{recv: u, max: 3, call: read, expect: {size: 0}}], as: r}
    - blocked: r
    - {shutdown: u, how: read, expect: {error: ENOTCONN}}
    - join: r
`, []string{"recv(b, 3) = 0", "read(u, 3) = 0"},
	},
	{
		"several messages by one call", `
    - {socket: udp, as: n, MODE}
    - {bind: n, to: "127.0.0.1:0"}
    - {connect: n, to: n} # it hears only itself, and keeps the port
    - {socket: udp, as: u, MODE}
    - {connect: u, to: n}
    - {sendmmsg: u, messages: [{data: a}, {data: b}, {data: c}], expect: 1}
    - {socketpair: unixgram, as: [a, b], MODE}
    - {send: a, data: x}
    - {recvmmsg: b, count: 5, flags: MSG_WAITFORONE, expect: [x]}
    - {spawn: [{recvmmsg: b, count: 2, expect: [y, z]}], as: r}
    - {send: a, data: "y"}
    - blocked: r
    - {send: a, data: z}
    - join: r
`, []string{`sendmmsg(u, ["a", "b", "c"], 3) = 1`, `recvmmsg(b, 5, MSG_WAITFORONE) = 1 ["x"]`},
	},
	{
		"full queue of a local datagram socket", `
    - {socket: unixgram, as: s, MODE}
    - {bind: s, to: "unix:${tmp}/s"}
    - {socket: unixgram, as: c, MODE}
    - repeat: 11
      steps: [{send: c, to: s, data: x, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: c, to: s, data: last}], as: w}
    - {blocked: w, stays: 20ms}
    - {recv: s, expect: x}
    - join: w
`, nil,
	},
	{
		"send that its own shutdown ends", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_SNDBUF, value: 4096}
    - {send: a, data: {zeros: 90000}, nowait: true, expect: {error: EAGAIN}}
    - {spawn: [{send: a, data: x, expect: {error: EPIPE}}], as: s}
    - blocked: s
    - {shutdown: a, how: write}
    - {join: s, timeout: 5s}
    - {socketpair: unixpacket, as: [c, d], MODE}
    - {setsockopt: c, option: SO_SNDBUF, value: 4096}
    - repeat: 20
      steps: [{send: c, data: {zeros: 1000}, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {dup: c, as: again}
    - {spawn: [{send: c, data: {zeros: 1000}, call: sendmsg, expect: {error: EPIPE}}], as: s}
    - {spawn: [{send: c, data: {zeros: 1000}, expect: {error: EPIPE}}], as: t}
    - {blocked: s, stays: 20ms}
    - blocked: t
    - {shutdown: c, how: read}
    - {blocked: s, stays: 20ms}
    - {shutdown: again, how: both}
    - {join: s, timeout: 5s}
    - {join: t, timeout: 5s}
    - {socketpair: unixgram, as: [e, f], MODE}
    - {setsockopt: e, option: SO_SNDBUF, value: 4608}
    - repeat: 20
      steps: [{send: e, data: {zeros: 1000}, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: e, data: {zeros: 1000}, call: write, expect: {error: EPIPE}}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: e, how: write}
    - {join: s, timeout: 5s}
`, []string{`send(a, "x", 1) = -1 EPIPE`},
	},
	{
		"send that a shutdown of the peer ends", `
    - {socketpair: unix, as: [a, b], MODE}
    - {spawn: [{send: a, data: {zeros: 4MiB}, expect: {error: EPIPE}}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: b, how: read}
    - {join: s, timeout: 5s}
    - {socket: unixpacket, as: l, MODE}
    - {bind: l, to: "unix:${tmp}/s"}
    - listen: l
    - {socket: unixpacket, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: d}
    - {spawn: [{repeat: 1000, steps: [{send: d, data: {zeros: 1000}, expect: {error: [EPIPE, 0]}}]}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: c, how: write}
    - {blocked: s, stays: 20ms}
    - {shutdown: c, how: both}
    - {join: s, timeout: 5s}
    - {spawn: [{repeat: 1000, steps: [{send: c, data: {zeros: 1000}, expect: {error: [EPIPE, 0]}}]}], as: s}
    - {join: s, timeout: 5s}
    - {socket: unixgram, as: f, MODE}
    - {bind: f, to: "unix:${tmp}/f"}
    - {socket: unixgram, as: e, MODE}
    - {connect: e, to: f}
    - repeat: 20
      steps: [{send: e, data: x, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: e, data: last, expect: {error: ECONNREFUSED}}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: f, how: read}
    - {blocked: s, stays: 20ms}
    - close: f
    - {join: s, timeout: 5s}
`, nil,
	},
	{
		"send to a full queue, which its own shutdown does not end", `
    - {socket: unixgram, as: s, MODE}
    - {bind: s, to: "unix:${tmp}/s"}
    - {socket: unixgram, as: c, MODE}
    - {connect: c, to: s}
    - repeat: 20
      steps: [{send: c, data: x, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: c, data: last}], as: w}
    - {blocked: w, stays: 20ms}
    - {shutdown: c, how: write}
    - {blocked: w, stays: 20ms}
    - {recv: s, expect: x}
    - join: w
    - {send: c, data: never, expect: {error: EPIPE}}
`, []string{`send(c, "last", 4) = 4`, `send(c, "never", 5) = -1 EPIPE`},
	},
}

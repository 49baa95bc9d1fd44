package runner_test

// droppedBefore is a scenario in which a step of x closes the copy of a
// descriptor that a message to held passes, and after that y closes the other
// copy. Nothing that is known orders the two.
func droppedBefore(kind, pass, x string) string {
	return `
  one:
    - {exec: [mkfifo, f]}
    - {socketpair: ` + kind + `, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - {pipe: 0, as: [p, q]}
    - ` + pass + `
    - parallel:
        x: [` + later + `, ` + x + `, {exec: [sh, -c, 'echo > f']}]
        y: [{exec: [cat, f]}, {close: b}]
        z: [{recv: a, expect: {eof: true}}]
`
}

// passB sends a message with a descriptor.
const passB = "{send: to, data: x, control: {SCM_RIGHTS: [b]}}"

// endAfter is that the end of file comes after both copies are closed.
func endAfter(x string) [][2]string {
	const end = "one/z  recv(a, 65536) = 0 (end of file)"
	return [][2]string{{"one/x  " + x, end}, {"one/y  close(b) = 0", end}}
}

// causesOfRights are about the descriptors that messages pass and that nobody
// gets.
var causesOfRights = []causeTest{
	{
		"a read has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", passB, "{recv: held, call: read}"), endAfter("read(held"),
	},
	{
		"a recv has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", passB, "{recv: held, call: recv, max: 5}"), endAfter("recv(held"),
	},
	{
		"a receive of a few bytes has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", "{send: to, data: abc}\n    - "+passB, "{recv: held, size: 4}"), endAfter("recv(held"),
	},
	{
		"a receive that fails in the end has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", passB, "{recv: held, size: 2, nowait: true, expect: {error: EAGAIN}}"), endAfter("recv(held"),
	},
	{
		"a recvmsg has room for some of the descriptors", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", "{send: to, data: x, control: {SCM_RIGHTS: [p, q, b]}}", "{recv: held, call: recvmsg, control: 20, expect: {data: x, flags: MSG_CTRUNC, control: {SCM_RIGHTS: any}}}"),
		endAfter("recvmsg(held"),
	},
	{
		"a relay has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", passB, "{relay: held, to: q, size: 1}"), endAfter("relay(held"),
	},
	{
		"a splice has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", passB, "{splice: held, to: q, size: 1}"), endAfter("splice(held"),
	},
	{
		"a receive of a record has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unixpacket", passB, "{recv: held, call: recv}"), endAfter("recv(held"),
	},
	{
		"a recvmmsg has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unixgram", passB, "{recvmmsg: held, count: 1}"), endAfter("recvmmsg(held"),
	},
	{
		"a close throws a message with a descriptor away", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", passB, "{close: held}"), endAfter("close(held"),
	},
	{
		"a receive from a sender without a connection has no room for a descriptor", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unixgram", "{socket: unixgram, as: s}\n    - {bind: s, to: 'unix:${tmp}/s'}\n    - {socket: unixgram, as: c}\n    - {send: c, data: x, to: 'unix:${tmp}/s', control: {SCM_RIGHTS: [b]}}",
			"{recv: s, call: recv}"), endAfter("recv(s"),
	},
	{
		"a close throws a connection with a descriptor away", "os:linux, 'cmd:mkfifo'",
		droppedBefore("unix", "{socket: unix, as: l}\n    - {bind: l, to: 'unix:${tmp}/s'}\n    - {listen: l}\n    - {socket: unix, as: c}\n    - {connect: c, to: 'unix:${tmp}/s'}\n    - {send: c, data: x, control: {SCM_RIGHTS: [b]}}",
			"{close: l}"), endAfter("close(l"),
	},
	// A look makes further descriptors, and leaves those in the message.
	{"a receive gets what a look has shown", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {socketpair: unix, as: [a, b]}
    - ` + passB + `
    - {close: b}
    - parallel:
        x:
          - {recv: held, flags: MSG_PEEK, expect: {data: x, control: {SCM_RIGHTS: [c]}}}
          - {close: c}
          - {recv: held, expect: {data: x, control: {SCM_RIGHTS: [d]}}}
          - {close: d}
        z: [{recv: a, expect: {eof: true}}]
`, [][2]string{{"one/x  close(d) = 0", "one/z  recv(a, 65536) = 0 (end of file)"}}},
	{"an end of a pipe that was received is the one that was passed", "os:linux", `
  one:
    - {socketpair: unix, as: [to, held]}
    - {pipe: 0, as: [p, q]}
    - {send: to, data: x, control: {SCM_RIGHTS: [q]}}
    - {close: q}
    - {recv: held, expect: {data: x, control: {SCM_RIGHTS: [got]}}}
    - parallel:
        x: [` + later + `, {send: got, data: y}, ` + later + `, {close: got}]
        z: [{recv: p, max: 5}, {recv: p, expect: {eof: true}}]
`, [][2]string{
		{"one/x  write(got", "one/z  read(p, 5) = 1"},
		{"one/x  close(got) = 0", "one/z  read(p, 65536) = 0 (end of file)"},
	}},
	{"a receive has no room for the end of a pipe", "os:linux, 'cmd:mkfifo'", `
  one:
    - {exec: [mkfifo, f]}
    - {socketpair: unix, as: [to, held]}
    - {pipe: 0, as: [p, q]}
    - {send: to, data: x, control: {SCM_RIGHTS: [q]}}
    - parallel:
        x: [` + later + `, {recv: held, call: read}, {exec: [sh, -c, 'echo > f']}]
        y: [{exec: [cat, f]}, {close: q}]
        z: [{recv: p, expect: {eof: true}}]
`, [][2]string{{"one/x  read(held", "one/z  read(p, 65536) = 0 (end of file)"}}},
	{"an end of a FIFO that was received is the one that was passed", "os:linux, 'cmd:mkfifo'", `
  one:
    - {exec: [mkfifo, g]}
    - {open: '${tmp}/g', flags: [O_RDONLY, O_NONBLOCK], as: p}
    - {open: '${tmp}/g', flags: O_WRONLY, as: q}
    - {socketpair: unix, as: [to, held]}
    - {send: to, data: x, control: {SCM_RIGHTS: [q]}}
    - {close: q}
    - {recv: held, expect: {data: x, control: {SCM_RIGHTS: [got]}}}
    - {parallel: {x: [` + later + `, {send: got, data: y}], z: [{poll: p, events: in}, {recv: p, max: 5}]}}
`, [][2]string{{"one/x  write(got", "one/z  read(p, 5) = 1"}}},
}

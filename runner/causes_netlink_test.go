package runner_test

// Each of these rows has a group of its own: they run side by side.
const (
	userSocket   = "{socket: {family: AF_NETLINK, type: SOCK_RAW, protocol: NETLINK_USERSOCK}, as: "
	netlinkNeeds = "os:linux, root"
)

// full makes a socket to with a message of from and no room for another one,
// and a member of a group.
func full(group string) string {
	return `
    - ` + userSocket + `to}
    - {bind: to, to: 'netlink:0'}
    - {setsockopt: to, option: SO_RCVBUF, value: 1}
    - ` + userSocket + `member}
    - {bind: member, to: 'netlink:0/` + group + `'}
    - ` + userSocket + `from}
    - {bind: from, to: 'netlink:0'}
    - {let: {both: '${to.address}/` + group + `'}}
    - {send: from, to: '${to}', data: {zeros: 20000}}`
}

// causesOverNetlink are about messages of netlink(7).
var causesOverNetlink = []causeTest{
	{"a group that was joined after bind", netlinkNeeds, `
  one:
    - ` + userSocket + `g}
    - {bind: g, to: 'netlink:0'}
    - {setsockopt: g, option: NETLINK_ADD_MEMBERSHIP, value: 5}
    - {signal: joined}
    - {recv: g, max: 100, call: read, expect: hello}
  two:
    - {wait: joined}
    - ` + userSocket + `a}
    - {parallel: {x: [` + later + `, {send: a, to: 'netlink:0/16', data: hello, expect: {error: ECONNREFUSED}}]}}
`, [][2]string{{`two/x  sendto(a, "hello"`, `one  read(g, 100) = 5 "hello"`}}},
	{"a group gets what the port has no room for", netlinkNeeds, `
  one:` + full("32") + `
    - parallel:
        x: [` + later + `, {send: from, to: '${both}', data: hello, nowait: true, expect: {error: EAGAIN}}]
        y: [{recv: member, max: 100, expect: hello}]
`, [][2]string{{`one/x  sendto(from, "hello"`, `one/y  recv(member, 100) = 5 "hello"`}}},
	{"a group gets what the port has no room for, by sendmmsg", netlinkNeeds, `
  one:` + full("128") + `
    - parallel:
        x: [` + later + `, {sendmmsg: from, messages: [{data: first, to: 'netlink:0/128'}], expect: {error: ECONNREFUSED}}, ` + later + `, {sendmmsg: from, messages: [{data: hello, to: '${both}'}], nowait: true, expect: {error: EAGAIN}}]
        y: [{recv: member, max: 100, expect: first}, {recv: member, max: 100, expect: hello}]
`, [][2]string{{`one/x  sendmmsg(from, [["hello"`, `one/y  recv(member, 100) = 5 "hello"`}}},
	{"a send that waits goes to the group once", netlinkNeeds, `
  one:` + full("64") + `
    - {spawn: [{send: from, to: '${both}', data: hello}], as: late}
    - {blocked: late}
    - {recv: to, max: 20000}
    - {recv: to, max: 100, expect: hello}
    - {join: late}
    - {recv: member, max: 100, expect: hello}
    - {recv: member, max: 100, nowait: true, expect: {error: EAGAIN}}
`, [][2]string{{"one  recv(to, 20000)", `one/late  sendto(from, "hello"`}, {`one/late  sendto(from, "hello"`, `one  recv(to, 100) = 5 "hello"`}}},
}

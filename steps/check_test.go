package steps_test

import "testing"

func TestCheckHandles(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"misspelt", `
- socket: tcp
  as: sock
- close: sokc
- close: sock
`, []string{`5:14: there is no handle "sokc" here; did you mean "sock"?`}},
		{"unknown", `
- close: sock
`, []string{`3:14: there is no handle "sock" here; name a socket that an earlier step made with as:`}},
		{"of another actor", `
actors:
  a:
    - socket: udp
      as: sock
    - close: sock
  b:
    - close: sock
`, []string{`8:14: there is no handle "sock" here; name a socket that an earlier step made with as:`}},
		{"used before it is made", `
- close: sock
- socket: tcp
  as: sock
- close: sock
`, []string{"3:14: sock is used before the step that makes it; move this step after the one with as: sock"}},
		{"a value", `
- let: {n: 1}
- close: n
`, []string{"4:14: n is a value, not a handle; name a socket that an earlier step made with as:"}},
		{"used after close", `
- socketpair: unix
  as: [a, b]
- close: a
- send: a
  data: x
- close: [b, b]
`, []string{
			"6:13: a is closed already, at line 5; use it before that, or expect {error: EBADF}",
			"8:18: b is closed already, by this same step; use it before that, or expect {error: EBADF}",
		}},
		{"closed and made again", `
- socket: tcp
  as: s
- close: s
- socket: tcp
  as: s
- close: s
`, nil},
		{"use after close is what is shown", `
- socketpair: unix
  as: [a, b]
- close: [a, b]
- send: a
  data: x
  expect: {error: EBADF}
`, nil},
		{"perhaps closed", `
- socket: tcp
  as: s
- close: s
  when: count > 1
- close: s
`, nil},
		{"closed in a loop that may not run", `
- let: {n: "${0}"}
- socketpair: unix
  as: [a, b]
- repeat: ${n}
  steps:
    - close: a
- repeat: {while: n > 0}
  steps:
    - close: b
- send: a
  data: x
- send: b
  data: x
`, nil},
		{"closed in a loop that runs", `
- socket: tcp
  as: s
- repeat: 1
  steps:
    - close: s
- close: s
`, []string{"8:14: s is closed already, at line 7; use it before that, or expect {error: EBADF}"}},
		{"second round", `
- socket: tcp
  as: s
- repeat: 2
  steps:
    - listen: s
    - close: s
`, []string{
			"7:19: s is closed already, at line 8; use it before that, or expect {error: EBADF}",
			"8:18: s is closed already, by this step in the round before; use it before that, or expect {error: EBADF}",
		}},
		{"second item", `
- socket: tcp
  as: s
- for: [1, 2]
  each: n
  steps:
    - print: ${n}
    - close: s
`, []string{"9:18: s is closed already, by this step in the round before; use it before that, or expect {error: EBADF}"}},
		{"made in each round", `
- repeat: 2
  steps:
    - socket: tcp
      as: s
    - close: s
`, nil},
	})
}

func TestCheckImpossible(t *testing.T) {
	t.Parallel()
	const datagram = "a datagram socket receives without accepting; expect {error: EOPNOTSUPP} to show that"
	const inet = "an address such as 127.0.0.1:8080; expect the error to show what the kernel says"
	checkFindings(t, []finding{
		{"listen on datagrams", `
- socket: udp
  as: a
- listen: a
- socket: {family: unix, type: dgram}
  as: b
- listen: b
- close: [a, b]
`, []string{
			"5:15: a is a datagram socket; it cannot listen; " + datagram,
			"8:15: b is a datagram socket; it cannot listen; " + datagram,
		}},
		{"listen on datagrams as a lesson", `
- socket: udp
  as: a
- listen: a
  expect: {error: EOPNOTSUPP}
- close: a
`, nil},
		{"listen on a pair", `
- socketpair: unix
  as: [a, b]
- listen: a
- listen: b
  expect: {error: EINVAL}
`, []string{"5:15: a is an end of a socketpair; it cannot listen; make another socket and bind it; expect {error: EINVAL} to show that"}},
		{"an address of another family", `
- socket: tcp
  as: a
- bind: a
  to: unix:path
- connect: a
  to: "[::1]:80"
- socket: tcp6
  as: b
- bind: b
  to: 127.0.0.1:0
- socket: unix
  as: c
- connect: c
  to: :80
- close: [a, b, c]
`, []string{
			`6:11: "unix:path" is an address of AF_UNIX, but a is a socket of AF_INET; give it ` + inet,
			`8:11: "[::1]:80" is an address of AF_INET6, but a is a socket of AF_INET; give it ` + inet,
			`12:11: "127.0.0.1:0" is an address of AF_INET, but b is a socket of AF_INET6; give it an address such as [::1]:8080; expect the error to show what the kernel says`,
			`16:11: ":80" is an address of AF_INET or AF_INET6, but c is a socket of AF_UNIX; give it an address such as unix:PATH or unix:@NAME; expect the error to show what the kernel says`,
		}},
		{"an address that will do", `
- socket: udp6
  as: a
- connect: a
  to: 127.0.0.1:80
- connect: a
  to: "unspec:"
- socket: tcp6
  as: b
- connect: b
  to: :80
- bind: b
  to: unix:path
  expect: {error: EINVAL}
- close: [a, b]
`, nil},
		{"the end of datagrams", `
- socketpair: unixgram
  as: [a, b]
- recv: a
  until: x
- recv: b
  eof: true
- recv: b
  expect: {eof: true}
`, []string{
			"5:7: a is a datagram socket; each recv takes one datagram, and no datagram is the end of file; leave out until and eof; expect: {contains: …} searches the datagram",
			"7:7: b is a datagram socket; each recv takes one datagram, and no datagram is the end of file; leave out until and eof; expect: {contains: …} searches the datagram",
		}},
		{"accept without listen", `
- socket: tcp
  as: s
- accept: s
  as: conn
- close: [s, conn]
`, []string{"5:15: s does not listen, so it cannot accept; put a listen step before this one"}},
		{"a step that nobody knows may do what is missed", `
- socket: tcp
  as: s
- listn: s
- accept: s
  as: conn
- socket: tcp
  as: closed
- clos: [s, conn, closed]
`, []string{
			`5:7: unknown step kind "listn"; did you mean "listen"?`,
			`10:7: unknown step kind "clos"; did you mean "close"?`,
		}},
		{"accept on a pair", `
- socketpair: unix
  as: [a, b]
- accept: a
  expect: {error: EINVAL}
- close: b
`, nil},
		{"connect of a listener", `
- socket: tcp
  as: s
- listen: s
- connect: s
  to: 127.0.0.1:1
- close: s
`, []string{"6:16: s listens; it cannot connect; connect another socket"}},
		{"a listen that fails makes no listener", `
- socket: tcp
  as: s
- listen: s
  expect: {error: EADDRINUSE}
- connect: s
  to: 127.0.0.1:1
- close: s
`, nil},
		{"bind twice", `
- socket: udp
  as: s
- bind: s
  to: 127.0.0.1:0
- bind: s
  to: 127.0.0.2:0
- close: s
`, []string{"7:13: s is bound already, at line 5; a socket takes one address; expect {error: EINVAL} to show that"}},
		{"bind in each round", `
- socket: udp
  as: s
- repeat: 2
  steps:
    - bind: s
      to: 127.0.0.1:0
- close: s
`, []string{"7:17: s is bound already, by this step in the round before; " +
			"a socket takes one address; expect {error: EINVAL} to show that"}},
		{"bind after one that fails, and one that shows EINVAL", `
- socket: udp
  as: s
- bind: s
  to: 127.0.0.1:1
  expect: {error: EACCES}
- bind: s
  to: 127.0.0.1:0
- bind: s
  to: 127.0.0.1:0
  expect: {error: EINVAL}
- close: s
`, nil},
		{"recv of several bounds", `
- socketpair: unix
  as: [a, b]
- recv: a
  size: 1
  max: 2
- recv: b
  until: x
  eof: true
  size: 5
`, []string{
			"5:7: recv takes one of size, max, until, eof and buffers, not 2 of them",
			"8:7: recv takes one of size, max, until, eof and buffers, not 3 of them",
		}},
		{"calls without flags or destination", `
- socketpair: unix
  as: [a, b]
- recv: a
  call: read
  flags: MSG_PEEK
- send: a
  data: x
  call: writev
  flags: MSG_OOB
- send: b
  data: x
  call: write
  to: 127.0.0.1:80
`, []string{
			"7:14: read takes no flags; use call: recv or recvmsg",
			"11:14: writev takes no flags; use call: send or sendmsg",
			"15:11: write takes no destination; use call: sendto or sendmsg",
		}},
		{"empty delimiter", `
- socketpair: unix
  as: [a, b]
- recv: a
  until: ""
- close: b
`, []string{"6:14: the delimiter is empty; write the bytes to receive up to, such as \"\\n\""}},
		{"looking at what is not bounded", `
- socketpair: unix
  as: [a, b]
- recv: a
  until: x
  flags: MSG_PEEK
- recv: b
  eof: true
  flags: [MSG_PEEK]
`, []string{
			"7:14: MSG_PEEK takes nothing, so the receive never reaches the end; use it with size or max",
			"10:14: MSG_PEEK takes nothing, so the receive never reaches the end; use it with size or max",
		}},
	})
}

package runner_test

import "testing"

// A poll comes after what made its handles ready: the next connection, byte,
// datagram, the end of the peer's sending.
func TestOrderOfPoll(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - poll: listener
      events: in
    - accept: listener
      as: conn
    - poll: conn
      events: in
    - recv: conn
      expect: hello
    - poll: conn
      events: [in, rdhup]
    - close: [conn, listener]
  client:
    - print: one
    - print: two
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - print: three
    - print: four
    - send: sock
      data: hello
    - print: five
    - print: six
    - shutdown: sock
      how: write
`, `
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
client  | one
server  listen(listener, 4096) = 0
client  | two
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
client  connect(sock, 127.0.0.1:<listener>) = 0
server  poll([listener], POLLIN, -1) = 1 listener=POLLIN
client  | three
server  accept(listener) = conn from 127.0.0.1:<sock>
client  | four
client  send(sock, "hello", 5) = 5
server  poll([conn], POLLIN, -1) = 1 conn=POLLIN
client  | five
server  recv(conn, 5) = 5 "hello"
client  | six
client  shutdown(sock, SHUT_WR) = 0
server  poll([conn], POLLIN|POLLRDHUP, -1) = 1 conn=POLLIN|POLLRDHUP
server  close(conn) = 0
server  close(listener) = 0
`)
	wantTranscript(t, `
actors:
  receiver:
    - socket: udp
      as: in
    - bind: in
      to: 127.0.0.1:0
    - poll: in
      events: in
    - recv: in
  sender:
    - socket: udp
      as: out
    - print: one
    - print: two
    - send: out
      data: hello
      to: ${receiver.in}
`, `
receiver  socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = in
sender    socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = out
receiver  bind(in, 127.0.0.1:0) = 0
sender    | one
sender    | two
sender    sendto(out, "hello", 5, 127.0.0.1:<in>) = 5
receiver  poll([in], POLLIN, -1) = 1 in=POLLIN
receiver  recvfrom(in, 65536) = 5 "hello" from 127.0.0.1:<out>
`)
}

// A call ends after the step that saw it blocked.
func TestOrderOfBlocked(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - recv: b
          timeout: 5s
          expect: {eof: true}
      as: reader
    - print: one
    - blocked: reader
    - shutdown: b
      how: read
    - join: reader
`, `
one         socketpair(AF_UNIX, SOCK_STREAM, 0) = a b
one         spawn reader
one         | one
one         blocked(reader) = in recv(b)
one         shutdown(b, SHUT_RD) = 0
one/reader  recv(b, 65536) = 0 (end of file)
one         join(reader)
`)
}

// A branch is not blocked in a step that makes no call that waits, however long
// that takes.
func TestBlockedInNoCall(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - let: {x: "${two.x}"}
        - recv: b
          size: 1
      as: reader
    - blocked: reader
    - send: a
      data: x
    - join: reader
  two:
    - sleep: 60ms
    - let: {x: 1}
`, `
one         socketpair(AF_UNIX, SOCK_STREAM, 0) = a b
two         sleep(60ms)
one         spawn reader
two         let x = 1
one         blocked(reader) = in recv(b)
one/reader  let x = 1
one         send(a, "x", 1) = 1
one/reader  recv(b, 1) = 1 "x"
one         join(reader)
`)
}

// A branch that has come to its step, but not to the call, is not blocked yet.
func TestBlockedInCall(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - send: a
          data: {repeat: {data: "${two.x}", times: 4000000}}
          expect: 4000000
      as: writer
    - blocked: writer
    - send: a
      data: x
      nowait: true
      expect: {error: EAGAIN}
    - recv: b
      size: 4000000
    - join: writer
  two:
    - sleep: 100ms
    - let: {x: x}
`, `
one         socketpair(AF_UNIX, SOCK_STREAM, 0) = a b
two         sleep(100ms)
one         spawn writer
two         let x = x
one         blocked(writer) = in send(a)
one         send(a, "x", 1) = -1 EAGAIN (Resource temporarily unavailable)
one/writer  send(a, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... (4000000 bytes), 4000000) = 4000000 sha256:b125c9a74229a20076e418798b2067389b2150e389e5738e07fbf05afb4deef6
one         recv(b, 4000000) = 4000000 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... (4000000 bytes) sha256:b125c9a74229a20076e418798b2067389b2150e389e5738e07fbf05afb4deef6
one         join(writer)
`)
}

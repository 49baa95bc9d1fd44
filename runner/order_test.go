package runner_test

import "testing"

// The order of tcp-hello is part of the language's definition.
func TestOrderOfHello(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, hello, `
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
server  bind(listener, 127.0.0.1:0) = 0
server  listen(listener, 3) = 0
client  connect(sock, 127.0.0.1:<listener>) = 0
server  accept(listener) = conn from 127.0.0.1:<sock>
client  send(sock, "Hello from client", 17) = 17
server  recv(conn, 17) = 17 "Hello from client"
server  send(conn, "Hello from server", 17) = 17
server  close(conn) = 0
client  recv(sock, 17) = 17 "Hello from server"
server  close(listener) = 0
client  close(sock) = 0
`)
}

// An end of file comes after the peer's shutdown where there was one, else
// after its close.
func TestOrderOfEndOfFile(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, tcp(`
- recv: conn
  expect: {eof: true}
- close: [conn, listener]
`, `
- print: one
- print: two
- print: three
- close: sock
`), handshake[:len(handshake)-1]+`
client  | one
client  | two
client  | three
client  close(sock) = 0
server  recv(conn, 65536) = 0 (end of file)
server  close(conn) = 0
server  close(listener) = 0
`)
	wantTranscript(t, tcp(`
- recv: conn
  eof: true
  expect: request
- send: conn
  data: answer
- close: [conn, listener]
`, `
- send: sock
  data: request
- shutdown: sock
  how: write
- print: half closed
- recv: sock
  eof: true
  expect: answer
- close: sock
`), handshake[:len(handshake)-1]+`
client  send(sock, "request", 7) = 7
client  shutdown(sock, SHUT_WR) = 0
server  recv(conn, to end of file) = 7 "request" (end of file)
client  | half closed
server  send(conn, "answer", 6) = 6
server  close(conn) = 0
server  close(listener) = 0
client  recv(sock, to end of file) = 6 "answer" (end of file)
client  close(sock) = 0
`)
}

// A reset comes after the close that caused it.
func TestOrderOfReset(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, tcp(`
- recv: conn
  expect: {error: ECONNRESET}
- close: [conn, listener]
`, `
- setsockopt: sock
  option: SO_LINGER
  value: {onoff: true, linger: 0}
- print: now
- close: sock
`), handshake[:len(handshake)-1]+`
client  setsockopt(sock, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=0}) = 0
client  | now
client  close(sock) = 0
server  recv(conn, 65536) = -1 ECONNRESET (Connection reset by peer)
server  close(conn) = 0
server  close(listener) = 0
`)
}

// EPIPE comes after the close of the peer, also where nothing else shows the
// sender that close.
func TestOrderOfBrokenPipe(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - parallel:
        sender:
          - let: {broken: false}
          - send: a
            data: {zeros: 64MiB}
            expect: {error: EPIPE}
            timeout: 20s
        closer:
          - recv: b
            size: 1MiB
          - close: b
`, `
one         socketpair(AF_UNIX, SOCK_STREAM, 0) = a b
one/sender  let broken = false
one/closer  recv(b, 1048576) = 1048576 hex:00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000... (1048576 bytes)
one/closer  close(b) = 0
one/sender  send(a, hex:00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000... (67108864 bytes), 67108864) = -1 EPIPE (Broken pipe)
`)
}

// Datagrams are matched by their bytes and by the socket that sent them.
func TestOrderOfDatagrams(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  receiver:
    - socket: udp
      as: in
    - bind: in
      to: 127.0.0.1:0
    - recv: in
      expect: {data: ping, from: 127.0.0.2}
    - signal: first
    - recv: in
      expect: {data: ping, from: 127.0.0.3}
    - signal: second
    - recv: in
      expect: {data: "", from: 127.0.0.3}
    - close: in
  one:
    - socket: udp
      as: sock
    - bind: sock
      to: 127.0.0.2:0
    - send: sock
      data: ping
      to: ${receiver.in}
    - close: sock
  two:
    - socket: udp
      as: sock
    - bind: sock
      to: 127.0.0.3:0
    - wait: first
    - print: the first has come
    - send: sock
      data: ping
      to: ${receiver.in}
    - wait: second
    - send: sock
      data: ""
      to: ${receiver.in}
    - close: sock
`, `
receiver  socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = in
one       socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = sock
two       socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = sock
receiver  bind(in, 127.0.0.1:0) = 0
one       bind(sock, 127.0.0.2:0) = 0
two       bind(sock, 127.0.0.3:0) = 0
one       sendto(sock, "ping", 4, 127.0.0.1:<in>) = 4
receiver  recvfrom(in, 65536) = 4 "ping" from 127.0.0.2:<one.sock>
one       close(sock) = 0
receiver  signal(first)
two       wait(first)
two       | the first has come
two       sendto(sock, "ping", 4, 127.0.0.1:<in>) = 4
receiver  recvfrom(in, 65536) = 4 "ping" from 127.0.0.3:<two.sock>
receiver  signal(second)
two       wait(second)
two       sendto(sock, "", 0, 127.0.0.1:<in>) = 0
receiver  recvfrom(in, 65536) = 0 from 127.0.0.3:<two.sock>
two       close(sock) = 0
receiver  close(in) = 0
`)
}

// Local sockets have no addresses on the client's side: the accept is matched
// by the inodes of the sockets.
func TestOrderOfLocalClients(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, path := range []string{"unix:${tmp}/s", "unix:@sockscript-test-order"} {
		shown := "unix:$tmp/s"
		if path[5] == '@' {
			shown = path
		}
		wantTranscript(t, `
actors:
  server:
    - socket: unix
      as: listener
    - bind: listener
      to: `+path+`
    - listen: listener
    - wait: connected
    - repeat: 2
      steps:
        - accept: listener
          as: conn
        - recv: conn
          until: "."
          as: text
        - print: got ${text}
        - close: conn
    - close: listener
  one:
    - socket: unix
      as: sock
    - connect: sock
      to: ${server.listener}
    - signal: one
    - wait: connected
    - print: a
    - print: b
    - send: sock
      data: one.
    - close: sock
  two:
    - socket: unix
      as: sock
    - wait: one
    - connect: sock
      to: ${server.listener}
    - signal: connected
    - send: sock
      data: two.
    - close: sock
`, `
server  socket(AF_UNIX, SOCK_STREAM, 0) = listener
one     socket(AF_UNIX, SOCK_STREAM, 0) = sock
two     socket(AF_UNIX, SOCK_STREAM, 0) = sock
server  bind(listener, `+shown+`) = 0
server  listen(listener, 4096) = 0
one     connect(sock, `+shown+`) = 0
one     signal(one)
two     wait(one)
two     connect(sock, `+shown+`) = 0
two     signal(connected)
server  wait(connected)
one     wait(connected)
two     send(sock, "two.", 4) = 4
server  accept(listener) = conn
one     | a
two     close(sock) = 0
one     | b
one     send(sock, "one.", 4) = 4
server  recv(conn, until ".") = 4 "one."
one     close(sock) = 0
server  | got one.
server  close(conn) = 0
server  accept(listener) = conn
server  recv(conn, until ".") = 4 "two."
server  | got two.
server  close(conn) = 0
server  close(listener) = 0
`)
	}
}

// A connect reaches what the first listen made, whether or not the backlog was
// changed before it came. The file that orders the two is nothing to the order.
func TestOrderOfSecondListen(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  server:
    - socket: unix
      as: listener
    - bind: listener
      to: unix:${tmp}/s
    - listen: listener
    - listen: listener
      backlog: 3
    - exec: [touch, "${tmp}/changed"]
    - accept: listener
      as: conn
    - close: [conn, listener]
  client:
    - socket: unix
      as: sock
    - exec: [sh, -c, "until [ -e ${tmp}/changed ]; do sleep 0.01; done"]
    - connect: sock
      to: unix:${tmp}/s
    - recv: sock
      expect: {eof: true}
`, `
server  socket(AF_UNIX, SOCK_STREAM, 0) = listener
client  socket(AF_UNIX, SOCK_STREAM, 0) = sock
server  bind(listener, unix:$tmp/s) = 0
client  exec(["sh", "-c", "until [ -e $tmp/changed ]; do sleep 0.01; done"]) = exit 0
server  listen(listener, 4096) = 0
server  listen(listener, 3) = 0
client  connect(sock, unix:$tmp/s) = 0
server  exec(["touch", "$tmp/changed"]) = exit 0
server  accept(listener) = conn
server  close(conn) = 0
server  close(listener) = 0
client  recv(sock, 65536) = 0 (end of file)
`)
}

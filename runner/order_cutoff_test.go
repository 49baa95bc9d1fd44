package runner_test

import "testing"

// The end of the run cuts off the calls of the background, and prints nothing
// of them. What they had sent until then is a cause all the same.
func TestOrderBehindCallsThatAreCutOff(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	t.Run("relay", func(t *testing.T) {
		wantTranscript(t, `
actors:
  server:
    - {socket: tcp, as: listener}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, size: 3}
    - {send: conn, data: xyz}
  proxy:
    background: true
    steps:
      - {socket: tcp, as: front}
      - listen: front
      - {accept: front, as: in}
      - {socket: tcp, as: out}
      - {connect: out, to: "${server.listener}"}
      - parallel:
          up: [{relay: in, to: out}]
          down: [{relay: out, to: in}]
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${proxy.front}"}
    - {print: one}
    - {print: two}
    - {print: three}
    - {print: four}
    - {print: five}
    - {send: sock, data: abc}
    - {recv: sock, size: 3}
`, `
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
proxy   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = front
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
server  listen(listener, 4096) = 0
proxy   listen(front, 4096) = 0
client  connect(sock, 127.0.0.1:<front>) = 0
proxy   accept(front) = in from 127.0.0.1:<sock>
client  | one
proxy   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = out
client  | two
proxy   connect(out, 127.0.0.1:<listener>) = 0
client  | three
server  accept(listener) = conn from 127.0.0.1:<out>
client  | four
client  | five
client  send(sock, "abc", 3) = 3
server  recv(conn, 3) = 3 "abc"
server  send(conn, "xyz", 3) = 3
client  recv(sock, 3) = 3 "xyz"
`)
	})
	for _, data := range []string{"{zeros: 64MiB}", "[{zeros: 4MiB}, {zeros: 4MiB}]"} {
		t.Run("send of "+data, func(t *testing.T) {
			wantTranscript(t, `
actors:
  server:
    background: true
    steps:
      - {socket: tcp, as: listener}
      - listen: listener
      - {accept: listener, as: conn}
      - wait: go
      - {send: conn, data: `+data+`, call: write}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {recv: sock, size: 3}
  other:
    - {print: one}
    - {print: two}
    - {print: three}
    - {print: four}
    - {print: five}
    - signal: go
`, `
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
other   | one
server  listen(listener, 4096) = 0
other   | two
client  connect(sock, 127.0.0.1:<listener>) = 0
other   | three
server  accept(listener) = conn from 127.0.0.1:<sock>
other   | four
other   | five
other   signal(go)
server  wait(go)
client  recv(sock, 3) = 3 hex:000000
`)
		})
	}
}

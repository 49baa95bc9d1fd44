package runner_test

import "testing"

// Replicas that print alike are numbered by what came first, whoever it was.
func TestReplicas(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, "actors:\n  a:\n    count: 2\n    steps: [{print: x}]\n", "a[0]  | x\na[1]  | x")
	wantTranscript(t, "actors:\n  a:\n    count: 3\n    steps: [{print: x}]\n", "a[0]  | x\na[1]  ... 1 more\na[2]  | x")
	wantTranscript(t, "actors:\n  a:\n    count: 9\n    steps: [{print: x}, {print: y}]\n",
		"a[0]  | x\na[1..7]  ... 7 more\na[8]  | x\na[0]  | y\na[8]  | y")
	wantTranscript(t, "actors:\n  a:\n    count: 3\n    steps: [{print: '${index} of ${count}'}]\n", "a[0]  | 0 of 3\na[1]  | 1 of 3\na[2]  | 2 of 3")
	wantTranscript(t, "actors:\n  a:\n    count: 6\n    steps: [{print: '${index % 2}'}]\n",
		"a[0]  | 0\na[1]  | 1\na[2]  ... 1 more\na[3]  ... 1 more\na[4]  | 0\na[5]  | 1")
	wantTranscript(t, "actors:\n  a:\n    count: 1\n    steps: [{print: '${count}'}]\n", "a  | 1")
	wantTranscript(t, "vars: {n: 0}\nactors:\n  a:\n    count: ${n * 2}\n    steps: [{print: x}]\n  b: [{print: y}]\n", "b  | y")
	wantTranscript(t, "vars: {n: 1}\nactors:\n  a:\n    count: ${n * 2}\n    steps: [{print: x}]\n", "a[0]  | x\na[1]  | x")
}

// Which client is served first is the kernel's choice; the transcript does not
// show it.
func TestReplicasOfClients(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - repeat: 4
      steps:
        - accept: listener
          as: conn
        - recv: conn
          expect: hello
        - send: conn
          data: welcome
        - close: conn
    - close: listener
  client:
    count: 4
    steps:
      - socket: tcp
        as: sock
      - connect: sock
        to: ${server.listener}
      - send: sock
        data: hello
      - recv: sock
        expect: welcome
      - close: sock
`, `
server        socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
client[0]     socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
client[1..2]  ... 2 more
client[3]     socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
server        bind(listener, 127.0.0.1:0) = 0
server        listen(listener, 4096) = 0
client[0]     connect(sock, 127.0.0.1:<listener>) = 0
client[3]     connect(sock, 127.0.0.1:<listener>) = 0
server        accept(listener) = conn from 127.0.0.1:<sock>
client[0]     send(sock, "hello", 5) = 5
client[3]     send(sock, "hello", 5) = 5
server        recv(conn, 5) = 5 "hello"
server        send(conn, "welcome", 7) = 7
server        close(conn) = 0
client[0]     recv(sock, 7) = 7 "welcome"
server        ... 2 more rounds
client[0]     close(sock) = 0
server        accept(listener) = conn from 127.0.0.1:<sock>
server        recv(conn, 5) = 5 "hello"
server        send(conn, "welcome", 7) = 7
server        close(conn) = 0
client[3]     recv(sock, 7) = 7 "welcome"
server        close(listener) = 0
client[3]     close(sock) = 0
`)
}

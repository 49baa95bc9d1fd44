//go:build linux

package runner_test

import (
	"strings"
	"testing"
)

// What one recvmmsg takes comes after each of the sends, by their number, also
// where a fold has some of those: what they hold does not tell them apart.
func TestFoldOfSendsBeforeRecvmmsg(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	const rounds = `
- parallel:
    s: [{repeat: 8, steps: [{send: x, data: z}]}, {print: 1}, {print: 2}, {send: x, data: z}]
    r: [{recvmmsg: y, count: 3, max: 4}, {print: between}, {recvmmsg: y, count: 4, max: 4}, {recvmmsg: y, count: 2, max: 4}]
`
	const want = `
a/s  send(x, "z", 1) = 1
a/s  ... 6 more rounds
a/s  send(x, "z", 1) = 1
a/r  recvmmsg(y, 3) = 3 [Z, Z, Z]
a/s  | 1
a/r  | between
a/s  | 2
a/r  recvmmsg(y, 4) = 4 [Z, Z, Z, Z]
a/s  send(x, "z", 1) = 1
a/r  recvmmsg(y, 2) = 2 [Z, Z]
`
	shown := func(data string) string { return strings.ReplaceAll(want, "Z", data) }
	wantTranscript(t, alone("\n- {socketpair: unixgram, as: [x, y]}"+rounds), "\na    socketpair(AF_UNIX, SOCK_DGRAM, 0) = x y"+shown(`"z"`))
	wantTranscript(t, alone("\n- {socket: udp, as: y}\n- {bind: y, to: '127.0.0.1:0'}\n- {socket: udp, as: x}\n- {connect: x, to: y}"+rounds), `
a    socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = y
a    bind(y, 127.0.0.1:0) = 0
a    socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = x
a    connect(x, 127.0.0.1:<y>) = 0`+shown(`["z", from, 127.0.0.1:<x>]`))
}

package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
)

// Names and ports that the kernel chooses differ from round to round and print
// alike, whatever the family.
func TestFoldAutobound(t *testing.T) {
	for _, test := range []struct{ name, socket, opens, to, from string }{
		{"unix", "unixgram", "socket(AF_UNIX, SOCK_DGRAM, 0)", "unix:", "unix:@"},
		{"netlink", "{family: AF_NETLINK, type: SOCK_RAW, protocol: NETLINK_USERSOCK}", "socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK)", "netlink:0", "netlink:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkLeaks(t)
			text := strings.NewReplacer("SOCKET", test.socket, "FROM", test.from, "TO", test.to, "OPENS", test.opens)
			wantTranscript(t, text.Replace(`
actors:
  server:
    - {socket: SOCKET, as: l}
    - {bind: l, to: 'TO'}
    - repeat: 6
      steps:
        - {recv: l, call: recvfrom, expect: q, as: [d, who]}
        - {send: l, to: '${who}', data: a}
  client:
    - repeat: 6
      steps:
        - {socket: SOCKET, as: s}
        - {bind: s, to: 'TO'}
        - {send: s, to: '${server.l}', data: q}
        - {recv: s, call: recvfrom, expect: a}
        - close: s
`), text.Replace(`
server  OPENS = l
client  OPENS = s
server  bind(l, TO) = 0
client  bind(s, TO) = 0
client  sendto(s, "q", 1, FROM<l>) = 1
server  recvfrom(l, 65536) = 1 "q" from FROM<s>
server  sendto(l, "a", 1, FROM<s>) = 1
server  ... 4 more rounds
client  recvfrom(s, 65536) = 1 "a" from FROM<l>
client  close(s) = 0
client  ... 4 more rounds
client  OPENS = s
client  bind(s, TO) = 0
client  sendto(s, "q", 1, FROM<l>) = 1
server  recvfrom(l, 65536) = 1 "q" from FROM<s>
server  sendto(l, "a", 1, FROM<s>) = 1
client  recvfrom(s, 65536) = 1 "a" from FROM<l>
client  close(s) = 0
`))
		})
	}
}

// What the kernel has chosen for sockets of rounds that are folded is masked,
// also where others show it whose rounds are not.
func TestMaskAutoboundOfFold(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	var got []string
	for _, line := range transcript(passes(t, `
actors:
  server:
    - {socket: unixgram, as: l}
    - {bind: l, to: 'unix:'}
    - {recv: l, call: recvfrom, expect: q}
    - {recv: l, call: recvfrom, expect: q}
    - {recv: l, call: recvfrom, expect: q}
  client:
    - repeat: 3
      steps:
        - {socket: unixgram, as: s}
        - {bind: s, to: 'unix:'}
        - {send: s, to: '${server.l}', data: q}
        - close: s
`, runner.Options{})) {
		if _, from, received := strings.Cut(line, `"q" from `); received {
			got = append(got, from)
		}
	}
	if want := "unix:@<s> unix:@<peer> unix:@<s>"; strings.Join(got, " ") != want {
		t.Errorf("the receives are from %v; want %s", got, want)
	}
}

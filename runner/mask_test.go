package runner_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
)

// freePort is a port that nobody has, below the range that the kernel chooses
// from where possible.
func freePort(t *testing.T) int {
	t.Helper()
	for port := 20000; port < 30000; port++ {
		if l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func TestMaskPorts(t *testing.T) {
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
    - getsockname: listener
      as: own
    - print: "at ${own} or ${listener.address}, port ${listener.port}, 12 345678 1:2"
    - accept: listener
      as: conn
    - getpeername: conn
    - getsockname: conn
    - send: conn
      data: "you are ${conn.peer}, I am ${conn}"
    - let: {where: "${conn.peer.port}"}
    - print: ${where}
    - assert: where == conn.peer.port
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - recv: sock
      max: 100
    - close: sock
`, `
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
server  bind(listener, 127.0.0.1:0) = 0
server  listen(listener, 4096) = 0
server  getsockname(listener) = 127.0.0.1:<listener>
client  connect(sock, 127.0.0.1:<listener>) = 0
server  | at 127.0.0.1:<listener> or 127.0.0.1:<listener>, port <listener>, 12 345678 1:2
server  accept(listener) = conn from 127.0.0.1:<sock>
server  getpeername(conn) = 127.0.0.1:<sock>
server  getsockname(conn) = 127.0.0.1:<listener>
server  send(conn, "you are 127.0.0.1:<sock>, I am 127.0.0.1:<listener>", 45) = 45
server  let where = <sock>
client  recv(sock, 100) = 45 "you are 127.0.0.1:<sock>, I am 127.0.0.1:<listener>"
server  | <sock>
client  close(sock) = 0
server  assert where == conn.peer.port
server  close(conn) = 0
server  close(listener) = 0
`)
}

// A port that the file gives stays as it is, in addresses and in texts.
func TestMaskLeavesExplicitPorts(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	const text = `
vars: {port: 0}
actors:
  server:
    - socket: tcp
      as: listener
    - setsockopt: listener
      option: SO_REUSEADDR
      value: true
    - bind: listener
      to: 127.0.0.1:${port}
    - listen: listener
    - print: at ${listener} port ${listener.port}
    - close: listener
`
	port := freePort(t)
	r := passes(t, text, runner.Options{Vars: map[string]any{"port": port}})
	wantLines(t, transcript(r)[2:],
		fmt.Sprintf("server  bind(listener, 127.0.0.1:%d) = 0", port), "server  listen(listener, 4096) = 0",
		fmt.Sprintf("server  | at 127.0.0.1:%d port %d", port, port), "server  close(listener) = 0")
}

func TestMaskTemporaryFolder(t *testing.T) {
	checkLeaks(t)
	wantTranscript(t, alone(`
- socket: unix
  as: s
- bind: s
  to: unix:${tmp}/sub
- listen: s
- print: in ${tmp}, at ${s}
- socketpair: unixgram
  as: [x, y]
- send: x
  data: look into ${tmp}/sub
- unlink: ${tmp}/sub
- close: [s, y]
`), `
a  socket(AF_UNIX, SOCK_STREAM, 0) = s
a  bind(s, unix:$tmp/sub) = 0
a  listen(s, 4096) = 0
a  | in $tmp, at unix:$tmp/sub
a  socketpair(AF_UNIX, SOCK_DGRAM, 0) = x y
a  send(x, "look into $tmp/sub", <len>) = <len>
a  unlink("$tmp/sub") = 0
a  close(s) = 0
a  close(y) = 0
`)
}

// However long the name of the folder is, a transcript is the same: data is cut
// as if the folder had the name that shows.
func TestMaskFolderOfAnyLength(t *testing.T) {
	long := t.TempDir() + "/" + strings.Repeat("long/", 30)
	if err := os.MkdirAll(long, 0o777); err != nil {
		t.Fatal(err)
	}
	x := strings.Repeat("x", event.DataShown-10)
	text := x + "${tmp}/0123456789${tmp}0123456789"
	for _, dir := range []string{"/tmp", long} {
		t.Setenv("TMPDIR", dir)
		wantTranscript(t, alone(`
- socketpair: unix
  as: [s, y]
- send: s
  data: "`+text+`"
- recv: y
  expect: "`+text+`"
- send: s
  data: "a${tmp}/`+x+x+`"
- recv: y
  size: ${len(tmp) + 2}
- close: s
- recv: y
  eof: true
- socketpair: unix
  as: [s, z]
- send: s
  data: "`+text+`"
- close: s
- recv: z
  eof: true
- exec: [printf, "`+text+`"]
- print: ${tmp + "/" + "x"} ${len(tmp)}
- write: large
  data: ["`+text+`", {repeat: {data: x, times: 2000000}}]
- close: [y, z]
`), strings.NewReplacer("LONG", x+"$tmp/012345678\"... (<len> bytes)", "ONES", x+x[:64-len(x)], "TEXT", x).Replace(`
a  socketpair(AF_UNIX, SOCK_STREAM, 0) = s y
a  send(s, "LONG, <len>) = <len>
a  recv(y, <len>) = <len> "LONG
a  send(s, "a$tmp/TEXTxxxxxxxx"... (<len> bytes), <len>) = <len>
a  recv(y, <$tmp>) = <len> "a$tmp/"
a  close(s) = 0
a  recv(y, to end of file) = 108 "ONES"... (108 bytes) (end of file)
a  socketpair(AF_UNIX, SOCK_STREAM, 0) = s z
a  send(s, "LONG, <len>) = <len>
a  close(s) = 0
a  recv(z, to end of file) = <len> "LONG (end of file)
a  exec(["printf", "TEXT$tmp/01234"... (83 bytes)]) = exit 0 "LONG
a  | $tmp/x <$tmp>
a  write("$tmp/large", "LONG, <len>) = <len>
a  close(y) = 0
a  close(z) = 0
`))
	}
}

// Of data that passes even a transcript of all data shows the beginning only. A
// folder's name that the cut has torn apart is hidden as well.
func TestMaskTornFolder(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	for _, shown := range []int{1, 5, 7} { // of the part that is another on each run
		x := strings.Repeat("x", event.DataShown-len("/tmp/sockscript-")-shown)
		text := alone(`
- write: f
  data: ["` + x + `${tmp}", {repeat: {data: x, times: 2000000}}]
`)
		r := passes(t, text, runner.Options{Full: true})
		form := history.Form{Full: true}
		got := r.Text(r.Lines(history.Causal, form)[0].Event, form)
		if want := `write("$tmp/f", "` + x + `$tmp"... (`; !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want it to begin with %s", got, want)
		}
	}
}

// Unmasked, the transcript shows what the kernel chose.
func TestUnmask(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := passes(t, alone(`
- socket: udp
  as: s
- bind: s
  to: 127.0.0.1:0
- getsockname: s
  as: own
- print: ${own} ${tmp}
- close: s
`), runner.Options{})
	form := history.Form{Unmask: true}
	lines := r.Lines(history.Causal, form)
	name, printed := r.Text(lines[2].Event, form), r.Text(lines[3].Event, form)
	address, ok := strings.CutPrefix(name, "getsockname(s) = ")
	if _, port, _ := strings.Cut(address, ":"); !ok || len(port) < 4 || strings.Contains(port, "<") {
		t.Errorf("unmasked: %s", name)
	}
	if !strings.HasPrefix(printed, "| "+address+" /") || strings.Contains(printed, "$tmp") {
		t.Errorf("unmasked: %s", printed)
	}
	wantText(t, r.Text(lines[2].Event, history.Form{}), "getsockname(s) = 127.0.0.1:<s>")
}

// A port that several sockets share prints as the one that is asked for it, or
// that it was read from.
func TestMaskSharedPort(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, alone(`
- socket: tcp
  as: first
- setsockopt: first
  option: SO_REUSEPORT
  value: 1
- bind: first
  to: 127.0.0.1:0
- socket: tcp
  as: second
- setsockopt: second
  option: SO_REUSEPORT
  value: 1
- bind: second
  to: first
- getsockname: first
- close: second
- getsockname: first
- let: {port: "${first.port}"}
- print: ${first.address}
- close: first
- print: 127.0.0.1:${port}
`), `
a  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = first
a  setsockopt(first, SOL_SOCKET, SO_REUSEPORT, 1) = 0
a  bind(first, 127.0.0.1:0) = 0
a  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = second
a  setsockopt(second, SOL_SOCKET, SO_REUSEPORT, 1) = 0
a  bind(second, 127.0.0.1:<first>) = 0
a  getsockname(first) = 127.0.0.1:<first>
a  close(second) = 0
a  getsockname(first) = 127.0.0.1:<first>
a  let port = <first>
a  | 127.0.0.1:<first>
a  close(first) = 0
a  | 127.0.0.1:<first>
`)
}

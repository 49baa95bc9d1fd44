package diagram_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// statesOf are the TCP states beside the lifelines, from above.
func statesOf(d *diagram.Diagram) string {
	var list []string
	for _, b := range d.Boxes {
		if b.Kind == diagram.States {
			list = append(list, d.Lifelines[b.Lifeline]+": "+strings.ReplaceAll(b.Text, "\n", ", "))
		}
	}
	return strings.Join(list, "\n")
}

func TestStatesBesideTheLifelines(t *testing.T) {
	t.Parallel()
	d := of(t, "tcp-hello")
	want := `server: listener: LISTEN
server: conn: SYN_RECV → ESTABLISHED
client: sock: SYN_SENT → ESTABLISHED
server: conn: FIN_WAIT1 → FIN_WAIT2
client: sock: CLOSE_WAIT
server: listener: CLOSE, conn: TIME_WAIT
client: sock: LAST_ACK → CLOSE`
	if got := statesOf(d); got != want {
		t.Errorf("the states are\n%s\nand not\n%s", got, want)
	}
	if all := strings.Join(texts(t, d), "\n"); !strings.Contains(all, "conn: FIN_WAIT1 → FIN_WAIT2") {
		t.Errorf("the states are not in\n%s", all)
	}
	b := new(bytes.Buffer)
	if err := d.Mermaid(b); err != nil || !strings.Contains(b.String(), "Note over p1: sock#58; LAST_ACK #8594; CLOSE\n") {
		t.Errorf("%v\n%s", err, b)
	}
	if got := statesOf(of(t, "udp-echo")); got != "" {
		t.Errorf("datagrams have states:\n%s", got)
	}
}

// The states of an end are below the event that has brought them about, and
// above all that comes later.
func TestStatesAreBelowTheirEvent(t *testing.T) {
	t.Parallel()
	d := of(t, "tcp-hello")
	row := func(text string) int {
		return d.Boxes[slices.IndexFunc(d.Boxes, func(b diagram.Box) bool { return strings.HasPrefix(b.Text, text) })].Row
	}
	if got := row("sock: SYN_SENT"); got != row("connect(")+1 || got >= row("accept(") {
		t.Errorf("the states are in row %d, the connect in %d, the accept in %d", got, row("connect("), row("accept("))
	}
}

// What one of many replicas has come to is not beside those that are left out.
func TestStatesOfReplicasAreBesideTheirOwn(t *testing.T) {
	t.Parallel()
	d := of(t, "tcp-many-clients")
	for _, b := range d.Boxes {
		if name := d.Lifelines[b.Lifeline]; b.Kind == diagram.States && strings.Contains(name, "..") {
			t.Errorf("beside %s is %q", name, b.Text)
		}
	}
}

const twoHosts = `
name: hosts
requires: netns
network:
  hosts:
    alpha: {eth0: 10.0.0.1/24}
    beta: {eth0: 10.0.0.2/24}
  links:
    lan: {join: [alpha.eth0, beta.eth0]}
actors:
  first: {host: beta, steps: [{socket: udp, as: u}, {fork: [{exit: 0}], as: child}, {join: child}]}
  second: {host: alpha, steps: [{print: x}]}
  third: {host: beta, steps: [{print: y}]}
`

// groupsOf are the groups, each with its lifelines.
func groupsOf(d *diagram.Diagram) string {
	var list []string
	for _, g := range d.Groups {
		list = append(list, fmt.Sprintf("%s: %s", g.Name, strings.Join(d.Lifelines[g.First:g.Last+1], " ")))
	}
	return strings.Join(list, "\n")
}

func TestLanesOfHostsAndProcesses(t *testing.T) {
	t.Parallel()
	d := of(t, twoHosts)
	if d.Status == history.Skipped {
		ci.Lacks(t, d.Reason)
	}
	want := `host alpha: second
host beta: first first/child third
process first/child: first/child`
	if got := groupsOf(d); got != want {
		t.Errorf("the groups are\n%s\nand not\n%s", got, want)
	}
	all := strings.Join(texts(t, d), "\n")
	for _, name := range []string{"host alpha", "host beta", "process first/child"} {
		if !strings.Contains(all, name) {
			t.Errorf("%q is not in\n%s", name, all)
		}
	}
	b := new(bytes.Buffer)
	if err := d.Mermaid(b); err != nil {
		t.Fatal(err)
	}
	if want := "    box transparent host alpha\n    participant p0 as second\n    end\n    box transparent host beta\n    participant p1 as first\n" +
		"    participant p2 as first/child\n    participant p3 as third\n    end\n"; !strings.Contains(b.String(), want) {
		t.Errorf("the lanes of Mermaid are not in\n%s", b)
	}
}

func TestProgramsAndSignals(t *testing.T) {
	t.Parallel()
	d := of(t, `
name: programs
requires: [os:linux, 'cmd:sleep']
actors:
  one:
    - {start: [sleep, '100'], as: nap}
    - {kill: nap, with: USR1}
    - {join: nap, expect: {signal: USR1}}
    - {start: [sleep, '100'], as: doze}
    - {kill: doze}
    - {join: doze, expect: {signal: TERM}}
    - {socketpair: unix, as: [a, b]}
    - fork:
        - {sigaction: USR1, handler: count}
        - signal: ready
        - {recv: b, size: 1, expect: {error: EINTR}}
      as: child
    - wait: ready
    - blocked: child
    - {kill: child, with: USR1}
    - {join: child}
`)
	if d.Status == history.Skipped {
		ci.Lacks(t, d.Reason)
	}
	if got, want := strings.Join(d.Lifelines, " "), "one one/child programs"; got != want {
		t.Errorf("the lifelines are %s, not %s", got, want)
	}
	if got, want := groupsOf(d), "process one/child: one/child\nprogram: programs"; got != want {
		t.Errorf("the groups are\n%s", got)
	}
	var got []string
	for _, a := range d.Arrows {
		got = append(got, arrowText(d, a))
	}
	for _, want := range []string{
		"one.start > programs.nap starts", "one.kill > programs.nap gets SIGUSR1 SIGUSR1", "programs.nap has ended > one.join",
		"one.start > programs.doze starts", "one.kill > programs.doze gets SIGTERM SIGTERM",
		"one.fork > one/child.sigaction fork", "one.kill > one/child.recv SIGUSR1", "one/child.exit > one.join exit",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestDescriptorsThatAMessagePasses(t *testing.T) {
	t.Parallel()
	d := of(t, `
name: passes
actors:
  one:
    - {socketpair: unix, as: [a, b]}
    - {socket: tcp, as: s}
    - parallel:
        left: [{send: a, data: x, control: {SCM_RIGHTS: [s, a]}}]
        right: [{recv: b, max: 1, expect: {control: {SCM_RIGHTS: [c, d]}}}]
`)
	if !slices.ContainsFunc(d.Arrows, func(a diagram.Arrow) bool { return a.Label == "passes s, a" }) {
		t.Errorf("no arrow says what the message passes: %+v", d.Arrows)
	}
}

// Of several descriptors that nothing orders the one whose close is the lowest
// counts as the last, whichever that was.
func TestTheLowestCloseEndsAConnection(t *testing.T) {
	t.Parallel()
	d := of(t, `
name: copies
requires: [os:linux, 'cmd:mkfifo']
actors:
  one:
    - {exec: [mkfifo, f]}
    - {socketpair: unix, as: [a, b]}
    - {dup: b, as: b1}
    - parallel:
        low: [{print: 1}, {print: 2}, {close: b1}, {exec: [sh, -c, 'echo > f']}]
        high: [{exec: [cat, f]}, {close: b}]
        reader: [{recv: a, expect: {eof: true}}]
`)
	if d.Status == history.Skipped {
		ci.Lacks(t, d.Reason)
	}
	wantEnd(t, d, "one/low.close > one/reader.recv end of file")
}

// A close stands for the sends before it too: one arrow says the end of file.
func TestOneArrowToAnEndOfFile(t *testing.T) {
	t.Parallel()
	d := of(t, `
actors:
  one:
    - {socketpair: unix, as: [a, b]}
    - parallel:
        writer: [{send: b, data: hello}, {close: b}]
        reader: [{recv: a, expect: hello}, {recv: a, expect: {eof: true}}]
`)
	wantEnd(t, d, "one/writer.close > one/reader.recv end of file")
}

// wantEnd compares the only arrow to an end of file.
func wantEnd(t *testing.T, d *diagram.Diagram, want string) {
	t.Helper()
	var got []string
	for _, a := range d.Arrows {
		if a.Bond == diagram.End {
			got = append(got, arrowText(d, a))
		}
	}
	if strings.Join(got, "\n") != want {
		t.Errorf("the ends are\n%s\nand not\n%s", strings.Join(got, "\n"), want)
	}
}

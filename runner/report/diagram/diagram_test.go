package diagram_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/runner/suite"
)

// of runs the only scenario of a text, or a shipped one by its name, and draws
// it.
func of(t testing.TB, text string) *diagram.Diagram {
	t.Helper()
	files := []suite.File{suite.Text("x.yaml", []byte(text))}
	if !strings.Contains(text, "\n") {
		var err error
		if files, err = suite.Find([]string{text}, nil); err != nil {
			t.Fatal(err)
		}
	}
	cases, problems, err := suite.Load(files)
	if err != nil || problems.HasErrors() {
		t.Fatalf("%v\n%s", err, problems.Report())
	}
	return diagram.Of(runner.Run(context.Background(), cases[0].Scenario, runner.Options{}), history.Form{})
}

// texts are the texts of a picture, which must be well-formed.
func texts(t testing.TB, d *diagram.Diagram) []string {
	t.Helper()
	b := new(bytes.Buffer)
	if err := d.SVG(b); err != nil {
		t.Fatal(err)
	}
	var list []string
	inside := ""
	for in := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local
			if inside == "script" || inside == "image" {
				t.Errorf("the picture has an element %s", inside)
			}
		case xml.CharData:
			if inside == "text" {
				list = append(list, string(token))
			}
		case xml.EndElement:
			inside = ""
		}
	}
}

// arrow writes an arrow as: from the one call to the other, by their names.
func arrowText(d *diagram.Diagram, a diagram.Arrow) string {
	call := func(i int) string {
		b := d.Boxes[i]
		name, _, _ := strings.Cut(b.Text, "(")
		return d.Lifelines[b.Lifeline] + "." + name
	}
	return strings.TrimSpace(fmt.Sprintf("%s > %s %s", call(a.From), call(a.To), a.Label))
}

func TestArrowsOfAGreeting(t *testing.T) {
	t.Parallel()
	d := of(t, "tcp-hello")
	var got []string
	for _, a := range d.Arrows {
		got = append(got, arrowText(d, a))
	}
	want := `server.listen > client.connect
client.connect > server.accept connection
client.send > server.recv 17 bytes
server.send > client.recv 17 bytes`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("the arrows are\n%s\nand not\n%s", text, want)
	}
	waited := 0
	for _, b := range d.Boxes {
		if b.Waited {
			waited++
		}
	}
	if waited != 3 { // connect, accept, and recv of the client; the server's text is there
		t.Errorf("%d calls were waiting", waited)
	}
}

// A branch with the name of one that has ended has its lifeline, but not its
// time: before it begins it waits for nothing.
func TestNoWaitingBeforeABranch(t *testing.T) {
	t.Parallel()
	d := of(t, `
name: branches
actors:
  one:
    - {socketpair: unix, as: [a, b]}
    - spawn: [{send: a, data: x}]
      as: side
    - {recv: b, expect: x}
    - join: side
    - {let: {n: 1}}
    - spawn: [{recv: a, expect: y}, {recv: a, expect: z}]
      as: side
    - {send: b, data: y}
    - wait: go
    - {send: b, data: z}
    - join: side
  two:
    - {let: {n: "${one.n}"}}
    - signal: go
`)
	var waited []string
	for _, b := range d.Boxes {
		if b.Waited && d.Lifelines[b.Lifeline] == "one/side" {
			waited = append(waited, b.Text)
		}
	}
	if got := strings.Join(waited, "|"); got != `recv(a, 1) = 1 "z"` {
		t.Errorf("waiting were %s", got)
	}
}

func TestKindsOfArrows(t *testing.T) {
	t.Parallel()
	d := of(t, `
name: kinds
actors:
  one:
    - {socketpair: unix, as: [a, b]}
    - signal: go
    - parallel:
        left:
          - {send: a, data: x}
          - {shutdown: a, how: write}
        right:
          - {recv: b, size: 1}
          - {recv: b, expect: {eof: true}}
  two:
    - wait: go
    - {socket: udp, as: u}
    - {bind: u, to: '127.0.0.1:0'}
    - {recv: u, expect: hi}
  three:
    - {socket: udp, as: u}
    - {send: u, to: '${two.u}', data: hi}
`)
	labels := make(map[string]diagram.Bond)
	for _, a := range d.Arrows {
		labels[a.Label] = a.Bond
	}
	for label, bond := range map[string]diagram.Bond{"1 byte": diagram.Data, "end of file": diagram.End, "go": diagram.Tie, "datagram": diagram.Data} {
		if got, ok := labels[label]; !ok || got != bond {
			t.Errorf("an arrow with the label %q has the bond %v, %v; all are %v", label, got, ok, labels)
		}
	}
	if got := strings.Join(d.Lifelines, " "); got != "one one/left one/right two three" {
		t.Errorf("the lifelines are %s", got)
	}
}

// What is above on a lifeline has been said once: the listener is known
// after the first connect, also where another actor has told of it; and an
// EAGAIN says that nothing has come.
func TestArrowsSayNothingTwice(t *testing.T) {
	t.Parallel()
	d := of(t, `
name: twice
actors:
  server:
    - {socket: tcp, as: listener}
    - {listen: listener}
    - {accept: listener, as: conn}
    - {recv: conn, size: 2}
    - {recv: conn, nowait: true, expect: {error: EAGAIN}}
    - signal: empty
    - {accept: listener, as: other}
    - {accept: listener, as: third}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: '${server.listener}'}
    - {send: sock, data: hi}
    - wait: empty
    - {socket: tcp, as: again}
    - {connect: again, to: '${server.listener}'}
    - signal: second
  late:
    - wait: second
    - {socket: tcp, as: sock}
    - {connect: sock, to: '${server.listener}'}
`)
	var got []string
	for _, a := range d.Arrows {
		got = append(got, arrowText(d, a))
	}
	want := `server.listen > client.connect
client.connect > server.accept connection
client.send > server.recv 2 bytes
server.signal > client.wait empty
client.connect > server.accept connection
client.signal > late.wait second
late.connect > server.accept connection`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("the arrows are\n%s\nand not\n%s", text, want)
	}
}

func TestHandshakeSendsNoDataOfTheScript(t *testing.T) {
	t.Parallel()
	for _, a := range of(t, "tls-hello").Arrows {
		if a.Bond == diagram.Data && a.Label == "" {
			t.Errorf("an arrow has neither a tie nor a text: %+v", a)
		}
	}
}

func TestFailureIsInItsPlace(t *testing.T) {
	t.Parallel()
	d := of(t, "name: bad\nactors:\n  one:\n    - {socket: tcp, as: s, note: 'a <note>'}\n    - {connect: s, to: '127.0.0.1:1'}\n")
	if below := d.Boxes[len(d.Boxes)-1]; below.Kind != diagram.States || below.Text != "s: SYN_SENT → CLOSE" {
		t.Errorf("below the failure is %+v", below)
	}
	last := d.Boxes[len(d.Boxes)-2]
	if last.Kind != diagram.Failed || !strings.HasPrefix(last.Text, "connect(s") {
		t.Errorf("the last box is %+v", last)
	}
	all := strings.Join(texts(t, d), "\n")
	for _, want := range []string{"a <note>", "fail  bad", "one: unexpected ECONNREFUSED"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
}

// Two boxes never overlap, whatever is drawn, and all are inside the picture.
func TestNothingOverlaps(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tcp-hello", "tcp-many-clients", "tcp-full-duplex", "udp-echo", "process-last-close", "tcp-connection-refused", "tcp-accept-after-close", "tcp-blocking-timeouts"} {
		d := of(t, name)
		for _, two := range d.Labels() {
			t.Errorf("%s: the labels %q and %q lie over each other", name, two[0], two[1])
		}
		places, whole := d.Draw()
		for i, p := range places {
			if p.X < 0 || p.Y < whole.Y || p.X+p.W > whole.W || p.Y+p.H > whole.Y+whole.H {
				t.Errorf("%s: the box %q is outside", name, d.Boxes[i].Text)
			}
			if p.Text > p.W+0.01 {
				t.Errorf("%s: the text %q is wider than its box", name, d.Boxes[i].Text)
			}
			for j, q := range places[:i] {
				if p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H {
					t.Errorf("%s: the boxes %q and %q overlap", name, d.Boxes[i].Text, d.Boxes[j].Text)
				}
			}
		}
	}
}

func TestLongRunsAreShortened(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("name: long\nactors:\n  one:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "    - print: line %d\n", i)
	}
	d := of(t, b.String())
	if len(d.Boxes) != diagram.MostFirst+diagram.MostLast+1 || d.Boxes[diagram.MostFirst].Text != "700 more lines are left out here" {
		t.Errorf("%d boxes, in their middle %+v", len(d.Boxes), d.Boxes[diagram.MostFirst])
	}
	if last := d.Boxes[len(d.Boxes)-1].Text; last != "| line 999" {
		t.Errorf("the last is %q", last)
	}
	texts(t, d)
}

// Of ten thousand events a picture stays one that a person can read: rounds are
// folded, and what is not alike is left out in the middle.
func TestTenThousandEventsStayReadable(t *testing.T) {
	t.Parallel()
	var apart strings.Builder
	for i := range 2500 {
		fmt.Fprintf(&apart, "    - {send: a, data: \"question %d\"}\n    - {recv: b, expect: \"question %d\"}\n    - {send: b, data: \"answer %d\"}\n    - {recv: a, expect: \"answer %d\"}\n", i, i, i, i)
	}
	const head = "actors:\n  one:\n    - {socketpair: unix, as: [a, b]}\n"
	for _, c := range []struct {
		name, text string
		most       int
	}{
		{"alike", head + "    - repeat: 5000\n      steps:\n        - {send: a, data: hello}\n        - {recv: b, expect: hello}\n", 6},
		{"apart", head + apart.String(), diagram.MostFirst + diagram.MostLast + 1},
	} {
		d := of(t, c.text)
		if len(d.Boxes) < 4 || len(d.Boxes) > c.most {
			t.Errorf("%s: %d boxes, not at most %d", c.name, len(d.Boxes), c.most)
		}
		for _, two := range d.Labels() {
			t.Errorf("%s: the labels %q and %q lie over each other", c.name, two[0], two[1])
		}
		if _, whole := d.Draw(); whole.H > 50*float64(c.most+10) {
			t.Errorf("%s: the picture is %.0f high", c.name, whole.H)
		}
		texts(t, d)
	}
}

func TestMermaidMeansNothingElse(t *testing.T) {
	t.Parallel()
	d := of(t, "name: 'a \"b\"'\nactors:\n  one:\n    - print: 'end; %% <b>#x'\n")
	b := new(bytes.Buffer)
	if err := d.Mermaid(b); err != nil {
		t.Fatal(err)
	}
	want := `---
title: "a \"b\""
---
sequenceDiagram
    participant p0 as one
    Note over p0: | end#59; #37;#37; #60;b#62;#35;x
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b, want)
	}
}

func TestThePictureIsTheSameOnEveryRun(t *testing.T) {
	t.Parallel()
	var first string
	for i := range 10 {
		b := new(bytes.Buffer)
		if err := of(t, "tcp-many-clients").SVG(b); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = b.String()
		}
		if b.String() != first {
			t.Fatal("the picture of another run differs")
		}
	}
}

// A call that a failure has ended has a bar too, also where it was the first of
// its actor.
func TestTimesOfCallsThatAFailureEnds(t *testing.T) {
	t.Parallel()
	cases, problems, err := suite.Load([]suite.File{suite.Text("x.yaml", []byte(`
actors:
  one:
    - {blocked: two.waits}
    - {blocked: two.sleeps}
    - {assert: "false"}
    - {signal: never}
  two:
    - {spawn: [{wait: never}], as: waits}
    - {spawn: [{sleep: 10s}], as: sleeps}
    - {join: waits}
`))})
	if err != nil || problems.HasErrors() {
		t.Fatalf("%v\n%s", err, problems.Report())
	}
	r := runner.Run(t.Context(), cases[0].Scenario, runner.Options{})
	b := new(bytes.Buffer)
	if err := diagram.Times(b, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"wait(never) (", "sleep(10s) (", ", then the scenario had failed)</title>"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the times\n%s", want, b)
		}
	}
}

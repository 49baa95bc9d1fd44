package report_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

// conversation has most of what a record can hold: connections, datagrams,
// pairs, polls, barriers, branches, folded rounds and replicas, programs,
// digests.
const conversation = `name: conversation
actors:
  server:
    - {socket: tcp, as: l}
    - listen: l
    - repeat: 5
      steps:
        - {poll: l, events: in}
        - accept: l
          as: c
        - {recv: c, size: 5, as: got}
        - print: ${got}
        - close: c
    - barrier: met
  client:
    - repeat: 5
      steps:
        - {socket: tcp, as: s}
        - connect: s
          to: ${server.l}
        - {send: s, data: hello}
        - {recv: s, eof: true}
        - close: s
    - barrier: met
    - exec: [echo, "${tmp}"]
  pairs:
    - {socketpair: unixgram, as: [a, b]}
    - parallel:
        x: [{send: a, data: x}]
        y: [{send: a, data: y}]
    - recv: b
    - recv: b
    - spawn: [{recv: b, timeout: 1s, expect: {size: 1}}]
      as: reader
    - blocked: reader
    - {send: a, data: {hex: "ff"}}
    - join: reader
  local:
    count: 3
    steps:
      - {socket: udp, as: u}
      - {bind: u, to: "127.0.0.1:0"}
      - {send: u, data: "${index}", to: u}
      - {recv: u, call: recvfrom}
`

// saved is what a [report.Saver] writes of outcomes.
func saved(tb testing.TB, list []*report.Outcome) []byte {
	tb.Helper()
	var b bytes.Buffer
	s := &report.Saver{W: &b, How: report.How{Several: true}}
	sum := report.Summary{Start: time.Unix(1e9, 0)}
	for _, o := range list {
		sum.Add(o)
		if err := s.Outcome(o); err != nil {
			tb.Fatal(err)
		}
	}
	if err := s.Summary(&sum); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// forms are reports in all forms, one behind the other.
func forms(w io.Writer, s report.Style) report.Reporter {
	var list []report.Reporter
	for _, f := range report.Formats() {
		list = append(list, f.New(w, s))
	}
	return report.Multi(list...)
}

// Whatever can come of a scenario is reported from the file as it was from the
// run, bytes that are not text too.
func TestLoadSaysTheSame(t *testing.T) {
	t.Parallel()
	all, _ := every(t)
	suite.Run(context.Background(), cases(t, conversation), suite.Options{}, func(o *report.Outcome) { all = append(all, o) })
	all = hostileOutcomes(all, "\x1b[31m\xff\xfe\nend")
	for _, s := range []report.Style{{}, {Order: history.Time, Form: history.Form{Unmask: true, Full: true}}, {Order: history.ByActor, Verbose: true}} {
		var want, got bytes.Buffer
		live := forms(&want, s)
		live.Problems(nil)
		sum := report.Summary{Start: time.Unix(1e9, 0)}
		for _, o := range all {
			sum.Add(o)
			if err := live.Outcome(o); err != nil {
				t.Fatal(err)
			}
		}
		if err := live.Summary(&sum); err != nil {
			t.Fatal(err)
		}
		_, err := report.Load(bytes.NewReader(saved(t, all)), func(report.How) (report.Reporter, error) {
			return forms(&got, s), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wantLines(t, want.String(), got.String())
	}
}

// wantLines shows the first line that differs.
func wantLines(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			t.Errorf("line %d: %q, want %q", i+1, g[min(i, len(g)-1)], w[i])
			return
		}
	}
	if len(g) != len(w) {
		t.Errorf("%d lines, want %d", len(g), len(w))
	}
}

// A file that was changed is an error or another report, and nothing worse.
func TestLoadChanged(t *testing.T) {
	t.Parallel()
	var list []*report.Outcome
	suite.Run(context.Background(), cases(t, conversation), suite.Options{}, func(o *report.Outcome) { list = append(list, o) })
	whole := saved(t, list)
	for _, test := range []struct{ old, new, want string }{
		{`"Parent":`, `"Parent":20`, "before it"},
		{`"Elapsed":`, `"Elapsed":-`, "is out of range"},
		{`"End":`, `"End":-`, "is out of range"},
		{`"Event":{"Place":1,"Start":`, `"Event":{"Place":1,"Start":4611686018427387904,"Took":`, "the time 4611686018427387904 is out of range"},
		{`"Branch":1`, `"Branch":99`, "there is no branch or meeting 99"},
		{`"Branch":-1`, `"Branch":-9`, "there is no branch or meeting -9"},
		{`"Seq":3`, `"Seq":0`, "of a branch are not in order"},
		{`"Place":3`, `"Place":3000`, "there is no place 3000 before it"},
		{`"Len":5`, `"Len":-5`, "the number -5 is out of range"},
		{`"Count":1`, `"Count":0`, "the replica 0 is not one of 0"},
		{`"Op":2`, `"Op":200`, "the operation 200 is not known"},
		{`"Op":2`, `"Op":2000`, "a whole number in its range is expected there"},
		{`"Event":{`, `"Event":null,"Fold":{`, "is not known"},
		{`["name","l"]`, `["nome","l"]`, `the type "nome" is not known there`},
		{`["name","l"]`, strings.Repeat(`["joined",[`, 90) + strings.Repeat(`]]`, 90), "it is too deep"},
		{`["name","l"]`, `null`, "an argument or a result is not there"},
		{`"Meetings":[[`, `"Meetings":[[` + strings.Repeat(`{},`, 1<<17), ""},
		{`"Scenario":{`, `"Scenario":{"Tags":[` + strings.Repeat(`"",`, 1<<18) + `""],`, ""},
	} {
		text := bytes.Replace(whole, []byte(test.old), []byte(test.new), 1)
		if bytes.Equal(text, whole) {
			t.Errorf("%s is not in the file", test.old)
			continue
		}
		_, err := report.Load(bytes.NewReader(text), func(report.How) (report.Reporter, error) {
			return forms(io.Discard, report.Style{}), nil
		})
		if err == nil {
			if test.want != "" {
				t.Errorf("%s to %.40s: no error, want %q", test.old, test.new, test.want)
			}
			continue
		}
		if !strings.HasPrefix(err.Error(), "line 2: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s to %.40s: %v, want %q", test.old, test.new, err, test.want)
		}
	}
}

// FuzzLoad reads files that anybody may have made, and reports what it can of
// them.
func FuzzLoad(f *testing.F) {
	// Short files, of one event or of few: what is found in a long one takes
	// the fuzzer too long to make shorter.
	for _, steps := range []string{
		"[{print: x}]", "[{assert: false}]", "[{let: {x: 1}}, {print: '${x}'}]", "[{repeat: 3, steps: [{print: x}]}]",
		"[{socketpair: unix, as: [a, b]}, {send: a, data: x}, {recv: b}]", "[{parallel: {x: [{signal: go}], y: [{wait: go}]}}]",
		"[{socket: udp, as: s}, {bind: s, to: '127.0.0.1:0'}, {send: s, data: x, to: s}, {recv: s}]",
	} {
		suite.Run(context.Background(), cases(f, "actors: {a: "+steps+"}\n"), suite.Options{}, func(o *report.Outcome) {
			f.Add(saved(f, []*report.Outcome{o}))
		})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		report.Load(bytes.NewReader(data), func(report.How) (report.Reporter, error) {
			return forms(io.Discard, report.Style{Form: history.Form{Full: true}}), nil
		})
	})
}

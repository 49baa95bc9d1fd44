package steps_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/scenarios"
)

// TestCheckBounds: what is written out and above its bound is an error at its
// place.
func TestCheckBounds(t *testing.T) {
	const ends = "- socketpair: unix\n  as: [a, b]\n"
	checkFindings(t, []finding{
		{"one buffer", ends + "- recv: b\n  max: 65MiB\n- close: a", []string{
			"6:12: 65MiB is too much: the most for the buffers of one call is 64MiB",
		}},
		{"a buffer at the bound", ends + "- recv: b\n  max: 64MiB\n- close: a", nil},
		{"one of several buffers", ends + "- recv: b\n  call: readv\n  buffers: [4KiB, 100GiB]\n- close: a", []string{
			"7:23: 100GiB is too much: the most for the buffers of one call is 64MiB",
		}},
		{"messages", ends + "- recvmmsg: b\n  count: 1025\n- close: a", []string{
			"6:14: 1025 is too much: the most for the messages of one recvmmsg is 1024",
		}},
		{"an option's buffer", ends + "- getsockopt: a\n  option: SO_TYPE\n  size: 65MiB\n- close: b", []string{
			"7:13: 65MiB is too much: the most for the buffers of one call is 64MiB",
		}},
		{"replicas of one actor", "actors:\n  one:\n    count: 10001\n    steps: [{print: x}]\n", []string{
			"3:12: 10001 is too much: the most for the actors of a scenario is 10000",
		}},
		{"replicas of several", "actors:\n  one: {count: 9999, steps: [{print: x}]}\n  two: [{print: x}]\n  three: [{print: x}]\n", []string{
			"4:3: 10001 is too much: the most for the actors of a scenario is 10000",
		}},
	})
}

// TestRunBounds: what an expression gives, and what adds up, is held against
// the bound by the step.
func TestRunBounds(t *testing.T) {
	const huge = "- let: {huge: 1099511627776}\n- socketpair: unix\n  as: [a, b]\n- send: a\n  data: x\n"
	for _, test := range []struct{ name, text, want string }{
		{"max", one(huge + "- recv: b\n  max: ${huge}"), `expression "huge": 1024GiB is too much: the most for the buffers of one call is 64MiB`},
		{"several buffers", one(huge + "- recv: b\n  call: readv\n  buffers: [40MiB, 40MiB]"), "80MiB is too much: the most for the buffers of one call is 64MiB"},
		{"kept bytes", one(huge + "- recv: b\n  size: ${huge}\n  flags: MSG_WAITALL"), "1024GiB is too much: the most for the buffers of one call is 64MiB"},
		{"several messages", one(huge + "- recvmmsg: b\n  count: 100\n  max: 1MiB"), "100MiB is too much: the most for the buffers of one call is 64MiB"},
		{"pad", one(huge + "- recv: b\n  until: {pad: {data: x, to: '${huge}'}}"), "1024GiB is too much: the most for a payload in memory is 64MiB"},
		{"repeat", one(huge + "- recv: b\n  until: {repeat: {data: xyz, times: '${huge}'}}"), "3072GiB is too much: the most for a payload in memory is 64MiB"},
		{"a list of pieces", one(huge + "- recv: b\n  until: [{zeros: 40MiB}, {zeros: 40MiB}]"), "80MiB is too much: the most for a payload in memory is 64MiB"},
		{"repeats of repeats", one(huge + "- recv: b\n  until: {repeat: {data: {repeat: {data: {zeros: 1MiB}, times: 4611686018427387904}}, times: 8}}"), "the most for a payload in memory is 64MiB"},
		{"the offset of an integer", one("- let: {d: abc, n: 9223372036854775807}\n- print: ${u64be(d, n)}"), `u64be at offset 9223372036854775807 is outside the 3 bytes`},
		{"replicas", "vars: {n: 1000000000}\n" + strings.Replace(one("- print: x"), "one:\n", "one:\n    count: ${n}\n    steps:\n", 1), "the count of actor one: expression \"n\": 1000000000 is too much: the most for the actors of a scenario is 10000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			failure, _ := fails(t, test.text)
			if got := failure.Err.Error(); !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestPayloadsOfNothing: what has no bytes takes no time, however often it is
// repeated.
func TestPayloadsOfNothing(t *testing.T) {
	lines := passes(t, pair("- send: a\n  data: {repeat: {data: '', times: 9000000000000000000}}\n- close: [a, b]"))
	if want := `send(a, "", 0) = 0`; lines[1] != want {
		t.Errorf("got  %s\nwant %s", lines[1], want)
	}
}

// TestLoopsOfNothing: a loop whose body makes no call sees its own timeout, and
// that of what it stands in.
func TestLoopsOfNothing(t *testing.T) {
	const count = "9000000000000000000"
	for _, test := range []struct{ name, text, want string }{
		{"count", "- repeat: " + count + "\n  timeout: 50ms\n  steps: []", "timed out after 50ms"},
		{"condition", "- repeat: {while: 'true'}\n  timeout: 50ms\n  steps: []", "timed out after 50ms"},
		{"skipped steps", "- repeat: " + count + "\n  timeout: 50ms\n  steps: [{print: x, when: 'false'}]", "timed out after 50ms"},
		{"for", "- let: {x: 1}\n- for: 1..100000\n  each: i\n  timeout: 50ms\n  steps: [{for: 1..100000, each: j, steps: []}]", "timed out after 50ms"},
		{"within", "- repeat: 2\n  timeout: 50ms\n  steps: [{repeat: " + count + ", steps: []}]", "timed out after 50ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			failure, _ := fails(t, one(test.text))
			if got := failure.Err.Error(); !strings.HasPrefix(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	failure, _ := fails(t, "timeout: 50ms\n"+one("- repeat: "+count+"\n  steps: []"))
	if got, want := failure.Err.Error(), "the scenario timed out after 50ms"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// doubling is procedures each of which calls the one before twice.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("timeout: 100ms\nprocedures:\n  p0: [{print: x, when: 'false'}]\n")
	for i := range n {
		fmt.Fprintf(&b, "  p%d: [{do: p%d}, {do: p%d}]\n", i+1, i, i)
	}
	fmt.Fprintf(&b, "actors: {one: [{do: p%d}]}\n", n)
	return b.String()
}

// TestCheckDoubling: the time of the check does not grow with the number of
// times that procedures would run.
func TestCheckDoubling(t *testing.T) {
	if found := findings(doubling(12)); len(found) != 0 {
		t.Errorf("the check of few calls found %q", found)
	}
	list, problems := scenarios.Parse("test.yaml", []byte(doubling(60)))
	if len(list) != 1 || len(problems) != 1 {
		t.Fatalf("%d scenarios, and\n%s", len(list), problems.Report())
	}
	const want = "this step and those after it are not checked: they are more than 500000"
	if got := problems[0].Msg; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	failure, _ := fails(t, doubling(60))
	if got, want := failure.Err.Error(), "the scenario timed out after 100ms"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestCheckCallChain: a chain of procedures is as long as it is, although each
// walk over the steps follows the calls.
func TestCheckCallChain(t *testing.T) {
	var b strings.Builder
	b.WriteString("procedures:\n  p0: [{print: x}]\n")
	const n = 500
	for i := range n {
		fmt.Fprintf(&b, "  p%d: [{do: p%d}]\n", i+1, i)
	}
	fmt.Fprintf(&b, "actors: {one: [{do: p%d}]}\n", n)
	begun := time.Now()
	passes(t, b.String())
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("%d calls took %s", n, took)
	}
}

// TestExpressionBound: an expression is no longer than the compiler, which calls
// itself for each bracket, has a stack for.
func TestExpressionBound(t *testing.T) {
	const deep = 5_000_000
	text := one("- print: ${" + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep) + "}")
	wantLines(t, findings(text), "3:16: 10000001 is too much: the most for an expression is 16KiB")
}

// TestManyExpressions: the place of an expression is found when it is asked for,
// not by walking over the text before each of them.
func TestManyExpressions(t *testing.T) {
	const n = 1000
	passes(t, one("- let: {x: a}\n- let: {y: '"+strings.Repeat("${x}", n)+"'}\n- assert: len(y) == "+fmt.Sprint(n)))
	wantLines(t, findings(one("- print: "+strings.Repeat("x", 9)+"${nope}")), `3:25: unknown name "nope" in the expression; it is neither a name of this actor nor one of vars; write ACTOR.NAME for a name of another actor`)
}

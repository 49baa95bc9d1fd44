package steps_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
	"github.com/sockscript/sockscript/steps/value"
)

// TestCheckBounds: what is written out and above its bound is an error at its
// place.
func TestCheckBounds(t *testing.T) {
	t.Parallel()
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
		{"a regular expression", ends + "- recv: b\n  expect: {matches: '(a|b){900}(c|d){900}(e|f){900}(g|h){900}'}\n- close: a", []string{
			"6:25: 10802 is too much: the most for a regular expression is 10000",
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
		{"a regular expression", one(huge + "- let: {re: \"${repeat('(a|b){900}', 5)}\"}\n- recv: b\n  expect: {matches: '${re}'}"), "is too much: the most for a regular expression is 10000"},
		{"replicas", "vars: {n: 1000000000}\n" + strings.Replace(one("- print: x"), "one:\n", "one:\n    count: ${n}\n    steps:\n", 1), "the count of actor one: expression \"n\": 1000000000 is too much: the most for the actors of a scenario is 10000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
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
	t.Parallel()
	lines := passes(t, pair("- send: a\n  data: {repeat: {data: '', times: 9000000000000000000}}\n- close: [a, b]"))
	if want := `send(a, "", 0) = 0`; lines[1] != want {
		t.Errorf("got  %s\nwant %s", lines[1], want)
	}
}

// TestLoopsOfNothing: a loop whose body makes no call sees its own timeout, and
// that of what it is in.
func TestLoopsOfNothing(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

// TestCheckDoublingOfReturns: nothing is said of the names of procedures whose
// steps were not all looked at.
func TestCheckDoublingOfReturns(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("procedures:\n  p0: {returns: n, steps: [{let: {n: 1}}]}\n")
	const n = 60
	for i := range n {
		fmt.Fprintf(&b, "  p%d: {returns: n, steps: [{do: p%d, as: x}, {do: p%d, as: n}, {print: '${x}'}]}\n", i+1, i, i)
	}
	fmt.Fprintf(&b, "actors: {one: [{do: p%d}]}\n", n)
	_, problems := scenarios.Parse("test.yaml", []byte(b.String()))
	if len(problems) != 1 || !strings.HasPrefix(problems[0].Msg, "this step and those after it are not checked") {
		t.Errorf("the check found\n%s", problems.Report())
	}
}

// TestCheckCallChain: a chain of procedures is as long as it is, although each
// walk over the steps follows the calls.
func TestCheckCallChain(t *testing.T) {
	t.Parallel()
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

// TestExpressionBound: an expression is no longer than the compiler, which
// calls itself for each bracket, has a stack for.
func TestExpressionBound(t *testing.T) {
	t.Parallel()
	const deep = 5_000_000
	text := one("- print: ${" + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep) + "}")
	parsetest.WantLines(t, findings(text), "3:16: 10000001 is too much: the most for an expression is 16KiB")
}

// TestManyExpressions: the place of an expression is found when it is asked
// for, not by walking over the text before each of them.
func TestManyExpressions(t *testing.T) {
	t.Parallel()
	const n = 1000
	passes(t, one("- let: {x: a}\n- let: {y: '"+strings.Repeat("${x}", n)+"'}\n- assert: len(y) == "+fmt.Sprint(n)))
	parsetest.WantLines(t, findings(one("- print: "+strings.Repeat("x", 9)+"${nope}")), `3:25: unknown name "nope" in the expression; it is neither a name of this actor nor one of vars; write ACTOR.NAME for a name of another actor`)
}

// TestExpressionCount: a scenario with more expressions than are compiled is an
// error at the first that is too much, in a text of many and in a step of its
// own, and so are the scenarios of one file together.
func TestExpressionCount(t *testing.T) {
	most := value.MaxExprs.Most
	defer func() { value.MaxExprs.Most = most }()
	value.MaxExprs.Most = 10
	const hint = "; let a loop or a procedure do what repeats, or write values that do not change as they are"
	line := "- print: ${1}\n"
	passes(t, one(strings.Repeat(line, 10)))
	parsetest.WantLines(t, findings(one(strings.Repeat(line, 12))), "13:16: 11 is too much: the most for the expressions of a scenario is 10"+hint)
	parsetest.WantLines(t, findings(one("- print: "+strings.Repeat("${1}", 12))), "3:56: 11 is too much: the most for the expressions of a scenario is 10"+hint)
	two := "name: a\n" + one(strings.Repeat(line, 6)) + "---\nname: b\n" + one(strings.Repeat(line, 6))
	parsetest.WantLines(t, findings(two), "11:1: 12 is too much: the most for the expressions of a scenario is 10; put the scenarios into several files")
}

// TestRegexpSizes: all regular expressions of a scenario together have a bound,
// those in expressions too, where each has its own as well.
func TestRegexpSizes(t *testing.T) {
	most := value.MaxRegexps.Most
	defer func() { value.MaxRegexps.Most = most }()
	value.MaxRegexps.Most = 1500
	const ends = "- socketpair: unix\n  as: [a, b]\n"
	const much = "is too much: the most for the regular expressions of a scenario is 1500; let a loop or a procedure do what repeats"
	expected := "- recv: b\n  expect: {matches: 'x{500}'}\n"
	asserted := "- assert: not ('x' matches 'x{500}')\n"
	passes(t, one(strings.Repeat(asserted, 2)))
	parsetest.WantLines(t, findings(one(ends+strings.Repeat(expected, 5)+"- close: a")), "10:25: 1506 "+much)
	parsetest.WantLines(t, findings(one(strings.Repeat(asserted, 5))), "5:15: 1506 "+much)
	parsetest.WantLines(t, findings(one("- assert: not ('x' matches 'x{500}' + 'x{999}' + 'y{2}')")), "3:15: 1503 "+much)
	value.MaxRegexps.Most = most
	long := "- assert: not ('x' matches '" + strings.Repeat("x{1000}", 11) + "')"
	parsetest.WantLines(t, findings(one(long)), "3:15: 11002 is too much: the most for a regular expression is 10000")
}

// TestExpressionBounds: an expression that makes too much, or that goes on for
// too long, fails its step with a message that says where and why.
func TestExpressionBounds(t *testing.T) {
	t.Parallel()
	const made = "it makes more than 64MiB of texts and lists, which is the most for what an expression makes"
	const items = "it makes more than 1000000 items, which is the most for an expression"
	const late = "timed out after 20ms"
	big := strings.Repeat("abcdefgh", 1_000_000)
	print := func(timeout, expr string) string {
		return one("- let: {x: ab, n: 1, l: '${1..1000}'}\n- print: \"${len(string(" + expr + "))}\"\n  timeout: " + timeout)
	}
	text := func(expr string) string { return print("1h", expr) }
	slow := func(expr string) string { return print("20ms", expr) }
	for _, test := range []struct{ name, text, want string }{
		{"repeat", text(`repeat(x, 1000000000)`), made},
		{"repeat of the largest", text(fmt.Sprintf(`repeat(x, %d)`, math.MaxInt)), made},
		{"replace", text(`replace(big, '', big)`), made},
		{"replace a few", text(`replace(big, 'a', big, 9)`), made},
		{"join", text(`join(map(l, big), '')`), made},
		{"join with a long separator", text(`join(map(l, x), big)`), made},
		{"split", text(`split(big, '')`), made},
		{"concat", text(`concat(` + strings.TrimSuffix(strings.Repeat("[big],", 9), ",") + `)`), made},
		{"+", text(strings.TrimSuffix(strings.Repeat("big+", 9), "+")), made},
		{"+ of lists", text(`[` + strings.TrimSuffix(strings.Repeat("big+x,", 9), ",") + `]`), made},
		{"functions side by side", text(`[` + strings.TrimSuffix(strings.Repeat("upper(big),", 9), ",") + `]`), made},
		{"lists of lists", text(`let a = [big, big]; let b = [a, a]; let c = [b, b]; c`), made},
		{"mappings of mappings", text(`let a = {x: big, y: big}; let b = {x: a, y: a}; {x: b, y: b}`), made},
		{"reduce", text(`reduce(1..100000, #acc + big, '')`), made},
		{"a range", text(`(n..1000000000)`), items},
		{"ranges in a loop", text(`map(l, 1..(1000 + n))`), items},
		{"loops in loops", slow(`all(l, all(l, all(l, all(l, true))))`), late},
		{"loops that filter", slow(`filter(l, any(l, none(l, # == n - 1 and any(l, # < 0))))`), late},
		{"loops that count", slow(`sum(l, sum(l, sum(l, sum(l, # * 2))))`), late},
		{"uniq", slow(`uniq(1..900000)`), late},
		{"a text of many", one("- print: " + strings.Repeat("${big}", 9)), "the text that contains it is larger than 64MiB"},
		{"a value that doubles", one("- let: {x: '${big}'}\n- repeat: 100\n  steps:\n    - let: {x: '${x + x}'}"), made},
		{"a list that doubles", one("- let: {x: ['${big}']}\n- repeat: 100\n  steps:\n    - let: {x: ['${x}', '${x}']}"), "the value is larger than 64MiB, which is the most for what an expression makes"},
		{"a mapping that doubles", one("- let: {x: {k: '${big}'}}\n- repeat: 100\n  steps:\n    - let: {x: {k: '${x}', l: '${x}'}}"), "the value is larger than 64MiB"},
		{"lines", one("- print: \"${repeat('\\\\n', 20000)}\""), "20000 is too much: the most for the lines of one print is 10000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := runner.Run(t.Context(), parse(t, "timeout: 1h\nvars: {big: ''}\n"+test.text), runner.Options{Vars: map[string]any{"big": big}})
			if r.Failure == nil || !strings.Contains(r.Failure.Err.Error(), test.want) || r.Failure.Place == nil {
				t.Errorf("got  %s\nwant %s", reason(r), test.want)
			}
		})
	}
}

// TestMeasuredExpressions: what is measured gives the same as what is not.
func TestMeasuredExpressions(t *testing.T) {
	t.Parallel()
	passes(t, "actors:\n  one:\n"+`
    - let: {x: ab, n: 3, l: [1, 2], j: 1}
    - assert: x + x == 'abab' && n + n == 6 && x + 'c' + x == 'abcab' && 1.5 + n == 4.5
    - assert: "map(l, # + n) == [4, 5] && filter(1..10, # > n && # in [4, 5, 6]) == [4, 5, 6]"
    - assert: replace(x, 'a', 'zz') == 'zzb' && replace('aaa', 'a', '', 2) == 'a' && repeat(x, 3) == 'ababab' && repeat(x, 0) == ''
    - assert: join(['a', x], '-') == 'a-ab' && join(['a', x]) == 'aab' && split('a,b', ',') == ['a', 'b'] && splitAfter('a,b', ',', 2) == ['a,', 'b']
    - assert: uniq([1, 1, n]) == [1, 3] && concat(l, [n]) == [1, 2, 3] && flatten([l, [n]]) == [1, 2, 3]
    - assert: "all(l, # > 0) && none(l, # > 2) && one(l, # == 2) && len(filter(l, # == 1)) == 1"
    - assert: "reduce(1..4, #acc + #, 0) == 10 && sum(l, # * 2) == 6 && find(l, # > 1) == 2 && findIndex(l, # > 1) == 1"
    - assert: "sortBy([3, 1], #) == [1, 3] && groupBy(1..4, # % 2)[0] == [2, 4] && {a: x}.a == 'ab' && toJSON(x) == '\"ab\"'"
    - assert: let y = x + x; upper(y) + lower('Q') == 'ABABq'
    - print: ${two[j + 0].v + x} ${two[l[0]].v}
  two:
    count: 2
    steps:
      - let: {v: w}
`)
}

// TestLongLines: of a long line the transcript shows the beginning.
func TestLongLines(t *testing.T) {
	t.Parallel()
	lines := passes(t, one("- let: {x: \"${repeat('é', 100000)}\"}\n- print: ${x}"))
	for i, want := range []string{"let x = ", "| "} {
		if !strings.HasPrefix(lines[i], want+"éé") || !strings.HasSuffix(lines[i], fmt.Sprintf("é... (%d bytes)", len(want)+200_000)) || len(lines[i]) > 66_000 {
			t.Errorf("%d bytes: %.20s … %s", len(lines[i]), lines[i], lines[i][len(lines[i])-30:])
		}
	}
}

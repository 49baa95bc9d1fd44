package runner_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
)

// wrongExpressions are expressions that are wrong at load or in a run, each in
// its own way, over values of all types.
var wrongExpressions = strings.Split(strings.TrimSpace(`
x.l
x.port.z
x.peer.peer.port
x + 1
x < 1
x.port + t
why + 1
why.x
p.x
p + 1
br + 1
br.x
m.z.y
m + 1
m < 1
m[1]
m.a()
l + 1
l.x
l[5]
l["a"]
l[1:0]
t.x
t + 1
t < 1
t - 1
t[9]
t["a"]
n + t
n.x
n[0]
n()
-t
!t
not n
n and b
b or t
t % 2
f % 2
n % 0
n in t
n..t
int(t)
int(l)
int(why)
float(t)
u8(t, 9)
u8(t, t)
u16be(t)
len(n)
len(nil)
nil.x
nil + 1
upper(n)
split(n, 1)
duration("x")
date("x")
timezone("x")
fromBase64("%")
fromJSON("{")
map(n, #)
filter(l, #)
filter(l, #.x)
any(l, #.x)
count(l, #)
reduce([], # + 1)
groupBy(l, x)
find(l, n)
sortBy(l, #.x)
n matches "("
t matches n
t startsWith 1
n contains t
first(n)
last(t)
take(l, t)
keys(n)
values(t)
max(t)
min()
mean(l, t)
median(t)
sum(t)
sort(m)
abs(t)
ceil(t)
concat(t)
flatten(t)
uniq(t)
repeat(t, -1)
trim(5)
replace(1, 2, 3)
get(n, 1)
indexOf(1, 2)
bitand(t, 1)
env(n)
sha256()
text()
hex(t, t)
x()
nothing()
nothing
free_port(1)
one.l
two
two.nothing
two[0].v
two.v.z
"a" "b"
1 +
(
)
#
a b
{
[1
'
`+"`"+`
0x
1e999
1..999999999
t ? 1 : 2
n ? 1 : 2
let q = t; q.z
let q = ;
toJSON(br)
p
br
`), "\n")

// foreignWords are those of the language that sockscript is written in. None of
// them helps a reader of a message.
var foreignWords = []string{
	"map[", "[]any", "interface", "*steps", "*source", "steps.", "source.", "sock.", "%!", "<nil>", "reflect", "struct",
	"runtime error", "strconv", "panic", "0xc0", "func(", "int64", "uint", "float64", "*Endpoint",
}

// wantPlain checks that a message says something, in words of the reader.
func wantPlain(t *testing.T, from, message string) {
	t.Helper()
	for _, word := range foreignWords {
		if strings.Contains(message, word) {
			t.Errorf("%s\n  %s\n  holds %q", from, message, word)
		}
	}
	for _, end := range []string{"got", "expected", " is", " by"} {
		if strings.HasSuffix(message, end) {
			t.Errorf("%s\n  %s\n  ends in nothing", from, message)
		}
	}
}

func TestMessagesOfExpressions(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	usesProgram := regexp.MustCompile(`\bp\b`)
	for _, e := range wrongExpressions {
		program := ""
		if usesProgram.MatchString(e) {
			program = "\n    - {start: [cat], as: p}\n    - {close: p.stdin}"
		}
		for _, step := range []string{"assert: %s", "print: %s", "for: %s\n      each: i\n      steps: [{print: '${i}'}]"} {
			text := fmt.Sprintf(`
actors:
  two: [{let: {v: 5}}]
  one:
    - {socketpair: unix, as: [x, y]}
    - {recv: x, nowait: true, as: why, expect: {error: EAGAIN}}`+program+`
    - spawn: [{wait: go}]
      as: br
    - let: {m: {a: 1}, l: [1], t: abc, n: 5, f: 1.5, b: true}
    - signal: go
    - `+step+"\n", "'${"+strings.ReplaceAll(e, "'", "''")+"}'")
			list, problems := scenarios.Parse("test.yaml", []byte(text))
			for _, p := range problems {
				wantPlain(t, e, p.Msg)
				wantPlain(t, e, p.Hint)
			}
			if list == nil {
				continue
			}
			r := runner.Run(t.Context(), list[0], runner.Options{})
			if r.Failure != nil {
				wantPlain(t, e, told(r.Failure))
			}
		}
	}
}

// A handle of another actor is told as one, however the expression names it.
func TestForeignHandle(t *testing.T) {
	for _, step := range []string{"close: ${other.s}", "close: ${q}", "{poll: ['${q}'], events: in}", "{send: '${other.s}', data: x}"} {
		f := fails(t, `
actors:
  other:
    - {socket: udp, as: s}
    - {bind: s, to: 127.0.0.1:0}
    - wait: done
  one:
    - let: {q: "${other.s}"}
    - `+step+`
    - signal: done
`, runner.Options{})
		if got, want := f.Err.Error(), "s is a handle of the actor other, and actors do not share handles"; !strings.HasPrefix(got, want) {
			t.Errorf("%s\n  %s", step, got)
		}
	}
}

func TestWholeNumbers(t *testing.T) {
	runCases(t, []kernelCase{{"of texts", `
- assert: int("0x1F") == 31 && int("42") == 42 && int("-7") == -7 && int("010") == 10 && int(" 5 ") == 5
- assert: int(3.9) == 3 && int(4) == 4
`}})
}

// What came is shown, and what did not come is said in words.
func TestMessagesOfRuns(t *testing.T) {
	long := strings.Repeat("line of text, ", 100)
	for _, test := range []struct{ name, text, want string }{
		{"a sender without a name", `
- {socketpair: unixgram, as: [x, y]}
- {send: x, data: a}
- {recv: y, call: recvfrom, expect: {from: "unix:@name"}}
`, "expected from unix:@name, got no address (write none to expect that)"},
		{"a sender where none is expected", `
- {socket: udp, as: u}
- {bind: u, to: 127.0.0.1:0}
- {send: u, data: a, to: u}
- {recv: u, expect: {from: none}}
`, "expected no from address, got 127.0.0.1:"},
		{"a text that is not there", `
- {socketpair: unix, as: [x, y]}
- {send: x, data: "` + long + `"}
- close: x
- {recv: y, eof: true, expect: {contains: absent}}
`, `expected data that contains "absent", got "` + long + `"`},
		{"a pattern that does not match", `
- {socketpair: unix, as: [x, y]}
- {send: x, data: {hex: "ff00fe"}}
- close: x
- {recv: y, eof: true, expect: {matches: "^a"}}
`, "expected data that matches ^a, got hex:ff00fe"},
		{"more than is shown", `
- {socketpair: unix, as: [x, y]}
- {send: x, data: {repeat: {data: ab, times: 3000}}}
- close: x
- {recv: y, eof: true, expect: {contains: absent}}
`, `expected data that contains "absent", got "` + strings.Repeat("ab", 2048) + `" and 1904 more bytes`},
		{"what came until the time was up", `
- {socketpair: unix, as: [x, y]}
- {send: x, data: "` + long + `"}
- {recv: y, timeout: 20ms, expect: {contains: absent}}
`, `only "` + long + `" has come`},
		{"much that came until the time was up", `
- {socketpair: unix, as: [x, y]}
- {send: x, data: {repeat: {data: ab, times: 3000}}}
- {recv: y, timeout: 20ms, expect: {matches: absent}}
`, `only 6,000 bytes have come, which begin with "` + strings.Repeat("ab", 30) + `…"`},
		{"a datagram longer than the buffer", `
- {socketpair: unixgram, as: [x, y]}
- {send: x, data: abcdef}
- {recv: y, max: 3, flags: MSG_TRUNC, expect: {size: 6}}
`, "expected 6 bytes, got 3; the call returned 6, the length of the whole datagram, of which the buffer took 3; result: 6 expects what the call returned"},
		{"a folder that is not there", `
- {exec: ["true"], dir: not-there/at-all}
`, "dir is relative to the folder of the scenario file, so it is /"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := fails(t, "actors:\n  one:\n"+indented(test.text), runner.Options{})
			if got := f.Err.Error(); !strings.Contains(got, test.want) {
				t.Errorf("%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// The same address may be written in several ways.
func TestAddressesThatAreEqual(t *testing.T) {
	runCases(t, []kernelCase{
		{"no name", `
- {socketpair: unixgram, as: [x, y]}
- {send: x, data: a}
- {recv: y, call: recvfrom, expect: {from: "unix:"}}
- {send: x, data: a}
- {recv: y, call: recvfrom, expect: {from: none}}
- {socket: unixgram, as: r}
- {bind: r, to: "unix:${tmp}/r"}
- {socket: unixgram, as: s}
- {send: s, data: x, to: r}
- {recv: r, call: recvfrom, expect: {data: x, from: "unix:"}}
- close: [x, y, r, s]
`},
		{"without a port", `
requires: socket:ping
actors:
  one:
    - {socket: {family: AF_INET, type: SOCK_DGRAM, protocol: IPPROTO_ICMP}, as: p}
    - {send: p, to: 127.0.0.1:0, data: {hex: "0800000000000001"}}
    - {recv: p, mask: true, expect: {from: 127.0.0.1:0}}
    - {send: p, to: "icmp:127.0.0.1", data: {hex: "0800000000000001"}}
    - {recv: p, mask: true, expect: {from: "icmp:127.0.0.1"}}
    - close: p
`},
	})
}

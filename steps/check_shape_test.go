package steps_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// A finding is a scenario, or the steps of its one actor, and all that the
// check says of it. The steps of one begin at 3:5.
type finding struct {
	name string
	text string
	want []string
}

func checkFindings(t *testing.T, tests []finding) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := test.text
			if !strings.Contains(text, "actors:") {
				text = one(text)
			}
			parsetest.WantLines(t, findings(text), test.want...)
		})
	}
}

const allKinds = "the kinds are "

func TestCheckVerbs(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"two verbs", `
- socket: tcp
  close: s
`, []string{"4:7: two verbs in one step: socket and close; write two steps, each with its own dash"}},
		{"no mapping", `
- close
`, []string{`3:7: a step is a mapping, not the text "close"; write it as "- KIND: VALUE", such as "- close: conn"`}},
		{"a list as a step", `
- [close, s]
`, []string{`3:7: a step is a mapping, not a list; write it as "- KIND: VALUE", such as "- close: conn"`}},
		{"misspelt verb", `
- sokcet: tcp
  as: s
`, []string{`3:7: unknown step kind "sokcet"; did you mean "socket"?`}},
		{"a misspelt verb behind a parameter", `
- as: s
  sockett: tcp
`, []string{`4:7: unknown step kind "sockett"; did you mean "socket"?`}},
		{"no list of steps", "actors:\n  one: close\n", []string{
			`2:8: expected a list of steps, got the text "close"; write each step as "- KIND: VALUE"`,
		}},
	})
}

// The kinds that a message lists grow; the rest of the message stays.
func TestCheckNoVerb(t *testing.T) {
	t.Parallel()
	names := steps.Kinds().Names()
	last := names[len(names)-1]
	for text, want := range map[string]string{
		"- as: x\n  to: y\n": "3:7: no key of this step names a step kind; " + allKinds,
		"- frobnicate: x\n":  `3:7: unknown step kind "frobnicate"; ` + allKinds,
		"- {}\n":             "3:7: no key of this step names a step kind; " + allKinds,
	} {
		got := findings(one(text))
		if len(got) != 1 || !strings.HasPrefix(got[0], want) || !strings.HasSuffix(got[0], " or "+last) {
			t.Errorf("%s%q, want %s…", text, got, want)
		}
	}
}

func TestCheckKeys(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"unknown key", `
- signal: up
  colour: red
`, []string{`4:7: unknown key "colour" in signal; it takes as, expect, mask, note, quiet, timeout or when`}},
		{"misspelt key", `
- socket: tcp
  as: s
- listen: s
  backlogg: 3
`, []string{`6:7: unknown key "backlogg" in listen; did you mean "backlog"?`}},
		{"duplicate key", `
- socket: tcp
  as: s
  as: t
- close: s
`, []string{`5:7: the key "as" is already given on line 4; keep one of the two`}},
		{"missing key", `
- socketpair: unix
  as: [a, b]
- send: a
- shutdown: b
`, []string{
			"5:7: send needs data; what to send",
			"6:7: shutdown needs how; which direction to end; any int is passed as it is",
		}},
		{"key without a value", `
- sleep:
`, []string{"3:7: sleep has no value; write it after the colon"}},
		{"nothing to name", `
- signal: up
  as: x
`, []string{"4:11: signal does not make anything, so as cannot name it; leave as: out"}},
		{"unknown key of expect", `
- socketpair: unix
  as: [a, b]
- recv: a
  expect: {frm: 127.0.0.1}
- close: b
  expect: {size: 1}
`, []string{
			`6:16: unknown key "frm" in expect of recv; did you mean "from"?`,
			`8:16: unknown key "size" in expect of close; it takes error or took`,
		}},
		{"expect where nothing plain can be expected", `
- signal: up
  expect: 5
`, []string{`4:15: expect of signal is a mapping, not the text "5"; ` +
			"write {error: ERRNO} or another of its keys: see the reference of signal"}},
		{"unknown key of a nested mapping", `
- repeat: {while: true, during: 1}
  steps: []
`, []string{`3:29: unknown key "during" in repeat; it takes until, while or within`}},
	})
}

func TestCheckTypes(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"durations", `
- sleep: soon
- sleep: [1ms]
- sleep: -1ms
- sleep: 1ms
  timeout: 5
`, []string{
			`3:14: "soon" is not a duration; write it as 250ms, 2s or 1m30s`,
			"4:14: expected a duration such as 250ms, got a list",
			"5:14: -1ms is negative; a duration must be 0 or more",
			"7:16: 5 has no unit; write 5s or 5ms",
		}},
		{"numbers", `
- repeat: -1
  steps: []
- repeat: many
  steps: []
- repeat: 1.5
  steps: []
- repeat: {}
  steps: []
`, []string{
			"3:15: -1 is negative; the number must be 0 or more",
			`5:15: "many" is not a whole number`,
			`7:15: "1.5" is not a whole number`,
			"9:15: repeat takes one of while and until; write {while: CONDITION} or {until: CONDITION, within: 5s}",
		}},
		{"sizes", `
- socketpair: unix
  as: [a, b]
- recv: a
  size: 5x
- recv: b
  max: {}
`, []string{
			`6:13: "5x" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
			"8:12: expected a number of bytes, got a mapping",
		}},
		{"truths", `
- socketpair: unix
  as: [a, b]
- recv: a
  nowait: yes
- recv: b
  expect: {eof: 1}
`, []string{
			`6:15: expected true or false, got the text "yes"`,
			`8:21: expected true or false, got the text "1"`,
		}},
		{"words", `
- socketpair: unix
  as: [a, b]
- shutdown: a
  how: wirte
- recv: b
  call: [recv]
`, []string{
			`6:12: expected read, write or both, got the text "wirte"; did you mean "write"?`,
			"8:13: expected read, recv, recvfrom, readv or recvmsg, got a list",
		}},
		{"texts", `
- print: [a]
- signal: {a: b}
- signal: up
  note: [a]
`, []string{
			"3:14: expected a text, got a list",
			"4:15: expected a text, got a mapping",
			"6:13: expected a text, got a list",
		}},
		{"names", `
- socket: tcp
  as: 1a
- let: {a-b: 2}
- let: 5
- {socketpair: unix, as: [c, null]}
`, []string{
			`4:11: "1a" is not a name; a name is letters, digits and _, and starts with a letter`,
			`5:13: "a-b" is not a name; a name is letters, digits and _, and starts with a letter`,
			`6:12: expected a mapping of names to values, got the text "5"; write {name: value}`,
			"7:34: expected a name, got nothing",
		}},
		{"handles", `
- close: a b
- close: {a: b}
`, []string{
			`3:14: "a b" is not the name of a handle; name a socket that an earlier step made with as:`,
			"4:14: expected a text, got a mapping",
		}},
		{"conditions", `
- assert: [1]
- signal: up
  when: {a: b}
- signal: up
  expect: {took: "5..6s"}
- signal: up
  expect: {took: {a: b}}
`, []string{
			"3:15: expected an expression, got a list",
			"5:13: expected an expression, got a mapping",
			"7:22: 5 has no unit; write 5s or 5ms",
			`9:22: expected a duration such as 250ms or a condition such as "150ms..400ms", got a mapping`,
		}},
		{"empty lists", `
- close: []
- signal: up
  expect: {error: [], took: []}
- parallel: {}
`, []string{
			"3:14: the list is empty; write at least one item",
			"5:23: the list is empty; write at least one item",
			"5:33: the list is empty; write at least one item",
			"6:17: there are no branches; write {NAME: [steps], NAME: [steps]}",
		}},
		{"blocks", `
- parallel: [a, b]
- parallel: {a: 5}
- parallel: {1a: []}
- spawn: 5
- for: [1, 2]
  steps: []
`, []string{
			"3:17: expected a mapping of branches to their steps, got a list",
			`4:21: expected a list of steps, got the text "5"; write each step as "- KIND: VALUE"`,
			`5:18: "1a" is not a name for a branch; a name is letters, digits and _, and starts with a letter`,
			`6:14: expected a list of steps, got the text "5"; write each step as "- KIND: VALUE"`,
			"7:7: for needs each; the name of the item",
		}},
	})
}

func TestCheckSockets(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"misspelt", "- socket: tpc", []string{`3:15: unknown socket "tpc"; did you mean "tcp"?`}},
		{"unknown", "- socket: carrier-pigeon", []string{
			`3:15: unknown socket "carrier-pigeon"; write one of icmp, mptcp, tcp, tcp6, udp, udp6, unix, ` +
				"unixgram or unixpacket, or {family, type, protocol}",
		}},
		{"list", "- socket: [tcp]", []string{"3:15: a socket is a word or {family, type, protocol}, not a list"}},
		{"family", "- socket: {family: AF_INTE, type: SOCK_STREAM}", []string{
			`3:24: unknown family "AF_INTE"; did you mean "AF_INET"?`,
		}},
		{"type", "- socket: {family: inet, type: steam}", []string{
			`3:36: unknown type "steam"; did you mean "stream"?`,
		}},
		{"protocol", "- socket: {family: inet, type: stream, protocol: TPC}", []string{
			`3:54: unknown protocol "TPC"; did you mean "tcp"?`,
		}},
		{"no type", "- socket: {family: inet}", []string{"3:15: socket needs type; as SOCK_STREAM"}},
		{"pair of one", "- socketpair: unix\n  as: a\n- close: a", []string{
			"3:7: socketpair makes two sockets; name both: as: [a, b]",
		}},
	})
}

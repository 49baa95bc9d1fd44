package steps_test

import (
	"strings"
	"testing"
)

func TestValuesThatTheRunGives(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text string }{
		{"flags in a list", pair(`
- let: {flag: peek}
- send: a
  data: x
- recv: b
  flags: ["${flag}", MSG_DONTWAIT]
- recv: b
  flags: "${[flag, 'MSG_DONTWAIT']}"
- recv: b
  expect: x
`)},
		{"an errno", pair(`
- let: {first: EPIPE, other: "${[0, 'EPIPE']}"}
- close: b
- send: a
  data: x
  expect: {error: "${first}"}
- send: a
  data: x
  expect: {error: [ECONNRESET, "${first}"]}
- send: a
  data: x
  expect: {error: "${other}"}
- recv: a
  expect: {eof: "${first == 'EPIPE'}"}
`)},
		{"an errno of which 0 is one", pair(`
- let: {any: 0}
- send: a
  data: x
  as: sent
  expect: {error: [EPIPE, "${any}"]}
- recv: b
  expect: x
- print: ${sent}
`)},
		{"events by handle", pair(`
- let: {events: "${['in', 'out']}"}
- send: a
  data: x
- poll: [a, b]
  events: ${events}
  expect: {a: "${events[1]}", b: ["${events[0]}", out]}
`)},
		{"a socket of each kind", one(`
- for: [tcp, udp, unix]
  each: kind
  steps:
    - socket: ${kind}
      as: s
      blocking: ${kind == "udp"}
    - close: s
`)},
		{"a condition", one(`
- let: {long: ">=1ms"}
- sleep: 2ms
  expect: {took: "${long}"}
`)},
	} {
		t.Run(tc.name, func(t *testing.T) { passes(t, tc.text) })
	}
}

func TestValuesThatTheRunRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"a flag", pair(`
- let: {flag: MSG_PEAK}
- recv: b
  flags: ${flag}
`), `expression "flag": unknown flag "MSG_PEAK"; did you mean "MSG_PEEK"?`},
		{"true or false", pair(`
- let: {n: 5}
- send: a
  data: x
  once: ${n}
`), `expression "n": expected true or false, got the text "5"`},
		{"a word", pair(`
- let: {how: [read]}
- shutdown: a
  how: ${how}
`), `expression "how": expected read, write or both`},
		{"nothing", pair(`
- shutdown: a
  how: ${nil}
`), `expression "nil": it returns nil, which is not a value`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			failure, _ := fails(t, tc.text)
			if got := failure.Err.Error(); !strings.Contains(got, tc.want) {
				t.Errorf("got %s\nwant %s", got, tc.want)
			}
		})
	}
}

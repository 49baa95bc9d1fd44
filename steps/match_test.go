package steps_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/sockscript/sockscript/steps/value"
)

func TestMatchers(t *testing.T) {
	t.Parallel()
	const text = "- send: a\n  data: \"GET /x HTTP/1.1\\r\\n\"\n- recv: b\n  max: 100\n  expect: %s"
	for _, holds := range []string{
		`"GET /x HTTP/1.1\r\n"`,
		`["GET ", "/x HTTP/1.1\r\n"]`,
		`{data: "GET /x HTTP/1.1\r\n"}`,
		`{contains: /x}`,
		`{contains: GET, matches: "HTTP/1\\.[01]"}`,
		`{matches: "^GET .* HTTP"}`,
		`{matches: "(?s)\\r\\n$"}`,
		`{size: 17}`,
		`{size: ">=1", contains: "\r\n"}`,
		`{size: 1..20}`,
		`{eof: false}`,
		`{data: {hex: 474554202f7820485454502f312e310d0a}, size: 17, matches: GET, contains: x, eof: false}`,
		`{contains: {hex: 2f 78}}`,
		`{contains: "${'/' + 'x'}", matches: "${'^G'}"}`,
	} {
		passes(t, pair(fmt.Sprintf(text, holds)))
	}
	for in, want := range map[string]string{
		`{contains: /y}`:            `expected data that contains "/y", got "GET /x HTTP/1.1\r\n"`,
		`{contains: {hex: 2fed}}`:   `expected data that contains "/\xed", got "GET /x HTTP/1.1\r\n"`,
		`{matches: "^POST"}`:        `expected data that matches ^POST, got "GET /x HTTP/1.1\r\n"`,
		`{matches: "${'^POST'}"}`:   `expected data that matches ^POST, got "GET /x HTTP/1.1\r\n"`,
		`{matches: "${'(a'}"}`:      "regular expression \"(a\": missing closing ): `(a`",
		`{size: 5}`:                 "expected 5 bytes, got 17",
		`{size: 64KiB}`:             "expected 64KiB, got 17 bytes",
		`{size: [1, ">20"]}`:        "expected 1 or >20 bytes, got 17",
		`{eof: true}`:               `expected the end of file, got "GET /x HTTP/1.1\r\n"`,
		`{contains: GET, size: 16}`: "expected 16 bytes, got 17",
	} {
		f, _ := fails(t, pair(fmt.Sprintf(text, in)))
		wantText(t, f.Err.Error(), want)
	}
}

// A difference of data carries both sides, for the report to show.
func TestDataMismatch(t *testing.T) {
	t.Parallel()
	f, lines := fails(t, pair("- send: a\n  data: {hex: 00ff}\n- recv: b\n  expect: {data: {hex: 00fe}}"))
	var m *value.Mismatch
	if !errors.As(f.Err, &m) || !m.Data || !bytes.Equal(m.Want, []byte{0, 0xfe}) || !bytes.Equal(m.Got, []byte{0, 0xff}) {
		t.Errorf("%#v", f.Err)
	}
	wantText(t, f.Err.Error(), "the data differs")
	wantText(t, lines[len(lines)-1], "recv(b, 2) = 2 hex:00ff")
}

func TestNamedGroups(t *testing.T) {
	t.Parallel()
	lines := passes(t, pair(`
- send: a
  data: "GET /index.html HTTP/1.1\r\nHost: example\r\n\r\n"
- recv: b
  until: "\r\n\r\n"
  expect: {matches: "^(?P<method>\\w+) (?<path>\\S+)(?P<query>\\?\\S*)? HTTP"}
  as: head
- assert: method == "GET" && path == "/index.html" && query == "" && len(head) == 43
- print: ${method} ${path}
`))
	wantText(t, lines[len(lines)-1], "| GET /index.html")
}

// A group's name is known to other actors as every variable is.
func TestNamedGroupOfAnotherActor(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
actors:
  a:
    - socketpair: unix
      as: [x, y]
    - send: x
      data: port=1234;
    - recv: y
      expect: {matches: "port=(?P<port>\\d+);"}
  b:
    - print: the port is ${a.port}
`)
	wantText(t, lines[len(lines)-1], "b | the port is 1234")
}

package steps_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// unpacked runs an unpack step and returns what the transcript shows of it.
func unpacked(t *testing.T, data, layout string) string {
	t.Helper()
	lines := passes(t, "vars: {n: 2, s: abc}\n"+one("- print: ${n}${s}\n- unpack: "+data+"\n  layout: "+layout))
	_, got, _ := strings.Cut(lines[len(lines)-1], ") = ")
	return got
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ data, layout, want string }{
		{"{u16be: [258, 772]}", "[{u16be: {as: a}}, {u16le: {as: b}}]", "a: 258, b: 1027"},
		{"{u8: [1, 2, 3, 4]}", "[{u8: [1, '${n}', any, {as: d}]}]", "d: 4"},
		{"{hex: ff ffff feffffff}", "[{i8: {as: a}}, {i16be: -1}, {i32le: {as: c}}]", "a: -1, c: -2"},
		{"{hex: ffffffffffffffff 7f}", "[{u64be: {as: a}}, {i8: {as: b}}]", "a: 18446744073709551615, b: 127"},
		{"{hex: ffffffffffffffff}", "[{u64le: 18446744073709551615}]", ""},
		{"{u16: 513}", "[{u16: {as: a}}]", "a: 513"},
		{"{varint: [300, 5]}", "[{varint: {as: a}}, {varint: 5}]", "a: 300"},
		{"{hex: 8100}", "[{varint: {as: padded}}]", "padded: 1"},
		{"hello world", "[hello, ' ', {rest: {as: r}}]", "r: world"},
		{"abcd", "[{hex: 6162}, {slice: {data: xcdx, from: 1, to: 3}}]", ""},
		{"abc12", "['${s}', {bytes: {size: '${n}', as: b}}]", "b: 12"},
		{"''", "[{rest: {as: r}}]", "r: "},
		{"xy", "[{rest: any}]", ""},
		{"xy", "[{rest: xy}]", ""},
		{"xy", "[{rest: {hex: 7879}}]", ""},
		{"xy", "[{rest: {as: r, expect: xy}}]", "r: xy"},
		{"[{u8: 3}, abcd]", "[{u8: {as: len}}, {bytes: {size: '${len}', as: b}}, {bytes: {size: 1}}]", "len: 3, b: abc"},
		{"[{prefixed: {by: u16be, data: abc, add: 2}}, z]", "[{prefixed: {by: u16be, add: 2, as: b}}, z]", "b: abc"},
		{"{prefixed: {by: varint, data: [{u8: 1}, {prefixed: {by: u8, data: xy}}]}}", "[{prefixed: {by: varint, as: all, layout: [{u8: {as: k}}, {prefixed: {by: u8, as: v}}]}}]", `k: 1, v: xy, all: hex:01027879`},
		{`"12\r\nhello, world!!"`, `[{prefixed: {by: {decimal: "\r\n"}, as: b}}, "!!"]`, "b: hello, world"},
		{`"3:abc,"`, `[{prefixed: {by: {decimal: ":"}, data: "${s}"}}, ","]`, ""},
		{"{u8: [7, 8]}", "[{u8: [{as: a, expect: '>=7'}, {as: b, expect: '${a + 1}'}]}]", "a: 7, b: 8"},
		{"[{u8: 1}, [{u8: 2}, x]]", "[{u8: any}, [{u8: 2}, x]]", ""},
	} {
		if got := unpacked(t, c.data, c.layout); got != c.want {
			t.Errorf("unpack %s as %s gives %q, want %q", c.data, c.layout, got, c.want)
		}
	}
}

// A failure names the field by its name, or by its number, with its offset.
func TestLayoutFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ data, layout, want string }{
		{"{u16be: [1, 3]}", "[{u16be: 1}, {u16be: 2}]", "expected 2 in field 2 (u16be at offset 2), got 3"},
		{"{u16be: [1, 258]}", "[{u16be: [1, 513]}]", "expected 513 (0x201) in field 1 (u16be at offset 2), got 258 (0x102)"},
		{"{i8: -1}", "[{i8: 1}]", "expected 1 in field 1 (i8 at offset 0), got -1"},
		{"{u8: 4}", "[{u8: {as: status, expect: 0}}]", "expected 0 in status (u8 at offset 0), got 4"},
		{"{u8: 4}", "[{u8: {as: status, expect: '>=5'}}]", "expected >=5 in status (u8 at offset 0), got 4"},
		{"{u8: 4}", "[{u16be: {as: id}}]", "id (u16be at offset 0) needs 2 bytes, but the data ends after 1 of them"},
		{"abc", "[a, {bytes: {size: 3, as: b}}]", "b (bytes at offset 1) needs 3 bytes, but the data ends after 2 of them"},
		{"abc", "[abd]", "the bytes differ in field 1 (text at offset 0)"},
		{"abc", "[a, {hex: 6264}]", "the bytes differ in field 2 (hex at offset 1)"},
		{"abc", "[{bytes: {size: 3, as: b, expect: abd}}]", "the bytes differ in b (bytes at offset 0)"},
		{"abc", "[{rest: {as: r, expect: abd}}]", "the bytes differ in r (rest at offset 0)"},
		{"abc", "[a]", `2 bytes are left over behind the last field, at offset 1: "bc"; a field {rest: any} takes what is left`},
		{"ab", "[a]", `1 byte is left over behind the last field, at offset 1: "b"; a field {rest: any} takes what is left`},
		{"{hex: ffffffffffffffffffff01}", "[{varint: {as: v}}]", "in v (varint at offset 0) the varint is too long: it takes at most ten bytes, and 64 bits"},
		{"{hex: ffffffffffffffffff02}", "[{varint: any}]", "in field 1 (varint at offset 0) the varint is too long: it takes at most ten bytes, and 64 bits"},
		{"{hex: 80}", "[{varint: {as: v}}]", "v (varint at offset 1) needs 1 byte, but the data ends after 0 of them"},
		{"[{u8: 5}, abc]", "[{prefixed: {by: u8, as: b}}]", "b (prefixed at offset 1) needs 5 bytes, but the data ends after 3 of them"},
		{"[{u8: 1}, abc]", "[{prefixed: {by: u8, add: 2, as: b}}]", "the length in b (prefixed at offset 0) is 1, less than the 2 that count besides the bytes"},
		{"[{u32be: 4294967295}, a]", "[{prefixed: {by: u32be, as: b}}]", "the length in b (prefixed at offset 0): 4294967295 is too much: the most for what a receive keeps is 64MiB"},
		{"[{hex: ffffffffffffffff}, a]", "[{prefixed: {by: u64be}}]", "the length in field 1 (prefixed at offset 0) is not one that bytes can have"},
		{"[{i8: -3}, a]", "[{prefixed: {by: i8}}]", "the length in field 1 (prefixed at offset 0) is not one that bytes can have"},
		{"x3:abc", `[{prefixed: {by: {decimal: ":"}, as: b}}]`, `expected the digits of a length and ":" in b (prefixed at offset 0), got "x"`},
		{"3;abc", `[{prefixed: {by: {decimal: ":"}, as: b}}]`, `expected the digits of a length and ":" in b (prefixed at offset 0), got "3;"`},
		{"99999999999999999999:a", `[{prefixed: {by: {decimal: ":"}}}]`, `the length in field 1 (prefixed at offset 0) has too many digits: 99999999999999999999`},
		{"{prefixed: {by: u8, data: abc}}", "[{prefixed: {by: u8, layout: [a, {u16be: [{as: x, expect: 1}]}]}}]", "expected 1 in x (u16be at offset 2), got 25187 (0x6263)"},
		{"{prefixed: {by: u8, data: abc}}", "[{prefixed: {by: u8, layout: [a, b]}}]", `1 byte is left over behind the last field, at offset 3: "c"; a field {rest: any} takes what is left`},
		{"{prefixed: {by: u8, data: abc}}", "[{prefixed: {by: u8, layout: [a, x, c]}}]", "the bytes differ in field 1.2 (text at offset 2)"},
		{"abc", "[{bytes: {size: '${-1}'}}]", `expression "-1": the value is -1; it must not be negative`},
		{"abc", "[{u8: '${256}'}]", "256 does not fit into 8 bits"},
	} {
		f, _ := fails(t, one("- unpack: "+c.data+"\n  layout: "+c.layout))
		wantText(t, c.layout+": "+f.Err.Error(), c.layout+": "+c.want)
	}
}

// The bytes of a stream come in pieces, and none that belongs to the next
// receive is taken.
func TestLayoutOfStream(t *testing.T) {
	t.Parallel()
	layout := `
  expect:
    layout:
      - u16be: {as: id}
      - varint: [{as: v}]
      - prefixed: {by: {decimal: ":"}, as: text}
      - bytes: {size: "${v - 298}"}
`
	lines := passes(t, `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - for: 0..10
          each: i
          steps:
            - send: a
              data: {slice: {data: [{u16be: 7}, {varint: 300}, "3:abcxy"], from: "${i}", to: "${i + 1}"}}
        - send: a
          data: next
`+indented("- recv: b"+layout+"- recv: b\n  expect: next\n- print: ${id} ${v} ${text}"))
	wantText(t, lines[len(lines)-1], "| 7 300 abc")
	for _, kind := range []string{"unix", "unixgram", "unixpacket"} {
		passes(t, socketpair(kind, "- send: a\n  data: [{u16be: 7}, {varint: 300}, '3:abcxy']\n- recv: b"+layout+"- assert: id == 7 && text == 'abc' && v > 0"))
	}
	for _, c := range []struct{ steps, want string }{
		{"- send: a\n  data: {hex: 00}\n- close: a\n- recv: b" + layout, "id (u16be at offset 0) needs 2 bytes, but the end of file comes after 1 of them"},
		{"- close: a\n- recv: b" + layout, "expected data, got the end of file"},
		{"- send: a\n  data: {hex: 0007ac02}\n- recv: b\n  timeout: 20ms" + layout, "timed out after 20ms (the step's timeout): text (prefixed at offset 4) needs 1 byte; 0 have come"},
		{"- send: a\n  data: {hex: 0001 0003}\n- recv: b\n  expect: {layout: [{u16be: 2}, {u16be: 3}]}", "expected 2 in field 1 (u16be at offset 0), got 1"},
		{"- send: a\n  data: {u32be: 4294967295}\n- recv: b\n  expect: {layout: [{prefixed: {by: u32be}}]}", "the length in field 1 (prefixed at offset 0): 4294967295 is too much: the most for what a receive keeps is 64MiB"},
		{"- send: a\n  data: abc\n- recv: b\n  max: 9\n  expect: {layout: [ab]}", `1 byte is left over behind the last field, at offset 2: "c"; a field {rest: any} takes what is left`},
		{"- let: {f: abc}\n- exec: [printf, '%s', '${f}']\n  expect: {stdout: {layout: [a, {bytes: {size: 1, expect: x}}, c]}}", "stdout: the bytes differ in field 2 (bytes at offset 1)"},
	} {
		f, _ := fails(t, pair(c.steps))
		wantText(t, f.Err.Error(), c.want)
	}
	passes(t, pair("- send: a\n  data: abc\n- close: a\n- recv: b\n  eof: true\n  expect: {layout: [a, {rest: {as: r}}]}\n- assert: r == 'bc'"))
	passes(t, one("- exec: [printf, abc]\n  expect: {stdout: {layout: [a, {rest: {as: r}}]}}\n- assert: r == 'bc'"))
}

// A layout of a large payload does not need it in memory twice, and one that is
// compared as it comes is kept where a layout needs it.
func TestLayoutOfLargeData(t *testing.T) {
	t.Parallel()
	passes(t, `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - spawn:
        - send: a
          data: [{u32be: 3145728}, {zeros: 3MiB}]
        - send: a
          data: {zeros: 2MiB}
    - recv: b
      expect: {layout: [{prefixed: {by: u32be, as: z}}]}
    - assert: len(z) == 3 * 1024 * 1024
    - recv: b
      expect: {data: {zeros: 2MiB}, layout: [{u16be: 0}, {rest: {as: rest}}]}
    - assert: len(rest) == 2 * 1024 * 1024 - 2
`)
}

// What is masked in the bytes is masked in the fields that it is in, and in
// no other.
func TestLayoutKeepsMasks(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
actors:
  one:
    - socket: udp
      as: sock
    - bind: sock
      to: 127.0.0.1:0
    - pack: [{u16be: [40000, "${sock.port}"]}, "at ${sock.port}."]
      as: m
    - unpack: ${m}
      layout:
        - u16be: [{as: fixed}, {as: port}]
        - bytes: {size: 3, as: at}
        - rest: {as: text}
    - socketpair: unix
      as: [a, b]
    - send: a
      data: ${m}
    - recv: b
      expect: {layout: [{u16be: [{as: x}, {as: y}]}, {bytes: {size: 3}}, {bytes: {size: 5, as: z}}, .]}
    - print: ${x} ${y} ${z} ${fixed} ${port} ${at} ${text}
`)
	parsetest.WantLines(t, lines[2:],
		`pack("\x9c@<sock>at <sock>.", 13) = m`,
		`unpack("\x9c@<sock>at <sock>.", 13) = fixed: 40000, port: <sock>, at: at , text: <sock>.`,
		"socketpair(AF_UNIX, SOCK_STREAM, 0) = a b",
		`send(a, "\x9c@<sock>at <sock>.", 13) = 13`,
		`recv(b, layout) = 13 "\x9c@<sock>at <sock>."`,
		"| 40000 <sock> <sock> 40000 <sock> at  <sock>.",
	)
}

func TestLayoutProblems(t *testing.T) {
	t.Parallel()
	for layout, want := range map[string]string{
		"{u8: 1}":                       "4:15: a layout is a list of fields, not a mapping; write [{u16be: {as: id}}, {rest: any}]",
		"[]":                            "4:15: the list is empty; write at least one item",
		"[{u8: []}]":                    "4:21: the list is empty; write at least one item",
		"[{u17: 1}]":                    `4:17: unknown form of a field "u17"; did you mean "u16"?`,
		"[{u8: 256}]":                   "4:21: 256 does not fit into 8 bits",
		"[{u8: {az: x}}]":               `4:22: unknown key "az" in u8; did you mean "as"?`,
		"[{u8: {as: 1x}}]":              `4:26: "1x" is not a name; a name is letters, digits and _, and starts with a letter`,
		"[{u8: {as: 'a${index}'}}]":     `4:26: this name cannot hold an expression; the steps must know it beforehand; write it out`,
		"[{rest: any}, {u8: 1}]":        "4:17: rest takes all bytes that are left, so it must be the last field",
		"[{bytes: 4}]":                  `4:24: bytes of a layout is a mapping {as, size, expect}, not the text "4"`,
		"[{bytes: {as: b}}]":            "4:24: bytes needs size; how many bytes",
		"[{bytes: {size: 65MiB}}]":      "4:31: 65MiB is too much: the most for what a receive keeps is 64MiB",
		"[{prefixed: {as: b}}]":         `4:27: prefixed needs by; how the length is written: u16be, varint, {decimal: "\r\n"}, …`,
		"[{prefixed: {by: u9, as: b}}]": `4:32: unknown form of a length "u9"; did you mean "u8"?`,
		"[{prefixed: {by: u8, data: a, layout: [a]}}]":     "4:42: prefixed takes data or layout, not both; a layout can hold what the data must be",
		"[{prefixed: {by: u8, layout: [{rest: any}, a]}}]": "4:46: rest takes all bytes that are left, so it must be the last field",
		"[{u8: 1, u16be: 1}]":                              "4:16: a payload mapping has one key, not 2; join several with a list: [{…}, {…}]",
		"[{u8: '${later}'}, {u8: {as: later}}]":            "4:24: later is used before it has a value; move this step after the one that sets it",
	} {
		got := findings(one("- unpack: abc\n  layout: " + layout))
		if len(got) == 0 || got[0] != want {
			t.Errorf("layout: %s finds\n  %s\nwant\n  %s", layout, strings.Join(got, "\n  "), want)
		}
	}
	// A name that says what differs need not be used.
	if got := findings(one("- unpack: abc\n  layout: [{bytes: {size: 2, as: what, expect: ab}}, {u8: {as: last, expect: '>3'}}]")); len(got) > 0 {
		t.Errorf("names of fields that are compared find %q", got)
	}
	for steps, want := range map[string]string{
		"- recv: b\n  expect: {layout: [{u8: 1}, {rest: any}]}": "6:35: rest takes all that comes, but this receive has no end; give it size, max, until or eof",
		"- pack: abc": "5:7: pack needs as; give the bytes a name: as: NAME",
	} {
		got := findings(pair(steps))
		if len(got) == 0 || got[0] != want {
			t.Errorf("%s finds\n  %s\nwant\n  %s", steps, strings.Join(got, "\n  "), want)
		}
	}
}

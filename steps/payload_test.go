package steps_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

// received sends a payload and gives what came, in hexadecimal.
func received(t *testing.T, payload string) string {
	t.Helper()
	text := `
vars: {n: 2, s: abc}
actors:
  one:
    - socketpair: unixgram
      as: [a, b]
    - send: a
      data: ` + payload + `
    - recv: b
      as: got
    - print: ${hex(got)}
`
	lines := passes(t, text)
	return strings.TrimPrefix(lines[len(lines)-1], "| ")
}

func TestPayloadForms(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"hello":                          hex.EncodeToString([]byte("hello")),
		"0x10":                           hex.EncodeToString([]byte("0x10")), // a plain scalar is its source text
		"1_000":                          hex.EncodeToString([]byte("1_000")),
		"yes":                            hex.EncodeToString([]byte("yes")),
		`"\0\xff"`:                       "00c3bf", // YAML escapes are characters, sent as UTF-8
		`""`:                             "",
		"${s}!":                          hex.EncodeToString([]byte("abc!")),
		"${n}":                           hex.EncodeToString([]byte("2")),
		"$${s}":                          hex.EncodeToString([]byte("${s}")),
		"{text: 5}":                      "35",
		"{text: ''}":                     "",
		"{hex: 00 fF 10}":                "00ff10",
		"{hex: ''}":                      "",
		"{hex: '${s + \"d\"}'}":          "abcd",
		"{base64: AAH/}":                 "0001ff",
		"{base64: '${\"QQ==\"}'}":        "41",
		"{zeros: 3}":                     "000000",
		"{zeros: 0}":                     "",
		"{zeros: '${n}'}":                "0000",
		"{repeat: {data: ab, times: 3}}": "616261626162",
		"{repeat: {data: {u8: 1}, times: '${n}'}}":                  "0101",
		"{repeat: {data: ab, times: 0}}":                            "",
		"{repeat: {data: {repeat: {data: a, times: 2}}, times: 2}}": "61616161",
		"{pad: {data: ab, to: 4}}":                                  "61620000",
		"{pad: {data: ab, to: 4, with: x}}":                         "61627878",
		"{pad: {data: ab, to: 4, with: {u8: 255}}}":                 "6162ffff",
		"{pad: {data: ab, to: 2}}":                                  "6162",
		"{pad: {data: '${s}', to: '${n * 2}', with: '-'}}":          "6162632d",
		"{u8: 255}":                                 "ff",
		"{u8: [1, 0x10, '${n}']}":                   "011002",
		"{u8: []}":                                  "",
		"{u16be: 0x0102}":                           "0102",
		"{u16le: 0x0102}":                           "0201",
		"{u32be: 0x01020304}":                       "01020304",
		"{u32le: 0x01020304}":                       "04030201",
		"{u64be: 0x0102030405060708}":               "0102030405060708",
		"{u64le: 0x0102030405060708}":               "0807060504030201",
		"{u64le: 0xfffffffffffffffe}":               "feffffffffffffff",
		"{u64be: 9223372036854775807}":              "7fffffffffffffff",
		"[ab, {u16be: 3}, [c, {zeros: 1}], '${n}']": "61620003630032",
		"[]": "",
		"{pad: {data: [a, {u8: 0}], to: 3, with: z}}": "61007a",
	} {
		if got := received(t, in); got != want {
			t.Errorf("data: %s sends %s, want %s", in, got, want)
		}
	}
}

// Integers in the order of this machine, of three bytes, with a sign, and
// varints.
func TestPayloadIntegers(t *testing.T) {
	t.Parallel()
	machine := func(n uint64, size int) string {
		b := binary.NativeEndian.AppendUint64(nil, n)
		if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
			b = b[8-size:]
		}
		return hex.EncodeToString(b[:size])
	}
	for in, want := range map[string]string{
		"{u16: 0x0102}":                                       machine(0x0102, 2),
		"{u32: 0x01020304}":                                   machine(0x01020304, 4),
		"{u64: 0x0102030405060708}":                           machine(0x0102030405060708, 8),
		"{u24be: [0x010203, 16777215]}":                       "010203ffffff",
		"{u24le: 0x010203}":                                   "030201",
		"{u64be: 18446744073709551615}":                       "ffffffffffffffff",
		"{u64be: '${u64be(unhex(\"fffffffffffffffe\"), 0)}'}": "fffffffffffffffe",
		"{i8: [-128, 127, '${-n}']}":                          "807ffe",
		"{i16be: -2}":                                         "fffe",
		"{i16le: -2}":                                         "feff",
		"{i32be: -2}":                                         "fffffffe",
		"{i32le: -2147483648}":                                "00000080",
		"{i64be: -2}":                                         "fffffffffffffffe",
		"{i64le: -9223372036854775808}":                       "0000000000000080",
		"{varint: [0, 127, 128, 16383]}":                      "007f8001ff7f",
		"{varint: '${n + 298}'}":                              "ac02",
		"{varint: 18446744073709551615}":                      "ffffffffffffffffff01",
	} {
		if got := received(t, in); got != want {
			t.Errorf("data: %s is %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"{u16: 65536}":                   "6:19: 65536 does not fit into 16 bits",
		"{u24be: [1, 16777216]}":         "6:25: 16777216 does not fit into 24 bits",
		"{i8: 128}":                      "6:18: 128 does not fit into 8 bits",
		"{i8: -129}":                     "6:18: -129 does not fit into 8 bits",
		"{i16le: 32768}":                 "6:21: 32768 does not fit into 16 bits",
		"{i64be: 9223372036854775808}":   "6:21: 9223372036854775808 does not fit into 64 bits",
		"{varint: -1}":                   "6:22: -1 is negative; the number must be 0 or more",
		"{varint: 18446744073709551616}": "6:22: 18446744073709551616 does not fit into 64 bits",
	} {
		if got := findings(pair("- send: a\n  data: " + in)); len(got) != 1 || got[0] != want {
			t.Errorf("data: %s finds %q, want %s", in, got, want)
		}
	}
}

// Forms that are made of other payloads. The checksums are those that the
// kernel takes from a raw socket: other ones it drops.
func TestPayloadParts(t *testing.T) {
	t.Parallel()
	udp := func(from, to string) string {
		return "{checksum: {data: [{u16be: [53, 4096, 13, 0]}, hello], at: 6, pseudo: {from: '" + from + "', to: '" + to + "', protocol: udp}}}"
	}
	for in, want := range map[string]string{
		`{crlf: "a\nb\r\n\nc"}`:                                           hex.EncodeToString([]byte("a\r\nb\r\n\r\nc")),
		`{crlf: "${s}\n"}`:                                                hex.EncodeToString([]byte("abc\r\n")),
		"{slice: {data: abcdef, from: 1, to: 3}}":                         hex.EncodeToString([]byte("bc")),
		"{slice: {data: abcdef, from: -2}}":                               hex.EncodeToString([]byte("ef")),
		"{slice: {data: abcdef, to: -2}}":                                 hex.EncodeToString([]byte("abcd")),
		"{slice: {data: [{u16be: 1}, abc], from: '${n}', to: '${n}'}}":    "",
		"{slice: {data: [{u16be: 1}, abc], from: 1, to: 5}}":              "01616263",
		"{prefixed: {by: u8, data: abc}}":                                 "03616263",
		"{prefixed: {by: u24le, data: ''}}":                               "000000",
		"{prefixed: {by: u16be, data: abc, add: 2}}":                      "0005616263",
		"{prefixed: {by: varint, data: {zeros: 130}}}":                    "8201" + strings.Repeat("00", 130),
		`{prefixed: {by: {decimal: "\r\n"}, data: "${s}", add: -1}}`:      hex.EncodeToString([]byte("2\r\nabc")),
		"{prefixed: {by: u8, data: {prefixed: {by: u8, data: a}}}}":       "020161",
		"{checksum: {data: {hex: 0001 f203 f4f5 f6f7 0000}, at: 8}}":      "0001f203f4f5f6f7220d",
		"{checksum: {data: [{hex: 0800 ffff 1234 0001}, hello!], at: 2}}": "0800a1d71234000168656c6c6f21",
		udp("127.0.0.1", "127.0.0.1:4096"):                                "00351000000dadca68656c6c6f",
		udp("::1", "[::1]:4096"):                                          "00351000000dabcb68656c6c6f",
	} {
		if got := received(t, in); got != want {
			t.Errorf("data: %s is %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"{crlf: [a]}":                              "6:20: expected a text, got a list",
		"{slice: {data: abc, from: 4}}":            "6:21: from of the slice is 4, which is outside of its 3 bytes",
		"{slice: {data: abc, to: -4}}":             "6:21: to of the slice is -4, which is outside of its 3 bytes",
		"{slice: {data: abc, from: 2, to: 1}}":     "6:21: the slice begins at 2, behind its end at 1",
		"{slice: abc}":                             `6:21: slice of a payload is a mapping {data, from, to}, not the text "abc"`,
		"{slice: {from: 1}}":                       "6:21: slice needs data; what to take a part of",
		"{prefixed: {by: u8, data: {zeros: 256}}}": "6:24: the length 256 does not fit into 8 bits",
		"{prefixed: {by: u8, data: a, add: -2}}":   "6:24: the length that is written would be -1; it must not be negative",
		"{prefixed: {by: u16eb, data: a}}":         `6:29: unknown form of a length "u16eb"; did you mean "u16be"?`,
		"{prefixed: {by: {decimal: ''}, data: a}}": `6:39: the text behind the digits of a length is empty; write what ends the digits, such as {decimal: "\r\n"}`,
		"{prefixed: {by: {decimal: 0}, data: a}}":  "6:39: the text behind the digits of a length begins with a digit",
		"{prefixed: {data: a}}":                    "6:24: prefixed needs by; how the length is written: u16be, varint, {decimal: \"\\r\\n\"}, …",
		"{checksum: {data: abcd, at: 3}}":          "6:24: a checksum at offset 3 cannot be right; the offset must be even",
		"{checksum: {data: abcd, at: 4}}":          "6:24: the checksum at offset 4 is outside of the 4 bytes",
		"{checksum: {data: abcd, at: 0, pseudo: {from: here, to: '::1', protocol: tcp}}}":    `6:59: "here" is not an Internet address`,
		"{checksum: {data: abcd, at: 0, pseudo: {from: 1.2.3.4, to: '::1', protocol: tpc}}}": `6:89: "tpc" is not a protocol; write tcp, udp, icmp6 or a number up to 255`,
		"{checksum: {data: abcd, at: 0, pseudo: {from: 1.2.3.4, to: '::1', protocol: tcp}}}": "6:24: 1.2.3.4 and ::1 are addresses of two families",
	} {
		if got := findings(pair("- send: a\n  data: " + in)); len(got) != 1 || got[0] != want {
			t.Errorf("data: %s finds %q, want %s", in, got, want)
		}
	}
}

// What only a run can say of a payload that is made of others.
func TestPayloadPartsFail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"{slice: {data: '${\"abc\"}', to: 4}}":                "to of the slice is 4, which is outside of its 3 bytes",
		"{prefixed: {by: u8, data: '${repeat(\"a\", 256)}'}}": "the length 256 does not fit into 8 bits",
		"{checksum: {data: '${\"a\"}', at: 0}}":               "the checksum at offset 0 is outside of the 1 bytes",
		"{i8: '${200}'}":                                      "200 does not fit into 8 bits",
		"{prefixed: {by: u16be, data: x, add: '${big}'}}":     "the length 9223372036854775807 does not fit into 16 bits",
	} {
		f, _ := fails(t, pair("- let: {big: 9223372036854775807}\n- send: a\n  data: "+in))
		wantText(t, f.Err.Error(), want)
	}
}

// What a payload holds is expected in the same forms.
func TestPayloadExpected(t *testing.T) {
	t.Parallel()
	passes(t, pair("- send: a\n  data: [ab, {u16be: 258}]\n- recv: b\n  expect: {data: [ab, {hex: '0102'}]}"))
	f, _ := fails(t, pair("- send: a\n  data: [ab, {u16be: 258}]\n- recv: b\n  expect: [ab, {hex: '0103'}]"))
	wantText(t, f.Err.Error(), "the data differs")
}

func TestPayloadProblems(t *testing.T) {
	t.Parallel()
	const forms = "text, hex, base64, zeros, repeat, pad, u8, u16be, u16le, u32be, u32le, u64be or u64le"
	for in, want := range map[string]string{
		"{hxe: 00}":                                `6:14: unknown payload form "hxe"; did you mean "hex"?`,
		"{hex: 0g}":                                `6:19: "0g" is not hexadecimal: invalid byte: U+0067 'g'`,
		"{hex: 123}":                               `6:19: "123" is not hexadecimal: odd length hex string`,
		"{base64: '&'}":                            `6:22: "&" is not base64: illegal base64 data at input byte 0`,
		"{u8: 256}":                                "6:18: 256 does not fit into 8 bits",
		"{u16le: [1, 65536]}":                      "6:25: 65536 does not fit into 16 bits",
		"{u32be: 4294967296}":                      "6:21: 4294967296 does not fit into 32 bits",
		"{u8: -1}":                                 "6:18: -1 is negative; the number must be 0 or more",
		"{u64be: 0x10000000000000000}":             "6:21: 0x10000000000000000 does not fit into 64 bits",
		"{u8: x}":                                  `6:18: "x" is not a whole number`,
		"{u8: {a: b}}":                             "6:18: expected a number, got a mapping",
		"{u8: 1, u16be: 2}":                        "6:13: a payload mapping has one key, not 2; join several with a list: [{…}, {…}]",
		"{repeat: 5}":                              `6:22: repeat of a payload is a mapping {data, times}, not the text "5"`,
		"{repeat: {data: x}}":                      "6:22: repeat needs times; how many times",
		"{repeat: {data: x, times: 1, tims: 2}}":   `6:42: unknown key "tims" in repeat; did you mean "times"?`,
		"{pad: [a]}":                               "6:19: pad of a payload is a mapping {data, to, with}, not a list",
		"{pad: {data: x, to: 1k}}":                 `6:33: "1k" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"{pad: {data: hello, to: 3}}":              "6:19: cannot pad 5 bytes to 3: there are already more",
		"{pad: {data: a, to: 3, with: xy}}":        "6:19: pad fills with one byte, not 2",
		"{zeros: -1}":                              `6:21: "-1" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"[ok, {hex: 0g}]":                          `6:24: "0g" is not hexadecimal: invalid byte: U+0067 'g'`,
		"[[{u8: 256}]]":                            "6:20: 256 does not fit into 8 bits",
		"{repeat: {data: {hex: x}, times: 2}}":     `6:35: "x" is not hexadecimal: invalid byte: U+0078 'x'`,
		"{pad: {data: x, to: 4, with: {u8: 300}}}": "6:47: 300 does not fit into 8 bits",
		"null": "6:7: data has no value; write it after the colon",
	} {
		got := findings(pair("- send: a\n  data: " + in))
		if len(got) == 0 || got[0] != want {
			t.Errorf("data: %s finds\n  %s\nwant\n  %s", in, strings.Join(got, "\n  "), want)
		}
	}
	got := findings(pair("- send: a\n  data: {foo: 1}"))
	if len(got) != 1 || !strings.HasPrefix(got[0], `6:14: unknown payload form "foo"; a payload is a text, or a mapping with one of text, hex, base64, `) {
		t.Errorf("an unknown form finds %q, the forms are %s", got, forms)
	}
	if got := findings(pair("- send: a\n  data: {}")); len(got) != 1 || !strings.HasPrefix(got[0], "6:13: an empty mapping is not a payload; write one of text, hex, ") {
		t.Errorf("an empty mapping finds %q", got)
	}
}

// What only a run can say of a payload.
func TestPayloadFailures(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"{pad: {data: hello, to: '${3}'}}":           "cannot pad 5 bytes to 3: there are already more",
		"{pad: {data: a, to: 3, with: '${\"xy\"}'}}": "pad fills with one byte, not 2",
		"{pad: {data: a, to: 3, with: '${\"\"}'}}":   "pad fills with one byte, not 0",
		"{u8: '${256 + index}'}":                     "256 does not fit into 8 bits",
		"{u8: '${-1}'}":                              `expression "-1": the value is -1; it must not be negative`,
		"{hex: '${\"0g\"}'}":                         `"0g" is not hexadecimal: invalid byte: U+0067 'g'`,
		"{base64: '${\"&\"}'}":                       `"&" is not base64: illegal base64 data at input byte 0`,
		"['${u8(\"\", 0)}', x]":                      `expression "u8(\"\", 0)": u8 at offset 0 is outside the 0 bytes`,
	} {
		f, _ := fails(t, pair("- let: {big: 9223372036854775807}\n- send: a\n  data: "+in))
		wantText(t, f.Err.Error(), want)
	}
}

// The transcript shows text, or hexadecimal, cut at 64 bytes.
func TestDataShown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for in, want := range map[string]string{
		"hello":                                  `send(a, "hello", 5)`,
		`"tab\tline\n\0"`:                        `send(a, "tab\tline\n\0", 10)`,
		"{u8: 255}":                              "send(a, hex:ff, 1)",
		"{zeros: 2}":                             "send(a, hex:0000, 2)",
		"{text: " + long[:64] + "}":              `send(a, "` + long[:64] + `", 64)`,
		"{text: " + long + "}":                   `send(a, "` + long[:64] + `"... (65 bytes), 65)`,
		"{repeat: {data: {u8: 128}, times: 65}}": "send(a, hex:" + strings.Repeat("80", 64) + "... (65 bytes), 65)",
		"[" + long[:63] + ", é]":                 `send(a, "` + long[:63] + `"... (65 bytes), 65)`, // the cut tears é apart
	} {
		lines := passes(t, pair("- send: a\n  data: "+in))
		got, _, _ := strings.Cut(lines[1], " = ")
		wantText(t, got, want)
	}
	r := runner.Run(t.Context(), parse(t, pair("- send: a\n  data: "+long)), runner.Options{Full: true})
	for _, l := range r.Lines(history.Causal, history.Form{Full: true})[1:] {
		wantText(t, r.Text(l.Event, history.Form{Full: true}), fmt.Sprintf("send(a, %q, 65) = 65", long))
	}
}

package steps_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/parsetest"
	"github.com/sockscript/sockscript/steps/value"
)

// Bytes are taken apart, joined, compared and searched as texts are.
func TestBytesInExpressions(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`hex(b[1:3])`:                          "ff41",
		`hex(b[-2:])`:                          "4280",
		`hex(b + unhex("00"))`:                 "00ff41428000",
		`b[1]`:                                 "255",
		`b[1] + 1`:                             "256",
		`unhex("0aff")[1] == 0xff`:             "true",
		`b == unhex("00ff414280")`:             "true",
		`b[:2] < b[1:]`:                        "true",
		`len(b)`:                               "5",
		`find(b, "AB")`:                        "2",
		`find(b, unhex("ff"))`:                 "1",
		`find(b, "x")`:                         "-1",
		`find(b, "")`:                          "0",
		`find(1..5, # > 3)`:                    "4",
		`find([{v: 1}, {v: 2}], .v == 2).v`:    "2",
		`map(["ab", "b"], find(#, "b"))`:       "[1, 0]",
		`b contains "AB"`:                      "true",
		`hex(unhex("00 FF\n1"+"0"))`:           "00ff10",
		`base64(b)`:                            "AP9BQoA=",
		`unbase64("aGk=")`:                     "hi",
		`unbase64("aGk=")[0]`:                  "104",
		`md5("abc")`:                           "900150983cd24fb0d6963f7d28e17f72",
		`sha1("abc")`:                          "a9993e364706816aba3e25717850c26c9cd0d89d",
		`crc32("123456789")`:                   "3421780262",
		`checksum(unhex("0001f203f4f5f6f7"))`:  "8717",
		`checksum("")`:                         "65535",
		`checksum("a")`:                        "40703",
		`gunzip(gzip("abc" + b)) == "abc" + b`: "true",
		`int("ff", 16) + int("-z", 36)`:        "220",
		`int(" 101 ", 2)`:                      "5",
		`int("0x10")`:                          "16",
		`format("%04x|%X|%d|%o|%b|%c", 10, 255, -7, 8, 5, 65)`: "000a|FF|-7|10|101|A",
		`format("%-4s|%5.1s|%%|%x", "ab", "xy", b)`:            "ab  |    x|%|00ff414280",
		`format("none")`: "none",
		`format("%x", u64be(unhex("ffffffffffffffff"), 0))`: "ffffffffffffffff",
		`u24be("ABC", 0)`:                          "4276803",
		`u24le("ABC", 0)`:                          "4407873",
		`i8(b, 1)`:                                 "-1",
		`i16be(unhex("fffe"), 0)`:                  "-2",
		`i16le(unhex("feff"), 0)`:                  "-2",
		`i32be(unhex("fffffffe"), 0)`:              "-2",
		`i32le(unhex("00000080"), 0)`:              "-2147483648",
		`i64le(unhex("feffffffffffffff"), 0)`:      "-2",
		`i64be(unhex("8000000000000000"), 0)`:      "-9223372036854775808",
		`u16("AA", 0) + u32("AAAA", 0)`:            "1094812290",
		`u64("AAAAAAAA", 0)`:                       "4702111234474983745",
		`varint(unhex("ac02"), 0)`:                 "300",
		`varint(unhex("ffffffffffffffffff01"), 0)`: "18446744073709551615",
		`header(m, "content-LENGTH")`:              "5",
		`header(m, "via")`:                         "a, b",
		`header(m, "long")`:                        "one two three",
		`header(m, "none") == nil`:                 "true",
		`header(m, "body")`:                        "",
		`header("Subject: hi\n\nX: y", "subject")`: "hi",
	} {
		text := "- let:\n    b: '${unhex(\"00ff414280\")}'\n" +
			"    m: \"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nVia: a\\r\\nvia:b \\r\\nLong: one\\r\\n two\\r\\n\\tthree\\r\\n\\r\\nBody: 1\"\n" +
			"- assert: len(b) + len(m) > 0\n- print: '${" + strings.ReplaceAll(in, "'", "''") + "}'"
		lines := passes(t, one(text))
		wantText(t, in+" "+lines[len(lines)-1], in+" | "+want)
	}
}

func TestBytesFunctionsFail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`unhex("0g")`:              `"0g" is not hexadecimal: invalid byte: U+0067 ''g''`,
		`unbase64("&")`:            `"&" is not base64: illegal base64 data at input byte 0`,
		`gunzip("abc")`:            `the data that was compressed with gzip ends too early`,
		`gunzip("abcdefghijkl")`:   `the data was not compressed with gzip`,
		`gunzip(gzip("abc")[:20])`: `the data that was compressed with gzip ends too early`,
		`let g = gzip(repeat("a", 4500000)); let h = g + g + g + g; gunzip(h + h + h + h)`: `gunzip makes more than 64MiB, which is the most for what an expression makes`,
		`int("z", 10)`:                               `"z" is not a whole number in base 10`,
		`int("1", 1)`:                                `1 is not a base; it is a number from 2 to 36`,
		`int("10000000000000000", 16)`:               fmt.Sprintf(`"10000000000000000" does not fit into %d bits`, wordBits),
		`format("%d")`:                               `the form "%d" has more % than there are values`,
		`format("%d", 1, 2)`:                         `the form "%d" has 1 %, but there are 2 values`,
		`format("%d", "x")`:                          `%d stands for a whole number, not for x`,
		`format("%v", 1)`:                            `%v is not a form; write %d, %x, %X, %o, %b, %c or %s`,
		`format("%9999d", 1)`:                        `the width 9999 is more than 1000`,
		`format("100%", 1)`:                          `the form "100%" ends after %`,
		`find("abc", true)`:                          `find looks for bytes, or for the first item that meets a condition with #; true is neither`,
		`u16be("abc", 1.5)`:                          `u16be needs a whole number as the offset, got 1.5`,
		`u24be("AB", 0)`:                             `u24be at offset 0 is outside the 2 bytes`,
		`varint(unhex("80"), 0)`:                     `varint at offset 0 is outside the 1 bytes`,
		`varint(unhex("ffffffffffffffffffffff"), 0)`: `the varint is too long: it takes at most ten bytes, and 64 bits`,
	} {
		f, _ := fails(t, one("- print: '${"+in+"}'"))
		var inExpr *value.ExprError
		if !errors.As(f.Err, &inExpr) || inExpr.Msg != strings.ReplaceAll(want, "''", "'") {
			t.Errorf("%s fails with %v, want %s", in, f.Err, want)
		}
	}
}

const wordBits = 32 << (^uint(0) >> 63)

// The kernel would cut an argument at its first zero byte.
func TestZeroByteForPrograms(t *testing.T) {
	t.Parallel()
	for steps, want := range map[string]string{
		`- exec: [printf, "${unhex('6100')}"]`:                 `an argument cannot hold a zero byte, but it is "a\x00"; give the program such bytes on stdin or in a file`,
		`- {exec: [printf], env: {A: "${unhex('00')}"}}`:       `the environment variable A cannot hold a zero byte, but it is "\x00"; give the program such bytes on stdin or in a file`,
		`- {start: [printf, "${unhex('6100')}"], as: program}`: `an argument cannot hold a zero byte, but it is "a\x00"; give the program such bytes on stdin or in a file`,
	} {
		f, _ := fails(t, one(steps))
		wantText(t, f.Err.Error(), want)
	}
}

// What the kernel chose stays masked through every function, also where its
// name is that of a step or of a form.
func TestFunctionsKeepMasks(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`hex(text(p))`, `unhex(format("%06x", p))`, `base64(text(p))`, `unbase64(base64(text(p)))`, `md5(text(p))`, `sha1(text(p))`,
		`sha256(text(p))`, `crc32(text(p))`, `checksum(text(p))`, `gunzip(gzip(text(p)))`, `int(text(p), 16)`,
		`format("%x", p)`, `u16be(text(p), 0)`, `u8(text(p), 0)`, `varint(text(p), 0)`, `header("a: " + text(p), "a")`,
		`find(text(p) + ".", ".")`, `text(p)[1:3]`, `text(p)[0:1] + text(p)`, `len(text(p))`,
	} {
		lines := passes(t, one("- socket: udp\n  as: sock\n- bind: sock\n  to: 127.0.0.1:0\n- let: {p: '${sock.port}'}\n- print: '${"+in+"}'"))
		wantText(t, in+" "+lines[len(lines)-1], in+" | <sock>")
	}
}

// Bytes stay bytes through let, print, programs and other actors. They show as
// data does, and what is masked in them does not decide how.
func TestBytesInLines(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
actors:
  one:
    - socket: udp
      as: sock
    - bind: sock
      to: 127.0.0.1:0
    - let: {raw: '${unhex("00ff0a10")}', mixed: '${unhex("1f") + "text"}', list: ['${unhex("80")}', a]}
    - print: raw ${raw}, mixed ${mixed}
    - print: ${raw}
    - let: {port: '${unhex(format("%04x", sock.port))}'}
    - let: {more: '${port + unhex("80")}'}
    - print: |
        ${mixed}
        ${"two" + unhex("1b0a") + "lines"}
    - exec: [od, -An, -tx1]
      stdin: ${raw}
      expect: {stdout: " 00 ff 0a 10\n"}
    - exec: [printf, "%s", "${unhex('ff0a1f') + 'x'}"]
      as: out
      expect: {stdout: {data: {hex: ff0a1f78}}}
    - assert: out.stdout == unhex("ff0a1f78")
  other:
    - let: {same: "${one.raw}"}
    - assert: len(same) == 4 && same[1] == 255
`)
	want := []string{
		"one let raw = hex:00ff0a10",
		`one let mixed = \x1ftext`,
		"one let list = [hex:80, a]",
		`one | raw hex:00ff0a10, mixed \x1ftext`,
		"one | hex:00ff0a10",
		"one let port = <sock>",
		"one let more = <sock>",
		`one | \x1ftext`,
		`one | two\x1b`,
		"one | lines",
		`one exec(["od", "-An", "-tx1"]) = exit 0 " 00 ff 0a 10\n"`,
		`one exec(["printf", "%s", "\xff\n\x1fx"]) = exit 0 hex:ff0a1f78`,
	}
	var got []string
	for _, line := range lines {
		if strings.HasPrefix(line, "one ") && !strings.Contains(line, " = sock") && !strings.Contains(line, "bind(") && !strings.Contains(line, "assert") {
			got = append(got, line)
		}
	}
	parsetest.WantLines(t, got, want...)
}

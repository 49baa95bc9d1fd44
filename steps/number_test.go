package steps_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/value"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   string
		want int64
		back string // as FormatSize writes it
	}{
		{"0", 0, "0"},
		{"17", 17, "17"},
		{"17B", 17, "17"},
		{"1024", 1024, "1KiB"},
		{"1KiB", 1 << 10, "1KiB"},
		{"128KiB", 128 << 10, "128KiB"},
		{"1025", 1025, "1025"},
		{"1536KiB", 1536 << 10, "1536KiB"},
		{"4MiB", 4 << 20, "4MiB"},
		{"1GiB", 1 << 30, "1GiB"},
		{"4611686018427387903", 1<<62 - 1, "4611686018427387903"},
	} {
		got, err := value.ParseSize(test.in)
		if err != nil || got != test.want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", test.in, got, err, test.want)
		}
		if back := value.FormatSize(got); back != test.back {
			t.Errorf("FormatSize(%d) = %q, want %q", got, back, test.back)
		}
		if again, err := value.ParseSize(value.FormatSize(got)); again != got || err != nil {
			t.Errorf("%d comes back as %d, %v", got, again, err)
		}
	}
	for _, in := range []string{
		"", "B", "KiB", "-1", "+1", " 1", "1 KiB", "1k", "1kB", "1KB", "1iB", "1.5MiB", "0x10", "many",
		"4611686018427387904", "4294967296GiB",
	} {
		got, err := value.ParseSize(in)
		want := fmt.Sprintf("%q is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB", in)
		if err == nil || err.Error() != want {
			t.Errorf("ParseSize(%q) = %d, %v, want the error %s", in, got, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "250ms": 250 * time.Millisecond, "1m30s": 90 * time.Second, "1.5s": 1500 * time.Millisecond,
		"10us": 10 * time.Microsecond, "7ns": 7,
	} {
		if got, err := value.ParseDuration(in); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %s, %v, want %s", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"5":    "5 has no unit; write 5s or 5ms",
		"1.5":  "1.5 has no unit; write 1.5s or 1.5ms",
		"-1s":  "-1s is negative; a duration must be 0 or more",
		"-1":   "-1 is negative; a duration must be 0 or more",
		"-0.5": "-0.5 is negative; a duration must be 0 or more",

		"99999999999": "99999999999 is too long; a duration must be 2562047h or less",
		"300000000h":  "300000000h is too long; a duration must be 2562047h or less",

		"":     `"" is not a duration; write it as 250ms, 2s or 1m30s`,
		"soon": `"soon" is not a duration; write it as 250ms, 2s or 1m30s`,
		"1d":   `"1d" is not a duration; write it as 250ms, 2s or 1m30s`,
	} {
		if got, err := value.ParseDuration(in); err == nil || err.Error() != want {
			t.Errorf("ParseDuration(%q) = %s, %v, want the error %s", in, got, err, want)
		}
	}
}

// Numbers in a file: base prefixes, expressions, and what an expression must
// give.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, rounds := range map[string]int{
		"3": 3, "0x3": 3, "0": 0, "${3}": 3, "${1 + 2}": 3, "'${\"3\"}'": 3, "${6 / 2}": 3, "${n}": 3, "${two.n}": 3,
	} {
		lines := passes(t, `
vars: {n: 3}
actors:
  one:
    - let: {rounds: 0}
    - repeat: `+in+`
      steps:
        - let: {rounds: "${rounds + 1}"}
    - print: ${rounds}
  two:
    - let: {n: "${3}"}
`)
		want := fmt.Sprintf("one | %d", rounds)
		if last := lines[len(lines)-1]; last != want {
			t.Errorf("repeat: %s gives %q, want %q", in, last, want)
		}
	}
	for in, want := range map[string]string{
		"${-1}":        `expression "-1": the value is -1; it must not be negative`,
		"${'many'}":    `expression "'many'": "many" is not a whole number`,
		"${1.5}":       `expression "1.5": "1.5" is not a whole number`,
		"${true}":      `expression "true": "true" is not a whole number`,
		"${[1]}":       `expression "[1]": "[1]" is not a whole number`,
		"${1 % index}": `expression "1 % index": integer divide by zero`,
		"${int('a')}":  `expression "int('a')": "a" is not a whole number`,
		"${len(true)}": `expression "len(true)": true has no length; it is neither a text nor a list or mapping`,
	} {
		f, _ := fails(t, one(fmt.Sprintf("- repeat: %s\n  steps: []", in)))
		wantText(t, f.Err.Error(), want)
	}
	for in, want := range map[string]string{
		"${5}":    `expression "5": 5 has no unit; write 5s or 5ms`,
		"${'1d'}": `expression "'1d'": "1d" is not a duration; write it as 250ms, 2s or 1m30s`,
	} {
		f, _ := fails(t, one("- sleep: "+in))
		wantText(t, f.Err.Error(), want)
	}
	passes(t, one("- sleep: ${'1ms'}"))
	passes(t, pair("- send: a\n  data: hello\n- recv: b\n  size: ${'5B'}\n  expect: hello"))
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const five = "- send: a\n  data: hello\n  expect: %s\n"
	for _, holds := range []string{
		"5", "=5", "5B", "0..5", "5..5", "5 .. 9", "'>=5'", "'>= 4'", "'<=5'", "'>4'", "'<6'", "'!=4'",
		"[1, 5]", "[1, '>4']", "${5}", "'>=${2 + 3}'", "1..${5}", "'${5}..${6}'", "'${5}..6'", "'${4 + 1}'", "'${{\"a\": 5}.a}..7'",
	} {
		passes(t, pair(fmt.Sprintf(five, holds)))
	}
	for in, want := range map[string]string{
		"4":           "expected 4 bytes sent, got 5",
		"6..9":        "expected 6..9 bytes sent, got 5",
		"0..4":        "expected 0..4 bytes sent, got 5",
		"9..${1}":     "expected 9..1 bytes sent, got 5",
		"'>5'":        "expected >5 bytes sent, got 5",
		"'<5'":        "expected <5 bytes sent, got 5",
		"'>=6'":       "expected >=6 bytes sent, got 5",
		"'<=4'":       "expected <=4 bytes sent, got 5",
		"'!=5'":       "expected !=5 bytes sent, got 5",
		"1KiB..4MiB":  "expected 1KiB..4MiB sent, got 5 bytes",
		"[1, '>9']":   "expected 1 or >9 bytes sent, got 5",
		"${2 + 2}":    "expected 4 bytes sent, got 5",
		"'>${2 * 3}'": "expected >6 bytes sent, got 5",
		"${'x'}":      `expression "'x'": "x" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
	} {
		f, _ := fails(t, pair(fmt.Sprintf(five, in)))
		wantText(t, f.Err.Error(), want)
	}
	for in, want := range map[string]string{
		"'>'":    `"" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"1..":    `"" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"..5":    `"" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"1..2x":  `"2x" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"'=>5'":  `">5" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"9..1":   "no number is in 9..1; write the smaller one first",
		"1...5":  `".5" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
		"[1, x]": `"x" is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB`,
	} {
		got := findings(pair(fmt.Sprintf(five, in)))
		if len(got) == 0 || got[0][len("7:15: "):] != want && got[0][len("7:19: "):] != want {
			t.Errorf("expect: %s finds %q, want %q", in, got, want)
		}
	}
}

// A condition counts bytes, a plain number or time, as its place has it.
func TestCompareUnits(t *testing.T) {
	t.Parallel()
	passes(t, one("- socket: tcp\n  as: s\n- getsockopt: s\n  option: SO_TYPE\n  expect: 1\n- getsockopt: s\n  option: SO_TYPE\n  expect: '0x1..2'\n- close: s"))
	f, _ := fails(t, one("- socket: tcp\n  as: s\n- getsockopt: s\n  option: SO_TYPE\n  expect: '>=4096'\n- close: s"))
	wantText(t, f.Err.Error(), "expected >=4096 for SO_TYPE, got 1")
	passes(t, one("- sleep: 1ms\n  expect: {took: 1ms..1h}"))
	f, _ = fails(t, one("- sleep: 1ms\n  expect: {took: '>=1h'}"))
	wantText(t, f.Err.Error()[:len("expected the step to take >=1h0m0s, it took ")], "expected the step to take >=1h0m0s, it took ")
}

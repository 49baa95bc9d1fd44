package suite

import (
	"slices"
	"strings"
	"testing"
)

func TestPatternLines(t *testing.T) {
	tests := []struct {
		name, golden, transcript, want string
	}{
		{"none", "one  | a\nok  x\n", "one  | b\nok  x\n", "one  | b\nok  x\n"},
		{"matches", "~ one  \\| \\d+\nok  x\n", "one  | 42\nok  x\n", "~ one  \\| \\d+\nok  x\n"},
		{"matches the whole line only", "~ one  \\| \\d\nok  x\n", "one  | 42\nok  x\n", "one  | 42\nok  x\n"},
		{"alternatives are anchored together", "~ one|two\nok  x\n", "one  | 42\nok  x\n", "one  | 42\nok  x\n"},
		{"no longer matches", "~ one  \\| \\d+\nok  x\n", "one  | no\nok  x\n", "one  | no\nok  x\n"},
		{
			"is kept beside a change", "one  | a\n~ one  \\| \\d+\nok  x\n", "one  | b\none  | 7\nok  x\n",
			"one  | b\n~ one  \\| \\d+\nok  x\n",
		},
		{
			"is kept where lines are new", "one  | a\n~ one  \\| \\d+\none  | c\nok  x\n",
			"one  | new\none  | a\none  | newer\none  | 7\none  | d\nok  x\n",
			"one  | new\none  | a\none  | newer\n~ one  \\| \\d+\none  | d\nok  x\n",
		},
		{
			"is kept where lines are gone", "one  | a\none  | b\n~ one  \\| \\d+\none  | c\nok  x\n", "one  | b\none  | 7\none  | d\nok  x\n",
			"one  | b\n~ one  \\| \\d+\none  | d\nok  x\n",
		},
		{
			"stands for one line only", "~ one  \\| \\d+\nok  x\n", "one  | 1\none  | 2\nok  x\n",
			"~ one  \\| \\d+\none  | 2\nok  x\n",
		},
		{"in the last line", "one  | a\n~ ok  .*", "one  | a\nok  x\n", "one  | a\n~ ok  .*\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := parseGolden("x.golden", tt.golden, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(g.keep([]byte(tt.transcript))); got != tt.want {
				t.Errorf("got:\n%swant:\n%s", got, tt.want)
			}
		})
	}
}

func TestNoGoldenKeepsATranscript(t *testing.T) {
	var g *golden
	if got := string(g.keep([]byte("a\n"))); got != "a\n" {
		t.Errorf("got %q", got)
	}
}

func TestPatternLineThatIsNoExpression(t *testing.T) {
	for _, text := range []string{"ok\n~ one (\nok\n", "ok\n~ a)|(?:b\n"} {
		_, err := parseGolden("x.golden", text, 0)
		if err == nil || !strings.HasPrefix(err.Error(), "x.golden:2: the pattern line: error parsing regexp: ") {
			t.Errorf("the error is %v", err)
		}
	}
}

// Two long transcripts that have nothing in common must not take the memory of
// all their pairs.
func TestPatternLinesOfLongTranscripts(t *testing.T) {
	g, err := parseGolden("x.golden", "a\n"+strings.Repeat("b\n", 5000)+"~ c+\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := "a\n" + strings.Repeat("d\n", 5000) + "~ c+\n"
	if got := string(g.keep([]byte("a\n" + strings.Repeat("d\n", 5000) + "ccc\n"))); got != want {
		t.Errorf("%d bytes; want %d", len(got), len(want))
	}
}

func TestSections(t *testing.T) {
	const text = "old\n-- a --\none\n~ (\n-- b c --\n-- --\ntwo\n"
	got := sectionsOf(text)
	want := []section{{"a", "one\n~ (\n", 2}, {"b c", "-- --\ntwo\n", 5}}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if _, err := parseGolden("x.golden", got[0].text, got[0].before); err == nil || !strings.HasPrefix(err.Error(), "x.golden:4: ") {
		t.Errorf("the error of a pattern line is %v", err)
	}
}

package scenarios_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// wrongForMost are values that few parameters take.
var wrongForMost = []string{
	`[]`, `[[]]`, `{}`, `{"\e": 1}`, `~`, `-1`, `1.5`, `99999999999999999999`, `""`, `"\e[2J"`, `"x${"`, `"${zz +}"`, `"${zz}"`,
}

// says matches messages that name the remedy without a hint: they say what is
// expected, or how to write it.
var says = regexp.MustCompile(`^expected (a|an|one|the|true|on) |^expected [\w-]+(, [\w-]+)*( or |, got )|is a (list|word|name) (of|or) |is \{|hold up to |write |: a port alone|must be |is not a whole number$|does not fit into 64 bits$|names? (is|are) |\bneeds |\btakes |\bis (only )?for |a program is a list|its name begins with|expression ".*": |is from .* to |is not from .* to `)

// A wrong value of any parameter is reported at its place or that of its key,
// in the words of a scenario, with what to write instead. On a user's machine
// it is every fourth value.
func TestWrongValuesOfEachParameter(t *testing.T) {
	t.Parallel()
	for _, k := range steps.Kinds() {
		d := step.DocOf(k)
		var text strings.Builder
		var puts []string // what is wrong in each line
		skipped := 0
		add := func(key, form string) {
			for _, put := range wrongForMost {
				if skipped++; ci.Runs(skipped%4, 0) != 0 {
					continue
				}
				fmt.Fprintf(&text, "    - "+form+"\n", put)
				puts = append(puts, key+": "+put)
			}
		}
		text.WriteString("actors:\n  a:\n")
		add(k.Name, "{"+k.Name+": %s}")
		for _, p := range append(d.Params[1:], step.CommonDoc()...) {
			add(p.Key, "{"+k.Name+": x, "+p.Key+": %s}")
		}
		for _, p := range slices.Concat(d.Expect, step.CommonExpect()) {
			add("expect."+p.Key, "{"+k.Name+": x, expect: {"+p.Key+": %s}}")
		}
		_, problems := scenarios.Parse("x.yaml", []byte(text.String()))
		reported := make(map[int]bool)
		for _, p := range problems {
			reported[p.Pos.Line-3] = true
			if p.Severity != source.Error || p.Pos.Line < 3 {
				continue
			}
			what := fmt.Sprintf("%s with %s", k.Name, puts[p.Pos.Line-3])
			if word := goWords.FindString(p.Msg + "; " + p.Hint + "."); word != "" {
				t.Errorf("%s: %q in %s", what, word, p.Error())
			}
			if strings.Contains(p.Report(), "\x1b") {
				t.Errorf("%s: a control character in %q", what, p.Report())
			}
			if p.Hint == "" && !says.MatchString(p.Msg) {
				t.Errorf("%s names no remedy: %s", what, p.Error())
			}
		}
		for i, put := range puts {
			if strings.HasSuffix(put, ": ~") && !reported[i] {
				t.Errorf("%s with %s: nothing is reported", k.Name, put)
			}
		}
	}
}

package report_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// quoted is a text in YAML's double quotes, of ASCII only. Bytes that are not
// UTF-8 cannot be in YAML.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= ' ' && r <= '~' && r != '"' && r != '\\' {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "\\U%08x", r)
	}
	return `"` + b.String() + `"`
}

// hostileScenarios put a text wherever a scenario can: into names, notes,
// addresses, values, data, and into what fails.
func hostileScenarios(s string) string {
	literal := strings.ReplaceAll(s, "${", "$${")
	text := strings.NewReplacer(
		"@TEXT", quoted("x"+literal), "@PART", quoted("y"+s), "@DATA", fmt.Sprintf("{hex: %x}", "d"+s),
		"@NAME", quoted("unix:@n"+short(literal)), "@PATH", quoted("unix:/none/"+short(literal)),
	)
	scenario := func(name, steps string) string {
		return text.Replace(fmt.Sprintf("name: %s\ndescription: @PART\ntags: [@PART]\nrequires: os:linux\nactors:\n  one:%s", quoted(name+s), steps))
	}
	return scenario("1", `
    - print: @TEXT
      note: @TEXT
    - let: {x: @TEXT, list: [@TEXT, {k: @TEXT}]}
    - print: "${list} ${x}"
    - signal: @TEXT
    - wait: @TEXT
    - unlink: @TEXT
      expect: {error: [ENOENT, EINVAL, ENAMETOOLONG, ENOTDIR, EISDIR]}
    - socket: unixgram
      as: s
    - bind: s
      to: @NAME
      expect: {error: [EINVAL, EADDRINUSE, 0]}
    - getsockname: s
    - connect: s
      to: @PATH
      expect: {error: [ENOENT, ENOTDIR, ENAMETOOLONG, EINVAL]}
    - socketpair: unix
      as: [a, b]
    - send: a
      data: @DATA
    - recv: b
      as: d
    - print: "${d}"
`) + "---\n" + scenario("2", `
    - socketpair: unix
      as: [a, b]
    - send: a
      data: @DATA
    - recv: b
      max: 1000
      expect: @TEXT
`) + "---\n" + scenario("3", `
    - let: {x: @TEXT}
    - assert: x == nil
`) + "---\n" + scenario("4", `
    - signal: @TEXT
      when: 1 == 2
    - wait: @TEXT
      note: @TEXT
`)
}

// short is as much of a text as the name of a local socket has room for.
func short(s string) string { return s[:min(len(s), 60)] }

// hostileOutcomes are outcomes with a text in all that the run does not make.
func hostileOutcomes(list []*report.Outcome, s string) []*report.Outcome {
	with := func(change func(*report.Outcome)) {
		o := *list[0]
		change(&o)
		list = append(list, &o)
	}
	diff := &report.Diff{From: s, To: s, Text: "--- a\n+++ b\n@@ -1 +1 @@\n-" + strings.ReplaceAll(s, "\n", "\n-") + "\n+x\r\n", Line: 1}
	with(func(o *report.Outcome) { o.Golden, o.GoldenPath, o.Diff = report.GoldenDiffers, s, diff })
	with(func(o *report.Outcome) { o.Golden, o.GoldenPath, o.Change = report.GoldenChanged, s, diff })
	with(func(o *report.Outcome) { o.Golden, o.GoldenPath = report.GoldenCreated, s })
	with(func(o *report.Outcome) { o.Runs, o.Wanted, o.Failed, o.Diff = 5, 5, 2, diff })
	with(func(o *report.Outcome) { o.Err = errors.New(s) })
	with(func(o *report.Outcome) {
		o.Result = &history.Result{Record: new(history.Record), Scenario: o.Scenario, Status: history.Skipped, Reason: s}
	})
	for _, step := range []bool{true, false} {
		with(func(o *report.Outcome) {
			f := &history.Failure{Actor: s, Message: s + "\n" + s}
			if step {
				f.Place = &event.Place{Title: s, Pos: o.Scenario.Pos(), Line: s}
			}
			f.Others = []history.Doing{{Actor: s, Waits: s}, {Actor: s, Ended: true}}
			o.Result = &history.Result{Record: new(history.Record), Scenario: o.Scenario, Status: history.Failed, Failure: f}
		})
	}
	return list
}

// tellAll writes a whole report that has a text in it wherever one can be.
func tellAll(t *testing.T, r report.Reporter, list []*report.Outcome, s string) {
	t.Helper()
	problems := source.Problems{
		{Pos: source.Pos{File: s, Line: 1, Col: 1}, Severity: source.Warning, Msg: s, Hint: s, Line: s},
		{Pos: source.Pos{File: s, Line: 1, Col: 2}, Msg: s, Hint: s, Line: s},
	}
	sum := report.Summary{
		Count: 1, Elapsed: time.Second, Start: time.Unix(1e9, 0), Orphans: []string{s}, Removed: []string{s},
		NoGolden: []report.NoGolden{{Scenario: s, File: s, Path: s}},
	}
	err := r.Problems(problems)
	for _, o := range list {
		sum.Add(o)
		err = errors.Join(err, r.Outcome(o))
	}
	if err = errors.Join(err, r.Summary(&sum), r.Checked(2, problems)); err != nil {
		t.Fatal(err)
	}
}

// A sink is a form of report with what it is written to.
type sink struct {
	name string
	new  func(io.Writer) report.Reporter
}

// sinks are all forms; the text form with all that it can show.
func sinks() []sink {
	list := []sink{
		{"github", func(w io.Writer) report.Reporter { return &report.GitHub{W: w} }},
		{"text, verbose", func(w io.Writer) report.Reporter {
			return &report.Text{W: w, Errors: w, Style: report.Style{Verbose: true}, Several: true, Verbosity: report.Verbose}
		}},
		{"text, updating", func(w io.Writer) report.Reporter {
			return &report.Text{W: w, Errors: w, Several: true, Updating: true}
		}},
	}
	for _, f := range report.Formats() {
		list = append(list, sink{f.Name, func(w io.Writer) report.Reporter {
			return f.New(w, report.Style{Order: history.Time, Form: history.Form{Unmask: true}})
		}})
	}
	return list
}

// sinksFor are the forms that a text is put into: all, but one for a long text,
// which its length chooses. A text is in a hundred places of each, and go test
// -fuzz takes what needs ten seconds for a hang.
func sinksFor(s string) []sink {
	all := sinks()
	if len(s) > 1<<10 {
		return all[len(s)%len(all):][:1]
	}
	return all
}

// FuzzReports puts a text wherever a scenario, a file's name, a program or a
// peer can put one. Of what a terminal acts on only the ends of lines may leave
// a report, in whatever form, and colours only where they are asked for.
func FuzzReports(f *testing.F) {
	for _, s := range []string{
		"plain", "\x1b[31mred\x1b[0m", "a\nok  forged", "a\r\nok  forged\r", "\u0085\u009b31m\u009d0;title\u009c",
		"\u202e\u2066\u200f", "\u2028\u2029\v\f", "\x00\x07\x08\x7f\ufeff", "\xff\xfe\xc0\x80\xed\xa0\x80",
		"]]> <&>\"' # SKIP ::error::%0A", "...\n---\n  ...\n1..9\n", "\t\\x1b ${x} {{", strings.Repeat("é\x1b", 100),
		strings.Repeat("\x92", 4<<10),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cases, problems, err := suite.Load([]suite.File{suite.Text("x"+s+".yaml", []byte(hostileScenarios(s)))})
		if at := unsafe(problems.Report()); at != "" {
			t.Errorf("the problems hold %s", at)
		}
		if err != nil || len(cases) == 0 {
			t.Fatalf("%v\n%q", err, problems.Report())
		}
		var list []*report.Outcome
		suite.Run(context.Background(), cases, suite.Options{}, func(o *report.Outcome) { list = append(list, o) })
		list = hostileOutcomes(list, s)
		for _, sink := range sinksFor(s) {
			var b strings.Builder
			tellAll(t, sink.new(&b), list, s)
			if at := unsafe(b.String()); at != "" {
				t.Errorf("%s holds %s", sink.name, at)
			}
			if sink.name == "text" && strings.Contains(b.String(), "\nok  forged") {
				t.Errorf("a line is forged in\n%s", b.String())
			}
			if err := decode(sink.name, b.String()); err != nil {
				t.Errorf("%s: %v", sink.name, err)
			}
		}
		coloursOnly(t, list, s)
	})
}

// ours are the sequences that a report itself writes.
var ours = regexp.MustCompile("\x1b\\[(0|1|2|3[1-6]|9[56])m")

// coloursOnly compares a report in colours with the one without.
func coloursOnly(t *testing.T, list []*report.Outcome, s string) {
	t.Helper()
	var plain, coloured strings.Builder
	for b, color := range map[*strings.Builder]bool{&plain: false, &coloured: true} {
		style := report.Style{Color: color}
		tellAll(t, &report.Text{W: b, Errors: b, Style: style, Several: true, Verbosity: report.Verbose}, list, s)
	}
	got := ours.ReplaceAllString(coloured.String(), "")
	if want := plain.String(); elapsed.ReplaceAllString(got, "") != elapsed.ReplaceAllString(want, "") {
		t.Errorf("colours change more than the colour:\n%q\n%q", got, want)
	}
}

// unsafe finds what a terminal would act on, or not show; "" where there is
// nothing of it.
func unsafe(text string) string {
	for i, r := range text {
		bad := r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError))
		if bad || !strconv.IsPrint(r) && r != '\n' {
			return fmt.Sprintf("%U at %q", r, text[max(0, i-40):min(len(text), i+10)])
		}
	}
	return ""
}

// decode reads what a form for programs holds, where a consumer would show it.
func decode(form, text string) error {
	switch form {
	case "json":
		for line := range strings.Lines(text) {
			var v any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				return err
			}
			if at := unsafe(fmt.Sprint(v)); at != "" {
				return errors.New(at)
			}
		}
	case "junit":
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			token, err := d.Token()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			switch token := token.(type) {
			case xml.CharData:
				if at := unsafe(string(token)); at != "" {
					return errors.New(at)
				}
			case xml.StartElement:
				if at := unsafe(fmt.Sprint(token.Attr)); at != "" {
					return errors.New(at)
				}
			}
		}
	}
	return nil
}

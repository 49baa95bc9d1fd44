package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// TAP is the report as the Test Anything Protocol, version 13
// (https://testanything.org/tap-version-13-specification.html), which prove
// reads: a line for each scenario, with a YAML block behind one that failed. It
// is written as the runs go on; the plan comes last. It is a [Reporter].
type TAP struct {
	W     io.Writer
	Style Style

	begun bool
	n     int // lines so far
}

// Problems implements [Reporter]. Errors are reported by Checked; warnings are
// comments.
func (t *TAP) Problems(ps source.Problems) error {
	var b strings.Builder
	for _, p := range ps {
		if p.Severity == source.Warning {
			comment(&b, p.Report())
		}
	}
	return t.write(b.String())
}

// Checked implements [Reporter].
func (t *TAP) Checked(files int, problems source.Problems) error {
	for _, v := range verdictsOf(files, problems) {
		if err := t.verdict(v); err != nil {
			return err
		}
	}
	return t.plan(CountProblems(problems))
}

// Outcome implements [Reporter].
func (t *TAP) Outcome(o *Outcome) error {
	v, err := verdictOf(o, t.Style)
	if err == nil {
		err = t.verdict(v)
	}
	if err != nil || v.detail != "" { // which has the races too
		return err
	}
	return t.Problems(o.warnings())
}

// Summary implements [Reporter].
func (t *TAP) Summary(s *Summary) error {
	var b strings.Builder
	if lists := goldenLists(s); lists != "" {
		comment(&b, lists)
	}
	if err := t.write(b.String()); err != nil {
		return err
	}
	return t.plan(s.String())
}

// plan ends the report: how many lines there should be.
func (t *TAP) plan(summary string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "1..%d", t.n)
	if t.n == 0 {
		b.WriteString(" # SKIP nothing run")
	}
	b.WriteByte('\n')
	comment(&b, summary)
	return t.write(b.String())
}

// write makes one write of a part, so that a reader beyond a pipe sees it
// whole.
func (t *TAP) write(text string) error {
	if !t.begun {
		text = "TAP version 13\n" + text
		t.begun = true
	}
	if text == "" {
		return nil
	}
	_, err := io.WriteString(t.W, text)
	return err
}

func (t *TAP) verdict(v *verdict) error {
	t.n++
	var b strings.Builder
	word := "ok"
	if v.ending == failed || v.ending == broken || v.ending == interrupted || v.ending == known {
		word = "not ok"
	}
	fmt.Fprintf(&b, "%s %d - %s", word, t.n, tapName(v.name))
	switch {
	case v.ending == skipped || v.ending == notRun:
		fmt.Fprintf(&b, " # SKIP %s\n", v.message)
	case v.ending == known: // a failure that counts as none
		fmt.Fprintf(&b, " # TODO %s\n", v.message)
	case word == "ok":
		b.WriteByte('\n')
	default:
		b.WriteByte('\n')
		v.yaml(&b)
	}
	return t.write(b.String())
}

// yaml is the diagnostic block: what the consumers of TAP 13 agree on, in the
// part of YAML that their parsers know.
func (v *verdict) yaml(b *strings.Builder) {
	severity := "fail"
	if v.ending != failed {
		severity = v.ending.String()
	}
	fmt.Fprintf(b, "  ---\n  message: %s\n  severity: %s\n  kind: %s\n", yamlText(v.message), severity, v.kind)
	fmt.Fprintf(b, "  duration_ms: %.3f\n", float64(v.elapsed.Microseconds())/1000)
	if v.at.IsValid() {
		fmt.Fprintf(b, "  at:\n    file: %s\n    line: %d\n    column: %d\n", yamlText(source.Visible(v.at.File)), v.at.Line, v.at.Col)
	}
	b.WriteString("  report: |\n")
	for line := range strings.Lines(strings.Trim(v.detail, "\n")) {
		// Where a line is empty, prove's parser still wants the indentation.
		fmt.Fprintf(b, "    %s\n", strings.TrimSuffix(line, "\n"))
	}
	b.WriteString("  ...\n")
}

// yamlText is a scalar in double quotes. The escapes are JSON's, but for what
// need not be escaped.
func yamlText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`, "\n", `\n`).Replace(s) + `"`
}

// tapName is a scenario's name as a description: a hash would begin a
// directive.
func tapName(name string) string {
	name = strings.NewReplacer(`\`, `\\`, "#", `\#`, "\n", " ").Replace(name)
	if _, err := strconv.Atoi(strings.TrimSpace(name)); name == "" || err == nil {
		return "scenario " + name
	}
	return name
}

// comment writes lines that consumers pass over.
func comment(b *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(b, "# %s\n", source.Visible(strings.TrimSuffix(line, "\n")))
	}
}

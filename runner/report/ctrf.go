package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
)

// CTRF is the report in the Common Test Report Format (https://ctrf.io): one
// JSON document, written at the end. It is a [Reporter].
type CTRF struct {
	W     io.Writer
	Style Style

	verdicts verdicts
}

type ctrfDocument struct {
	ReportFormat string      `json:"reportFormat"`
	SpecVersion  string      `json:"specVersion"`
	Timestamp    string      `json:"timestamp"`
	GeneratedBy  string      `json:"generatedBy"`
	Results      ctrfResults `json:"results"`
}

type ctrfResults struct {
	Tool    ctrfTool    `json:"tool"`
	Summary ctrfSummary `json:"summary"`
	Tests   []ctrfTest  `json:"tests"`
}

type ctrfTool struct {
	Name string `json:"name"`
}

// ctrfSummary holds times in milliseconds since 1970.
type ctrfSummary struct {
	Tests   int   `json:"tests"`
	Passed  int   `json:"passed"`
	Failed  int   `json:"failed"`
	Skipped int   `json:"skipped"`
	Pending int   `json:"pending"`
	Other   int   `json:"other"`
	Start   int64 `json:"start"`
	Stop    int64 `json:"stop"`
}

type ctrfTest struct {
	Name      string   `json:"name"`
	Status    string   `json:"status"`
	Duration  int64    `json:"duration"` // milliseconds
	Suite     []string `json:"suite"`
	Message   string   `json:"message,omitempty"`
	Trace     string   `json:"trace,omitempty"`
	Line      int      `json:"line,omitempty"`
	RawStatus string   `json:"rawStatus"`
	Tags      []string `json:"tags,omitempty"`
	FilePath  string   `json:"filePath,omitempty"`
}

// ctrfStatus are the words of the format.
var ctrfStatus = map[ending]string{
	passed: "passed", failed: "failed", broken: "failed", skipped: "skipped", interrupted: "other", notRun: "pending", known: "other",
}

// Problems implements [Reporter]. Errors are reported by Checked.
func (c *CTRF) Problems(source.Problems) error { return nil }

// Checked implements [Reporter]: each error is a test of its own.
func (c *CTRF) Checked(files int, problems source.Problems) error {
	return c.write(verdictsOf(files, problems), time.Now(), 0)
}

// Outcome implements [Reporter].
func (c *CTRF) Outcome(o *Outcome) error { return c.verdicts.add(o, c.Style) }

// Summary implements [Reporter].
func (c *CTRF) Summary(s *Summary) error { return c.write(c.verdicts, s.begun(), s.Elapsed) }

func (c *CTRF) write(list verdicts, begun time.Time, elapsed time.Duration) error {
	end := begun.Add(elapsed)
	doc := ctrfDocument{
		ReportFormat: "CTRF", SpecVersion: "0.0.0", Timestamp: end.UTC().Format(time.RFC3339), GeneratedBy: "sockscript",
	}
	doc.Results.Tool.Name = "sockscript"
	doc.Results.Summary = ctrfSummary{
		Tests: len(list), Passed: list.count(passed), Failed: list.count(failed) + list.count(broken),
		Skipped: list.count(skipped), Pending: list.count(notRun), Other: list.count(interrupted) + list.count(known),
		Start: begun.UnixMilli(), Stop: end.UnixMilli(),
	}
	doc.Results.Tests = []ctrfTest{}
	for _, v := range list {
		doc.Results.Tests = append(doc.Results.Tests, v.ctrf())
	}
	e := json.NewEncoder(c.W)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

func (v *verdict) ctrf() ctrfTest {
	t := ctrfTest{
		Name: v.name, Status: ctrfStatus[v.ending], Duration: v.elapsed.Round(time.Millisecond).Milliseconds(),
		Suite: []string{v.file}, Message: v.message, Trace: v.detail, RawStatus: v.ending.String(), Tags: v.tags,
	}
	if v.at.IsValid() {
		t.FilePath, t.Line = source.Visible(v.at.File), v.at.Line
	}
	return t
}

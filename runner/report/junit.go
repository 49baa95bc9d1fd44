package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
)

// JUnit is the report as the XML that JUnit's Ant task began and Jenkins,
// GitLab and others read: a test suite for each scenario file, a test case for
// each scenario. It is written at the end. It is a [Reporter].
type JUnit struct {
	W     io.Writer
	Style Style

	verdicts verdicts
}

type junitDocument struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []*junitSuite `xml:"testsuite"`
}

type junitCounts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"` // seconds
}

type junitSuite struct {
	Name      string `xml:"name,attr"`
	Timestamp string `xml:"timestamp,attr"` // of the whole run
	junitCounts
	Cases []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Time    string        `xml:"time,attr"`
	Skipped *junitSkipped `xml:"skipped"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// Problems implements [Reporter]. Errors are reported by Checked.
func (j *JUnit) Problems(source.Problems) error { return nil }

// Checked implements [Reporter]: each error is a test case of its own.
func (j *JUnit) Checked(files int, problems source.Problems) error {
	return j.write(verdictsOf(files, problems), time.Now(), 0)
}

// Outcome implements [Reporter].
func (j *JUnit) Outcome(o *Outcome) error { return j.verdicts.add(o, j.Style) }

// Summary implements [Reporter].
func (j *JUnit) Summary(s *Summary) error { return j.write(j.verdicts, s.begun(), s.Elapsed) }

func (j *JUnit) write(list verdicts, begun time.Time, elapsed time.Duration) error {
	doc := junitDocument{Name: "sockscript", junitCounts: countsOf(list)}
	doc.Time = seconds(elapsed)
	for len(list) > 0 {
		n := 1 // those of one file are together
		for n < len(list) && list[n].file == list[0].file {
			n++
		}
		suite := &junitSuite{
			Name: list[0].file, Timestamp: begun.UTC().Format("2006-01-02T15:04:05"), junitCounts: countsOf(list[:n]),
		}
		for _, v := range list[:n] {
			suite.Cases = append(suite.Cases, v.junit())
		}
		doc.Suites = append(doc.Suites, suite)
		list = list[n:]
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(j.W, xml.Header+string(text)+"\n")
	return err
}

func countsOf(list verdicts) junitCounts {
	var sum time.Duration
	for _, v := range list {
		sum += v.elapsed
	}
	return junitCounts{
		Tests: len(list), Failures: list.count(failed), Errors: list.count(broken) + list.count(interrupted),
		Skipped: list.count(skipped) + list.count(notRun) + list.count(known), Time: seconds(sum),
	}
}

func (v *verdict) junit() junitCase {
	c := junitCase{Name: v.name, Class: v.file, Time: seconds(v.elapsed)}
	if v.at.IsValid() {
		c.File, c.Line = source.Visible(v.at.File), v.at.Line
	}
	failure := &junitFailure{Message: v.message, Type: v.kind, Text: v.detail}
	switch v.ending {
	case skipped, notRun:
		c.Skipped = &junitSkipped{v.message}
	case known: // the format has no word for it
		c.Skipped = &junitSkipped{v.ending.String() + ": " + v.message}
	case failed:
		c.Failure = failure
	case broken, interrupted:
		c.Error = failure
	}
	return c
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

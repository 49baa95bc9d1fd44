package steps

import (
	"bytes"
	"regexp"
	"slices"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// readyLine is a line that a program writes.
type readyLine struct {
	node     *source.Node
	contains value.Text
	matches  value.Regexp
	on       value.Enum
}

func (v *readyLine) params() []*value.Param {
	v.on.Words = []string{"stdout", "stderr"}
	return []*value.Param{
		{Key: "contains", Value: &v.contains, Help: "a text that the line contains"},
		{Key: "matches", Value: &v.matches, Help: "a regular expression (RE2) that the line matches; its named groups become variables"},
		{Key: "on", Value: &v.on, Help: "where the line must come", Default: "either"},
	}
}

// Decode reads a text, or a mapping with a condition.
func (v *readyLine) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	if n.Kind != source.Map {
		v.contains.Decode(d, n)
		return
	}
	before := d.Count()
	d.Mapping(n, v.params(), "line")
	if (n.Get("contains") == nil) == (n.Get("matches") == nil) && d.Count() == before {
		d.Problem(n, "line takes one of contains and matches").Hint = "write a text, or {matches: RE, on: stdout}"
	}
}

// NamesIn implements [value.Namer].
func (v *readyLine) NamesIn(n *source.Node, add func(string)) { value.NamesIn(n, v.params(), add) }

// Schema accepts a text, or a mapping with a condition.
func (v *readyLine) Schema() value.Schema {
	p := make(map[string]value.Schema)
	for _, q := range v.params() {
		p[q.Key] = value.Described(q)
	}
	form := func(key string) value.Schema {
		return value.Object(value.Schema{key: p[key], "on": p["on"]}, key)
	}
	return value.Schema{"anyOf": []value.Schema{v.contains.Schema(), form("contains"), form("matches")}}
}

// Type names the type in the reference.
func (v *readyLine) Type() string { return "text, or {matches, on}" }

func (v *readyLine) given() bool { return v.node != nil }

func (v *readyLine) check(c *check.Check, outputs []string) {
	if v.on.Word == "" || slices.Contains(outputs, v.on.Word) {
		return
	}
	why := "with stdio: its standard output is the socket"
	if v.on.Word == "stderr" {
		why = "with pty: standard error goes to the terminal, which is its stdout"
	}
	c.Problem(v.node, "the program has no %s of its own", v.on.Word).Hint = why + "; leave on: out"
}

// lastWords is how long the last of what a program has written may take to be
// seen, or its end once it has closed its output.
const lastWords = time.Second

// lineProbe waits for a line.
type lineProbe struct {
	name, want string
	watch      *program.Watch
	re         *regexp.Regexp
	closed     time.Time // when its output was seen to be closed
}

// probe makes the program's outputs be looked at from their first byte on.
func (v *readyLine) probe(t *step.Task, p *program.Program, outputs []string) (probe, error) {
	if v.on.Word != "" {
		outputs = []string{v.on.Word}
	}
	q := &lineProbe{name: p.Name}
	var matches func([]byte) bool
	if v.matches.Given() {
		re, err := v.matches.Eval(t)
		if err != nil {
			return nil, err
		}
		q.re, q.want, matches = re, "that matches "+re.String(), re.Match
	} else {
		text, err := v.contains.Eval(t)
		if err != nil {
			return nil, err
		}
		q.want = "with " + value.Quote(text)
		matches = func(line []byte) bool { return bytes.Contains(line, []byte(text)) }
	}
	q.watch = program.NewWatch(outputs, matches)
	p.Watch = q.watch
	return q, nil
}

func (q *lineProbe) missing() string { return q.name + " has not written a line " + q.want }

func (q *lineProbe) needsProgram() bool { return false }

func (q *lineProbe) ready(t *step.Task, pause time.Duration, last bool) (bool, error) {
	if last {
		pause = lastWords
	}
	if err := t.PauseUntil(q.watch.Over, pause); err != nil {
		return false, err
	}
	select {
	case <-q.watch.Over:
	default:
		return false, nil
	}
	line := q.watch.Line()
	switch now := time.Now(); {
	case line != nil:
	case last:
		return false, nil
	case q.closed.IsZero():
		q.closed = now // by its end, perhaps, which says more
		fallthrough
	case now.Before(q.closed.Add(lastWords)):
		return false, t.Pause(lastPause)
	default:
		return false, value.Mismatchf("%s has closed its output without a line %s", q.name, q.want)
	}
	if q.re != nil {
		q.setGroups(t, line)
	}
	return true, nil
}

// setGroups sets the values of the named groups of the expression.
func (q *lineProbe) setGroups(t *step.Task, line []byte) {
	found := q.re.FindSubmatch(line)
	for i, name := range q.re.SubexpNames() {
		t.Set(name, string(found[i]))
	}
}

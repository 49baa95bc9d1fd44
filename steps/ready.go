package steps

import (
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// readyWhen is what start waits for: one of its fields.
type readyWhen struct {
	node    *source.Node
	connect value.Address
	line    readyLine
	udp     readyUDP
	path    value.Text
}

func (v *readyWhen) params() []*value.Param {
	return []*value.Param{
		{Key: "connect", Value: &v.connect, Help: "the address where the program accepts connections"},
		{Key: "line", Value: &v.line, Help: "a text that a line of its output contains, or {matches: RE, on: stdout}"},
		{Key: "udp", Value: &v.udp, Help: "{to: ADDRESS, send: PAYLOAD, expect: PAYLOAD}: it answers a datagram"},
		{Key: "path", Value: &v.path, Help: "a path that it makes"},
	}
}

// Decode reads a mapping with one of the forms.
func (v *readyWhen) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	const forms = "write {connect: ADDRESS}, {line: TEXT}, {udp: {to: ADDRESS, send: PAYLOAD}} or {path: PATH}"
	if n.Kind != source.Map {
		d.Problem(n, "ready is a mapping, not %s", n.Describe()).Hint = forms
		return
	}
	before := d.Count()
	d.Mapping(n, v.params(), "ready")
	if len(n.Entries) != 1 && d.Count() == before {
		d.Problem(n, "ready takes one of connect, line, udp and path").Hint = forms
	}
}

// NamesIn implements [value.Namer].
func (v *readyWhen) NamesIn(n *source.Node, add func(string)) { value.NamesIn(n, v.params(), add) }

// Schema accepts a mapping with one of the forms.
func (v *readyWhen) Schema() value.Schema {
	var any []value.Schema
	for _, p := range v.params() {
		any = append(any, value.Object(value.Schema{p.Key: value.Described(p)}, p.Key))
	}
	return value.Schema{"anyOf": any}
}

// Type names the type in the reference.
func (v *readyWhen) Type() string { return "{connect}, {line}, {udp} or {path}" }

// check makes the names that the groups of regular expressions give.
func (v *readyWhen) check(c *check.Check, outputs []string) {
	v.line.check(c, outputs)
	if to, fixed := v.udp.to.Fixed(); fixed && to.Family != unix.AF_INET && to.Family != unix.AF_INET6 {
		c.Problem(v.udp.to.Node, "%s is not an Internet address", to).Hint = "udp takes an address such as 127.0.0.1:53"
	}
	for _, name := range v.line.matches.Groups() {
		c.MakeValue(name, v.line.matches.Node)
	}
	c.MakeMatched(&v.udp.want.Match)
}

// A probe asks whether the program serves. It takes about as long as the pause,
// unless it finds out before. Where nothing of the program is left, this is the
// last time that it is asked.
type probe interface {
	ready(t *step.Task, pause time.Duration, last bool) (bool, error)
	// missing is what has not come, for the message of a timeout.
	missing() string
	// needsProgram reports whether the program must still be there: what the
	// probe has found may come from another one.
	needsProgram() bool
}

// probe runs the expressions of ready, before the program is started; nil where
// nothing is waited for.
func (a *startAction) probe(t *step.Task, p *program.Program, dir string) (probe, error) {
	switch v := &a.ready; {
	case v.connect.Given():
		return v.connectProbe(t, p)
	case v.line.given():
		return v.line.probe(t, p, a.outputs())
	case v.udp.given():
		return v.udp.probe(t, p)
	case v.path.Given():
		return pathProbeOf(t, p, dir, &v.path)
	}
	return nil, nil
}

// The pauses between two attempts.
const (
	firstPause = time.Millisecond
	lastPause  = 50 * time.Millisecond
)

// untilReady waits until the program serves, nothing of it is left, or the
// step's time is up.
func untilReady(t *step.Task, p *program.Program, probe probe) error {
	if c, ok := probe.(io.Closer); ok {
		defer c.Close()
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		gone := p.Ended() && !p.Process.Left() // asked before: what it did is to be seen
		ready, err := probe.ready(t, pause, gone)
		t.Missing = probe.missing()
		if probe.needsProgram() {
			gone = p.Ended() && !p.Process.Left()
		}
		switch {
		case err != nil && !step.IsTimeout(err) && !gone:
			return err
		case ready && !(gone && probe.needsProgram()):
			return nil
		case gone:
			return fmt.Errorf("%s was never ready: %s", p.Name, p.Status)
		case err != nil:
			return err
		}
	}
}

// pauseUnless pauses between two attempts, not behind the last.
func pauseUnless(t *step.Task, last bool, d time.Duration) error {
	if last {
		return nil
	}
	return t.Pause(d)
}

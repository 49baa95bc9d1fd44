package steps

import (
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
)

// ProgramWant is how a program must end and what it must write.
type ProgramWant struct {
	exit   Compare
	signal Signal
	stdout OutputWant
	stderr OutputWant
}

// Conditions are the keys of `expect` that say how the program must end.
func (w *ProgramWant) Conditions() []*Param {
	return []*Param{
		{Key: "exit", Value: &w.exit, Help: "the exit status that must come; 0 where neither it nor a signal is expected"},
		{Key: "signal", Value: &w.signal, Help: "the signal that must have ended it, as TERM"},
	}
}

// check holds a status against the expectation. A signal that a kill step sent
// is as good as exit 0 where nothing is expected.
func (w *ProgramWant) check(env Env, got ExitStatus, sent syscall.Signal) error {
	switch {
	case w.signal.sig != 0 && got.Signal != w.signal.sig:
		return mismatch("expected the program to be killed by %s, got %s", signalName(w.signal.sig), got)
	case w.signal.sig != 0:
		return nil
	case !w.exit.Given() && got.Signal != 0 && got.Signal == sent:
		return nil
	case w.exit.Given():
		ok, want, err := w.exit.Holds(env, int64(got.Exit))
		if err == nil && (!ok || got.Signal != 0) {
			err = mismatch("expected exit %s, got %s", want, got)
		}
		return err
	case got.Signal != 0:
		return mismatch("the program was %s", got)
	case got.Exit != 0:
		return mismatch("expected exit 0, got %s", got)
	}
	return nil
}

// OutputWant is what a program must write: a text, or the conditions of recv.
type OutputWant struct{ Match }

// Decode reads a payload, or a mapping with data, contains, matches, size, sha256.
func (w *OutputWant) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Map || len(n.Entries) == 1 && isPayloadForm(n.Entries[0].Key.Text) {
		w.Data.Decode(d, n)
		return
	}
	d.Mapping(n, w.Conditions(), "output")
}

// NamesIn implements [Namer].
func (w *OutputWant) NamesIn(n *source.Node, add func(string)) { namesIn(n, w.Conditions(), add) }

// Schema accepts a payload or a mapping of conditions.
func (w *OutputWant) Schema() Schema {
	properties := Schema{}
	for _, q := range new(Match).Conditions() {
		properties[q.Key] = Described(q)
	}
	return Schema{"anyOf": []Schema{new(Payload).Schema(), Object(properties)}}
}

// Type names the type in the reference.
func (w *OutputWant) Type() string { return "text, or {data, contains, matches, size}" }

// Signal is a signal by its name, with or without SIG, or by its number.
type Signal struct {
	node *source.Node
	sig  syscall.Signal
}

// Decode reads the name or number.
func (v *Signal) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "a signal is a name or a number, not %s", n.Describe())
		return
	}
	name := "SIG" + strings.TrimPrefix(strings.ToUpper(n.Text), "SIG")
	sig := unix.SignalNum(name)
	number, err := strconv.Atoi(n.Text)
	if err == nil && unix.SignalName(syscall.Signal(number)) != "" {
		sig = syscall.Signal(number)
	}
	if sig == 0 {
		p := d.Problem(n, "unknown signal %s", Shown(n))
		if err != nil {
			p.Hint = source.DidYouMean(name, signalNames())
		}
		if p.Hint == "" {
			p.Hint = "write its name, as TERM or SIGTERM; see signal(7)"
		}
		return
	}
	v.node, v.sig = n, sig
}

// Given reports whether a signal was written at all.
func (v *Signal) Given() bool { return v.node != nil }

// Schema accepts a name or a number.
func (v *Signal) Schema() Schema { return Schema{"type": []string{"string", "integer"}} }

// Type names the type in the reference.
func (v *Signal) Type() string { return "signal" }

func signalNames() []string {
	var names []string
	for i := syscall.Signal(1); i < 32; i++ {
		if name := unix.SignalName(i); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// signalWord is a signal for expressions: TERM; "" for none.
func signalWord(s syscall.Signal) string {
	if s == 0 {
		return ""
	}
	return strings.TrimPrefix(signalName(s), "SIG")
}

package program

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/forked"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/value"
)

// ProgramWant is how a program must end and what it must write.
type ProgramWant struct {
	exit   value.Compare
	signal Signals
	Stdout OutputWant
	Stderr OutputWant
}

// Conditions are the keys of `expect` that say how the program must end.
func (w *ProgramWant) Conditions() []*value.Param {
	return []*value.Param{
		{Key: "exit", Value: &w.exit, Help: "the exit status that is expected, or a list of those that are possible; 0 if neither exit nor signal is written"},
		{Key: "signal", Value: &w.signal, Help: "the signal that must have ended it, such as TERM, or a list; if exit is written too, either may hold"},
	}
}

// Check compares a status with the expectation. A signal that a kill step sent
// is as good as exit 0 where nothing is expected.
func (w *ProgramWant) Check(env value.Env, got ExitStatus, sent syscall.Signal) error {
	switch {
	case w.signal.Given() || w.exit.Given():
		return w.checkGiven(env, got)
	case got.Signal != 0 && got.Signal == sent:
		return nil
	case got.Signal != 0:
		return value.Mismatchf("the program was %s", got)
	case got.Exit != 0:
		return value.Mismatchf("expected exit 0, got %s", got)
	}
	return nil
}

// checkGiven compares a status with what is written.
func (w *ProgramWant) checkGiven(env value.Env, got ExitStatus) error {
	if got.Signal != 0 && slices.Contains(w.signal.list, got.Signal) {
		return nil
	}
	killed := "killed by " + value.JoinOr(w.signal.Names())
	if !w.exit.Given() {
		return value.Mismatchf("expected the program to be %s, got %s", killed, got)
	}
	ok, want, err := w.exit.Holds(env, int64(got.Exit))
	if err != nil || ok && got.Signal == 0 {
		return err
	}
	if w.signal.Given() {
		want += ", or " + killed
	}
	return value.Mismatchf("expected exit %s, got %s", want, got)
}

// OutputWant is what a program must write: a text, or the conditions of recv.
type OutputWant struct{ payload.Match }

// Decode reads a payload, or a mapping with data, contains, matches, size,
// sha256.
func (w *OutputWant) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map || len(n.Entries) == 1 && payload.IsForm(n.Entries[0].Key.Text) {
		w.Data.Decode(d, n)
		return
	}
	d.Mapping(n, w.Conditions(), "output")
}

// NamesIn implements [value.Namer].
func (w *OutputWant) NamesIn(n *source.Node, add func(string)) { value.NamesIn(n, w.Conditions(), add) }

// Schema accepts a payload or a mapping of conditions.
func (w *OutputWant) Schema() value.Schema {
	properties := value.Schema{}
	for _, q := range new(payload.Match).Conditions() {
		properties[q.Key] = value.Described(q)
	}
	return value.Schema{"anyOf": []value.Schema{new(payload.Payload).Schema(), value.Object(properties)}}
}

// Type names the type in the reference.
func (w *OutputWant) Type() string { return "text, or {data, contains, matches, layout, size}" }

// Signal is a signal by its name, with or without SIG, or by its number.
type Signal struct {
	Node *source.Node
	Own  bool // of a forked process, which cannot have all of them
	Sig  syscall.Signal
}

// Decode reads the name or number.
func (v *Signal) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "a signal is a name or a number, not %s", n.Describe())
		return
	}
	sig, ok := SignalByName(n.Text)
	if !ok {
		value.Unknown(d, n, "signal").Hint = SignalHint(n.Text)
		return
	}
	if err := Lacking(sig); v.Own && err != nil {
		d.Problem(n, "%v", err)
		return
	}
	v.Node, v.Sig = n, sig
}

// Lacking is why a forked process cannot have a signal, or nil.
func Lacking(sig syscall.Signal) error {
	if sig != forked.WakeSignal {
		return nil
	}
	return fmt.Errorf("a process does not have the signal %d: by it sockscript ends calls at their timeout; take another one", int(sig))
}

// Given reports whether a signal was written at all.
func (v *Signal) Given() bool { return v.Node != nil }

// Schema accepts a name or a number.
func (v *Signal) Schema() value.Schema {
	s := value.Constants(signalNames(), "SIG", SignalHint(""))
	realTime := value.Schema{"type": "string", "pattern": `^([Ss][Ii][Gg])?[Rr][Tt](_|[Mm][Ii][Nn]|[Mm][Aa][Xx])([-+]?[0-9]+)?$`}
	s["anyOf"] = append(s["anyOf"].([]value.Schema), realTime)
	return s
}

// Type names the type in the reference.
func (v *Signal) Type() string { return "signal" }

// Signals is a signal, or a list of which one must have come.
type Signals struct {
	node *source.Node
	Own  bool // as in [Signal]
	list []syscall.Signal
}

// Decode reads a signal or a list of signals.
func (v *Signals) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	d.NotEmpty(n)
	for _, item := range value.Listed(n) {
		one := Signal{Own: v.Own}
		one.Decode(d, item)
		v.list = append(v.list, one.Sig)
	}
}

// Given reports whether a signal was written at all.
func (v *Signals) Given() bool { return v.node != nil }

// List are the signals.
func (v *Signals) List() []syscall.Signal { return v.list }

// Set is the signals as a set of the kernel: bit 0 is signal 1.
func (v *Signals) Set() uint64 {
	set := uint64(0)
	for _, s := range v.list {
		set |= 1 << (s - 1)
	}
	return set
}

// Names are the C names of the signals.
func (v *Signals) Names() []string {
	var names []string
	for _, s := range v.list {
		names = append(names, SignalName(s))
	}
	return names
}

// Schema accepts a signal or a list of signals.
func (v *Signals) Schema() value.Schema {
	one := new(Signal).Schema()
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// SignalWord is a signal for expressions: TERM; "" for none.
func SignalWord(s syscall.Signal) string {
	if s == 0 {
		return ""
	}
	return strings.TrimPrefix(SignalName(s), "SIG")
}

package step

import (
	"cmp"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/value"
)

// Masked is a value that the step under way gives a name, with the name as its
// origin where the step is masked. Handles, programs and branches have names of
// their own.
func (t *Task) Masked(name string, v any) any {
	if t.Step == nil || !t.Step.Mask.On {
		return v
	}
	switch v.(type) {
	case *handle.Handle, *program.Program, *Spawned, *Peer:
		return v
	}
	return value.Named(t.Shown(name), value.Untraced(v))
}

// mask is the name that replaces what the step under way gives; ""
// where that shows. An errno that fails the scenario does.
func (t *Task) mask() string {
	s := t.Step
	if !s.Mask.On || t.Event.Errno != 0 && t.Event.Failed {
		return ""
	}
	name, err := s.As.Eval(t, 0)
	if err != nil {
		name = ""
	}
	return cmp.Or(t.Shown(name), s.word)
}

// Lasting is a part of the result that is shown beside the mask of the rest.
func (t *Task) Lasting(part any) any {
	if t.Step.Mask.On {
		return event.Lasting{Part: part}
	}
	return part
}

// checkMask reports a mask on a step that gives nothing.
func (r *Reader) checkMask(n *source.Node, s *Step, params *Params) {
	s.word = cmp.Or(params.Word, "value")
	if !s.Mask.Given() || params.Makes != "" || s.Expect.Error.Several() || len(s.Gives.Fixed)+len(s.Gives.Open) > 0 {
		return
	}
	for _, e := range n.Entries {
		if e.Key.Text == "mask" {
			r.Problem(e.Key, "there is nothing to mask: %s does not make anything that could vary", s.Kind.Name).Hint = MaskHint
		}
	}
}

const MaskHint = "leave mask: out, or write it at the step that makes what varies"

// Known implements [value.Env].
func (t *Task) Known(marks []event.Mark) { t.Event.Known = append(t.Event.Known, marks...) }

// KnownAddress implements [value.Env].
func (t *Task) KnownAddress(a event.Asked) {
	if a.Addr.Chosen() != "" && (len(a.Marks) == 0 || a.Masked()) {
		t.Event.Expects = append(t.Event.Expects, a)
	}
}

// Piece implements [value.Env].
func (t *Task) Piece(text string, from int) any {
	if text == "" {
		return text
	}
	c := &event.Came{From: from, Text: text}
	t.arrived = append(t.arrived, c)
	return value.Traced{Value: text, Trace: &value.Trace{Marks: []event.Mark{{To: len(text), Origins: []event.Origin{{Came: c}}, Copy: true}}}}
}

package runner

import (
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/lab/wire"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
)

// recordsFrames reports whether the frames of a run are recorded: only in a
// network that the scenario alone has, and where somebody wants them.
func recordsFrames(s *scenarios.Scenario, o Options) bool { return o.Frames && OwnNetwork(s, o) }

// A recording is the frames of a network, where they are recorded.
type recording struct{ of *lab.Recording }

// startFrames implements [network].
func (r recording) startFrames() {
	if r.of != nil {
		r.of.Start()
	}
}

// endFrames implements [network].
func (r recording) endFrames() *event.Frames {
	if r.of == nil {
		return nil
	}
	got := r.of.Stop()
	frames := &event.Frames{Lost: got.Lost, Beyond: got.Beyond, List: make([]event.Frame, 0, len(got.Frames))}
	for _, f := range got.Frames {
		e := event.Frame{
			At: f.Time.UTC(), Host: f.Host, Interface: f.Interface, Link: f.Link, Received: f.Received, Length: len(f.Bytes), Bytes: f.Bytes,
		}
		if name, act := faultOf(f.Fate); name != "" {
			e.Fault, e.Act = f.Link+"."+name, act
		}
		frames.List = append(frames.List, e)
	}
	return frames
}

// faultOf is what acted on a frame, and what it did.
func faultOf(f wire.Fate) (name, act string) {
	switch {
	case f.Kind == wire.InCut:
		return "cut", "drop"
	case f.Kind == wire.TooLarge:
		return "mtu", "drop"
	case f.Kind == wire.Lost && f.Fault == "":
		return "loss", "drop"
	case f.Fault == "":
		return "", ""
	}
	for word, a := range acts {
		if a == f.Act {
			act = word
		}
	}
	return f.Fault, act
}

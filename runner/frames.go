package runner

import (
	"math"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/lab/wire"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
)

// recordsFrames reports whether the frames of a run are recorded: only in a
// network that the scenario alone has, and where somebody wants them.
func recordsFrames(s *scenarios.Scenario, o Options) bool {
	return (o.Frames || s.Wire.Given() || s.Capture.Given()) && OwnNetwork(s, o)
}

// A recording is the frames of a network, where they are recorded.
type recording struct{ of *lab.Recording }

// newRecording begins the recording of a scenario, where somebody wants it.
func newRecording(s *scenarios.Scenario, o Options) recording {
	if !recordsFrames(s, o) {
		return recording{}
	}
	r := lab.NewRecording()
	for _, at := range s.Capture.At {
		if host, iface, ok := strings.Cut(at, "."); ok {
			r.Arrivals = append(r.Arrivals, lab.End{Host: host, Interface: iface})
		}
	}
	return recording{r}
}

// startFrames implements [runNetwork].
func (r recording) startFrames() {
	if r.of != nil {
		r.of.Start()
	}
}

// endFrames implements [runNetwork].
func (r recording) endFrames(start time.Time) *event.Frames {
	if r.of == nil {
		return nil
	}
	got := r.of.Stop()
	return &event.Frames{Epoch: onFrameClock(start), Lost: got.Lost, Beyond: got.Beyond, List: framesOf(got.Frames), Came: framesOf(got.Came)}
}

// onFrameClock is the moment of a time on the clock of the day, which frames
// have. [time.Now] reads that clock and the monotonic one, after each other: on
// a busy machine much can happen in between. So the best of several tries
// counts.
func onFrameClock(start time.Time) (at time.Time) {
	const tries = 16
	best := time.Duration(math.MaxInt64)
	for range tries {
		before := time.Since(start)
		now := time.Now().UTC().Round(0)
		if took := time.Since(start) - before; took < best {
			best, at = took, now.Add(-before-took/2)
		}
	}
	return at
}

func framesOf(recorded []lab.Frame) []event.Frame {
	var list []event.Frame
	for _, f := range recorded {
		e := event.Frame{
			At: f.Time.UTC(), Host: f.Host, Interface: f.Interface, Link: f.Link, Received: f.Received, Length: len(f.Bytes), Bytes: f.Bytes,
		}
		if name, act := faultOf(f.Fate); name != "" {
			e.Fault, e.Act = f.Link+"."+name, act
		}
		list = append(list, e)
	}
	return list
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

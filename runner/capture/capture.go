// Package capture writes the frames that a run has recorded as pcapng files,
// which Wireshark, tshark and others read: times in nanoseconds, interfaces as
// HOST.INTERFACE, and with each frame a comment that names the step that has
// caused it.
package capture

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// All is the word for all that crosses the network of a scenario.
const All = "all"

// Ext is the ending of a capture's file.
const Ext = ".pcapng"

// A Frame is one that a capture keeps.
type Frame struct {
	*event.Frame
	// Comment names the steps that have caused the frame, and what a fault has
	// done to it.
	Comment string
}

// Frames are those of a run that a capture keeps, in the order of their times:
// what its scenario asks for, or all of them, each once. Where an interface is
// asked for, the frames that come to it are among them.
func Frames(r *history.Result) []Frame {
	if r.Frames == nil {
		return nil
	}
	want := []string{All}
	if c := r.Scenario.Capture; c != nil && len(c.At) > 0 {
		want = c.At
	}
	var list []Frame
	causes, sent := causesOf(r.Record), make(map[carried]string)
	for i := range r.Frames.List {
		f := &r.Frames.List[i]
		comment := causes.comment(f)
		if len(r.Frames.Came) > 0 {
			sent[carried{f.Link, string(f.Bytes)}] = comment
		}
		if slices.ContainsFunc(want, func(at string) bool { return crosses(f, at) }) {
			list = append(list, Frame{f, comment})
		}
	}
	for i := range r.Frames.Came {
		f := &r.Frames.Came[i]
		onLink := slices.Contains(want, All) || slices.Contains(want, f.Link)
		if onLink || !slices.Contains(want, nameOf(f)) {
			continue
		}
		comment, known := sent[carried{f.Link, string(f.Bytes)}]
		if !known {
			comment = "changed on its way, by a fault"
		}
		list = append(list, Frame{f, comment})
	}
	slices.SortStableFunc(list, func(a, b Frame) int { return a.At.Compare(b.At) })
	return list
}

// carried is a frame on its way over a link.
type carried struct{ link, bytes string }

// crosses reports whether a frame crosses a link, or an interface.
func crosses(f *event.Frame, at string) bool {
	return at == All || at == f.Link || at == nameOf(f) || at == f.Interface && at == "lo"
}

// Missing says what a capture of a run lacks; "" where it has all.
func Missing(r *history.Result) string {
	var list []string
	if r.Frames != nil && r.Frames.Lost > 0 {
		list = append(list, source.Count(r.Frames.Lost, "frame was", "frames were")+" lost: they came faster than they could be read; send less at once, or give the kernel more room for them with sysctl net.core.rmem_max=67108864; root does not need that")
	}
	if r.Frames != nil && r.Frames.Beyond > 0 {
		list = append(list, source.Count(r.Frames.Beyond, "frame", "frames")+" came after the most that a run keeps")
	}
	return strings.Join(list, "; ")
}

// Write writes the frames of a run. application is what the file says has
// written it.
func Write(w io.Writer, r *history.Result, application string) error {
	about := fmt.Sprintf("scenario %s (%s)", r.Scenario.Name, r.Scenario.At)
	if lacks := Missing(r); lacks != "" {
		about += "\n" + lacks
	}
	p := &pcapng{w: w}
	p.section(source.VisibleLines(about), application)
	frames := Frames(r)
	numbers := make(map[string]int)
	for _, f := range frames {
		if _, known := numbers[nameOf(f.Frame)]; known {
			continue
		}
		numbers[nameOf(f.Frame)] = len(numbers)
		description := ""
		if f.Link != "" {
			description = "link " + f.Link
		}
		p.iface(nameOf(f.Frame), description)
	}
	for _, f := range frames {
		way := outbound
		if f.Received {
			way = inbound
		}
		p.packet(numbers[nameOf(f.Frame)], f.At, f.Bytes, f.Length, way, source.Visible(f.Comment))
	}
	return p.err
}

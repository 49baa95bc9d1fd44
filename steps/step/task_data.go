package step

import (
	"bytes"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
)

// Buffer is scratch space of n bytes, good until the step ends.
func (t *Task) Buffer(n int) []byte {
	if n <= SmallBuffer {
		if cap(t.scratch) < n {
			t.scratch = make([]byte, n)
		}
		return t.scratch[:n]
	}
	b, _ := largeBuffers.Get().(*[]byte)
	if b == nil || cap(*b) < n {
		large := make([]byte, n)
		b = &large
	}
	t.large = append(t.large, b)
	return (*b)[:n]
}

// GiveBack lets go of the large buffers of the step.
func (t *Task) GiveBack() {
	for _, b := range t.large {
		largeBuffers.Put(b)
	}
	t.large = t.large[:0]
}

// Part is data as a part of an event: the same value again where a recent event
// has the same data, so that rounds that are alike share one.
func (t *Task) Part(b []byte, counted bool) any {
	for _, p := range t.recent {
		if d := p.(event.Data); d.Len == len(b) && d.Counted == counted && string(d.Bytes) == string(b) {
			return p
		}
	}
	d := t.Data(b)
	d.Counted = counted
	if len(d.Bytes) < len(b) {
		return d
	}
	if len(t.recent) < mostRecent {
		if t.recent == nil {
			t.recent = make([]any, 0, mostRecent)
		}
		t.recent = append(t.recent, d)
		return t.recent[len(t.recent)-1]
	}
	t.oldest = (t.oldest + 1) % mostRecent
	t.recent[t.oldest] = d
	return t.recent[t.oldest]
}

// Data keeps of b what will be printed. b may be reused afterwards.
func (t *Task) Data(b []byte) event.Data {
	d := event.Data{Len: len(b)}
	if t.Actor.Run.Full {
		d.Bytes = append([]byte(nil), b...)
		return d
	}
	kept := append([]byte(nil), b[:t.kept(b)]...)
	shown := min(len(kept), event.DataShown)
	d.Bytes, d.Rest = kept[:shown:shown], kept[shown:]
	return d
}

// kept is how much of the beginning of data may be printed. The temporary
// folder, whose name may be long, prints as a few characters.
func (t *Task) kept(b []byte) int {
	most := 2 * event.DataShown
	folder := []byte(t.Actor.Run.Folder())
	for at := 0; len(folder) > 0 && most < mostKept; {
		i := bytes.Index(b[at:min(len(b), most+len(folder))], folder)
		if i < 0 || at+i >= most {
			break
		}
		at += i + len(folder)
		most += len(folder)
	}
	return min(len(b), most)
}

// Ahead is how much of data that passes must be at hand so that enough of it is
// kept. A transcript that shows all data shows the same of what passes.
func (t *Task) Ahead() int {
	switch {
	case t.Actor.Run.Full:
		return event.DataShown
	case t.Actor.Run.Folder() == "":
		return 2 * event.DataShown
	}
	return mostKept
}

// mostKept bounds what is kept of data whatever it holds.
const mostKept = 64 << 10

// Bytes is data that no call takes, with its marks.
func (t *Task) Bytes(b payload.Blob) event.Data {
	d := t.Data(b.Bytes)
	d.Marks = b.Marks
	return d
}

// DataOf is data that a step sends over a handle, with its marks.
func (t *Task) DataOf(h *handle.Handle, b payload.Blob) any {
	if len(b.Marks) == 0 {
		return t.Part(b.Bytes, h.Plain())
	}
	d := t.Data(b.Bytes)
	d.Marks, d.Counted = b.Marks, h.Plain()
	return d
}

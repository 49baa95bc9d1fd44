package event

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/steps/sock"
)

// An Origin is where a part of a value comes from that the file does not spell
// out: the kernel or the run chose it, or it came from outside. It goes with
// the value wherever that goes, so that a transcript can show a name in its
// place; a text that the file spells out has none, and is never masked.
type Origin struct {
	Word string // what is in its place: pid, free_port, the name of a masked value
	// Masked says that a step with mask: true made it: all of an address that
	// holds it varies.
	Masked bool
	Sock   uint64    // the description whose own address it is; 0 where only Addr is known
	Addr   sock.Addr // the address whose port or name it is
	Type   int       // of the socket that has the address, its type, 0 where it is not known; of netlink the protocol
	Host   string    // the host that has it, or has seen it; "" where that is not known
	Seen   uint64    // the description that received a datagram from there; 0 where it came otherwise
	Came   *Came     // bytes that came; what is masked in them is known after the run
	// Outside says that whoever started the run gave it, such as the address of
	// a server under test: in an address it is masked as one that the kernel
	// returned.
	Outside bool
	Handle  string // the name of the handle, to tell rounds apart
	Fixed   bool   // the kernel did not choose it for this socket
}

// FolderWord is what a transcript shows in place of the scenario's temporary
// folder. No name is written so.
const FolderWord = "$tmp"

// Came is a piece of the bytes that an event shows.
type Came struct {
	By   Cause // the event that received them
	From int   // where the piece begins in all that the event received
	Text string
}

// A Mark says of a part of a text, in bytes, where it comes from.
type Mark struct {
	From, To int
	Origins  []Origin
	// Copy says that the part is a piece of what came, byte for byte, and not
	// something that was computed from it.
	Copy bool
	// Computed says that the part was computed from where it comes from: it may
	// be longer in another run, also where that has one length.
	Computed bool
	// Bytes says that the part is a value with bytes that are not text, which
	// shows as data does. Such a mark has no origins.
	Bytes bool
}

// A Marked is a text with the parts of it that the file does not spell out.
type Marked struct {
	Text  string
	Marks []Mark
}

// Shifted are marks of a text that now is behind others.
func Shifted(marks []Mark, by int) []Mark {
	if by == 0 {
		return marks
	}
	moved := slices.Clone(marks)
	for i := range moved {
		moved[i].From, moved[i].To = moved[i].From+by, moved[i].To+by
	}
	return moved
}

// Add appends another text.
func (m *Marked) Add(o Marked) {
	m.Marks = append(m.Marks, Shifted(o.Marks, len(m.Text))...)
	m.Text += o.Text
}

// A Joiner makes one text of many; its zero value is ready. Unlike repeated
// [Marked.Add], it copies no byte twice.
type Joiner struct {
	text  strings.Builder
	marks []Mark
}

// Write appends a text that the file spells out.
func (j *Joiner) Write(s string) { j.text.WriteString(s) }

// Add appends a text.
func (j *Joiner) Add(m Marked) {
	j.marks = append(j.marks, Shifted(m.Marks, j.text.Len())...)
	j.text.WriteString(m.Text)
}

// Len is the length of the text so far.
func (j *Joiner) Len() int { return j.text.Len() }

// Marked is the whole text.
func (j *Joiner) Marked() Marked { return Marked{j.text.String(), j.marks} }

// Cut is the text, shortened where it is longer than most, with its length.
func (m Marked) Cut(most int) Marked {
	if len(m.Text) <= most {
		return m
	}
	kept := strings.ToValidUTF8(m.Text[:most], "")
	return Marked{
		Text:  fmt.Sprintf("%s... (%d bytes)", strings.Clone(kept), len(m.Text)),
		Marks: CutMarks(m.Marks, 0, len(kept)),
	}
}

// Part is the text from one offset to another.
func (m Marked) Part(from, to int) Marked {
	return Marked{m.Text[from:to], CutMarks(m.Marks, from, to)}
}

// Lines are the lines of the text, without their ends. Bytes that show in
// hexadecimal are on one line; all lines of others show as text. The end of a
// line that is masked ends none: another run may have more of them.
func (m Marked) Lines() iter.Seq[Marked] {
	return func(yield func(Marked) bool) {
		at, hex := 0, m.inHex()
		m.Marks = slices.DeleteFunc(slices.Clone(m.Marks), func(k Mark) bool {
			return k.Bytes && !slices.ContainsFunc(hex, func(h Mark) bool { return h.From == k.From })
		})
		for i := 0; i < len(m.Text); i++ {
			for len(hex) > 0 && hex[0].From <= i {
				i, hex = max(i, hex[0].To), hex[1:]
			}
			if i >= len(m.Text) || m.Text[i] != '\n' || m.hidden(i) {
				continue
			}
			if !yield(m.Part(at, i)) {
				return
			}
			at = i + 1
		}
		if at < len(m.Text) || at == 0 || m.hidden(at) {
			yield(m.Part(at, len(m.Text)))
		}
	}
}

// inHex are the marks of bytes that show in hexadecimal.
func (m Marked) inHex() []Mark {
	var list []Mark
	for _, k := range m.Marks {
		if k.Bytes && !IsText(m.Text[k.From:k.To], 0) {
			list = append(list, k)
		}
	}
	return list
}

// hidden reports whether a byte of the text belongs to a masked value, or
// whether such a value, which is empty in this run, is at its end.
func (m Marked) hidden(at int) bool {
	return slices.ContainsFunc(m.Marks, func(k Mark) bool {
		return k.From <= at && (at < k.To || at == k.To && k.From == k.To && at == len(m.Text)) && slices.ContainsFunc(k.Origins, func(o Origin) bool { return o.Masked })
	})
}

// CutMarks are the marks of a piece of a text. A mark of nothing, such as a
// value that is empty in this run, belongs to the pieces on both sides of it.
func CutMarks(marks []Mark, from, to int) []Mark {
	var list []Mark
	for _, k := range marks {
		a, b := max(k.From, from), min(k.To, to)
		if a > b || a == b && k.From != k.To {
			continue
		}
		if k.Copy {
			came := *k.Origins[0].Came
			came.From, came.Text = came.From+a-k.From, came.Text[a-k.From:b-k.From]
			k.Origins = []Origin{{Came: &came}}
		}
		k.From, k.To = a-from, b-from
		list = append(list, k)
	}
	return list
}

// key is the text with the names of origins in the place of what the kernel
// chose: two texts with one key print alike.
func (m Marked) key() string {
	if len(m.Marks) == 0 {
		return m.Text
	}
	var b strings.Builder
	at := 0
	for _, k := range m.Marks {
		if k.Bytes || k.From < at || slices.ContainsFunc(k.Origins, func(o Origin) bool { return o.Fixed || o.Came != nil }) {
			continue
		}
		b.WriteString(m.Text[at:k.From])
		for _, o := range k.Origins {
			b.WriteString("\x00" + o.Word + "\x00" + o.Handle + "\x00")
		}
		at = k.To
	}
	b.WriteString(m.Text[at:])
	return b.String()
}

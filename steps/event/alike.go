package event

import (
	"bytes"
	"slices"

	"github.com/sockscript/sockscript/steps/sock"
)

// Alike reports whether two events of successive rounds print the same, without
// rendering them. An address whose port the kernel may have chosen prints as a
// name, so ports in the dynamic range count as alike.
//
// Texts that differ may still print the same, because of addresses that
// programs have written: same, unless it is nil, says that of two texts.
func (e *Event) Alike(f *Event, same func(a, b string) bool) bool {
	if e.Place != f.Place || e.Call != f.Call || !e.Note.alike(f.Note, same) || e.Mask != f.Mask {
		return false
	}
	l := likeness{same, e.stretches() && f.stretches()}
	if !slices.EqualFunc(e.Expects, f.Expects, func(a, b Asked) bool { return l.part(a, b) }) {
		return false
	}
	ret, other := e.received(), f.received()
	if !l.parts(e.Args, f.Args) {
		return false
	}
	if e.Mask != "" {
		return (e.AnyErrno || e.Errno == f.Errno) && l.parts(e.lasting(), f.lasting())
	}
	return e.Errno == f.Errno && e.EOF == f.EOF && l.parts(ret, other)
}

// lasting are the parts of the result that the mask leaves.
func (e *Event) lasting() []any {
	return slices.DeleteFunc(slices.Clone(e.Ret), func(p any) bool {
		_, lasting := p.(Lasting)
		return !lasting
	})
}

// received is the result, where its first data has the marks of what is known
// of it.
func (e *Event) received() []any {
	if len(e.Known) == 0 {
		return e.Ret
	}
	ret := slices.Clone(e.Ret)
	for i, p := range ret {
		if d, ok := p.(Data); ok {
			d.Marks = e.Known
			ret[i] = d
			break
		}
	}
	return ret
}

// stretches reports whether the event has sent or received data that may have
// another length in another run, so that counts of it are masked.
func (e *Event) stretches() bool {
	return stretch(e.Known) || slices.ContainsFunc(e.Args, func(p any) bool {
		d, ok := p.(Data)
		return ok && stretch(d.Marks)
	})
}

// stretch reports whether one of the marks stands for what may be longer or
// shorter.
func stretch(marks []Mark) bool {
	return slices.ContainsFunc(marks, func(k Mark) bool {
		return k.Computed && len(k.Origins) > 0 || slices.ContainsFunc(k.Origins, func(o Origin) bool { return o.Word != "" && !o.Fixed })
	})
}

// A likeness compares the parts of two events.
type likeness struct {
	same    func(a, b string) bool
	lengths bool // counts of their data are masked
}

func (l likeness) parts(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !l.part(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (l likeness) part(a, b any) bool {
	switch x := a.(type) {
	case Data:
		y, ok := b.(Data)
		return ok && (x.Len == y.Len || l.lengths) && (bytes.Equal(x.Bytes, y.Bytes) && !stretch(x.Marks) || x.marked().alike(y.marked(), l.same))
	case Count:
		y, ok := b.(Count)
		return ok && (x == y || l.lengths)
	case Length:
		y, ok := b.(Length)
		return ok && (x.N == y.N || stretch(x.Marks) && stretch(y.Marks))
	case Lasting:
		y, ok := b.(Lasting)
		return ok && l.part(x.Part, y.Part)
	case Bare:
		y, ok := b.(Bare)
		return ok && Marked(x).alike(Marked(y), l.same)
	case Arg:
		y, ok := b.(Arg)
		return ok && Marked(x).alike(Marked(y), l.same)
	case Quoted:
		y, ok := b.(Quoted)
		return ok && Marked(x).alike(Marked(y), l.same)
	case Plain:
		y, ok := b.(Plain)
		return ok && Marked(x).alike(Marked(y), l.same)
	case Asked:
		y, ok := b.(Asked)
		return ok && (x.Addr == y.Addr || Marked{x.Addr.String(), x.Marks}.alike(Marked{y.Addr.String(), y.Marks}, nil))
	case Joined:
		y, ok := b.(Joined)
		return ok && l.parts(x, y)
	case sock.Addr:
		y, ok := b.(sock.Addr)
		return ok && alikeAddr(x, y)
	case Until:
		y, ok := b.(Until)
		return ok && x.Len == y.Len && bytes.Equal(x.Bytes, y.Bytes)
	case *SHA256:
		y, ok := b.(*SHA256)
		return ok && x.Alike(y)
	case []any:
		y, ok := b.([]any)
		return ok && l.parts(x, y)
	}
	return a == b
}

// alikeAddr reports whether two addresses differ at most in what the kernel may
// have chosen.
func alikeAddr(x, y sock.Addr) bool {
	if DynamicPort(x.Port) && DynamicPort(y.Port) {
		x.Port, y.Port = 0, 0
	}
	if x == y || !x.LooksChosen() || !y.LooksChosen() || x.Family != y.Family {
		return x == y
	}
	before, _, after := x.Parts()
	otherBefore, _, otherAfter := y.Parts()
	return before == otherBefore && after == otherAfter
}

// marked is the data as a text, as far as it is shown, with those marks that
// end in it.
func (d Data) marked() Marked {
	m := Marked{Text: string(d.Bytes)}
	room := len(d.Bytes)
	for _, k := range d.Marks {
		if stretch([]Mark{k}) && k.From < room {
			room += k.To - k.From
		}
	}
	m.Text += string(d.Rest[:min(len(d.Rest), room-len(d.Bytes))])
	for _, k := range d.Marks {
		if k.To <= len(m.Text) {
			m.Marks = append(m.Marks, k)
		}
	}
	return m
}

// alike reports whether two texts print the same.
func (m Marked) alike(o Marked, same func(a, b string) bool) bool {
	return m.Text == o.Text || m.key() == o.key() || same != nil && same(m.Text, o.Text)
}

package event

import (
	"bytes"
	"slices"

	"github.com/sockscript/sockscript/steps/sock"
)

// The arguments and results of an event are parts: the types of this file,
// [sock.Addr], which the kernel returned, int, and []any, a list of parts. Each
// has its own way to be printed, and to be masked: names, constants and numbers
// never are, marked texts and data where their marks say so, addresses by the
// socket that has them.

// Name is a handle's name as an argument or result.
type Name string

// Const is printed as it stands: a C constant, or a word of the language.
type Const string

// Quoted is printed as a quoted text.
type Quoted Marked

// Arg is an argument of a program, printed as a quoted text and cut as data is.
type Arg Marked

// Bare is a line of the scenario's own.
type Bare Marked

// Plain is printed as it stands, in a call.
type Plain Marked

// Asked is an address that the file asks for. A port that it spells out is
// never masked, whoever has it.
type Asked struct {
	Addr  sock.Addr
	Marks []Mark // of its text
}

// Count is how many bytes the event's data has, or how many of them went.
type Count int

// Outside reports whether whoever started the run gave the address.
func (a Asked) Outside() bool {
	return slices.ContainsFunc(a.Marks, func(k Mark) bool {
		return slices.ContainsFunc(k.Origins, func(o Origin) bool { return o.Outside })
	})
}

// Joined are parts that are printed one behind the other.
type Joined []any

// Data is what was sent or received, as far as it will be printed.
type Data struct {
	Bytes []byte
	Len   int    // of all of it
	Marks []Mark // what of it, also beyond Bytes, the file does not spell out
	// Counted says that the counters of the socket count these very bytes:
	// nothing such as TLS stands between.
	Counted bool
}

// Until is the delimiter that a receive looks for.
type Until Data

// A SHA256 is printed as the SHA-256 of bytes that are too many to be shown. It
// is computed when it is first read, where the bytes can be made again.
type SHA256 struct{ Hex func() string }

// String is the digest as a transcript shows it.
func (s *SHA256) String() string { return "sha256:" + s.Hex() }

// Alike reports whether two digests are the same.
func (s *SHA256) Alike(o *SHA256) bool { return s == o || s.Hex() == o.Hex() }

// DataShown is how many bytes of data the transcript shows when it is not
// asked for all.
const DataShown = 64

// Alike tells whether two events of successive rounds print the same, without
// rendering them. An address whose port the kernel may have chosen prints as a
// name, so ports in the dynamic range count as alike.
//
// Texts that differ may still print the same, because of addresses that
// programs have told: same, unless it is nil, tells that of two texts.
func (e *Event) Alike(f *Event, same func(a, b string) bool) bool {
	if e.Place != f.Place || e.Call != f.Call || e.Errno != f.Errno || e.Note != f.Note || e.EOF != f.EOF {
		return false
	}
	return alikeParts(e.Args, f.Args, same) && alikeParts(e.Ret, f.Ret, same)
}

func alikeParts(a, b []any, same func(a, b string) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !alikePart(a[i], b[i], same) {
			return false
		}
	}
	return true
}

func alikePart(a, b any, same func(a, b string) bool) bool {
	switch x := a.(type) {
	case Data:
		y, ok := b.(Data)
		return ok && x.Len == y.Len && (bytes.Equal(x.Bytes, y.Bytes) || x.marked().alike(y.marked(), same))
	case Bare:
		y, ok := b.(Bare)
		return ok && Marked(x).alike(Marked(y), same)
	case Arg:
		y, ok := b.(Arg)
		return ok && Marked(x).alike(Marked(y), same)
	case Quoted:
		y, ok := b.(Quoted)
		return ok && Marked(x).alike(Marked(y), same)
	case Plain:
		y, ok := b.(Plain)
		return ok && Marked(x).alike(Marked(y), same)
	case Asked:
		y, ok := b.(Asked)
		return ok && (x.Addr == y.Addr || Marked{x.Addr.String(), x.Marks}.alike(Marked{y.Addr.String(), y.Marks}, nil))
	case Joined:
		y, ok := b.(Joined)
		return ok && alikeParts(x, y, same)
	case sock.Addr:
		y, ok := b.(sock.Addr)
		if ok && DynamicPort(x.Port) && DynamicPort(y.Port) {
			x.Port, y.Port = 0, 0
		}
		return ok && x == y
	case Until:
		y, ok := b.(Until)
		return ok && x.Len == y.Len && bytes.Equal(x.Bytes, y.Bytes)
	case *SHA256:
		y, ok := b.(*SHA256)
		return ok && x.Alike(y)
	case []any:
		y, ok := b.([]any)
		return ok && alikeParts(x, y, same)
	}
	return a == b
}

// marked is the data as a text, with those marks that begin in what is shown.
func (d Data) marked() Marked {
	m := Marked{Text: string(d.Bytes)}
	for _, k := range d.Marks {
		if k.To <= len(d.Bytes) {
			m.Marks = append(m.Marks, k)
		}
	}
	return m
}

// alike reports whether two texts print the same.
func (m Marked) alike(o Marked, same func(a, b string) bool) bool {
	return m.Text == o.Text || m.key() == o.key() || same != nil && same(m.Text, o.Text)
}

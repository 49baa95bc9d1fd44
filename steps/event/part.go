package event

import (
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

// Const is printed as it is: a C constant, or a word of the language.
type Const string

// Quoted is printed as a quoted text.
type Quoted Marked

// Arg is an argument of a program, printed as a quoted text and cut as data is.
type Arg Marked

// Bare is a line of the scenario's own.
type Bare Marked

// Plain is printed as it is, in a call.
type Plain Marked

// Asked is an address that the file asks for. A port that it spells out is
// never masked, whoever has it.
type Asked struct {
	Addr  sock.Addr
	Marks []Mark // of its text
}

// Count is how many bytes the event's data has, or how many of them went.
type Count int

// A Length is a number of bytes that was asked for, of a text that may be
// longer in another run.
type Length struct {
	N     int
	Marks []Mark // of the text
}

// A Lasting is a part of a result that is shown beside the mask of the rest.
type Lasting struct{ Part any }

// Outside reports whether whoever started the run gave the address.
func (a Asked) Outside() bool { return a.from(func(o Origin) bool { return o.Outside }) }

// Masked reports whether a step with mask: true gave some of the address.
func (a Asked) Masked() bool { return a.from(func(o Origin) bool { return o.Masked }) }

func (a Asked) from(where func(Origin) bool) bool {
	return slices.ContainsFunc(a.Marks, func(k Mark) bool { return slices.ContainsFunc(k.Origins, where) })
}

// Joined are parts that are printed one behind the other.
type Joined []any

// Data is what was sent or received, as far as it will be printed.
type Data struct {
	Bytes []byte
	Rest  []byte // what follows Bytes, as far as masks may make room for it
	Len   int    // of all of it
	Marks []Mark // what of it, also beyond Bytes, the file does not spell out
	// Counted says that the counters of the socket count these very bytes:
	// nothing such as TLS is between.
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

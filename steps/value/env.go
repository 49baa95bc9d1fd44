package value

import (
	"fmt"

	"github.com/expr-lang/expr/vm"

	"github.com/sockscript/sockscript/steps/event"
)

// An Env is what a value is evaluated against: the names that are in scope
// where the value stands, and those of other actors.
type Env interface {
	// Lookup returns what a name stands for: one of the actor's own, a variable
	// of the scenario, or a value that every actor has. The value may bear a
	// trace.
	Lookup(name string) (any, error)
	// Await waits until another actor has given a name its value, and returns
	// the value. Index is that of a replica; -1 where the reference has none.
	Await(actor string, index int, name string) (any, error)
	// Set sets the value of one of the actor's own names.
	Set(name string, v any)
	// Overdue reports that there is no time left for the evaluation.
	Overdue() error
	// Piece returns a value that holds a piece of the bytes that the step under
	// way received, with where it begins in them.
	Piece(text string, from int) any
	// Known says of bytes that the step under way received that they are as a
	// text which the step expects: these are the marks of that text, by their
	// places in all that was received.
	Known(marks []event.Mark)
	// Machine runs compiled expressions. It is used by one evaluation at a
	// time.
	Machine() *vm.VM
}

// ErrnoValue is what `as` names on a step that expects an error.
type ErrnoValue struct {
	Name    string `expr:"name"`    // ECONNREFUSED
	Message string `expr:"message"` // Connection refused
	Number  int    `expr:"number"`  // 111
	Count   int    `expr:"count"`   // of a send: the bytes that went before
}

// String is the errno's name.
func (e *ErrnoValue) String() string { return e.Name }

// A HintedError is an errno with what helps against it, where that depends on
// more than the call.
type HintedError struct {
	Err  error
	Hint string
}

// Error is the errno's own message.
func (e *HintedError) Error() string { return e.Err.Error() }

// Unwrap is the errno.
func (e *HintedError) Unwrap() error { return e.Err }

// A Mismatch is an expectation that was not met.
type Mismatch struct {
	Msg  string
	Want []byte // the data expected and come, where it was about data
	Got  []byte
	Data bool
}

// Error says what was expected and what came.
func (m *Mismatch) Error() string { return m.Msg }

// Mismatchf returns a Mismatch with a formatted message.
func Mismatchf(format string, args ...any) error {
	return &Mismatch{Msg: fmt.Sprintf(format, args...)}
}

package value

import (
	"fmt"
	"reflect"
	"time"

	"github.com/expr-lang/expr/vm"

	"github.com/sockscript/sockscript/steps/event"
)

// An Env is what a value is evaluated against: the names that are in scope
// where the value is, and those of other actors.
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
	// KnownAddress says of an address that came, or that a program is to have,
	// that the step asks for it, and what of it the file does not spell out.
	KnownAddress(a event.Asked)
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

// A Passed is a value on its way from one actor to another. It is of a closed
// set, and holds nothing of the actor that gave it: a pipe could carry it.
type Passed struct {
	value   any
	refused error
}

// Pass readies a value for other actors. One that is not of the set is refused:
// whoever asks for it gets the error.
func Pass(v any) Passed {
	if what := notPassing(v); what != "" {
		return Passed{refused: fmt.Errorf("%s cannot pass from one actor to another: "+
			"what can is a text, a number, bytes, true or false, a time, an address, and lists and mappings of these", what)}
	}
	return Passed{value: v}
}

// Value is what was passed.
func (p Passed) Value() (any, error) { return p.value, p.refused }

// Same reports whether another actor would read the same from both.
func (p Passed) Same(q Passed) bool {
	return (p.refused == nil) == (q.refused == nil) && Same(p.value, q.value)
}

// notPassing says what of a value is not of the set; "" where all is. A
// program passes as what expressions see of it: its name and its id.
func notPassing(v any) string {
	switch v := v.(type) {
	case nil, string, []byte, bool, int, float64, time.Time, *Endpoint, *ErrnoValue, *ProgramValue, *InterfaceValue, *PeerValue:
		return ""
	case *BranchValue:
		return "the branch " + v.Name
	case Traced:
		return notPassing(v.Value)
	case []any:
		for _, x := range v {
			if what := notPassing(x); what != "" {
				return what
			}
		}
		return ""
	case map[string]any:
		for _, x := range v {
			if what := notPassing(x); what != "" {
				return what
			}
		}
		return ""
	}
	return notPassingOther(reflect.ValueOf(v))
}

// notPassingOther judges numbers and texts of other types, and the lists and
// mappings of one type that the functions of the expression language make.
func notPassingOther(v reflect.Value) string {
	switch kind := v.Kind(); {
	case kind >= reflect.Bool && kind <= reflect.Float64, kind == reflect.String:
		return ""
	case kind == reflect.Slice || kind == reflect.Array:
		for i := range v.Len() {
			if what := notPassing(v.Index(i).Interface()); what != "" {
				return what
			}
		}
		return ""
	case kind == reflect.Map:
		for _, key := range v.MapKeys() {
			if what := notPassing(v.MapIndex(key).Interface()); what != "" {
				return what
			}
		}
		return ""
	case kind == reflect.Func:
		return "a function"
	}
	return "this value"
}

// A ProgramValue is what expressions see of a program: what it is made of. It
// passes to other actors, and nobody can end the program with it.
type ProgramValue struct {
	Name string
	Pid  int `expr:"pid"`
}

// String is the program's name.
func (v *ProgramValue) String() string { return v.Name }

// A PeerValue is what expressions see of a far end that the script plays: its
// addresses. It passes to other actors, and nobody can send with it.
type PeerValue struct {
	Name    string
	Local   string `expr:"local"`
	Remote  string `expr:"remote"`
	Address string `expr:"address"`
}

// String is the peer's name.
func (v *PeerValue) String() string { return v.Name }

// A BranchValue is what expressions see of a branch: nothing but its name.
type BranchValue struct{ Name string }

// String is the branch's name.
func (v *BranchValue) String() string { return v.Name }

// noValue says why something that an expression returns is not a value; ""
// where it is one.
func noValue(v any) string {
	switch v := v.(type) {
	case *ProgramValue:
		return NotValue(v.Name, AProgram)
	case *BranchValue:
		return NotValue(v.Name, ABranch)
	case *PeerValue:
		return NotValue(v.Name, APeer)
	}
	return ""
}

// A Thing is what steps make that is neither a handle nor a value. It belongs
// to its actor, and passes to nobody.
type Thing string

// What steps make beside handles and values; "" is nothing of the kind.
const (
	AProgram Thing = "program"
	ABranch  Thing = "branch"
	APeer    Thing = "peer"
)

// NotValue is the message for a program, a branch or a peer where a value is
// expected.
func NotValue(name string, what Thing) string {
	return fmt.Sprintf("%s is a %s, not a value", name, what)
}

// NotValueHint is what can be meant with the name of such a thing.
func NotValueHint(name string, what Thing) string {
	switch what {
	case APeer:
		return fmt.Sprintf("its addresses are values: ${%[1]s.local}, ${%[1]s.remote} and ${%[1]s.address}; its own actor writes its name, without ${}, in inject and segment", name)
	case AProgram:
		return fmt.Sprintf("its process id is a value: ${%s.pid}; its own actor writes its name, without ${}, in kill and join", name)
	}
	return "its own actor writes its name, without ${}, in join and blocked"
}

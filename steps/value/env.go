package value

import "github.com/expr-lang/expr/vm"

// An Env is what a value is evaluated against: the names that are in scope
// where the value stands, and those of other actors.
type Env interface {
	// Lookup returns what a name stands for: one of the actor's own, a variable of
	// the scenario, or a value that every actor has. The value may bear a trace.
	Lookup(name string) (any, error)
	// Await waits until another actor has given a name its value, and returns the
	// value. Index is that of a replica; -1 where the reference has none.
	Await(actor string, index int, name string) (any, error)
	// Set gives one of the actor's own names its value.
	Set(name string, v any)
	// Overdue reports that there is no time left for the evaluation.
	Overdue() error
	// Piece returns a value that holds a piece of the bytes that the step under way
	// received, with where it begins in them.
	Piece(text string, from int) any
	// Machine runs compiled expressions. It is used by one evaluation at a time.
	Machine() *vm.VM
}

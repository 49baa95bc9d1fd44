package steps

import "fmt"

// A programValue is what expressions see of a program: what it is made of. It
// passes to other actors, and nobody can end the program with it.
type programValue struct {
	name string
	Pid  int `expr:"pid"`
}

// String is the program's name.
func (v *programValue) String() string { return v.name }

// A branchValue is what expressions see of a branch: nothing but its name.
type branchValue struct{ name string }

// String is the branch's name.
func (v *branchValue) String() string { return v.name }

// noValue tells why something that an expression gives is not a value; "" where it
// is one.
func noValue(v any) string {
	switch v := v.(type) {
	case *programValue:
		return notValue(v.name, AProgram)
	case *branchValue:
		return notValue(v.name, ABranch)
	}
	return ""
}

// A Thing is what steps make that is neither a handle nor a value. It belongs to
// its actor, and passes to nobody.
type Thing string

// What steps make beside handles and values; "" is nothing of the kind.
const (
	AProgram Thing = "program"
	ABranch  Thing = "branch"
)

func notValue(name string, what Thing) string {
	return fmt.Sprintf("%s is a %s, not a value", name, what)
}

// notValueHint is what can be meant with a program's or a branch's name.
func notValueHint(name string, what Thing) string {
	if what == AProgram {
		return fmt.Sprintf("its process id is one: ${%s.pid}; its own actor names it, without ${}, in kill and join", name)
	}
	return "its own actor names it, without ${}, in join and blocked"
}

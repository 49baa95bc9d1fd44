package value

import "fmt"

// A ProgramValue is what expressions see of a program: what it is made of. It
// passes to other actors, and nobody can end the program with it.
type ProgramValue struct {
	Name string
	Pid  int `expr:"pid"`
}

// String is the program's name.
func (v *ProgramValue) String() string { return v.Name }

// A BranchValue is what expressions see of a branch: nothing but its name.
type BranchValue struct{ Name string }

// String is the branch's name.
func (v *BranchValue) String() string { return v.Name }

// noValue tells why something that an expression gives is not a value; "" where it
// is one.
func noValue(v any) string {
	switch v := v.(type) {
	case *ProgramValue:
		return NotValue(v.Name, AProgram)
	case *BranchValue:
		return NotValue(v.Name, ABranch)
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

// NotValue is the message for a program or a branch where a value is expected.
func NotValue(name string, what Thing) string {
	return fmt.Sprintf("%s is a %s, not a value", name, what)
}

// NotValueHint is what can be meant with a program's or a branch's name.
func NotValueHint(name string, what Thing) string {
	if what == AProgram {
		return fmt.Sprintf("its process id is a value: ${%s.pid}; its own actor writes its name, without ${}, in kill and join", name)
	}
	return "its own actor writes its name, without ${}, in join and blocked"
}

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
		return notValue(v.name, aProgram)
	case *branchValue:
		return notValue(v.name, aBranch)
	}
	return ""
}

// What steps make that is neither a handle nor a value.
const (
	aProgram = "program"
	aBranch  = "branch"
)

func notValue(name, what string) string { return fmt.Sprintf("%s is a %s, not a value", name, what) }

// notValueHint is what can be meant with a program's or a branch's name.
func notValueHint(name, what string) string {
	if what == aProgram {
		return fmt.Sprintf("its process id is one: ${%s.pid}; its own actor names it, without ${}, in kill and join", name)
	}
	return "its own actor names it, without ${}, in join and blocked"
}

// madeThings are the names that only start or spawn steps of an actor give, with
// what they stand for.
func madeThings(body *Block) map[string]string {
	things, others := make(map[string]string), make(map[string]bool)
	walkSteps(body, func(s *Step) {
		what := ""
		switch s.Action.(type) {
		case *startAction:
			what = aProgram
		case *spawnAction:
			what = aBranch
		}
		if s.gives == nil {
			return
		}
		for name := range s.gives.fixed {
			if what == "" || s.Expect.Error.Given() {
				others[name] = true
				continue
			}
			things[name] = what
		}
	})
	for name := range others {
		delete(things, name)
	}
	return things
}

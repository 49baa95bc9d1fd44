package steps

// An ioCall is one of the system calls by which a step sends or receives, with
// what it takes or returns beside the bytes.
type ioCall struct {
	name    string
	file    bool // works on any descriptor, and takes no flags
	vector  bool // has several buffers
	address bool // takes the destination, or returns the sender
	control bool // takes ancillary data, or returns it and flags
}

// namesOf are the names of calls, in their order.
func namesOf(calls []*ioCall) []string {
	names := make([]string, len(calls))
	for i, c := range calls {
		names[i] = c.name
	}
	return names
}

// callNamed is the call of that name; nil where the step names none.
func callNamed(calls []*ioCall, name string) *ioCall {
	for _, c := range calls {
		if c.name == name {
			return c
		}
	}
	return nil
}

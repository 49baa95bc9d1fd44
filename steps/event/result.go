package event

// Result is what came back, as a transcript shows it: a name in the place of
// what varies from run to run, unless that is to be shown as it was.
func (e *Event) Result(unmask bool) []any {
	if e.Mask == "" || unmask {
		return e.Ret
	}
	if e.Errno != 0 && e.AnyErrno {
		return []any{Const("<" + e.Mask + ">")}
	}
	var shown []any
	named := false
	for _, part := range e.Ret {
		if _, lasting := part.(Lasting); lasting {
			shown = append(shown, part)
		} else if !named {
			shown, named = append(shown, Const("<"+e.Mask+">")), true
		}
	}
	return shown
}

// ShowsErrno reports whether a transcript shows the errno of an event as its
// result.
func (e *Event) ShowsErrno(unmask bool) bool {
	return e.Errno != 0 && (e.Mask == "" || !e.AnyErrno || unmask)
}

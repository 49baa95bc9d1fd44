package event

import "slices"

// DataOf are the data among parts, those in lists too.
func DataOf(parts []any) []Data {
	var list []Data
	for _, p := range parts {
		switch p := p.(type) {
		case Data:
			list = append(list, p)
		case []any:
			list = append(list, DataOf(p)...)
		}
	}
	return list
}

// AskedOf are the addresses among parts that the file asks for, those in lists
// too.
func AskedOf(parts []any) []Asked {
	var list []Asked
	for _, p := range parts {
		switch p := p.(type) {
		case Asked:
			list = append(list, p)
		case []any:
			list = append(list, AskedOf(p)...)
		}
	}
	return list
}

// JoinedMarks are the marks of data that was sent as one.
func JoinedMarks(parts []Data) []Mark {
	var marks []Mark
	at := 0
	for _, d := range parts {
		marks = append(marks, MovedMarks(d.Marks, at)...)
		at += d.Len
	}
	return marks
}

// MovedMarks are marks with their text's beginning at another place.
func MovedMarks(marks []Mark, by int) []Mark {
	list := make([]Mark, len(marks))
	for i, k := range marks {
		k.From, k.To = k.From+by, k.To+by
		list[i] = k
	}
	return list
}

// HasMarks reports whether a part may have marks.
func HasMarks(part any) bool {
	switch p := part.(type) {
	case Data:
		return len(p.Marks) > 0
	case []any:
		return slices.ContainsFunc(p, HasMarks)
	}
	return false
}

// SentBytes is how many bytes an event sent, if the counters of its socket
// count just these.
func (e *Event) SentBytes() (int64, bool) {
	if e.Errno != 0 || len(e.Ret) == 0 || e.Op != OpSend && e.Also == nil {
		return 0, false
	}
	if !allCounted(e.Args) {
		return 0, false
	}
	switch n := e.Ret[0].(type) {
	case Count:
		return int64(n), true
	case Length:
		return int64(n.N), true
	case int:
		return int64(n), true
	}
	return 0, false
}

// allCounted reports whether the counters of a socket count all data among
// parts.
func allCounted(parts []any) bool {
	for _, p := range parts {
		switch p := p.(type) {
		case Data:
			if !p.Counted {
				return false
			}
		case []any:
			if !allCounted(p) {
				return false
			}
		}
	}
	return true
}

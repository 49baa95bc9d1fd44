package sock

import (
	"strconv"
	"strings"
)

// A constant is a number and the C name that a header gives it.
type constant struct {
	name   string
	number int
}

// constants is a table of the numbers that share a C prefix. Where names share
// a number, the first is the one to print.
type constants struct {
	prefix string
	list   []constant
}

// byName finds a number by its C name, or by the name without the prefix, in
// either case.
func (t constants) byName(name string) (int, bool) {
	upper := strings.ToUpper(name)
	for _, c := range t.list {
		if c.name == name || c.name == upper || strings.TrimPrefix(c.name, t.prefix) == upper {
			return c.number, true
		}
	}
	return 0, false
}

// name finds the C name of a number.
func (t constants) name(number int) (string, bool) {
	for _, c := range t.list {
		if c.number == number {
			return c.name, true
		}
	}
	return "", false
}

// names lists the C names in the order of the table.
func (t constants) names() []string {
	names := make([]string, len(t.list))
	for i, c := range t.list {
		names[i] = c.name
	}
	return names
}

// bits prints a set of flags by name, joined by "|", what has no name as one
// hexadecimal number, and "0" for none.
func (t constants) bits(set int) string {
	var parts []string
	rest := set
	for _, c := range t.list {
		if c.number != 0 && rest&c.number == c.number {
			parts = append(parts, c.name)
			rest &^= c.number
		}
	}
	if rest != 0 {
		parts = append(parts, hexadecimal(rest))
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, "|")
}

func hexadecimal(n int) string { return "0x" + strconv.FormatUint(uint64(uint32(n)), 16) }

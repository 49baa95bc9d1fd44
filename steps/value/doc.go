package value

import (
	"slices"
)

// A DocRow is a row of the reference.
type DocRow struct {
	Key, Type, Help, Default string
	Required                 bool
}

// A FunctionDoc is a function that expressions can call.
type FunctionDoc struct{ Name, Args, Help string }

// Functions lists the functions of expressions beside the language's own.
func Functions() []FunctionDoc {
	var list []FunctionDoc
	for _, f := range functions {
		list = append(list, FunctionDoc{f.name, f.args, f.help})
	}
	return append(list, freePort)
}

// Builtins lists the values that every actor's expressions see.
func Builtins() []DocRow { return slices.Clone(builtins) }

// DocRows are the rows of the reference for a list of parameters.
func DocRows(params []*Param) []DocRow {
	var list []DocRow
	for _, q := range params {
		list = append(list, DocRow{q.Key, q.Value.Type(), q.Help, q.Default, q.Required})
	}
	return list
}

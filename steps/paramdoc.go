package steps

import (
	"slices"
)

// A DocParam is a row of the reference.
type DocParam struct {
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
func Builtins() []DocParam { return slices.Clone(builtins) }

// PayloadForms lists the forms of a payload with their help.
func PayloadForms() []DocParam {
	var list []DocParam
	for _, f := range payloadForms {
		list = append(list, DocParam{Key: f.key, Help: f.help})
	}
	return list
}

// DocParams are the rows of the reference for a list of parameters.
func DocParams(params []*Param) []DocParam {
	var list []DocParam
	for _, q := range params {
		list = append(list, DocParam{q.Key, q.Value.Type(), q.Help, q.Default, q.Required})
	}
	return list
}

package value

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// mapFunctions take the place of those of the expression language, which give
// the items of a mapping in an order that differs from run to run, and mappings
// whose keys may be anything.
var mapFunctions = []function{
	{
		name: "keys", args: "mapping", help: "the keys of a mapping, in their order",
		apply: ofMapping(func(m map[string]any, key string) any { return key }), types: []any{new(func(any) []any)}, makes: true,
	},
	{
		name: "values", args: "mapping", help: "the values of a mapping, in the order of their keys",
		apply: ofMapping(func(m map[string]any, key string) any { return m[key] }), types: []any{new(func(any) []any)}, makes: true,
	},
	{
		name: "toPairs", args: "mapping", help: "the keys and values of a mapping as a list of [key, value], in the order of the keys",
		apply: ofMapping(func(m map[string]any, key string) any { return []any{key, m[key]} }), types: []any{new(func(any) []any)}, makes: true,
	},
	{
		name: "fromPairs", args: "list", help: "a mapping of a list of [key, value]",
		apply: fromPairs, types: []any{new(func(any) map[string]any)}, makes: true,
	},
}

// ofMapping makes a list of what each key gives.
func ofMapping(item func(m map[string]any, key string) any) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		m, ok := Untraced(a[0]).(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is not a mapping", Quote(Format(a[0])))
		}
		list := []any{}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			list = append(list, item(m, key))
		}
		return list, nil
	}
}

func fromPairs(a ...any) (any, error) {
	list, ok := Untraced(a[0]).([]any)
	if !ok {
		return nil, errors.New("fromPairs takes a list of pairs, [[key, value], …]")
	}
	m := make(map[string]any, len(list))
	for _, x := range list {
		pair, ok := x.([]any)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("%s is not a pair; write [key, value]", Quote(Format(x)))
		}
		m[Format(pair[0])] = pair[1]
	}
	return m, nil
}

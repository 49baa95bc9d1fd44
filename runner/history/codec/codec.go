// Package codec writes Go values as JSON and reads them again, byte for byte:
// texts that are not UTF-8 stay what they are, and values of interfaces keep
// their types. What it reads may come from anybody: it is bounded, and what
// does not fit the types is an error.
package codec

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"sync"
)

// A Codec knows the types that values of interfaces may have.
type Codec struct {
	names map[reflect.Type]string
	types map[string]reflect.Type
	hooks map[reflect.Type]hook
}

// A hook writes values of one type as values of another one.
type hook struct {
	as     reflect.Type
	encode func(reflect.Value) (reflect.Value, error)
	decode func(reflect.Value) (reflect.Value, error)
}

// New returns a codec for values of interfaces of the given types. Each is
// known in a file by its name.
func New(types map[string]any) *Codec {
	c := &Codec{names: make(map[reflect.Type]string), types: make(map[string]reflect.Type), hooks: make(map[reflect.Type]hook)}
	for name, v := range types {
		c.names[reflect.TypeOf(v)], c.types[name] = name, reflect.TypeOf(v)
	}
	return c
}

// With returns a codec that writes values of type T as values of type S.
func With[T, S any](c *Codec, encode func(T) (S, error), decode func(S) (T, error)) *Codec {
	more := &Codec{names: c.names, types: c.types, hooks: make(map[reflect.Type]hook)}
	for t, h := range c.hooks {
		more.hooks[t] = h
	}
	more.hooks[reflect.TypeFor[T]()] = hook{
		as: reflect.TypeFor[S](),
		encode: func(v reflect.Value) (reflect.Value, error) {
			s, err := encode(v.Interface().(T))
			return reflect.ValueOf(&s).Elem(), err
		},
		decode: func(v reflect.Value) (reflect.Value, error) {
			t, err := decode(v.Interface().(S))
			return reflect.ValueOf(&t).Elem(), err
		},
	}
	return more
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

// isText reports the types that have a form as a text of their own, such as
// addresses and times.
func isText(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(textType)
}

// A field is one of a struct.
type field struct {
	name  string
	key   string // the name as it is written
	index int
}

// structs has the fields of the structs that were seen, by their type. Asked of
// each value they would take longer than all else.
var structs sync.Map

// fields are those of a struct that are written: the exported ones.
func fields(t reflect.Type) []field {
	if list, ok := structs.Load(t); ok {
		return list.([]field)
	}
	list := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			list = append(list, field{f.Name, strconv.Quote(f.Name) + ":", i})
		}
	}
	structs.Store(t, list)
	return list
}

func unsupported(t reflect.Type) error { return fmt.Errorf("values of type %s cannot be saved", t) }

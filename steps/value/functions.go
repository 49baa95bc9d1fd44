package value

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/builtin"
)

// A function is one that expressions can call, beside those of the
// expression language itself.
type function struct {
	name  string
	args  string
	help  string
	apply func(args ...any) (any, error)
	types []any
}

var functions = []function{
	{
		name: "len", args: "x", help: "the bytes of a text or of received data, or the items of a list",
		apply: lengthOf, types: []any{new(func(any) int)},
	},
	{
		name: "text", args: "x", help: "a value as text; received data up to its first zero byte, as C prints it",
		apply: func(a ...any) (any, error) {
			s, _, _ := strings.Cut(Format(a[0]), "\x00")
			return s, nil
		},
		types: []any{new(func(any) string)},
	},
	{
		name: "hex", args: "data", help: "the bytes in hexadecimal",
		apply: func(a ...any) (any, error) { return hex.EncodeToString([]byte(Format(a[0]))), nil },
		types: []any{new(func(any) string)},
	},
	{
		name: "sha256", args: "data", help: "the SHA-256 of the bytes in hexadecimal",
		apply: func(a ...any) (any, error) {
			sum := sha256.Sum256([]byte(Format(a[0])))
			return hex.EncodeToString(sum[:]), nil
		},
		types: []any{new(func(any) string)},
	},
	{
		name: "env", args: "name", help: "an environment variable; empty when it is not set",
		apply: func(a ...any) (any, error) { return os.Getenv(Format(a[0])), nil },
		types: []any{new(func(string) string)},
	},
	{
		name: "int", args: "x", help: "a whole number: of a text too, in decimal, or in hexadecimal with 0x",
		apply: wholeNumberOf, types: []any{new(func(any) int)},
	},
	integer("u8", 1, func(b []byte) uint64 { return uint64(b[0]) }),
	integer("u16be", 2, func(b []byte) uint64 { return uint64(binary.BigEndian.Uint16(b)) }),
	integer("u16le", 2, func(b []byte) uint64 { return uint64(binary.LittleEndian.Uint16(b)) }),
	integer("u32be", 4, func(b []byte) uint64 { return uint64(binary.BigEndian.Uint32(b)) }),
	integer("u32le", 4, func(b []byte) uint64 { return uint64(binary.LittleEndian.Uint32(b)) }),
	integer("u64be", 8, binary.BigEndian.Uint64),
	integer("u64le", 8, binary.LittleEndian.Uint64),
}

// integer makes the function that reads an unsigned integer out of data.
func integer(name string, size int, read func([]byte) uint64) function {
	order := map[bool]string{true: "big-endian", false: "little-endian"}[strings.HasSuffix(name, "be")]
	help := fmt.Sprintf("the %d-bit %s integer at a byte offset", size*8, order)
	if size == 1 {
		help = "the byte at an offset"
	}
	return function{
		name: name, args: "data, offset", help: help,
		apply: func(a ...any) (any, error) {
			data := []byte(Format(a[0]))
			at, ok := asInt(a[1])
			if !ok || at < 0 || at > int64(len(data)-size) {
				return nil, fmt.Errorf("%s at offset %s is outside the %d bytes", name, Format(a[1]), len(data))
			}
			return Unsigned(read(data[at:])), nil
		},
		types: []any{new(func(any, any) any)},
	}
}

// wholeNumberOf is the number that a value or a text is. A number with a
// fraction loses it.
func wholeNumberOf(a ...any) (any, error) {
	if f, ok := a[0].(float64); ok {
		return int(f), nil
	}
	if n, ok := asInt(a[0]); ok {
		return int(n), nil
	}
	text := strings.TrimSpace(Format(a[0]))
	if n, err := strconv.Atoi(text); err == nil {
		return n, nil
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is not a whole number", Quote(text))
	}
	return int(n), nil
}

// Unsigned is a number that is not negative, in a type that holds it.
func Unsigned(n uint64) any {
	if n > math.MaxInt {
		return n
	}
	return int(n)
}

func lengthOf(a ...any) (any, error) {
	switch v := reflect.ValueOf(a[0]); v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len(), nil
	}
	if a[0] == nil {
		return nil, errors.New("there is no value that has a length")
	}
	return nil, fmt.Errorf("%s has no length; it is neither a text nor a list or mapping", Format(a[0]))
}

func isFunction(name string) bool {
	if name == equalName {
		return true
	}
	for _, f := range functions {
		if f.name == name {
			return true
		}
	}
	return false
}

// functions are the compiler's options: our functions, and those of the
// language, but for the ones whose name stands for a value here (count, first
// and max are names that scenarios use). `len` is ours because the language's
// own counts characters, and sockets carry bytes; `int` because its own knows no
// hexadecimal.
func (d *Decoder) functions() []expr.Option {
	options := append([]expr.Option{expr.DisableBuiltin("len"), expr.DisableBuiltin("int")}, equality...)
	for _, f := range functions {
		if !d.isValue(f.name) {
			options = append(options, expr.Function(f.name, f.apply, f.types...))
		}
	}
	for _, name := range builtin.Names {
		if d.isValue(name) {
			options = append(options, expr.DisableBuiltin(name))
		}
	}
	return options
}

// isValue reports whether a name that may be a function's stands for a value or
// an actor.
func (d *Decoder) isValue(name string) bool {
	return d.Own.Has(name) || d.vars[name] || d.actors[name] || slices.Contains(BuiltinNames, name)
}

// builtins are the values that every actor has.
var builtins = []DocRow{
	{Key: "index", Help: "the number of the replica, from 0"},
	{Key: "count", Help: "how many replicas the actor has"},
	{Key: "tmp", Help: "the scenario's own temporary folder, which is removed at its end"},
}

// freePort is the function that only a run can answer.
var freePort = FunctionDoc{Name: "free_port", Help: "a port that nobody uses, for a program; each call returns another one"}

// BuiltinNames are the names that every actor has.
var BuiltinNames = append(keysOf(builtins), freePort.Name)

func keysOf(list []DocRow) []string {
	var keys []string
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
}

// FunctionNames are the names of our functions.
func FunctionNames() []string {
	var names []string
	for _, f := range functions {
		names = append(names, f.name)
	}
	return names
}

package value

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
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
	makes bool // its value can be as large as what it is given, or larger
	needs Access
}

// functions are in the order of the reference. They are made for the first
// expression: many commands read none.
var functions = sync.OnceValue(func() []function {
	return slices.Concat([]function{
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
			types: []any{new(func(any) string)}, makes: true,
		},
		{
			name: "find", args: "data, what", help: "the offset of the first such bytes in the data; -1 where there are none. With a condition in the place of what, as in `find(list, # > 1)`, the first item of a list",
			apply: findBytes, types: []any{new(func(any, any) any)},
		},
		{
			name: "int", args: "x, base", help: "a whole number: of a text too, in the base, from 2 to 36; without a base in decimal, or in hexadecimal with 0x",
			apply: wholeNumberOf, types: []any{new(func(any) int), new(func(any, int) int)},
		},
		{
			name: "format", args: "form, x, …", help: "a text in which %d, %x, %X, %o, %b and %c stand for numbers, %s for any value, and %x also for bytes; with a width, as %04x",
			apply: formatted, types: []any{new(func(string, ...any) string)}, makes: true,
		},
		text("hex", "data", "the bytes in hexadecimal", func(b []byte) string { return hex.EncodeToString(b) }),
		bytesOf("unhex", "text", "the bytes that are written in hexadecimal; blanks are ignored", DecodeHex),
		text("base64", "data", "the bytes in base64 (RFC 4648)", base64.StdEncoding.EncodeToString),
		bytesOf("unbase64", "text", "the bytes that are written in base64", DecodeBase64),
		bytesOf("gzip", "data", "the bytes, compressed (RFC 1952); two versions of sockscript may compress differently", compress),
		bytesOf("gunzip", "data", "the bytes that were compressed with gzip", decompress),
		text("md5", "data", "the MD5 of the bytes in hexadecimal", func(b []byte) string { return fmt.Sprintf("%x", md5.Sum(b)) }),
		text("sha1", "data", "the SHA-1 of the bytes in hexadecimal", func(b []byte) string { return fmt.Sprintf("%x", sha1.Sum(b)) }),
		text("sha256", "data", "the SHA-256 of the bytes in hexadecimal", func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }),
		number("crc32", "the CRC-32 of the bytes (IEEE 802.3), a number", func(b []byte) uint64 { return uint64(crc32.ChecksumIEEE(b)) }),
		number("checksum", "the Internet checksum of the bytes (RFC 1071), a number", func(b []byte) uint64 {
			return uint64(InternetChecksum(InternetSum(0, b)))
		}),
		{
			name: "header", args: "message, name", help: "the value of a header of an HTTP, SIP or mail message; nil where it is not there, joined with commas where it is there several times",
			apply: headerOf, types: []any{new(func(any, any) any)}, makes: true,
		},
		{
			name: "env", args: "name", help: "an environment variable; empty when it is not set",
			apply: func(a ...any) (any, error) { return Getenv(Format(a[0])) },
			types: []any{new(func(string) string)}, needs: Environment,
		},
	}, mapFunctions, integerReaders())
})

// Getenv reads a variable of the environment for the function env. In a process
// that does not show all of them, it is an error to ask for another.
var Getenv = func(name string) (string, error) { return os.Getenv(name), nil }

// text makes a function that writes bytes as a text.
func text(name, args, help string, write func([]byte) string) function {
	return function{
		name: name, args: args, help: help, types: []any{new(func(any) string)}, makes: true,
		apply: func(a ...any) (any, error) { return write(rawBytes(a[0])), nil },
	}
}

// bytesOf makes a function whose value is bytes, of which expressions can take
// single ones.
func bytesOf[T string | []byte](name, args, help string, make func(T) ([]byte, error)) function {
	return function{
		name: name, args: args, help: help, types: []any{new(func(any) any)}, makes: true,
		apply: func(a ...any) (any, error) {
			b, err := make(T(Format(a[0])))
			return string(b), err
		},
	}
}

// number makes a function that computes a number of bytes.
func number(name, help string, compute func([]byte) uint64) function {
	return function{
		name: name, args: "data", help: help, types: []any{new(func(any) any)},
		apply: func(a ...any) (any, error) { return Unsigned(compute(rawBytes(a[0]))), nil },
	}
}

// rawBytes are the bytes of a value: those of its text.
func rawBytes(v any) []byte {
	if b, ok := v.([]byte); ok {
		return b
	}
	return []byte(Format(v))
}

// integerReaders are the functions that read an integer out of data, one for
// each form.
func integerReaders() []function {
	var list []function
	for _, f := range IntegerForms {
		list = append(list, function{
			name: f.Name, args: "data, offset", help: f.readerHelp(), types: []any{new(func(any, any) any)},
			apply: func(a ...any) (any, error) { return f.at(Format(a[0]), a[1]) },
		})
	}
	return list
}

func (f *IntegerForm) readerHelp() string {
	switch f.Name {
	case "u8":
		return "the byte at an offset"
	case "i8":
		return "the byte at an offset, as a signed number"
	case "varint":
		return "the varint at an offset: unsigned LEB128, at most ten bytes"
	}
	sign := ""
	if f.signed {
		sign = "signed "
	}
	order, _, _ := strings.Cut(f.order.String(), ":")
	return fmt.Sprintf("the %s%d-bit integer at a byte offset, %s", sign, f.Size*8, order)
}

// at is the integer at an offset of data.
func (f *IntegerForm) at(data string, offset any) (any, error) {
	at, ok := AsInt(offset)
	if !ok {
		return nil, fmt.Errorf("%s needs a whole number as the offset, got %s", f.Name, Format(offset))
	}
	if at >= 0 && at <= int64(len(data)) {
		b := []byte(data[at:min(int64(len(data)), at+maxVarint)])
		n, err := f.Length(b)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return f.Read(b[:n]), nil
		}
	}
	return nil, fmt.Errorf("%s at offset %s is outside the %d bytes", f.Name, Format(offset), len(data))
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
	return name == equalName || name == findName || functionOf(name) != nil
}

// functionOf is the function under a name; nil where there is none.
func functionOf(name string) *function {
	name = strings.TrimSuffix(name, calledMark)
	list := functions()
	for i := range list {
		if list[i].name == name {
			return &list[i]
		}
	}
	return nil
}

// calledMark follows the name of a function that is called where the name
// alone is a value. No scenario can write it.
const calledMark = "·"

// callPatcher separates the call of a function from a value of the same name.
type callPatcher struct {
	decoder *Decoder
	hidden  string // a function of the language that a value hides
}

// Visit implements ast.Visitor.
func (p *callPatcher) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.CallNode)
	if !ok {
		return
	}
	callee, ok := n.Callee.(*ast.IdentifierNode)
	switch {
	case !ok || !p.decoder.isValue(callee.Value):
	case functionOf(callee.Value) != nil:
		n.Callee = &ast.IdentifierNode{Value: callee.Value + calledMark}
	case slices.Contains(builtin.Names, callee.Value):
		p.hidden = callee.Value
	}
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
	{Key: "pid", Help: "the id of the process that makes the calls of these steps; a transcript shows <pid>"},
	{Key: "tmp", Help: "the scenario's own temporary folder, which is removed at its end"},
}

// freePort is the function that only a run can answer.
var freePort = FunctionDoc{Name: "free_port", Help: "a port that nobody uses, for a program; each call returns another one"}

// caught is another one.
var caught = FunctionDoc{Name: "caught", Args: "signal", Help: "how often the handler of a forked process has counted a signal, by its name or number: see sigaction"}

// BuiltinNames are the names that every actor has.
var BuiltinNames = append(keysOf(builtins), freePort.Name, caught.Name)

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
	for _, f := range functions() {
		names = append(names, f.name)
	}
	return names
}

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

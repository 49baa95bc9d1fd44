package source

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A mark is a place in a chunk as the YAML library counts, from 1.
type mark struct{ line, col int }

// A failure is a syntax error as the YAML library knows it.
type failure struct {
	what    string // its message
	context string // what it was reading, "while scanning a quoted scalar"
	noticed mark   // where it noticed
	began   mark   // where what it was reading begins; noticed if it has no context
}

// inspect finds out where decoding failed. The library's error has at most a
// line, often one too small or that of the construct around the mistake; its
// parser has the exact marks, but keeps them to itself. So they are read by
// reflection, which for numbers and strings needs no unsafe. The library is
// finished and will not change; should a field be missing all the same, the
// line of the message must do.
func inspect(dec *yaml.Decoder, err error) failure {
	f := failure{}
	f.what, f.noticed.line = splitMessage(err)
	outer := reflect.ValueOf(dec)
	at := []string{"parser", "parser", "problem_mark"}
	var panicked panicError
	switch readNumber(outer, "parser", "parser", "error") {
	case 0: // found by the library's tree builder, or a panic
		at = []string{"parser", "event", "start_mark"}
		if errors.As(err, &panicked) {
			at = []string{"parser", "parser", "mark"}
		}
	default:
		f.context = readText(outer, "parser", "parser", "context")
	}
	if m, ok := markAt(outer, at...); ok {
		f.noticed = m
	}
	f.began = f.noticed
	if m, ok := markAt(outer, "parser", "parser", "context_mark"); ok && f.context != "" {
		f.began = m
	}
	return f
}

// splitMessage takes "yaml: line 3: " off the message of err. The line is 0
// if the message has none.
func splitMessage(err error) (what string, line int) {
	what = strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, found := strings.CutPrefix(what, "line "); found {
		digits, rest, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(digits); err == nil {
			return rest, n
		}
	}
	return what, 0
}

// field follows pointers and field names down from v.
func field(v reflect.Value, names ...string) reflect.Value {
	for _, name := range names {
		for v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return reflect.Value{}
		}
		v = v.FieldByName(name)
	}
	return v
}

func readNumber(v reflect.Value, names ...string) int {
	if v = field(v, names...); v.CanInt() {
		return int(v.Int())
	}
	return 0
}

func readText(v reflect.Value, names ...string) string {
	if v = field(v, names...); v.Kind() == reflect.String {
		return v.String()
	}
	return ""
}

// markAt reads a yaml_mark_t, which counts from 0.
func markAt(v reflect.Value, names ...string) (mark, bool) {
	v = field(v, names...)
	line, col := field(v, "line"), field(v, "column")
	if !line.CanInt() || !col.CanInt() {
		return mark{}, false
	}
	return mark{int(line.Int()) + 1, int(col.Int()) + 1}, true
}

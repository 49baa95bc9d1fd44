package report

import (
	"fmt"
	"reflect"
	"strings"
)

// An ObjectDoc documents an object of the JSON output.
type ObjectDoc struct {
	Name   string // the word of its field type, or the field that it is the value of
	Help   string
	Fields []FieldDoc
}

// A FieldDoc documents a field of an object of the JSON output.
type FieldDoc struct {
	Name, Type, Help string
	Optional         bool // not there where it is empty
}

// objects are what documentation says of each object beyond its fields.
var objects = []struct {
	name, help string
	value      any
}{
	{"event", "A call that an actor made.", EventObject{}},
	{"fold", "Rounds of a repetition, or replicas of an actor, that print like those around them.", FoldObject{}},
	{"scenario", "How a scenario ended. It comes after its events.", ScenarioObject{}},
	{"failure", "The value of the field failure of a scenario.", FailureObject{}},
	{"others", "An item of the field others of a failure.", DoingObject{}},
	{"problem", "Something wrong in a scenario file: what check finds, and run before it runs.", ProblemObject{}},
	{"check", "The last line of check.", CheckObject{}},
	{"summary", "The last line of run and test. It counts scenarios.", SummaryObject{}},
}

// JSONObjects documents the objects of the JSON output field by field. It
// reads the doc tags of the objects' fields.
func JSONObjects() []ObjectDoc {
	var list []ObjectDoc
	for _, o := range objects {
		list = append(list, ObjectDoc{o.name, o.help, fieldsOf(reflect.TypeOf(o.value))})
	}
	return list
}

func fieldsOf(t reflect.Type) []FieldDoc {
	var fields []FieldDoc
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			fields = append(fields, fieldsOf(f.Type)...)
			continue
		}
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, FieldDoc{name, typeName(f.Type), f.Tag.Get("doc"), option == "omitempty"})
	}
	return fields
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "list"
	case reflect.Struct:
		return "object"
	case reflect.Int:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "boolean"
	}
	return t.Kind().String()
}

// JSONMarkdown is the chapter of the reference about the JSON output.
func JSONMarkdown() string {
	var b strings.Builder
	b.WriteString("## JSON output\n\n" +
		"With `--format json` the commands `run`, `test` and `check` print one JSON object a line. The field `type`\n" +
		"tells what it is. What a transcript masks is masked here too, unless `--unmask` is given.\n" +
		"A field marked with an asterisk is not there where it is empty.\n")
	for _, o := range JSONObjects() {
		fmt.Fprintf(&b, "\n### Object %s\n\n%s\n\n| field | type | meaning |\n|---|---|---|\n", o.Name, o.Help)
		for _, f := range o.Fields {
			star := ""
			if f.Optional {
				star = "\\*"
			}
			fmt.Fprintf(&b, "| `%s`%s | %s | %s |\n", f.Name, star, f.Type, f.Help)
		}
	}
	return b.String()
}

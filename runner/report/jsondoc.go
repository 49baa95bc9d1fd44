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
	{"wire", "What crossed the network on one connection. It comes after the events, with --wire or where the scenario has the key wire.", WireObject{}},
	{"scenario", "How a scenario ended. It comes after its events.", ScenarioObject{}},
	{"failure", "The value of the field failure of a scenario.", FailureObject{}},
	{"others", "An item of the field others of a failure.", DoingObject{}},
	{"races", "An item of the field races of a scenario.", RaceObject{}},
	{"between", "An item of the field between of a race.", RacerObject{}},
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

// FormatsMarkdown is the chapter of the reference about the forms of report.
func FormatsMarkdown() string {
	var b strings.Builder
	b.WriteString("## Reports\n\n" +
		"`--format` says what `run`, `test` and `check` print. `--report FORMAT=FILE`, which can be given several times, writes\n" +
		"a report to a file beside that. A report that cannot be written is an error (exit status 2); the run goes on without it.\n\n" +
		"| form | what it is |\n|---|---|\n")
	for _, f := range Formats() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name, f.Help)
	}
	b.WriteString("\nIn `tap`, `junit` and `ctrf` each scenario is a test, in the suite of its file. A scenario that failed comes with\n" +
		"the report for people, and the place of the step. One that was interrupted is an error (in CTRF `other`), one that was not begun\n" +
		"because of an interrupt or `--fail-fast` is skipped (in CTRF `pending`). Where nothing is run because a file is\n" +
		"invalid or not there, each error is a test that failed. Control characters and bytes that are not UTF-8 are written as `\\x1b`.\n" +
		"`text`, `json` and `tap` are written as the runs go on, `junit` and `ctrf` at the end, also of a run that is interrupted.\n\n" +
		"Where `GITHUB_ACTIONS` is `true`, the text on the standard output is accompanied by annotations (`::error file=…`) of the\n" +
		"lines that failed; a golden file that differs is annotated where it first does. Warnings, of the files and of races, are\n" +
		"annotated as such (`::warning file=…`).\n\n" +
		"There is a race where nothing orders two events and their order shows: another run may have them the other way round, and\n" +
		"then prints another transcript, even where no run has done so yet. `text` and `tap` warn of it beneath the scenario, with the\n" +
		"lines of both and what helps; `json` has it in the field `races`. It fails nothing, and is not part of the transcript.\n" +
		"Races are looked for between:\n\n" +
		"- two connects to one listener, or two datagrams to one socket, where the first that comes is taken\n" +
		"- a receive by one call (`max`, several buffers, `MSG_PEEK`) and a send whose bytes it may take or not\n" +
		"- a call that does not wait (`nowait`, `once`, `MSG_DONTWAIT`, a timeout of the socket's own) and what it looks for\n" +
		"- what makes the handles of one `poll` ready\n" +
		"- two branches that send, or receive, on one handle, or of which one closes it or shuts it down\n" +
		"- a send and the close of its peer\n" +
		"- a connect and the listen that it reaches, or the close of the listening socket; a datagram and the bind of its receiver\n" +
		"- two binds of one address, and a bind, connect or unlink of one path\n" +
		"- two settings of one name, or a setting and a use; two values of a name that another actor reads; two signals of one name\n\n" +
		"Replicas that print alike are not distinguished, so between these there is no race the first time. After that an answer may have\n" +
		"told them apart: whether the one that was served first is also the next or the last shows. Where\n" +
		"each sends several messages that differ, their order shows too. Of rounds that are folded only the first and the last are\n" +
		"looked at, and nothing is known of what programs do. A run warns of 100 races at most; where its events times its actors and\n" +
		"branches are more than 16,777,216, it warns of none.\n\n")
	return b.String()
}

// JSONMarkdown is the chapter of the reference about the JSON output.
func JSONMarkdown() string {
	var b strings.Builder
	b.WriteString("## JSON output\n\n" +
		"With `--format json` the commands `run`, `test` and `check` print one JSON object a line. The field `type`\n" +
		"says what it is. What a transcript masks is masked here too, unless `--unmask` is given. Quiet steps are in neither.\n" +
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

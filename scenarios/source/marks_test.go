package source

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// The library's private marks must be where inspect looks for them.
func TestInspectFindsMarks(t *testing.T) {
	t.Parallel()
	dec := yaml.NewDecoder(strings.NewReader("a: b\nc: [1, 2\nd: 3\n"))
	err := decode(dec, new(yaml.Node))
	got := inspect(dec, err)
	want := failure{
		what:    "did not find expected ',' or ']'",
		context: "while parsing a flow sequence",
		noticed: mark{3, 2},
		began:   mark{2, 4},
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Without the marks the line of the message must do, and the place is the
// first character of that line.
func TestInspectWithoutMarks(t *testing.T) {
	t.Parallel()
	if m, ok := markAt(reflect.ValueOf(struct{ parser *int }{}), "parser", "mark"); ok {
		t.Errorf("found %v", m)
	}
	what, line := splitMessage(errors.New("yaml: line 2: bad"))
	if what != "bad" || line != 2 {
		t.Errorf("%q, %d", what, line)
	}
	file := &File{Data: []byte("a:\n  b: c\n")}
	f := &fault{file: file, chunk: chunks("a:\n  b: c\n")[0]}
	if pos, _ := f.place(mark{line: 2}); pos.Line != 2 || pos.Col != 3 {
		t.Errorf("%v", pos)
	}
	if pos, _ := f.place(mark{}); pos.Line != 1 || pos.Col != 1 {
		t.Errorf("%v", pos)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("boom") }

// A panic of the library becomes a problem with a place.
func TestPanicBecomesProblem(t *testing.T) {
	t.Parallel()
	dec := yaml.NewDecoder(panicking{})
	err := decode(dec, new(yaml.Node))
	if err == nil {
		t.Fatal("no error")
	}
	p := &parser{file: &File{Name: "f", Data: []byte("a: b\n")}}
	got := p.syntaxProblem(chunks("a: b\n")[0], dec, err).Error()
	if want := "f:1:1: the YAML library cannot read this: boom"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

package history

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"strconv"
	"syscall"
	"testing"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// partSamples has for each type of the parts of an event what it prints. A part
// that holds what varies from run to run is made with two numbers: both must
// print alike, and be known to do so by [event.Event.Alike].
func partSamples(pid int) map[string]any {
	number := strconv.Itoa(pid)
	text := event.Marked{Text: "at " + number, Marks: []event.Mark{{From: 3, To: 3 + len(number), Origins: []event.Origin{{Word: "pid"}}}}}
	addr := sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: 80}
	asked := addr
	asked.Port = uint16(pid)
	port := []event.Mark{{From: 10, To: 10 + len(number), Origins: []event.Origin{{Word: "pid"}}}}
	return map[string]any{
		"Name":    event.Name("conn"),
		"Const":   event.Const("AF_INET"),
		"Quoted":  event.Quoted(text),
		"Arg":     event.Arg(text),
		"Bare":    event.Bare(text),
		"Plain":   event.Plain(text),
		"Asked":   event.Asked{Addr: asked, Marks: port},
		"Joined":  event.Joined{event.Const("["), event.Plain(text), event.Const("]")},
		"Data":    event.Data{Bytes: []byte(text.Text), Len: len(text.Text), Marks: text.Marks},
		"Length":  event.Length{N: len(text.Text), Marks: text.Marks},
		"Lasting": event.Lasting{Part: event.Plain(text)},
		"Until":   event.Until{Bytes: []byte("\n"), Len: 1},
		"SHA256":  &event.SHA256{Hex: func() string { return "ab" }},
		// What is not a type of package event.
		"Count": event.Count(80),
		"int":   80,
		"list":  []any{event.Plain(text), 80},
		"addr":  addr,
	}
}

var partTexts = map[string]string{
	"Name": "conn", "Const": "AF_INET", "Quoted": `"at <pid>"`, "Arg": `"at <pid>"`, "Bare": "at <pid>", "Plain": "at <pid>",
	"Asked": "127.0.0.1:<pid>", "Joined": "[at <pid>]", "Data": `"at <pid>"`, "Length": "<len>", "Lasting": "at <pid>", "Until": `until "\n"`, "SHA256": "sha256:ab",
	"Count": "80", "int": "80", "list": "[at <pid>, 80]", "addr": "127.0.0.1:80",
}

// Each type that part.go declares has a decision about masks: it is in the
// tables above. What has none is not shown.
func TestEachPartHasItsMask(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../steps/event/part.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	first, second := partSamples(1234), partSamples(5678)
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, spec := range g.Specs {
			if name := spec.(*ast.TypeSpec).Name.Name; first[name] == nil {
				t.Errorf("nobody has decided how an event.%s is masked; decide it in callWriter.part and alikePart, and show it here", name)
			}
		}
	}
	for name := range first {
		for _, part := range []any{first[name], second[name]} {
			w := &callWriter{masks: newMasks(causal.New(new(record.Record))), event: new(event.Event)}
			if w.part(part); w.String() != partTexts[name] {
				t.Errorf("%s is written as %s, want %s", name, w.String(), partTexts[name])
			}
		}
		a, b := &event.Event{Args: []any{first[name]}}, &event.Event{Args: []any{second[name]}}
		if !a.Alike(b, nil) {
			t.Errorf("two of %s print alike, but are not known to do so", name)
		}
	}
	w := new(callWriter)
	if w.part(struct{ Port int }{40000}); w.String() != "<unknown>" {
		t.Errorf("a part of an unknown type is written as %s", w.String())
	}
}

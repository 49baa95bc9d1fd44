package lsp

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/sockscript/sockscript/scenarios/library"
)

// An editor speaks the protocol with a server.
type editor struct {
	t     *testing.T
	conn  *jsonrpc2.Conn
	told  chan publishDiagnostics
	ended chan error

	uri   string // of the file that is open
	shown int    // files
}

func newEditor(t *testing.T) *editor {
	t.Helper()
	ours, theirs := net.Pipe()
	e := speak(t, ours, nil)
	e.uri = uri
	go func() { e.ended <- Serve(t.Context(), theirs, theirs) }()
	return e
}

// speak speaks with the server at the other end of a stream. Its questions get
// what answer says.
func speak(t *testing.T, server io.ReadWriteCloser, answer func(*jsonrpc2.Request) any) *editor {
	t.Helper()
	e := &editor{t: t, told: make(chan publishDiagnostics, 10), ended: make(chan error, 1)}
	e.conn = jsonrpc2.NewConn(t.Context(), jsonrpc2.NewBufferedStream(server, jsonrpc2.VSCodeObjectCodec{}),
		jsonrpc2.HandlerWithError(func(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) {
			var p publishDiagnostics
			switch {
			case r.Method == "textDocument/publishDiagnostics" && json.Unmarshal(*r.Params, &p) == nil:
				select {
				case e.told <- p:
				default: // nobody asks for them
				}
			case answer != nil:
				return answer(r), nil
			}
			return nil, nil
		}))
	t.Cleanup(func() { e.conn.Close() })
	return e
}

// call asks, and decodes the answer.
func call[T any](e *editor, method string, params any) T {
	e.t.Helper()
	var answer T
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	if err := e.conn.Call(ctx, method, params, &answer); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
	return answer
}

const uri = "file:///home/me/hello.yaml"

// open opens a text, and returns what is wrong with it.
func (e *editor) open(text string) []diagnostic {
	e.t.Helper()
	e.conn.Notify(e.t.Context(), "textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": e.uri, "text": text}})
	return e.diagnostics()
}

func (e *editor) change(text string) []diagnostic {
	e.t.Helper()
	e.conn.Notify(e.t.Context(), "textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": uri, "version": 2}, "contentChanges": []any{map[string]any{"text": text}},
	})
	return e.diagnostics()
}

func (e *editor) diagnostics() []diagnostic {
	e.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case p := <-e.told:
			if p.URI == e.uri {
				return p.Diagnostics
			}
		case <-late:
			e.t.Fatal("no diagnostics")
		}
	}
}

// at is the position of the mark | in a text, and the text without it.
func at(marked string) (string, map[string]any) {
	i := strings.IndexByte(marked, '|')
	line := strings.Count(marked[:i], "\n")
	column := i - (strings.LastIndexByte(marked[:i], '\n') + 1)
	return marked[:i] + marked[i+1:], map[string]any{
		"textDocument": map[string]any{"uri": uri}, "position": position{line, column},
	}
}

const hello = `actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
`

func TestDiagnosticsAsOneTypes(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	got := call[initialized](e, "initialize", map[string]any{"capabilities": map[string]any{}})
	if !got.Capabilities.HoverProvider || got.Capabilities.TextDocumentSync != 1 {
		t.Errorf("the server offers %+v", got.Capabilities)
	}
	if list := e.open(hello); len(list) != 0 {
		t.Errorf("a good file has %+v", list)
	}
	list := e.change(strings.Replace(hello, "connect: sock", "connect: sokc", 1))
	if len(list) == 0 || list[0].Range != (span{position{8, 15}, position{8, 19}}) || !strings.Contains(list[0].Message, `did you mean "sock"`) {
		t.Errorf("a misspelt name is told as %+v", list)
	}
	list = e.change(hello + "    - close: sock\n    - recv: sock\n")
	if len(list) == 0 || list[0].Range.Start.Line != 11 || !strings.Contains(list[0].Message, "closed") {
		t.Errorf("a handle that is closed is told as %+v", list)
	}
	list = e.change(hello + "    - print: ${1 +}\n")
	if len(list) == 0 || list[0].Range.Start.Line != 10 || list[0].Severity != severityError {
		t.Errorf("a wrong expression is told as %+v", list)
	}
	list = e.change("actors:\n  a: [\n")
	if len(list) == 0 || list[0].Severity != severityError {
		t.Errorf("broken YAML is told as %+v", list)
	}
	list = e.change("include: http\nactors:\n  a:\n    - let: {n: 3}\n    - do: http.read\n      with: {conn: \"${n}\"}\n")
	if len(list) == 0 || list[0].Range.Start != (position{4, 6}) || !strings.Contains(list[0].Message, "conn is a value") {
		t.Errorf("a wrong call of a library is told as %+v", list)
	}
	e.conn.Notify(t.Context(), "textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
	if list := e.diagnostics(); len(list) != 0 {
		t.Errorf("a closed file has %+v", list)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	e.open(hello)
	for _, c := range []struct{ name, text, want, not string }{
		{"kinds", hello + "    - |\n", "send", "to"},
		{"kinds, begun", hello + "    - se|\n", "setsockopt", "to"},
		{"keys of a step", hello + "    - send: sock\n      |\n", "data", "send"},
		{"keys that are there", hello + "    - send: sock\n      data: x\n      |\n", "flags", "data"},
		{"names of the actor", hello + "    - close: |\n", "sock", "listener"},
		{"actors in an expression", hello + "    - print: ${|\n", "server", "listener"},
		{"names of another actor", hello + "    - print: ${server.|\n", "listener", "sock"},
		{"options", hello + "    - getsockopt: sock\n      option: |\n", "SO_RCVBUF", "sock"},
		{"errnos", hello + "    - send: sock\n      data: x\n      expect:\n        error: |\n", "ECONNRESET", "sock"},
		{"errnos in a list", hello + "    - send: sock\n      data: x\n      expect:\n        error: [EPIPE, |\n", "ECONNRESET", "sock"},
		{"flags", hello + "    - send: sock\n      data: x\n      flags: |\n", "MSG_PEEK", "sock"},
		{"words", hello + "    - shutdown: sock\n      how: |\n", "both", "sock"},
		{"sockets", hello + "    - socket: |\n", "udp6", "sock"},
		{"requirements", "requires: |\n" + hello, "netns", "sock"},
		{"libraries", "include: |\n" + hello, "http", "sock"},
		{"procedures", "include: http\n" + hello + "    - do: |\n", "http.request", "sock"},
		{"names in braces", hello + "    - {close: |}\n", "sock", "listener"},
		{"keys in braces", hello + "    - {send: sock, flags: [MSG_OOB], |}\n", "data", "flags"},
		{"words in braces", hello + "    - {shutdown: sock, how: |}\n", "both", "sock"},
		{"errnos in braces", hello + "    - {send: sock, data: \"a, b: c\", expect: {error: |}}\n", "ECONNRESET", "sock"},
	} {
		text, where := at(c.text)
		e.change(text)
		var labels []string
		for _, item := range call[[]completionItem](e, "textDocument/completion", where) {
			labels = append(labels, item.Label)
		}
		if !slices.Contains(labels, c.want) || slices.Contains(labels, c.not) {
			t.Errorf("%s: want %s and not %s, got %v", c.name, c.want, c.not, labels)
		}
		if slices.Sort(labels); len(slices.Compact(slices.Clone(labels))) != len(labels) {
			t.Errorf("%s: some are there twice: %v", c.name, labels)
		}
	}
}

// A file that was opened with a mistake in it, and never was without one, has
// names too.
func TestNamesOfAFaultyFile(t *testing.T) {
	t.Parallel()
	const faulty = "actors:\n  server:\n    - socket: tcp\n      as: listener\n    - bind: listner\n      to: 127.0.0.1:0\n    -\n  client:\n    - socket: tcp\n      as: sock\n    - sned: sock\n"
	for _, c := range []struct{ name, text, want, not string }{
		{"of the actor", faulty + "    - close: |\n", "sock", "listener"},
		{"of another actor", faulty + "    - connect: sock\n      to: ${server.|\n", "listener", "sock"},
		{"actors", faulty + "    - print: ${|\n", "server", "listener"},
	} {
		e := newEditor(t)
		text, where := at(c.text)
		e.change(text)
		var labels []string
		for _, item := range call[[]completionItem](e, "textDocument/completion", where) {
			labels = append(labels, item.Label)
		}
		if !slices.Contains(labels, c.want) || slices.Contains(labels, c.not) {
			t.Errorf("%s: want %s and not %s, got %v", c.name, c.want, c.not, labels)
		}
	}
}

// However much of a file is there, an editor can ask at its end.
func TestCompletionOfEachBeginning(t *testing.T) {
	t.Parallel()
	data, ok := library.Open("ping-two-hosts")
	if !ok {
		t.Fatal("the scenario is not shipped any more")
	}
	for n := 0; n < len(data); n += 5 {
		d := &document{path: "x.yaml"}
		d.set(string(data[:n]))
		last := len(d.lines) - 1
		d.complete(position{last, len(d.lines[last])})
		d.complete(position{last / 2, 0})
	}
}

func TestHover(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	for text, want := range map[string]string{
		strings.Replace(hello, "connect: sock", "conn|ect: sock", 1):                                 "connect a socket to a peer",
		strings.Replace(hello, "to: ${", "t|o: ${", 1):                                               "the peer's address",
		hello + "    - getsockopt: sock\n      option: SO_RC|VBUF\n      expect: {value: 1}\n":       "SO_RCVBUF",
		hello + "    - send: sock\n      data: x\n      no|te: hi\n":                                 "line of text",
		hello + "    - {send: sock, no|te: hi, data: x}\n":                                           "line of text",
		"include: http\n" + hello + "    - do: http.re|quest\n      with: {conn: sock, target: /}\n": "http.request",
	} {
		plain, where := at(text)
		e.open(plain)
		got := call[*hover](e, "textDocument/hover", where)
		if got == nil || !strings.Contains(got.Contents.Value, want) {
			t.Errorf("want %q, got %+v", want, got)
		}
	}
	plain, where := at("actors:| {}\n")
	e.open(plain)
	if got := call[*hover](e, "textDocument/hover", where); got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestDefinition(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	procedures := "procedures:\n  greet:\n    params: []\n    steps: [{print: hi}]\n"
	for _, c := range []struct {
		text string
		line int
		name string
		col  int
	}{
		{strings.Replace(hello, "connect: sock", "connect: so|ck", 1), 7, "sock", 10},
		{strings.Replace(hello, "${server.listener", "${server.lis|tener", 1), 3, "listener", 10},
		{strings.Replace(hello, "${server.listener", "${ser|ver.listener", 1), 3, "listener", 10},
		{procedures + hello + "    - do: gre|et\n", 1, "greet", 2},
		{hello + "    - {socket: udp, note: 😀, as: s}\n    - close: |s\n", 10, "s", 34},
		{hello + "    - let: {m: 1, n: 2}\n    - print: ${|n}\n", 10, "n", 18},
		{hello + "    - let:\n        m: 1\n        n: 2\n    - print: ${|n}\n", 12, "n", 8},
		{hello + "    - recv: sock\n      expect: {matches: '(?P<code>.)'}\n    - print: ${co|de}\n", 11, "code", 29},
		{"vars: {m: 1, n: 2}\n" + hello + "    - print: ${|n}\n", 0, "n", 13},
	} {
		plain, where := at(c.text)
		e.open(plain)
		got := call[[]location](e, "textDocument/definition", where)
		want := span{position{c.line, c.col}, position{c.line, c.col + len(c.name)}}
		if len(got) != 1 || got[0].Range != want || got[0].URI != uri {
			t.Errorf("want %+v, got %+v in\n%s", want, got, c.text)
		}
	}
}

// From a call one comes to the procedure in the file that is included, and from
// the include to that file.
func TestDefinitionInIncludedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lib := filepath.Join(dir, "shared.yaml")
	if err := os.WriteFile(lib, []byte("procedures:\n  first: {steps: []}\n  greet:\n    steps: [{print: hi}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := newEditor(t)
	e.uri = uriOf(filepath.Join(dir, "hello.yaml"))
	for text, line := range map[string]int{
		"include: shared.yaml\n" + hello + "    - do: shared.gr|eet\n":                     2,
		"include: shared.yaml\n" + hello + "    - do: sha|red.first\n":                     1,
		"include: [{as: s, from: ./shared.yaml}, http]\n" + hello + "    - do: s.gre|et\n": 2,
		"include: [{as: s, from: ./sha|red.yaml}, http]\n" + hello + "    - do: s.greet\n": 0,
		"include:\n  - http\n  - shar|ed.yaml\n" + hello + "    - do: shared.greet\n":      0,
	} {
		plain, where := at(text)
		if list := e.open(plain); len(list) != 0 {
			t.Errorf("%+v in\n%s", list, plain)
		}
		where["textDocument"] = map[string]any{"uri": e.uri}
		if got := call[[]location](e, "textDocument/definition", where); len(got) != 1 || got[0].URI != uriOf(lib) || got[0].Range.Start.Line != line {
			t.Errorf("want line %d of the file, got %+v in\n%s", line, got, text)
		}
	}
}

const turns = `sequence:
  - one:
      socket: tcp
      as: listener
  - two:
      - socket: tcp
        as: sock
      - close: sock
  - one:
      listen: listener
`

// In a sequence, names are those of the actor of the turn.
func TestTurns(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	e.open(turns)
	for _, c := range []struct{ name, text, want, not string }{
		{"turns", turns + "  - |\n", "two", "send"},
		{"kinds in the place of a turn", turns + "  - |\n", "repeat", "listen"},
		{"kinds in a turn", turns + "  - two:\n      - |\n", "send", "two"},
		{"names in a turn", turns + "  - two:\n      - close: |\n", "sock", "listener"},
		{"names in a turn of one step", turns + "  - one:\n      close: |\n", "listener", "sock"},
	} {
		text, where := at(c.text)
		e.change(text)
		var labels []string
		for _, item := range call[[]completionItem](e, "textDocument/completion", where) {
			labels = append(labels, item.Label)
		}
		if !slices.Contains(labels, c.want) || slices.Contains(labels, c.not) {
			t.Errorf("%s: want %s and not %s, got %v", c.name, c.want, c.not, labels)
		}
	}
	plain, where := at(strings.Replace(turns, "listen: listener", "listen: lis|tener", 1))
	e.change(plain)
	if got := call[[]location](e, "textDocument/definition", where); len(got) != 1 || got[0].Range.Start.Line != 3 {
		t.Errorf("a name of an earlier turn: %+v", got)
	}
}

func TestFormatting(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	e.open("actors:\n    one:\n    -   print: x   # a\n")
	got := call[[]textEdit](e, "textDocument/formatting", map[string]any{"textDocument": map[string]any{"uri": uri}})
	if len(got) != 1 || got[0].NewText != "actors:\n  one:\n    - print: x   # a\n" {
		t.Errorf("got %+v", got)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	call[any](e, "shutdown", nil)
	e.conn.Notify(t.Context(), "exit", nil)
	if err := <-e.ended; err != nil {
		t.Errorf("after a shutdown: %v", err)
	}
	e = newEditor(t)
	e.conn.Close()
	if err := <-e.ended; err != io.ErrUnexpectedEOF {
		t.Errorf("an editor that has gone: %v", err)
	}
	e = newEditor(t)
	err := e.conn.Call(t.Context(), "textDocument/nonsense", nil, nil)
	if rpc, ok := err.(*jsonrpc2.Error); !ok || rpc.Code != jsonrpc2.CodeMethodNotFound {
		t.Errorf("an unknown method: %v", err)
	}
}

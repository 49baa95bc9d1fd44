package lsp

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// These tests open files in yaml-language-server, which many editors have, with
// our schema: what it proposes, shows and underlines is what people see who do
// not use our own server.

// A pipes is the standard input and output of a program.
type pipes struct {
	io.ReadCloser
	in io.WriteCloser
}

func (p pipes) Write(b []byte) (int, error) { return p.in.Write(b) }

func (p pipes) Close() error {
	p.in.Close()
	return p.ReadCloser.Close()
}

// newYAMLServer starts yaml-language-server with our schema.
func newYAMLServer(t *testing.T) *editor {
	t.Helper()
	ci.Program(t, "yaml-language-server")
	text, err := json.Marshal(scenarios.Schema())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	schema := filepath.Join(dir, "schema.json")
	if err := os.WriteFile(schema, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "yaml-language-server", "--stdio")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	settings := map[string]any{
		"schemas":    map[string]any{uriOf(schema): "*.yaml"},
		"completion": true, "hover": true, "validate": true, "schemaStore": map[string]any{"enable": false},
	}
	e := speak(t, pipes{out, in}, func(r *jsonrpc2.Request) any { return settingsFor(r, settings) })
	call[any](e, "initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": uriOf(dir),
		"capabilities": map[string]any{
			"textDocument": map[string]any{
				"completion": map[string]any{"completionItem": map[string]any{"snippetSupport": true}},
				"hover":      map[string]any{"contentFormat": []string{"markdown"}},
			},
			"workspace": map[string]any{"configuration": true},
		},
	})
	e.conn.Notify(t.Context(), "initialized", map[string]any{})
	e.conn.Notify(t.Context(), "workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"yaml": settings}})
	t.Cleanup(func() {
		e.conn.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	// It asks for the settings when it likes, and looks at the text again then.
	for got := e.underlined(oneActor + "    - frobnicate: x\n"); len(got) == 0; {
		got = e.diagnostics()
	}
	return e
}

// settingsFor answers the server's question for its settings.
func settingsFor(r *jsonrpc2.Request, settings any) any {
	if r.Method != "workspace/configuration" {
		return nil
	}
	var asked struct {
		Items []struct {
			Section string `json:"section"`
		} `json:"items"`
	}
	json.Unmarshal(*r.Params, &asked)
	answer := make([]any, len(asked.Items))
	for i, item := range asked.Items {
		if item.Section == "yaml" {
			answer[i] = settings
		}
	}
	return answer
}

// proposals are what the server proposes at the mark of a text.
func (e *editor) proposals(marked string) map[string]string {
	e.t.Helper()
	text, where := at(marked)
	e.show(text, where)
	var list struct {
		Items []struct {
			Label         string          `json:"label"`
			Documentation json.RawMessage `json:"documentation"`
		} `json:"items"`
	}
	answer := call[json.RawMessage](e, "textDocument/completion", where)
	if json.Unmarshal(answer, &list) != nil || list.Items == nil {
		if err := json.Unmarshal(answer, &list.Items); err != nil {
			e.t.Fatalf("the server proposes %s", answer)
		}
	}
	all := make(map[string]string)
	for _, item := range list.Items {
		if _, twice := all[item.Label]; twice {
			e.t.Errorf("%s is proposed twice in\n%s", item.Label, marked)
		}
		var plain string
		var marked markup
		if json.Unmarshal(item.Documentation, &plain) != nil {
			json.Unmarshal(item.Documentation, &marked)
			plain = marked.Value
		}
		all[item.Label] = plain
	}
	return all
}

// show opens a text as a file of its own in the place of the one before, so
// that what comes late of that one is not taken for this one's. The position is
// in the file.
func (e *editor) show(text string, where map[string]any) {
	e.t.Helper()
	if e.uri != "" {
		e.conn.Notify(e.t.Context(), "textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": e.uri}})
	}
	e.shown++
	e.uri = fmt.Sprintf("file:///home/me/%d.yaml", e.shown)
	e.conn.Notify(e.t.Context(), "textDocument/didOpen", map[string]any{
		"textDocument": map[string]any{"uri": e.uri, "languageId": "yaml", "version": 1, "text": text},
	})
	if where != nil {
		where["textDocument"] = map[string]any{"uri": e.uri}
	}
}

// underlined is what is underlined in a text.
func (e *editor) underlined(text string) []diagnostic {
	e.t.Helper()
	e.show(text, nil)
	return e.diagnostics()
}

func keys[V any](m map[string]V) []string {
	var list []string
	for key := range m {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

const oneActor = "actors:\n  one:\n"

func TestYAMLServerProposesKinds(t *testing.T) {
	t.Parallel()
	e := newYAMLServer(t)
	for _, where := range []string{
		oneActor + "    - |\n",
		oneActor + "    - se|\n",
		oneActor + "    - close: a\n    - |\n    - close: b\n",
		oneActor + "    steps:\n      - |\n",
		oneActor + "    - parallel:\n        x:\n          - |\n",
		oneActor + "    - fork:\n        - |\n",
		"procedures:\n  p:\n    steps:\n      - |\n",
		"sequence:\n  - one:\n      - |\n",
	} {
		got := e.proposals(where)
		if names := keys(got); !slices.Equal(names, steps.Kinds().Names()) {
			t.Errorf("it proposes %v at\n%s", names, where)
		}
		for _, k := range steps.Kinds() {
			if got[k.Name] != k.Summary {
				t.Errorf("it says %q of %s, want %q", got[k.Name], k.Name, k.Summary)
			}
		}
	}
	if got := keys(e.proposals("sequence:\n  - |\n")); !slices.Equal(got, []string{"for", "if", "repeat"}) {
		t.Errorf("of the kinds that may be in the place of a turn it proposes %v", got)
	}
}

// In a step only the keys of its kind are proposed, whatever the kind.
func TestYAMLServerProposesKeys(t *testing.T) {
	t.Parallel()
	e := newYAMLServer(t)
	for _, k := range steps.Kinds() {
		var want []string
		doc := step.DocOf(k)
		for _, row := range append(doc.Params[1:], step.CommonDoc()...) {
			want = append(want, row.Key)
		}
		got := keys(e.proposals(fmt.Sprintf("%s    - %s: x\n      |\n", oneActor, k.Name)))
		slices.Sort(want)
		// Some kinds have no use for a key that most take.
		for _, key := range got {
			if !slices.Contains(want, key) {
				t.Errorf("%s: it proposes %s, want %v", k.Name, key, want)
			}
		}
		for _, row := range doc.Params[1:] {
			if !slices.Contains(got, row.Key) {
				t.Errorf("%s: it does not propose %s", k.Name, row.Key)
			}
		}
		if slices.Contains(got, k.Name) {
			t.Errorf("%s: it proposes the kind again", k.Name)
		}
	}
}

func TestYAMLServerProposesValues(t *testing.T) {
	t.Parallel()
	e := newYAMLServer(t)
	send := oneActor + "    - send: a\n      data: x\n"
	for _, c := range []struct {
		name, text string
		want       []string // all of it is proposed
		not        string
	}{
		{"the keys of a file", "|\n", []string{"actors", "sequence", "network", "requires"}, "sockscript scenario"},
		{"the keys of an actor", oneActor + "    |\n", []string{"steps", "host", "count"}, "send"},
		{"the keys of a procedure", "procedures:\n  p:\n    |\n", []string{"params", "steps"}, "send"},
		{"the keys of a network", "network:\n  |\n", []string{"private", "hosts", "links"}, "actors"},
		{"the keys of a link", "network:\n  links:\n    lan:\n      |\n", []string{"join", "delay", "faults"}, "hosts"},
		{"the keys of what crossed the wire", "wire:\n  - |\n", []string{"segments", "exactly", "at", "connection"}, "send"},
		{"libraries", "include: |\n", library.Includes(), "actors"},
		{"requirements", "requires: |\n", []string{"root", "netns", "ipv6", "cap:NET_ADMIN", "socket:udp", "kernel>=5.10"}, "actors"},
		{"requirements in a list", "requires:\n  - |\n", []string{"root", "cap:NET_ADMIN", "command"}, "actors"},
		{"options", oneActor + "    - getsockopt: a\n      option: |\n", []string{"SO_RCVBUF", "TCP_NODELAY"}, "send"},
		{"errnos", oneActor + "    - recv: a\n      expect:\n        error: |\n", sock.ErrnoNames(), "send"},
		{"errnos in a list", oneActor + "    - recv: a\n      expect:\n        error:\n          - |\n", sock.ErrnoNames(), "send"},
		{"flags", send + "      flags: |\n", sock.MessageFlags.All(), "data"},
		{"flags in a list", send + "      flags: [MSG_OOB, |]\n", sock.MessageFlags.All(), "data"},
		{"flags of a socket", oneActor + "    - socket: tcp\n      flags: |\n", sock.SocketFlags.All(), "data"},
		{"signals", oneActor + "    - kill: p\n      with: |\n", []string{"SIGTERM"}, "with"},
		{"events", oneActor + "    - poll: [a]\n      events: |\n", sock.AllPollEvents(), "poll"},
		{"payload forms", oneActor + "    - send: a\n      data:\n        |\n", []string{"hex", "u16be", "repeat", "file"}, "data"},
		{"payload forms in a list", oneActor + "    - send: a\n      data:\n        - |\n", []string{"hex", "u16be"}, "send"},
		{"ancillary data", send + "      control:\n        |\n", []string{"SCM_RIGHTS", "IP_TTL"}, "data"},
		{"what may be expected", oneActor + "    - recv: a\n      expect:\n        |\n", []string{"data", "contains", "error", "eof"}, "recv"},
		{"words", oneActor + "    - shutdown: a\n      how: |\n", []string{"read", "write", "both"}, "how"},
		{"sockets", oneActor + "    - socket: |\n", []string{"tcp", "udp6", "unix"}, "socket"},
	} {
		got := e.proposals(c.text)
		for _, word := range c.want {
			if _, ok := got[word]; !ok {
				t.Errorf("%s: it does not propose %s, but %v", c.name, word, keys(got))
			}
		}
		if _, ok := got[c.not]; ok {
			t.Errorf("%s: it proposes %s", c.name, c.not)
		}
	}
}

func TestYAMLServerUnderlines(t *testing.T) {
	t.Parallel()
	e := newYAMLServer(t)
	for _, c := range []struct {
		text string // ‹…› is what is underlined
		want string
	}{
		{oneActor + "    - ‹frobnicate›: x\n", "Property frobnicate is not allowed."},
		{oneActor + "    - close: a\n      ‹colour›: red\n", "Property colour is not allowed."},
		{oneActor + "    - close: a\n    - send: a\n      data: x\n      ‹dtaa›: y\n", "Property dtaa is not allowed."},
		{oneActor + "    - close: a\n      ‹send›: b\n", "Property send is not allowed."},
		{oneActor + "    - {close: a, ‹as›: x, timeout: 5s}\n", ""},
		{oneActor + "    - parallel: {x: [{‹clsoe›: a}]}\n", "Property clsoe is not allowed."},
		{"actors:\n  one: {steps: [], ‹cuont›: 5}\n", "Property cuont is not allowed."},
		{"sequence:\n  - one: {‹clsoe›: a}\n", "Property clsoe is not allowed."},
		{"sequence:\n  - one: {close: a, ‹clour›: a}\n", "Property clour is not allowed."},
		{"sequence:\n  - repeat: 2\n    steps: [{one: [{‹clsoe›: a}]}]\n", "Property clsoe is not allowed."},
		{"‹actros›: {}\nactors: {a: []}\n", "Property actros is not allowed."},
		{"network: {hosts: {a: {}}, ‹lnks›: {}}\nactors: {a: []}\n", "Property lnks is not allowed."},
		{oneActor + "    - recv: a\n      expect: {‹frm›: x}\n", "Property frm is not allowed."},
		{oneActor + "    - send: a\n      data: {‹u17›: x}\n", "Property u17 is not allowed."},
		{oneActor + "    - exec: [ls]\n      expect: {stdout: {‹contians›: x}}\n", "Property contians is not allowed."},
		{oneActor + "    - recv: a\n      expect: {error: ‹EFOO›}\n", "unknown errno; write its C name, such as ECONNREFUSED"},
		{oneActor + "    - recv: a\n      expect: {error: [EAGAIN, ‹EFOO›]}\n", "unknown errno; write its C name, such as ECONNREFUSED"},
		{oneActor + "    - getsockopt: a\n      option: ‹SO_FOO›\n", "unknown socket option; write its C name, such as SO_RCVBUF, or {level: N, name: N}"},
		{oneActor + "    - send: a\n      data: x\n      flags: ‹MSG_FOO›\n", "unknown flag; write a name such as MSG_OOB, a number, or a list"},
		{oneActor + "    - kill: p\n      with: ‹SIGFOO›\n", "write its name, such as TERM or SIGTERM, or a number from 1 to 64; see signal(7)"},
		{"requires: [root, ‹foo›]\nactors: {a: []}\n", "unknown requirement; write root, cap:NAME"},
		{oneActor + "    - shutdown: a\n      how: ‹raed›\n", `Value is not accepted. Valid values: "read", "write", "both".`},
	} {
		plain := strings.NewReplacer("‹", "", "›", "").Replace(c.text)
		got := e.underlined(plain)
		if c.want == "" {
			continue
		}
		from, to := place(c.text, "‹"), place(strings.Replace(c.text, "‹", "", 1), "›")
		if len(got) != 1 || got[0].Range != (span{from, to}) || !strings.HasPrefix(got[0].Message, c.want) {
			t.Errorf("want %q at %v, got %+v in\n%s", c.want, span{from, to}, got, c.text)
		}
		for _, d := range got {
			if len(d.Message) > 200 || strings.Contains(d.Message, "\n") {
				t.Errorf("a long message: %s", d.Message)
			}
		}
	}
}

// place is where a mark is in a text.
func place(text, mark string) position {
	before, _, _ := strings.Cut(text, mark)
	return position{strings.Count(before, "\n"), len(before) - (strings.LastIndexByte(before, '\n') + 1)}
}

func TestYAMLServerHovers(t *testing.T) {
	t.Parallel()
	e := newYAMLServer(t)
	for _, k := range steps.Kinds() {
		text, where := at(fmt.Sprintf("%s    - %s|%s: x\n", oneActor, k.Name[:1], k.Name[1:]))
		e.show(text, where)
		got := call[*hover](e, "textDocument/hover", where)
		plain := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, `\`, "")), " ") }
		if got == nil || !strings.Contains(got.Contents.Value, "#### "+k.Name) ||
			!strings.Contains(plain(got.Contents.Value), plain(k.Summary)) || !strings.Contains(plain(got.Contents.Value), plain(k.Text)) {
			t.Errorf("%s: it shows %+v", k.Name, got)
		}
	}
	for _, c := range []struct{ text, want string }{
		{oneActor + "    - send: a\n      da|ta: x\n", "what to send"},
		{oneActor + "    - send: a\n      data: x\n      no|te: x\n", "a line of text for the transcript"},
		{oneActor + "    - recv: a\n      expect: {si|ze: 5}\n", "how many bytes"},
		{"requ|ires: root\nactors: {a: []}\n", "what must be there"},
	} {
		text, where := at(c.text)
		e.show(text, where)
		if got := call[*hover](e, "textDocument/hover", where); got == nil || !strings.Contains(got.Contents.Value, c.want) {
			t.Errorf("want %q, got %+v of\n%s", c.want, got, c.text)
		}
	}
}

// Nothing is underlined in what ships.
func TestYAMLServerAcceptsLibrary(t *testing.T) {
	t.Parallel()
	e := newYAMLServer(t)
	var texts []string
	for _, name := range library.Names() {
		text, _ := library.Open(name)
		texts = append(texts, string(text))
	}
	for _, k := range steps.Kinds() {
		texts = append(texts, k.Example)
	}
	all := strings.Join(texts, "\n---\n")
	for _, d := range e.underlined(all) {
		t.Errorf("%s: %s", d.Message, strings.Split(all, "\n")[d.Range.Start.Line])
	}
}

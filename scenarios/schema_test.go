package scenarios_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/value"
)

// accepts reports whether the schema takes every document of a text.
func accepts(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	nodes, problems := source.Parse("test.yaml", []byte(text))
	if problems.HasErrors() {
		t.Fatalf("no YAML: %s", problems.Report())
	}
	for _, n := range nodes {
		if err := schema.Validate(plain(n)); err != nil {
			return err
		}
	}
	return nil
}

// stepsText is a scenario with one actor that has a pair of sockets, a and b,
// and then these steps, on one line each.
func stepsText(lines ...string) string {
	text := "actors:\n  one:\n    - {socketpair: unix, as: [a, b]}\n"
	for _, l := range lines {
		text += "    - " + l + "\n"
	}
	return text
}

func TestSchemaOfLibrary(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, name := range library.Names() {
		data, _ := library.Open(name)
		if err := accepts(t, schema, string(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaOfExamples(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, k := range steps.Kinds() {
		if err := accepts(t, schema, k.Example); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}

// What the loader takes of the files of the script tests, the schema takes.
func TestSchemaOfScripts(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	scripts, err := filepath.Glob("../testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("the scripts: %v, %v", scripts, err)
	}
	tried := 0
	for _, script := range scripts {
		archive, err := txtar.ParseFile(script)
		if err != nil {
			t.Fatal(err)
		}
		dir := ""
		if bytes.Contains(txtar.Format(archive), []byte("include:")) {
			dir = t.TempDir()
			if err := txtar.Write(archive, dir); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".yaml") {
				continue
			}
			list, problems := scenarios.Parse(filepath.Join(dir, f.Name), f.Data)
			if len(list) == 0 || problems.HasErrors() {
				continue
			}
			tried++
			if err := accepts(t, schema, string(f.Data)); err != nil {
				t.Errorf("%s, %s: %v", filepath.Base(script), f.Name, err)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d files were tried", tried)
	}
}

// The schema and the loader take the same documents.
func TestSchemaAccepts(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, text := range []string{
		"actors: {a: []}",
		"name: n\ndescription: d\ntags: t\nrequires: root\ntimeout: 5s\nstep_timeout: 1.5s\nvars: {a: 1}\nactors: {x: [{print: '${a}'}]}",
		"tags: [a, b]\nrequires: [ipv6, netns, 'kernel>=5.10', 'os:linux', 'cmd:nc', 'socket:udp', 'cap:NET_RAW', 'env:HOME', {command: [nc, -h]}, {command: 'true'}]\nactors: {x: []}",
		"timeout: 0\nactors: {x: []}", severalHosts, "network: {hosts: {a: {eth0: {}}}}\nactors: {x: {host: a, steps: []}}",
		"actors: {a: {steps: [], count: 3, timeout: 5s}}",
		"sequence: [{a: {print: 1}}, {b: [{print: 2}]}, {repeat: 2, index: i, steps: [{a: {print: '${i}'}}]}]",
		"actors: {a: {timeout: 5s}, c: []}\nsequence: [{a: {spawn: [], as: x}}, {a.x: {print: 1}}, {if: 'true', then: [{a: {print: 1}}]}, {for: [1], each: k, steps: []}]",
		"vars: {n: 2, t: 5s}\nactors: {a: {steps: [], count: '${n}', timeout: '${t}'}}",
		"procedures: {p: [], q: {steps: []}, r: {params: x, steps: [{print: '${x}'}]}}\nactors: {a: [{do: p}, {do: q}, {do: r, with: {x: 1}}]}",
		"files: {f: text, g: {zeros: 1KiB}, h: {raw: '${'}}\nactors: {a: []}",
		"include: sockets\nactors: {a: []}", "include: [{as: s, from: sockets}, sockets]\nactors: {a: []}",
		"cases: {a: {}, b: {n: [1], tags: t, requires: [root], timeout: 5s, known_failure: x}}\nactors: {a: [{print: '${n}'}]}",
		"cases: [{n: 1}, {n: '${2}', name: two}]\nknown_failure: x\nactors: {a: [{print: '${n}'}]}",
		stepsText("{send: a, data: x}", "{send: a, data: 5, once: true, flags: MSG_NOSIGNAL, call: sendmsg, expect: 1}"),
		stepsText("{send: a, data: [x, {u8: 5}, {u16be: [1, '${2}']}, {zeros: 5}, {pad: {data: x, to: 5, with: {u8: 1}}}]}"),
		stepsText("{send: a, data: {u64be: 0x7fffffffffffffff}}"),
		stepsText("{recv: a, max: 10, nowait: true, expect: {error: EAGAIN}, as: err}", "{print: '${err}'}"),
		stepsText("{recv: a, size: 128KiB, expect: {size: '>=1', contains: x, matches: '(?P<y>.)', eof: false}}", "{print: '${y}'}"),
		stepsText("{recv: a, size: '${5}', expect: [x, y]}", "{recv: a, until: \"\\n\"}", "{recv: a, eof: true}"),
		stepsText("{close: [a, b], expect: {took: 1ms..2s}, timeout: 5s, when: true, note: n}"),
		stepsText("{repeat: 3, index: i, steps: [{print: '${i}'}]}", "{repeat: {while: 'false'}, steps: []}", "{repeat: '${3}', steps: []}"),
		stepsText("{for: [1, a], each: x, steps: [{print: '${x}'}]}", "{for: {a: 1}, each: x, steps: []}", "{for: '${1..3}', each: x, steps: []}"),
		stepsText("{parallel: {x: [], y: [{print: 1}]}}", "{spawn: [{print: 1}]}", "{let: {x: 1, y: '${2}', z: [1, {a: b}], w: {}}}", "{assert: x == 1 && y == 2}"),
		stepsText("{setsockopt: a, option: SO_SNDBUF, value: 5000}", "{getsockopt: a, option: SO_SNDBUF, expect: '>=5000'}"),
		stepsText("{setsockopt: a, option: SO_LINGER, value: {onoff: true, linger: 0}}", "{setsockopt: a, option: SO_PASSCRED, value: true}"),
		stepsText("{getsockopt: a, option: SO_TYPE, as: n, expect: [1, 2]}", "{print: '${n}'}", "{shutdown: a, how: both}"),
		stepsText("{socket: {family: inet, type: stream, protocol: 6}, as: s}", "{connect: s, to: '127.0.0.1:1', expect: {error: [ECONNREFUSED]}, retry: 5ms}"),
		stepsText("{send: a, data: x, flags: MSG_DONTWAIT|0x4000}", "{send: a, data: x, flags: [dontwait, Nosignal, '0x40', 64]}", "{let: {f: peek}}", "{send: a, data: x, flags: [dontwait, '${f}']}"),
		stepsText("{poll: [a], events: [in, POLLOUT, '${\"in\"}']}", "{poll: [a, b], events: {a: '${\"in\"}', b: Rdhup}}", "{fcntl: a, command: getfl}", "{fcntl: a, command: '3'}"),
		stepsText("{start: [cat], as: p}", "{kill: p, with: sigterm}", "{kill: p, with: '9'}", "{kill: p, with: rtmin+1}", "{kill: p, with: SIGRT_8}"),
		stepsText("{recv: a, expect: {error: [EAGAIN, '0', 0]}}", "{send: a, data: [~, x], control: {SCM_RIGHTS: [b], 41:99: {hex: 00}}}", "{send: a, data: x, control: {hex: 00}}"),
		"requires: [cap:NET_ADMIN, socket:mptcp]\nactors: {x: []}",
		stepsText("{sleep: 0}", "{sleep: 5ms}", "{sleep: '${\"1ms\"}'}", "{unlink: /none, expect: {error: ENOENT}}", "{signal: s}", "{wait: s}"),
	} {
		list, problems := scenarios.Parse("test.yaml", []byte(text))
		if list == nil {
			t.Errorf("the loader refuses\n%s\n%s", text, problems.Report())
		}
		if err := accepts(t, schema, text); err != nil {
			t.Errorf("the schema refuses\n%s\n%v", text, err)
		}
	}
}

func TestSchemaAcceptsLibraries(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, text := range []string{
		"procedures: {p: [], q: {params: {a: , b: [1]}, returns: n, steps: [{let: {n: '${a}${b}'}}]}}",
		"description: d\ninclude: sockets\nvars: {a: 1}",
	} {
		if _, problems := scenarios.Parse("test.yaml", []byte(text)); len(problems) > 0 {
			t.Errorf("the loader finds in\n%s\n%s", text, problems.Report())
		}
		if err := accepts(t, schema, text); err != nil {
			t.Errorf("the schema refuses\n%s\n%v", text, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, text := range []string{
		"sequence: []", "sequence: [{print: 1}]", "sequence: [{a: []}]", "sequence: [{a: {print: 1}, b: {print: 1}}]", "sequence: [{a: 5}]",
		"sequence: [{repeat: 2, steps: [{print: 1}]}]", "sequence: [{1a: {print: 1}}]", "sequence: {a: {print: 1}}", "sequence: [{repeat: 2}]",
		"[]", "name: x", "actors: {}", "actors: []", "actors: {a: 5}", "actors: {1a: []}", "actors: {a: {count: 1}}",
		"actors: {a: {steps: [], cuont: 1}}", "actors: {a: {steps: [], count: -1}}", "actors: {a: {steps: [], count: x}}",
		"xyz: 1\nactors: {a: []}", "network: privat\nactors: {a: []}", "network: {}\nactors: {a: []}", "network: {private: {low: up}}\nactors: {a: []}", "network: {private: {lo: on}}\nactors: {a: []}", "network: {private: {sysctls: {kernel.x: 1}}}\nactors: {a: []}", "network: {hosts: {}}\nactors: {a: []}", "network: {links: {}}\nactors: {a: []}", "network: {hosts: {a: 5}}\nactors: {a: []}", "network: {hosts: {a: {eth0: []}}}\nactors: {a: []}", "network: {hosts: {a: {eth0: {mtu: 5}}}}\nactors: {a: []}", "network: {hosts: {a: {}}, private: {}}\nactors: {a: []}",
		linkText("lan: {}"), linkText("lan: {join: [a.eth0]}"), linkText("lan: {join: [a.eth0, b.eth0], rate: 5}"), linkText("lan: {join: [a.eth0, b.eth0], delay: {from: a.eth0}}"),
		linkText("lan: {join: [a.eth0, b.eth0], faults: {x: {}}}"), linkText("lan: {join: [a.eth0, b.eth0], faults: {x: {drop: {tcp: sin}}}}"), linkText("lan: {join: [a.eth0, b.eth0], faults: {x: {delay: {tcp: syn}}}}"),
		"name: [a]\nactors: {a: []}", "tags: {a: b}\nactors: {a: []}",
		"timeout: 5\nactors: {a: []}", "timeout: soon\nactors: {a: []}", "vars: [a]\nactors: {a: []}", "vars: {1a: 5}\nactors: {a: []}",
		"requires: foo\nactors: {a: []}", "requires: 'kernel>=x'\nactors: {a: []}", "requires: 'cmd:'\nactors: {a: []}",
		"requires: 'cap:FOO'\nactors: {a: []}", "requires: 'env:'\nactors: {a: []}", "requires: {command: []}\nactors: {a: []}",
		"requires: {comand: x}\nactors: {a: []}", "requires: {}\nactors: {a: []}",
		"procedures: []\nactors: {a: []}", "procedures: {p: {params: x}}\nactors: {a: []}", "procedures: {p: 5}\nactors: {a: []}",
		"procedures: {p: {params: {1a: x}, steps: []}}\nactors: {a: []}", "procedures: {p: {returns: [a], steps: []}}\nactors: {a: []}",
		"cases: {}\nactors: {a: []}", "cases: []\nactors: {a: []}", "cases: 5\nactors: {a: []}", "cases: {a: 5}\nactors: {a: []}",
		"cases: {a: {1a: 5}}\nactors: {a: []}", "cases: {a: {timeout: soon}}\nactors: {a: []}", "known_failure: [a]\nactors: {a: []}",
		"include: {from: sockets}\nactors: {a: []}", "include: {as: 5x, from: sockets}\nactors: {a: []}", "include: [[sockets]]\nactors: {a: []}",
		"description: x", "include: sockets", "vars: {a: 1}\ntimeout: 5s",
		"files: []\nactors: {a: []}", "files: {f: {raw: [a]}}\nactors: {a: []}", "files: {f: {foo: 1}}\nactors: {a: []}",
		stepsText("close"), stepsText("{}"), stepsText("{as: x}"), stepsText("{frobnicate: x}"), stepsText("{close: a, send: b, data: x}"),
		stepsText("{close: a, colour: red}"), stepsText("{close: []}"), stepsText("{close: {a: b}}"), stepsText("{send: a}"),
		stepsText("{send: a, data: {foo: 1}}"), stepsText("{send: a, data: {u8: 1, u16be: 2}}"), stepsText("{send: a, data: {}}"),
		stepsText("{send: a, data: {u8: x}}"), stepsText("{send: a, data: {u8: -1}}"), stepsText("{send: a, data: {zeros: -1}}"),
		stepsText("{send: a, data: {repeat: {data: x}}}"), stepsText("{send: a, data: {pad: {data: x}}}"), stepsText("{send: a, data: x, call: recv}"),
		stepsText("{send: a, data: x, once: 5}"), stepsText("{recv: a, size: 5x}"), stepsText("{recv: a, size: -1}"), stepsText("{recv: a, size: [1]}"),
		stepsText("{recv: a, expect: {error: EFOO}}"), stepsText("{recv: a, expect: {error: []}}"), stepsText("{recv: a, expect: {frm: x}}"),
		stepsText("{recv: a, expect: {eof: 1}}"), stepsText("{recv: a, expect: {size: []}}"), stepsText("{recv: a, timeout: 5}"),
		stepsText("{close: a, timeout: [5s]}"), stepsText("{close: a, note: [x]}"), stepsText("{close: a, when: [x]}"), stepsText("{close: a, expect: 5}"),
		stepsText("{shutdown: a}"), stepsText("{shutdown: a, how: wirte}"), stepsText("{socket: tpc, as: s}"), stepsText("{socket: {family: inet}, as: s}"),
		stepsText("{send: a, data: x, flags: MSG_FOO}"), stepsText("{send: a, data: x, flags: [peek, foo]}"), stepsText("{send: a, data: x, flags: {a: b}}"),
		stepsText("{poll: [a], events: inn}"), stepsText("{poll: [a], events: 1}"), stepsText("{fcntl: a, command: F_FOO}"), stepsText("{start: [cat], as: p}", "{kill: p, with: FOO}"),
		stepsText("{send: a, data: x, control: {SCM_FOO: 1}}"), stepsText("{send: a, data: x, control: {}}"), "requires: socket:foo\nactors: {a: []}",
		stepsText("{setsockopt: a, option: SO_FOO, value: 1}"), stepsText("{setsockopt: a, option: SO_SNDBUF}"),
		stepsText("{repeat: 3}"), stepsText("{repeat: -1, steps: []}"), stepsText("{repeat: {untill: 1}, steps: []}"), stepsText("{repeat: 3, steps: 5}"),
		stepsText("{for: [1], steps: []}"), stepsText("{parallel: {}}"), stepsText("{parallel: []}"),
		stepsText("{parallel: {a: 5}}"), stepsText("{parallel: {1a: []}}"), stepsText("{spawn: 5}"), stepsText("{let: 5}"), stepsText("{let: {1a: 5}}"),
		stepsText("{let: {}}"), stepsText("{sleep: 5}"), stepsText("{sleep: -5ms}"), stepsText("{sleep: }"),
		stepsText("{spawn: [{close: []}]}"), stepsText("{repeat: 1, steps: [{foo: 1}]}"), stepsText("{print: }"),
	} {
		list, _ := scenarios.Parse("test.yaml", []byte(text))
		if list != nil {
			t.Errorf("the loader takes\n%s", text)
		}
		if accepts(t, schema, text) == nil {
			t.Errorf("the schema takes\n%s", text)
		}
	}
}

// An editor shows the help of a key, so each key has one.
func TestSchemaDescribes(t *testing.T) {
	t.Parallel()
	for key, v := range scenarios.Schema()["properties"].(value.Schema) {
		if text, _ := v.(value.Schema)["description"].(string); strings.TrimSpace(text) == "" {
			t.Errorf("the key %s has no description", key)
		}
	}
	if len(scenarios.Keys()) < 9 || len(scenarios.ActorKeys()) < 3 {
		t.Errorf("%d keys, %d of an actor", len(scenarios.Keys()), len(scenarios.ActorKeys()))
	}
}

package scenarios_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/value"
)

// outside lists what a scenario in a folder needs, without the places.
func outside(t *testing.T, folder, text string) []string {
	t.Helper()
	list, problems := scenarios.Parse(filepath.Join(folder, "test.yaml"), []byte(text))
	if len(list) == 0 {
		t.Fatal(problems.Report())
	}
	var needs []string
	for _, n := range list[0].Outside(folder) {
		late := ""
		if n.Late {
			late = " ?"
		}
		needs = append(needs, strings.TrimSpace(n.Access+" "+n.Of)+late)
	}
	return needs
}

const closed = "\n    - close: s"

var needs = []struct{ steps, want string }{
	{"- exec: [curl, x]", "exec curl"},
	{"- exec: curl x\n      shell: true", "exec /bin/sh"},
	{"- exec: [\"${env('X')}\"]", "exec ${env('X')} ?|env X"},
	{"- exec: [pwd]\n      shell: ${1 == 1}", "exec pwd ?"},
	{"- exec: [pwd]\n      dir: sub", "exec pwd"},
	{"- exec: [pwd]\n      dir: ../up", "exec pwd|read ../up"},
	{"- start: [cat]\n      as: p\n      ready: {path: /run/cat.pid}", "exec cat|read /run/cat.pid"},
	{"- start: [cat]\n      as: p\n      ready: {path: cat.pid}", "exec cat"},
	{"- {socketpair: unix, as: [s, q]}\n    - start: [cat]\n      fds: [s]\n      as: p\n    - close: q", "exec /bin/sh|exec cat"},
	{"- open: /etc/passwd\n      as: s" + closed, "read /etc/passwd"},
	{"- open: /etc/passwd\n      flags: O_RDWR\n      as: s" + closed, "write /etc/passwd"},
	{"- open: /etc/passwd\n      flags: ${\"O_RDWR\"}\n      as: s" + closed, "write /etc/passwd"},
	{"- open: passwd\n      as: s" + closed, "read passwd"},
	{"- open: ${tmp}/a/b\n      flags: [O_RDWR, O_CREAT]\n      as: s" + closed, ""},
	{"- open: ${tmp}/a${index}/b\n      as: s" + closed, ""},
	{"- open: ${tmp}/../b\n      as: s" + closed, "read ${tmp}/../b ?"},
	{"- open: ${tmp}x\n      as: s" + closed, "read ${tmp}x ?"},
	{"- let: {x: ..}\n    - open: ${tmp}/${x}/b\n      as: s" + closed, "read ${tmp}/${x}/b ?"},
	{"- let: {tmp: /etc}\n    - open: ${tmp}/b\n      as: s" + closed, "read ${tmp}/b ?"},
	{"- write: a/b\n      data: x", ""},
	{"- write: ../b\n      data: x", "write ../b"},
	{"- write: here.txt\n      data: {file: here.txt}", ""},
	{"- write: here.txt\n      data: {file: sub/../here.txt}", ""},
	{"- write: here.txt\n      data: {file: ../up.txt}", "read ../up.txt"},
	{"- write: here.txt\n      data: {file: link.txt}", "read link.txt"},
	{"- write: here.txt\n      data: {file: linked/up.txt}", "read linked/up.txt"},
	{"- write: here.txt\n      data: {file: nowhere.txt}", "read nowhere.txt"},
	{"- write: here.txt\n      data: {pad: {data: [a, {file: /etc/passwd}], to: 1MiB}}", "read /etc/passwd"},
	{"- let: {x: {file: /etc/passwd}}\n    - write: here.txt\n      data: ${x}", "read /etc/passwd"},
	{"- write: here.txt\n      data: '${{\"file\": \"/etc/passwd\"}}'", "read /etc/passwd"},
	{"- unlink: /etc/passwd", "write /etc/passwd"},
	{"- unlink: ${tmp}/x", ""},
	{"- fork:\n        - chdir: /etc\n      as: child\n    - join: child", "read /etc"},
	{"- fork:\n        - chdir: sub\n        - unlink: x\n        - unlink: /x\n      as: child\n    - join: child", "read sub ?|write x ?|write /x"},
	{"- fork:\n        - setids: {uid: 1}\n      as: child\n    - join: child", "privilege setids"},
	{"- {socket: unix, as: s}\n    - connect: s\n      to: unix:/run/docker.sock" + closed, "write /run/docker.sock"},
	{"- {socket: unix, as: s}\n    - connect: s\n      to: unix:${tmp}/s" + closed, ""},
	{"- {socket: unix, as: s}\n    - connect: s\n      to: unix:@host" + closed, "host-network unix:@host"},
	{"- {socket: unix, as: s}\n    - bind: s\n      to: unix:@own\n    - connect: s\n      to: unix:@own" + closed, ""},
	{"- {socket: tcp, as: s}\n    - connect: s\n      to: 127.0.0.2:80" + closed, ""},
	{"- {socket: tcp6, as: s}\n    - connect: s\n      to: \"[::ffff:9.9.9.9]:80\"" + closed, "host-network [::ffff:9.9.9.9]:80"},
	{"- {socket: udp, as: s}\n    - send: s\n      data: x\n      to: 9.9.9.9:53" + closed, "host-network 9.9.9.9:53"},
	{"- {socket: udp, as: s}\n    - send: s\n      data: x\n      to: 9.9.9.9:${pid}" + closed, "host-network 9.9.9.9:${pid} ?"},
	{"- {socket: udp, as: s}\n    - send: s\n      data: x\n      to: 127.0.0.1:${pid}" + closed, ""},
	{"- {socket: udp, as: s}\n    - send: s\n      data: x\n      to: ${env('X')}" + closed, "host-network ${env('X')} ?|env X"},
	{"- {socket: tcp, as: s}\n    - listen: s\n    - {socket: tcp, as: c}\n    - connect: c\n      to: s\n    - close: c" + closed, ""},
	{"- {socket: icmp, as: s}" + closed, "raw AF_INET SOCK_RAW"},
	{"- socket: {family: AF_NETLINK, type: SOCK_RAW}\n      as: s" + closed, ""},
	{"- socket: {family: 40, type: SOCK_STREAM}\n      as: s" + closed, "host-network AF_VSOCK SOCK_STREAM"},
	{"- socket: ${\"icmp\"}\n      as: s" + closed, "host-network ${\"icmp\"} ?|raw ${\"icmp\"} ?"},
	{"- sysctl: net.ipv4.tcp_syn_retries", ""},
	{"- sysctl: net.ipv4.tcp_syn_retries\n      value: 2", "host-network net.ipv4.tcp_syn_retries"},
	{"- print: ${\"A\" | env()} ${env(\"B\" + \"C\")} ${map([\"D\"], env(#))}", `env A|env BC|env map(["D"], env(#)) ?`},
}

func TestOutside(t *testing.T) {
	t.Parallel()
	up := t.TempDir()
	folder := filepath.Join(up, "own")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(folder, "sub"), 0o777),
		os.WriteFile(filepath.Join(folder, "here.txt"), nil, 0o666), os.WriteFile(filepath.Join(up, "up.txt"), nil, 0o666),
		os.Symlink("../up.txt", filepath.Join(folder, "link.txt")), os.Symlink("..", filepath.Join(folder, "linked")),
		os.Symlink("../not.txt", filepath.Join(folder, "nowhere.txt")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range needs {
		if got := strings.Join(outside(t, folder, "actors:\n  a:\n    "+c.steps+"\n"), "|"); got != c.want {
			t.Errorf("%s\nneeds %s\nwant  %s", c.steps, got, c.want)
		}
	}
}

// Each need that is declared, of a kind, a payload form or a function, is in
// the table above: whoever declares one shows that it is listed.
func TestEveryNeedIsShown(t *testing.T) {
	t.Parallel()
	shown := func(a value.Access, by string) bool {
		return slices.ContainsFunc(needs, func(row struct{ steps, want string }) bool {
			return strings.Contains(row.steps, by) && strings.Contains("|"+row.want, "|"+string(a)+" ")
		})
	}
	for _, k := range steps.Kinds() {
		for _, a := range k.Needs {
			if !shown(a, k.Name+": ") {
				t.Errorf("no row shows that %s needs %s", k.Name, a)
			}
		}
	}
	for _, f := range payload.Forms() {
		if f.Needs != "" && !shown(f.Needs, f.Key+": ") {
			t.Errorf("no row shows that the form %s needs %s", f.Key, f.Needs)
		}
	}
	for _, f := range value.Functions() {
		if f.Needs != "" && !shown(f.Needs, f.Name+"(") {
			t.Errorf("no row shows that the function %s needs %s", f.Name, f.Needs)
		}
	}
	for _, r := range scenarios.Requirements() {
		word, _, _ := strings.Cut(r.Key, "[")
		if row, tried := requirementNeeds[word]; r.Needs != "" && (!tried || !strings.HasPrefix(row.want, string(r.Needs)+" ")) {
			t.Errorf("no row shows that the requirement %s needs %s", r.Key, r.Needs)
		}
	}
	for word, row := range requirementNeeds {
		if got := strings.Join(outside(t, t.TempDir(), "requires: "+row.text+"\nactors: {a: []}"), "|"); got != row.want {
			t.Errorf("%s needs %q, want %q", word, got, row.want)
		}
	}
}

// requirementNeeds are by the requirement as the reference shows it.
var requirementNeeds = map[string]struct{ text, want string }{
	"root":        {"root", "privilege root"},
	"cap:NAME":    {"cap:NET_RAW", "privilege NET_RAW"},
	"cmd:PROGRAM": {"cmd:nc", "exec nc"},
	"command: ":   {"{command: [nft, -v]}", "exec nft"},
	"env:NAME":    {"env:HOME", "env HOME"},
}

// What is not a step has needs too. A network of one's own ends those of the
// host's, and a procedure that nobody calls needs nothing.
func TestOutsideOfSteps(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	lib := filepath.Join(t.TempDir(), "lib.yaml")
	text := "procedures:\n  used:\n    - exec: [used]\n  inner:\n    - exec: [inner]\n    - do: used\n  unused:\n    - exec: [unused]\n"
	for _, path := range []string{lib, filepath.Join(folder, "own.yaml")} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const send = "actors:\n  a:\n    - {socket: udp, as: s}\n    - {send: s, data: x, to: \"9.9.9.9:53\"}\n    - close: s\n"
	for text, want := range map[string]string{
		"requires: [root, cap:NET_RAW, cmd:nc, env:HOME, netns]\nactors: {a: []}": "privilege root|privilege NET_RAW|exec nc|env HOME",
		"requires: [{command: [nft, -v]}]\nactors: {a: []}":                       "exec nft",
		"network: host\nactors: {a: []}":                                          "host-network host",
		send:                                                                      "host-network 9.9.9.9:53",
		"network: private\n" + send:                                               "",
		"network: private\nactors:\n  a:\n    - {socket: {family: 40, type: 1}, as: s}\n    - close: s": "host-network AF_VSOCK SOCK_STREAM",
		"vars: {home: \"${env('HOME')}\"}\nactors: {a: [{print: \"${home}\"}]}":                         "env HOME",
		"files: {x: {file: /etc/passwd}}\nactors: {a: []}":                                              "read /etc/passwd",
		"cases: {one: {x: \"${env('X')}\"}}\nactors: {a: [{print: \"${x}\"}]}":                          "env X",
		"include: ./own.yaml\nactors: {a: [{do: own.inner}]}":                                           "exec used|exec inner",
		fmt.Sprintf("include: %s\nactors: {a: [{do: lib.used}]}", lib):                                  "read " + lib + "|exec used",
		"procedures:\n  p:\n    - exec: [called]\nsequence:\n  - a: {do: p}":                            "exec called",
	} {
		if got := strings.Join(outside(t, folder, text), "|"); got != want {
			t.Errorf("%s\nneeds %s\nwant  %s", text, got, want)
		}
	}
}

// Text that is in no folder has nothing of its own to read.
func TestOutsideWithoutFolder(t *testing.T) {
	t.Parallel()
	list, problems := scenarios.Parse("stdin", []byte("actors: {a: [{write: x, data: {file: x.txt}}]}"))
	if len(list) == 0 {
		t.Fatal(problems.Report())
	}
	needs := list[0].Outside("")
	if !slices.ContainsFunc(needs, func(n scenarios.Need) bool { return n.Of == "x.txt" && n.Pos.String() == "stdin:1:38" }) {
		t.Errorf("it needs %v", needs)
	}
}

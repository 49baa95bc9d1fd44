package scenarios_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/allow"
)

// layout makes a folder with a file, and links out of it:
//
//	up/secret.txt
//	up/lib.yaml
//	up/own/here.txt
//	up/own/link.txt -> ../secret.txt
//	up/own/linked -> ..
//	up/other
func layout(t *testing.T) (up, own string) {
	t.Helper()
	up, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	own = filepath.Join(up, "own")
	for _, err := range []error{
		os.Mkdir(own, 0o777), os.Mkdir(filepath.Join(up, "other"), 0o777),
		os.WriteFile(filepath.Join(own, "here.txt"), nil, 0o666), os.WriteFile(filepath.Join(up, "secret.txt"), nil, 0o666),
		os.WriteFile(filepath.Join(up, "lib.yaml"), []byte("procedures: {p: []}\nsecret: text\n"), 0o666),
		os.Symlink("../secret.txt", filepath.Join(own, "link.txt")), os.Symlink("..", filepath.Join(own, "linked")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return up, own
}

// judge reads a scenario with a list, and returns what is not allowed, without
// the places: the access and the advice. UP stands for the upper folder.
func judge(t *testing.T, up, own, list, text string) string {
	t.Helper()
	l := new(allow.List)
	for word := range strings.FieldsSeq(strings.ReplaceAll(list, "UP", up)) {
		if err := l.Set(word); err != nil {
			t.Fatal(err)
		}
	}
	_, problems := scenarios.ParseWith(filepath.Join(own, "test.yaml"), []byte(strings.ReplaceAll(text, "UP", up)),
		scenarios.Options{Policy: &scenarios.Policy{Folder: own, Refuse: l.Refuse}})
	var refused []string
	for _, p := range problems {
		access, ok := strings.CutPrefix(p.Msg, "not allowed: ")
		if !ok && strings.HasPrefix(p.Msg, "unknown procedure") {
			continue // of a file that was not read
		}
		if !ok || p.Line == "" {
			t.Fatalf("%s\n%s", text, p.Report())
		}
		hint := strings.ReplaceAll(strings.TrimPrefix(p.Hint, "run with --allow "), up, "UP")
		refused = append(refused, access+" "+hint)
	}
	return strings.Join(refused, "|")
}

func TestRefuse(t *testing.T) {
	up, own := layout(t)
	const close = "\n    - close: s"
	for _, c := range []struct{ steps, want, list string }{
		// Programs, by name or by path.
		{"- exec: [sh, -c, x]", "exec exec=sh", "exec=sh"},
		{"- exec: [/bin/sh, -c, x]", "exec exec=/bin/sh", "exec=cat,sh"},
		{"- exec: [sh, -c, x]", "exec exec=sh", "exec"},
		{"- exec: x\n      shell: true", "exec exec=/bin/sh", "exec=sh"},
		{"- exec: [\"${pid}\"]", "exec exec", "exec=cat"},
		{"- exec: [\"a b\"]", "exec exec", "exec"},
		{"- exec: [sh]\n      dir: UP/other", "exec exec=sh|read read=UP/other", "exec=sh read=UP/other"},
		{"- exec: [sh]\n      dir: linked/other", "exec exec=sh|read read=UP/other", "exec=sh read=UP"},
		// Files: absolute, with .., by a symbolic link of a file or a folder.
		{"- write: x\n      data: {file: here.txt}", "", ""},
		{"- write: x\n      data: {file: ../own/here.txt}", "", ""},
		{"- write: x\n      data: {file: UP/secret.txt}", "read read=UP", "read=UP"},
		{"- write: x\n      data: {file: ../secret.txt}", "read read=UP", "read=UP/secret.txt"},
		{"- write: x\n      data: {file: link.txt}", "read read=UP", "read=UP"},
		{"- write: x\n      data: {file: linked/secret.txt}", "read read=UP", "write=UP"},
		{"- write: x\n      data: {pad: {data: {file: ../secret.txt}, to: 9}}", "read read=UP", "read=UP"},
		{"- write: x\n      data: '${{\"file\": \"../secret.txt\"}}'", "read read=UP", "read=UP"},
		{"- write: x\n      data: '${{\"file\": \"here.txt\"}}'", "", ""},
		{"- let: {x: {file: ../secret.txt}}\n    - write: x\n      data: ${x}", "read read=UP", "read=UP"},
		{"- write: x\n      data: {file: \"${pid}\"}", "", ""},
		{"- write: UP/x\n      data: x", "write write=UP", "write=UP"},
		{"- write: UP/own/x\n      data: x", "write write=UP/own", "write=UP/own"},
		{"- open: /boot\n      as: s" + close, "read read=/boot", "read=/"},
		{"- open: UP/own/here.txt\n      as: s" + close, "", ""},
		{"- open: UP/secret.txt\n      as: s" + close, "read read=UP", "read=UP"},
		{"- open: UP/own/here.txt\n      flags: O_RDWR\n      as: s" + close, "write write=UP/own", "write=UP/own"},
		{"- unlink: UP/own/here.txt", "write write=UP/own", "write=UP/own"},
		{"- fork:\n        - chdir: /usr\n      as: s\n    - join: s", "read read=/usr", "read=/usr"},
		{"- {socket: unix, as: s}\n    - connect: s\n      to: unix:UP/sock" + close, "write write=UP", "write=UP"},
		{"- {socket: unix, as: s}\n    - bind: s\n      to: unix:/it's/sock" + close, `write write='/it'\''s'`, "write=/"},
		{"- start: [sh]\n      as: s\n      ready: {path: UP/pid}\n    - join: s", "exec exec=sh|read read=UP", "exec=sh read=UP"},
		{"- socketpair: unix\n      as: [s, r]\n    - tls: s\n      role: server\n      cert: {file: ../secret.txt}\n      key: {file: UP/secret.txt}" + close, "read read=UP|read read=UP", "read=UP"},
		// The environment. Three variables are the sandbox's own.
		{"- print: ${env(\"HOME\")} ${env(\"PATH\")}", "env env=HOME", "env=HOME"},
		// The network of the machine.
		{"- {socket: udp, as: s}\n    - send: s\n      data: x\n      to: 9.9.9.9:53" + close, "host-network host-network", "host-network"},
		{"- {socket: unix, as: s}\n    - connect: s\n      to: unix:@host" + close, "host-network host-network", "host-network"},
		{"- socket: {family: 40, type: SOCK_STREAM}\n      as: s" + close, "host-network host-network", "host-network"},
		{"- sysctl: net.ipv4.tcp_syn_retries\n      value: 2", "host-network host-network", "host-network"},
		// Raw sockets.
		{"- socket: {family: AF_PACKET, type: SOCK_RAW}\n      as: s" + close, "raw raw", "raw"},
	} {
		text := "actors:\n  a:\n    " + c.steps + "\n"
		if got := judge(t, up, own, "", text); got != c.want {
			t.Errorf("%s\nrefused %s\nwant    %s", c.steps, got, c.want)
		}
		if got := judge(t, up, own, c.list, text); got != "" {
			t.Errorf("%s\nwith %s refused %s", c.steps, c.list, got)
		}
	}
}

// What is not in a step is judged too.
func TestRefuseOutsideOfSteps(t *testing.T) {
	up, own := layout(t)
	for text, want := range map[string]string{
		"requires: [cmd:sh, env:HOME]\nactors: {a: []}":                                 "exec exec=sh|env env=HOME",
		"requires: [{command: [sh, -c, x]}]\nactors: {a: []}":                           "exec exec=sh",
		"requires: root\nactors: {a: [{fork: [{setids: {uid: 1}}], as: c}, {join: c}]}": "",
		"network: host\nactors: {a: []}":                                                "host-network host-network",
		"vars: {home: \"${env('HOME')}\"}\nactors: {a: [{print: \"${home}\"}]}":         "env env=HOME",
		"files: {x: {file: ../secret.txt}}\nactors: {a: []}":                            "read read=UP",
		"cases: {one: {x: {file: link.txt}}}\nactors: {a: [{print: \"${len(x)}\"}]}":    "read read=UP",
		"include: ../lib.yaml\nactors: {a: [{do: lib.p}]}":                              "read read=UP",
		"include: UP/lib.yaml\nactors: {a: [{do: lib.p}]}":                              "read read=UP",
		"include: linked/lib.yaml\nactors: {a: [{do: lib.p}]}":                          "read read=UP",
		"include: linked/none.yaml\nactors: {a: [{do: lib.p}]}":                         "read read=UP",
		"procedures: {p: [{do: lib.p}]}\ninclude: linked/lib.yaml\n":                    "read read=UP",
	} {
		if got := judge(t, up, own, "", text); got != want {
			t.Errorf("%s\nrefused %s\nwant    %s", text, got, want)
		}
	}
}

// A file in no folder may read nothing, not even beside where sockscript runs.
func TestRefuseWithoutFolder(t *testing.T) {
	_, own := layout(t)
	t.Chdir(own)
	if err := os.WriteFile("here.yaml", []byte("vars: {x: 1}"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"include: ./here.yaml\nactors: {a: []}", "actors: {a: [{write: x, data: {file: here.txt}}]}"} {
		_, problems := scenarios.ParseWith("stdin", []byte(text), scenarios.Options{Policy: &scenarios.Policy{Refuse: new(allow.List).Refuse}})
		if len(problems) != 1 || problems[0].Msg != "not allowed: read" || problems[0].Hint != "run with --allow read=." {
			t.Errorf("%s\nrefused %v", text, problems)
		}
	}
}

func TestSet(t *testing.T) {
	for word, want := range map[string]string{
		"exec": "", "exec=sh,cat": "", "read=/": "", "env=A,B_2": "", "host-network": "", "raw": "",
		"":            `"" is not one of exec[=PROGRAM,…], read=DIR, write=DIR, env=NAME, host-network, raw`,
		"exce=sh":     `did you mean "exec"?`,
		"exec=":       `"exec=" does not say which; write exec[=PROGRAM,…]`,
		"exec=sh,":    `there is no program ""; name one`,
		"exec=nosuch": `there is no program "nosuch"; name one`,
		"read":        `"read" does not say which; write read=DIR`,
		"write=":      `"write=" does not say which; write write=DIR`,
		"read=/no/su": "there is no folder /no/su; name one that exists",
		"env=A=B":     `"A=B" is not the name of a variable`,
		"raw=1":       "raw takes nothing behind an =; write raw",
	} {
		err := new(allow.List).Set(word)
		if want == "" && err != nil || !strings.Contains(errText(err), want) {
			t.Errorf("--allow %s: %v", word, err)
		}
	}
	l := new(allow.List)
	for _, word := range []string{"read=/", "raw", "exec=sh", "read=/usr", "host-network", "env=HOME"} {
		if err := l.Set(word); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := l.String(), "exec=sh, read=/,/usr, env=HOME, host-network, raw"; got != want {
		t.Errorf("allowed is %s, want %s", got, want)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A step that fails in a sandbox because of what only the run could tell says
// what would allow it.
func TestAdvise(t *testing.T) {
	const refused, other = "open /etc/hosts: ENOENT (no such file or directory)", "recv: ECONNRESET (connection reset by peer)"
	steps := "actors:\n  a:\n    - print: x\n    - open: \"/etc/${pid}\"\n      as: s\n    - exec: [\"${pid}\"]\n    - print: ${map([\"D\"], env(#))}\n" +
		"    - repeat: 2\n      steps:\n        - {socket: udp, as: u}\n        - send: u\n          data: x\n          to: ${env(\"D\")}\n"
	list, problems := scenarios.Parse("test.yaml", []byte(steps))
	if len(list) == 0 {
		t.Fatal(problems.Report())
	}
	for _, c := range []struct {
		step          int
		message, want string
	}{
		{0, refused, ""},
		{1, refused, "--allow read=/etc"},
		{1, "there is no file /usr/none/x", "--allow read=/usr/none"},
		{1, "open: EROFS (it is read-only)", "--allow read=/usr"},
		{1, "open: EACCES (permission denied)\nmore", "--allow read=DIR\nmore"},
		{1, other, ""},
		{2, "exec: EPERM (operation not permitted)", "--allow exec"},
		{6, "sendto: ENETUNREACH (network is unreachable)", "--allow host-network"},
		{4, refused, ""},
	} {
		call := ""
		if strings.Contains(c.message, "EROFS") {
			call = `open("/usr/none", O_RDONLY) = -1 EROFS`
		}
		got := allow.Advise(c.message, call, list[0].LateNeeds("", c.step))
		want := c.message
		if c.want != "" {
			first, rest, more := strings.Cut(c.message, "\n")
			if want = first + "; if the sandbox is the reason, run with " + c.want; more && !strings.HasSuffix(c.want, rest) {
				t.Fatal(rest)
			}
		}
		if got != want {
			t.Errorf("of step %d: %s\nwant %s", c.step, got, want)
		}
	}
}

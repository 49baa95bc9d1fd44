package steps_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

func TestExec(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, steps, want string }{
		{
			"arguments are not split", `- exec: [printf, "%s|", "a b", "", "$HOME", "*"]`,
			`exec(["printf", "%s|", "a b", "", "$HOME", "*"]) = exit 0 "a b||$HOME|*|"`,
		},
		{"a shell", "- exec: echo a | tr a b; exit 0\n  shell: true", `exec("echo a | tr a b; exit 0") = exit 0 "b\n"`},
		{"expressions", "- exec: [echo, \"${1 + 1}\", \"$${x}\"]", `exec(["echo", "2", "${x}"]) = exit 0 "2 ${x}\n"`},
		{"standard error", "- exec: echo out; echo err >&2\n  shell: true", `exec("echo out; echo err >&2") = exit 0 "out\n" stderr "err\n"`},
		{"only standard error", "- exec: echo err >&2\n  shell: true", `exec("echo err >&2") = exit 0 stderr "err\n"`},
		{"bytes that are not text", "- exec: [printf, '\\001\\377']", `exec(["printf", "\\001\\377"]) = exit 0 hex:01ff`},
		{"its folder", "- exec: [pwd, -P]", `exec(["pwd", "-P"]) = exit 0 "$tmp\n"`},
		{"its folder by name", "- exec: pwd; echo $PWD\n  shell: true\n  dir: /", `exec("pwd; echo $PWD") = exit 0 "/\n/\n"`},
		{"nothing to read", "- exec: [cat]", `exec(["cat"]) = exit 0`},
		{"a payload to read", "- exec: [cat]\n  stdin: [{hex: \"41\"}, b]", `exec(["cat"]) = exit 0 "Ab"`},
		{"a payload that it does not read", "- exec: [\"true\"]\n  stdin: {zeros: 1MiB}", `exec(["true"]) = exit 0`},
		{"an exit status", "- exec: exit 3\n  shell: true\n  expect: {exit: 3}", `exec("exit 3") = exit 3`},
		{"a comparison of exit statuses", "- exec: exit 3\n  shell: true\n  expect: {exit: \">0\"}", `exec("exit 3") = exit 3`},
		{"a signal", "- exec: kill -KILL $$\n  shell: true\n  expect: {signal: KILL}", `exec("kill -KILL $$") = killed by SIGKILL`},
		{
			"masked output", "- exec: date; exit 1\n  shell: true\n  mask: true\n  expect: {exit: 1, stdout: {matches: \"[0-9]:[0-9]\"}}",
			`exec("date; exit 1") = exit 1 <output>`,
		},
		{
			"no program, expected", "- exec: [no-such-program]\n  expect: {error: ENOENT}\n  as: e\n- assert: e.name == 'ENOENT'",
			`exec(["no-such-program"]) = -1 ENOENT (No such file or directory)`,
		},
		{"no such folder, expected", "- exec: [pwd]\n  dir: ${tmp}/none\n  expect: {error: ENOENT}", `exec(["pwd"]) = -1 ENOENT (No such file or directory)`},
		{"not executable, expected", "- exec: [/etc/passwd]\n  expect: {error: EACCES}", `exec(["/etc/passwd"]) = -1 EACCES (Permission denied)`},
	} {
		t.Run(tt.name, func(t *testing.T) { wantText(t, passes(t, one(tt.steps))[0], tt.want) })
	}
}

func TestExecEnvironment(t *testing.T) {
	t.Setenv("SOCKSCRIPT_TEST_OUTER", "outer")
	t.Setenv("SOCKSCRIPT_TEST_BOTH", "outer")
	lines := passes(t, one(`
- exec: echo $SOCKSCRIPT_TEST_OUTER $SOCKSCRIPT_TEST_BOTH $INNER
  shell: true
  env: {SOCKSCRIPT_TEST_BOTH: inner, INNER: "${1 + 1}"}
  expect: {stdout: "outer inner 2\n"}
- exec: env | grep -c -e ^SOCKSCRIPT_TEST_BOTH= -e ^PWD=
  shell: true
  env: {SOCKSCRIPT_TEST_BOTH: inner}
  expect: {stdout: "2\n"}
`))
	if len(lines) != 2 {
		t.Error(lines)
	}
}

// A program is looked for in the PATH and from the folder that it will have.
func TestExecPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := func(name, text string, mode os.FileMode) {
		t.Helper()
		// A process that another test forks now would have the file open for
		// writing, and it could not be run (execve(2), ETXTBSY).
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	script("bin/hello", "#!/bin/sh\necho hello\n", 0o755)
	script("bin/plain", "#!/bin/sh\necho hello\n", 0o644)
	script("bin/orphan", "#!/no/such/interpreter -x\n", 0o755)
	script("bin/nothing", "\x00\x00", 0o755)
	in := func(dir, steps string) string { return one(steps + "\n  dir: " + dir) }

	passes(t, in(dir, "- exec: [./bin/hello]\n  expect: {stdout: \"hello\\n\"}"))
	passes(t, in(dir, "- exec: [hello]\n  env: {PATH: \"bin:/usr/bin:/bin\"}\n  expect: {stdout: \"hello\\n\"}"))
	passes(t, in(dir+"/bin", "- exec: [hello]\n  env: {PATH: \":/usr/bin:/bin\"}\n  expect: {stdout: \"hello\\n\"}"))
	for steps, want := range map[string]string{
		"- exec: [hello]": "unexpected ENOENT (No such file or directory, errno 2); there is no program hello in PATH: install it; requires: cmd:hello skips a scenario that lacks it",
		"- exec: [./hello]": "unexpected ENOENT (No such file or directory, errno 2); there is no file ./hello in " + dir +
			", the program's folder, which dir: changes",
		"- exec: [/no/such/file]": "unexpected ENOENT (No such file or directory, errno 2); there is no file /no/such/file",
		"- exec: [bin/orphan]": "unexpected ENOENT (No such file or directory, errno 2); the interpreter of bin/orphan is not there: " +
			"#!/no/such/interpreter -x",
		"- exec: [bin/plain]": "unexpected EACCES (Permission denied, errno 13); bin/plain may not be run: make it executable with chmod +x",
		"- exec: [hello]\n  env: {PATH: ''}": "unexpected ENOENT (No such file or directory, errno 2); PATH is empty, so hello is looked for only in the program's own folder: " +
			"set PATH, or write the path of the program",
		"- exec: [plain]\n  env: {PATH: bin}": "unexpected EACCES (Permission denied, errno 13); bin/plain may not be run: " +
			"make it executable with chmod +x",
		"- exec: [./bin]":       "unexpected EACCES (Permission denied, errno 13); ./bin is a folder, not a program",
		"- exec: [bin/nothing]": "unexpected ENOEXEC (Exec format error, errno 8); bin/nothing is not a program for this machine; a script begins with #! and its interpreter",
		"- exec: [bin/hello/x]": "unexpected ENOTDIR (Not a directory, errno 20)",
	} {
		f, _ := fails(t, in(dir, steps))
		wantText(t, f.Err.Error(), want)
	}
	f, _ := fails(t, in(dir+"/none", "- exec: [pwd]"))
	wantText(t, f.Err.Error(), "unexpected ENOENT (No such file or directory, errno 2); dir is the folder "+dir+"/none, where no program can run")
	// What hands sockets over finds the same.
	f, _ = fails(t, one("- socket: tcp\n  as: l\n- listen: l\n- start: [no-such-program]\n  fds: l"))
	wantText(t, f.Err.Error(), "unexpected ENOENT (No such file or directory, errno 2); there is no program no-such-program in PATH: "+
		"install it; requires: cmd:no-such-program skips a scenario that lacks it")
	f, _ = fails(t, one("- socket: tcp\n  as: l\n- listen: l\n- start: [./bin/plain]\n  dir: "+dir+"\n  fds: l"))
	wantText(t, f.Err.Error(), "unexpected EACCES (Permission denied, errno 13); ./bin/plain may not be run: make it executable with chmod +x")
}

// Both outputs take what recv's expect takes.
func TestExecMatchers(t *testing.T) {
	t.Parallel()
	for _, stream := range []struct{ name, to string }{{"stdout", "1"}, {"stderr", "2"}} {
		run := func(want string) string {
			return one("- exec: printf 'port 4711' >&" + stream.to + "\n  shell: true\n  expect: {" + stream.name + ": " + want + "}\n")
		}
		for _, want := range []string{
			`port 4711`, `{text: port 4711}`, `{data: port 4711}`, `[port, " 4711"]`, `{contains: "471"}`, `{size: 9}`, `{size: ">8"}`,
			`{matches: "^port [0-9]+$"}`, `{contains: port, size: 9}`,
			`{sha256: 0f9aa26bcca9bd86c35304ba28113227d6d7fd2f105f2df6a0436d8986b56d80}`,
		} {
			passes(t, run(want))
		}
		for want, message := range map[string]string{
			`port`:               "the data differs",
			`""`:                 "the data differs",
			`{contains: x}`:      `expected data that contains "x", got "port 4711"`,
			`{matches: "^4711"}`: `expected data that matches ^4711, got "port 4711"`,
			`{size: 1}`:          "expected 1 bytes, got 9",
		} {
			f, _ := fails(t, run(want))
			wantText(t, f.Err.Error(), stream.name+": "+message)
		}
		lines := passes(t, run(`{matches: "port (?P<port>[0-9]+)"}`)+"    - print: ${port}\n")
		wantText(t, lines[1], "| 4711")
	}
}

func TestExecResult(t *testing.T) {
	t.Parallel()
	passes(t, one(`
- exec: echo out; echo err >&2; exit 3
  shell: true
  expect: {exit: ">=0"}
  as: r
- assert: r.exit == 3 && r.signal == "" && r.stdout == "out\n" && r.stderr == "err\n"
- exec: kill -TERM $$
  shell: true
  expect: {signal: SIGTERM}
  as: r
- assert: r.exit == -1 && r.signal == "TERM"
`))
}

func TestExecFails(t *testing.T) {
	tests := map[string]string{
		"- exec: echo no; echo bad >&2; exit 3\n  shell: true":         `expected exit 0, got exit 3; stderr: "bad"; stdout: "no"`,
		"- exec: exit 3\n  shell: true\n  expect: {exit: 4}":           "expected exit 4, got exit 3",
		"- exec: [\"true\"]\n  expect: {exit: 4}":                      "expected exit 4, got exit 0",
		"- exec: [\"true\"]\n  expect: {signal: TERM}":                 "expected the program to be killed by SIGTERM, got exit 0",
		"- exec: kill -9 $$\n  shell: true":                            "the program was killed by SIGKILL",
		"- exec: kill -9 $$\n  shell: true\n  expect: {exit: 0}":       "expected exit 0, got killed by SIGKILL",
		"- exec: kill -9 $$\n  shell: true\n  expect: {exit: \"!=0\"}": "expected exit !=0, got killed by SIGKILL",
		"- exec: kill -9 $$\n  shell: true\n  expect: {signal: TERM}":  "expected the program to be killed by SIGTERM, got killed by SIGKILL",
		"- exec: [\"true\"]\n  expect: {error: ENOENT}":                "expected ENOENT, but the call succeeded",
		"- exec: [\"${tmp + 1}\"]":                                     `expression "tmp + 1"`,
	}
	tidy(t, func(t *testing.T) {
		for steps, want := range tests {
			t.Run(want, func(t *testing.T) {
				t.Parallel()
				f, _ := fails(t, one(steps))
				if !strings.HasPrefix(f.Err.Error(), want) {
					t.Errorf("%s\ngot   %s\nwant  %s", steps, f.Err, want)
				}
			})
		}
		t.Run("timed out", func(t *testing.T) {
			t.Parallel()
			timesOut(t, "timeout: 2m\n"+one("- exec: echo started; sleep 60\n  shell: true\n  timeout: TIME"),
				`timed out after TIME (the step's timeout): sh is still running; stdout: "started"`)
		})
	})
}

// A failure shows what the program wrote; programs that did as they should are
// not told.
func TestExecInReport(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, one("- exec: [echo, good]\n- exec: echo out; echo err >&2; exit 1\n  shell: true"))
	if len(f.Programs) != 1 {
		t.Fatalf("%+v", f.Programs)
	}
	if p := f.Programs[0]; p.Actor != "one" || p.Name != "sh" || p.Status != "exit 1" || p.Stdout != "out\n" || p.Stderr != "err\n" {
		t.Errorf("%+v", p)
	}
}

func TestExecTooMuchOutput(t *testing.T) {
	tests := []string{
		program(t, "exec", "flood", "20000000") + "  timeout: 2h",
		"- exec: [yes, enough]\n  timeout: 2h\n  note: it never ends itself",
		"- exec: yes enough >&2\n  shell: true\n  timeout: 2h",
	}
	tidy(t, func(t *testing.T) {
		for i, steps := range tests {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				s := parse(t, one(steps))
				r := runner.Run(context.Background(), s, runner.Options{Timeout: 2 * time.Hour})
				if r.Status != history.Failed {
					t.Fatal(r.Status)
				}
				wantText(t, r.Failure.Err.Error(), "the program wrote more than 16MiB")
				p := r.Failure.Programs[0]
				out, before := p.Stdout, p.StdoutBefore
				if out == "" {
					out, before = p.Stderr, p.StderrBefore
				}
				if out == "" || len(out) > 8<<10 || before+int64(len(out)) < 16<<20 {
					t.Errorf("%d bytes, and %d before", len(out), before)
				}
			})
		}
	})
}

// A program has only its three standard streams; where Linux does not take it
// away, also what was handed to this process itself.
func TestExecDescriptors(t *testing.T) {
	t.Parallel()
	want := []byte("0 1 2 ")
	if runtime.GOOS != "linux" {
		outer := exec.Command(os.Args[0])
		outer.Env = append(os.Environ(), programVar+"=fds")
		var err error
		if want, err = outer.Output(); err != nil {
			t.Fatal(err)
		}
	}
	passes(t, one("- socket: tcp\n  as: l\n- socketpair: unix\n  as: [a, b]\n- start: [cat]\n  as: p\n- recv: p.stdout\n  nowait: true\n  expect: {error: EAGAIN}\n"+
		program(t, "exec", "fds")+"  expect: {stdout: \""+string(want)+"\"}\n- close: [l, a, b]"))
}

// Many programs, one after the other, are not kept.
func TestExecManyRounds(t *testing.T) {
	tidy(t, func(t *testing.T) {
		passesWith(t, one("- repeat: 200\n  steps:\n    - exec: [\"true\"]\n"), runner.Options{})
	})
}

func TestExecCheck(t *testing.T) {
	t.Parallel()
	for steps, want := range map[string]string{
		"- exec: ' '":                            `3:13: a program is a list: [PROGRAM, ARGUMENT, …]; write [PROGRAM, ARGUMENT, …], or add shell: true`,
		"- exec: '${1 + 1} x'":                   `3:13: a program is a list: [PROGRAM, ARGUMENT, …]; write a list, such as ["${1 + 1} x"], or add shell: true`,
		"- exec: ls -l /tmp":                     `3:13: a program is a list: [PROGRAM, ARGUMENT, …]; write [ls, -l, /tmp], or add shell: true`,
		"- exec: [ls]\n  shell: true":            `3:13: with shell: true the program is one text; leave shell: out for a list`,
		"- exec: []":                             `3:13: a program is a list: [PROGRAM, ARGUMENT, …], and this one is empty`,
		"- exec: [\"\", a]":                      `3:14: the program has no name; a list begins with the program: [PROGRAM, ARGUMENT, …]`,
		"- exec: \"\"":                           `3:13: the program has no name; a program is a list: [PROGRAM, ARGUMENT, …]`,
		"- exec: {a: b}":                         `3:13: a program is a list: [PROGRAM, ARGUMENT, …], not a mapping`,
		"- exec: [[a]]":                          `3:14: expected a text, got a list`,
		"- exec: [ls]\n  expect: 0":              `4:15: expect of exec is a mapping, not the text "0"; write {error: ERRNO} or another of its keys: see the reference of exec`,
		"- exec: [ls]\n  expect: {signal: TREM}": `4:24: unknown signal "TREM"; did you mean "SIGTERM"?`,
		"- exec: [ls]\n  expect: {stdout: {contians: x}}":           `4:25: unknown key "contians" in output; did you mean "contains"?`,
		"- exec: [ls]\n  stdn: x":                                   `4:7: unknown key "stdn" in exec; did you mean "stdin"?`,
		"- exec: [ls]\n  env: [a]":                                  `4:12: expected a mapping of names to values, got a list; write {name: value}`,
		"- exec: [ls]\n  as: r":                                     `4:11: warning: r is never used; leave the name out, or use it`,
		"- exec: [ls]\n  expect: {stdout: {matches: \"(?P<n>x)\"}}": `4:34: warning: n is never used; leave the name out, or use it`,
	} {
		parsetest.WantLines(t, findings(one(steps)), want)
	}
}

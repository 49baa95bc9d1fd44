package runnertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// A module of its own embeds this package: it runs its own server, and
// scenarios against it.
func TestOutsideModule(t *testing.T) {
	m := newModule(t)

	// Golden files that are not there yet, or that are wrong, are written.
	wantLine(t, m.test(true, "-test.v", "-sockscript.update"), "golden file created: testdata/greets.golden")
	golden := m.read("testdata/greets.golden")
	wantLine(t, golden, `client  recv(sock, until "\n") = 6 "hello\n"`)
	wantLine(t, golden, "ok  greets")
	m.test(true)

	// The report is that of the command.
	m.write("testdata/greets.golden", strings.Replace(golden, `"hello\n"`, `"hullo\n"`, 1))
	out := m.test(false)
	wantLine(t, out, `-client  recv(sock, until "\n") = 6 "hullo\n"`)
	wantLine(t, out, `+client  recv(sock, until "\n") = 6 "hello\n"`)
	wantLine(t, out, "go test -sockscript.update makes the new transcript the golden one")
	m.test(true, "-sockscript.update")
	if now := m.read("testdata/greets.golden"); now != golden {
		t.Errorf("updated: %s", now)
	}

	// A server that has changed is found out, with the place in the scenario.
	t.Setenv("GREETING", "howdy")
	out = m.test(false)
	wantLine(t, out, `testdata/greets.yaml:8:7: greets: client: recv(sock): the data differs`)
	wantLine(t, out, "--- FAIL: TestScenarios/greets")
}

// A module is a Go module outside of this one.
type module struct {
	t   *testing.T
	dir string
}

func newModule(t *testing.T) *module {
	t.Helper()
	ci.Program(t, "go")
	m := &module{t: t, dir: t.TempDir()}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	// What is required is that of this module, so that nothing has to be
	// fetched.
	const path = "github.com/sockscript/sockscript"
	mod := regexp.MustCompile(`(?m)^module .*`).ReplaceAllString(string(ours), "module example.org/greeter")
	m.write("go.mod", mod+"\nrequire "+path+" v0.0.0\n\nreplace "+path+" => "+root+"\n")
	// In one workspace with this module what has been built of it is used
	// again.
	version := regexp.MustCompile(`(?m)^go .*`).FindString(string(ours))
	m.write("go.work", version+"\n\nuse (\n\t.\n\t"+root+"\n)\n")
	m.write("go.sum", string(sums))
	m.write("server.go", outsideServer)
	m.write("server_test.go", outsideTest)
	m.write("testdata/greets.yaml", outsideScenario)
	// Without what debuggers read it is linked in half the time.
	if out, err := m.command("go", "test", "-c", "-ldflags=-s -w", "-o", "greeter.test", ".").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	return m
}

func (m *module) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		m.t.Fatal(err)
	}
}

func (m *module) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// test runs the module's tests and returns what they print.
func (m *module) test(pass bool, flags ...string) string {
	m.t.Helper()
	out, err := m.command("./greeter.test", flags...).CombinedOutput()
	if (err == nil) != pass {
		m.t.Fatalf("the tests with %q: %v\n%s", flags, err, out)
	}
	return string(out)
}

// command is a command in the module's folder, with the flags of the go command
// that the tests run with, so that what it has built is used again.
func (m *module) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(m.t.Context(), name, args...)
	c.Dir = m.dir
	c.Env = append(os.Environ(), "GOWORK="+filepath.Join(m.dir, "go.work"), "GOPROXY=off", "GOSUMDB=off")
	return c
}

// wantLine looks for a line with a text.
func wantLine(t *testing.T, text, want string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.Contains(line, want) {
			return
		}
	}
	t.Errorf("no line has %q:\n%s", want, text)
}

const outsideServer = `package greeter

import (
	"cmp"
	"net"
	"os"
)

// Serve greets each connection, in its own words or in those of GREETING.
func Serve(l net.Listener) {
	greeting := cmp.Or(os.Getenv("GREETING"), "hello")
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.Write([]byte(greeting + "\n"))
		conn.Close()
	}
}
`

const outsideTest = `package greeter

import (
	"net"
	"testing"

	"github.com/sockscript/sockscript/runner/runnertest"
)

func TestScenarios(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go Serve(listener)
	runnertest.Params{Vars: map[string]any{"server": listener.Addr().String()}}.Run(t, "testdata")
}
`

const outsideScenario = `vars: {server: 127.0.0.1:7}
actors:
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server}
    - recv: sock
      until: "\n"
      expect: "hello\n"
    - recv: sock
      expect: {eof: true}
    - close: sock
`

package steps_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// outsideWords are in the help of parameters that lead out of a scenario, and
// outsideCalls in the code of kinds that go there.
var (
	outsideWords = regexp.MustCompile(`\b(path|file|folder|program)\b`)
	outsideCalls = regexp.MustCompile(`\b(os\.(Open|OpenFile|Create|Remove|RemoveAll|MkdirAll|ReadFile|WriteFile|Rename|Symlink|Chown)|` +
		`syscall\.(Unlink|Open|Rename|Mkdir|Chown)|exec\.Command)\(|\.(OpenFile|Chdir|SetIDs|SetSysctl|launch)\(`)
)

// innocent are parameters whose help has such a word for something else.
var innocent = []string{"do.do", "dup.onto", "fcntl.value", "join.join", "kill.kill", "recv.eof", "tls.cert"}

// Each kind says what it needs of the outside. One that starts a program, has a
// parameter about a path, or makes a call on one, cannot have forgotten it.
func TestKindsTellTheirNeeds(t *testing.T) {
	t.Parallel()
	for _, k := range steps.Kinds() {
		for _, a := range k.Needs {
			if !slices.ContainsFunc(value.Accesses(), func(r value.DocRow) bool { return r.Key == string(a) }) {
				t.Errorf("%s: there is no need %q", k.Name, a)
			}
		}
		if k.Starts && !slices.Contains(k.Needs, value.Exec) {
			t.Errorf("%s starts a program, so it needs %s", k.Name, value.Exec)
		}
		if len(k.Needs) > 0 {
			continue
		}
		if _, tells := k.New().(step.Needer); tells {
			t.Errorf("%s tells of needs that the kind does not declare", k.Name)
		}
		for _, p := range step.DocOf(k).Params {
			if outsideWords.MatchString(p.Help) && !slices.Contains(innocent, k.Name+"."+p.Key) {
				t.Errorf("%s: the parameter %s is about something outside (%s): declare Needs, or name it in innocent", k.Name, p.Key, p.Help)
			}
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		call := outsideCalls.FindString(string(text))
		if call == "" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		if k, ok := steps.Kinds().Lookup(strings.TrimSuffix(file, ".go")); !ok || len(k.Needs) == 0 {
			t.Errorf("%s calls %s, so it belongs to a kind that has needs", file, call)
		}
	}
}

// reaches are the calls by which the code of functions and payload forms would
// go outside.
var reaches = regexp.MustCompile(`\b(os\.(Open|OpenFile|Create|Remove|RemoveAll|MkdirAll|ReadFile|WriteFile|ReadDir|Rename|Symlink|Chown|Stat|Readlink|Getenv|LookupEnv|Environ|Hostname)|` +
	`net\.(Dial|Listen|Lookup)\w*|exec\.Command|user\.\w+|source\.(Open|ReadFile))\(`)

// The code of functions and payload forms goes outside in one place each, and
// what is done there is declared.
func TestFunctionsAndFormsTellTheirNeeds(t *testing.T) {
	t.Parallel()
	found := make(map[string]string)
	for _, dir := range []string{"value", "payload"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(err, files)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if calls := reaches.FindAllString(string(text), -1); len(calls) > 0 && !strings.HasSuffix(file, "_test.go") {
				found[filepath.ToSlash(file)] = strings.Join(calls, " ")
			}
		}
	}
	want := map[string]string{"value/functions.go": "os.Getenv(", "payload/stream.go": "source.Open("}
	if !maps.Equal(found, want) {
		t.Errorf("calls that go outside are\n%v\nwant\n%v\na function or form that makes another one declares what it needs, and this test has it", found, want)
	}
	var functions, forms []value.Access
	for _, f := range value.Functions() {
		functions = append(functions, f.Needs)
	}
	for _, f := range payload.Forms() {
		forms = append(forms, f.Needs)
	}
	if !slices.Contains(functions, value.Environment) || !slices.Contains(forms, value.ReadFile) {
		t.Errorf("the needs %v of functions and %v of forms lack one", functions, forms)
	}
}

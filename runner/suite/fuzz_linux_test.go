package suite_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// What one scenario of FuzzRun may take. It runs for fuzzTimeout at most; what
// is above fuzzPatience is a hang and not a slow machine.
const (
	fuzzSize     = 8 << 10
	fuzzTimeout  = 200 * time.Millisecond
	fuzzPatience = 20 * time.Second
	fuzzMemory   = 1 << 30
)

// TestMain makes a network for the fuzz target, where one can be made,
// so that no scenario reaches another host. The workers inherit it.
func TestMain(m *testing.M) {
	const own = "SOCKSCRIPT_FUZZ_NETWORK"
	if fuzzing() && os.Getenv(own) == "" {
		os.Setenv(own, "1")
		for _, how := range []string{"-n", "-rn"} {
			unshare, err := exec.LookPath("unshare")
			if err != nil || exec.Command(unshare, how, "ip", "link", "set", "lo", "up").Run() != nil {
				continue
			}
			script := `ip link set lo up; exec "$0" "$@"`
			syscall.Exec(unshare, append([]string{unshare, how, "sh", "-c", script}, os.Args...), os.Environ())
		}
	}
	ci.Together()
	ci.Spacious()
	os.Exit(m.Run())
}

func fuzzing() bool {
	return slices.ContainsFunc(os.Args, func(s string) bool { return strings.HasPrefix(s, "-test.fuzz=") })
}

// FuzzRun loads, checks and runs small scenarios. None may panic, hang or take
// more memory than the bounds allow, and each message is one that a user
// understands, with a place that is in the file.
func FuzzRun(f *testing.F) {
	for _, k := range steps.Kinds() {
		f.Add([]byte(k.Example))
	}
	if fuzzing() {
		for _, name := range library.Names() {
			data, _ := library.Open(name)
			f.Add(data)
		}
		for _, data := range scripted(f) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > fuzzSize {
			return
		}
		t.Chdir(t.TempDir()) // where paths that are relative lead to
		done := watched(t)
		defer done()
		cases, problems, err := suite.Load([]suite.File{suite.Text("fuzz.yaml", data)})
		placed(t, problems, data)
		readable(t, problems.Report(), data)
		if err != nil || problems.HasErrors() {
			return
		}
		cases = slices.DeleteFunc(cases, func(c *suite.Case) bool { return !harmless(c, data) })
		suite.Run(context.Background(), cases, suite.Options{Run: runner.Options{Timeout: fuzzTimeout}}, func(o *report.Outcome) {
			var b strings.Builder
			text := report.Text{W: &b, Errors: &b, Verbosity: report.Verbose}
			if err := text.Outcome(o); err != nil {
				t.Error(err)
			}
			readable(t, b.String(), data)
		})
	})
}

// scripted are the scenarios of the command's scripts.
func scripted(f *testing.F) [][]byte {
	var list [][]byte
	paths, _ := filepath.Glob("../../testdata/script/*.txtar")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range regexp.MustCompile(`(?m)^-- `).Split(string(text), -1)[1:] {
			name, body, _ := strings.Cut(part, " --\n")
			if strings.HasSuffix(name, ".yaml") && len(body) <= fuzzSize {
				list = append(list, []byte(body))
			}
		}
	}
	return list
}

// outside matches what would lead a scenario out of its own folder and network.
var outside = regexp.MustCompile(`std(in|out)|env\(|\\|\.\.|/`)

// inside matches the paths that stay there.
var inside = regexp.MustCompile(`(\$\{tmp\}|\$tmp)/`)

// harmless reports whether a scenario can be run whatever it is: it starts no
// program, and it touches sockets and its own folder only.
func harmless(c *suite.Case, data []byte) bool {
	for _, s := range c.Scenario.Steps {
		switch s.Place.Kind {
		case "exec", "start", "kill", "unlink", "ioctl":
			return false
		}
	}
	return !outside.Match(inside.ReplaceAll(data, nil)) && len(c.Scenario.Requires) == 0
}

// watched fails the test at the end of what it watches, where that took too
// long or too much memory; what does not end at all it ends with a panic.
func watched(t *testing.T) (done func()) {
	start, quit, most := time.Now(), make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			if peak = max(peak, sample[0].Value.Uint64()); time.Since(start) > 2*fuzzPatience {
				panic("the scenario does not end")
			}
			select {
			case <-quit:
				most <- peak
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() {
		close(quit)
		if peak := <-most; peak > fuzzMemory {
			t.Errorf("%d MiB of memory are in use", peak>>20)
		}
		if took := time.Since(start); took > fuzzPatience {
			t.Errorf("the scenario took %s", took)
		}
	}
}

// placed reports problems whose place is not in the file, nor in a library that
// it includes.
func placed(t *testing.T, problems source.Problems, data []byte) {
	lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
	for _, p := range problems {
		included := strings.HasPrefix(p.Pos.File, "include/")
		if !p.Pos.IsValid() || !included && (p.Pos.File != "fuzz.yaml" || p.Pos.Line > lines) {
			t.Errorf("%v is not a place in the file: %s", p.Pos, p.Msg)
		}
	}
}

// internal matches what only a programmer of sockscript would understand.
var internal = regexp.MustCompile(`%!|<nil>|reflect[.:]|interface ?\{|interface conversion|runtime error|goroutine \d|panic:|` +
	`map\[string\]|\[\](any|string|int|byte|uint8)\b|\bstruct ?\{|could not be decoded|` +
	`\*?\b(value|step|steps|event|handle|program|scenarios|runner|vm|ast|conf|sock|tlsconn|option|strconv|strings)\.[A-Z][A-Za-z]*|` +
	`\bfunc\(|\b(u?int(8|16|32|64)|float64)\b|0xc0[0-9a-f]{8}`)

// readable reports a text that shows the inside of the program, unless the
// scenario itself has it.
func readable(t *testing.T, text string, data []byte) {
	for _, at := range internal.FindAllStringIndex(text, -1) {
		if !strings.Contains(string(data), text[at[0]:at[1]]) {
			t.Errorf("%q is in the message\n%s", text[at[0]:at[1]], text[max(0, at[0]-500):min(len(text), at[1]+500)])
			return
		}
	}
}
